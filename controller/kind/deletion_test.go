package kind_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// remove deletes the object and lets the loop work, and time pass exactly, until it is
// gone or for so long. each is called with what is left of it.
func (w *world) remove(d time.Duration, each func(reconcile.Object)) (gone bool) {
	w.t.Helper()
	obj, err := w.get(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, w.kube.Delete(w.t.Context(), obj))
	return w.removing(d, each)
}

func (w *world) removing(d time.Duration, each func(reconcile.Object)) (gone bool) {
	w.t.Helper()
	due := w.clock.Now()
	for end := w.clock.Now().Add(d); w.clock.Now().Before(end); w.clock.Step(time.Second) {
		if w.clock.Now().Before(due) {
			continue
		}
		result, err := w.loop.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: w.key})
		require.NoError(w.t, err)
		obj, err := w.get(w.t.Context())
		if client.IgnoreNotFound(err) == nil && err != nil {
			return true
		}
		require.NoError(w.t, err)
		if each != nil {
			each(obj)
		}
		require.Positive(w.t, result.RequeueAfter)
		due = w.clock.Now().Add(result.RequeueAfter)
	}
	return false
}

// calls counts the calls of an operation.
func (w *world) calls(operation string) (all, refused int) {
	for _, e := range w.aws.Journal().Entries() {
		if e.Operation == operation {
			all++
			if !e.Succeeded() {
				refused++
			}
		}
	}
	return all, refused
}

// atWork is how long AWS takes to delete an object of a kind.
func atWork(k reconcile.Kind) time.Duration {
	d := simulator.Stages()[k.Kind()+"/Deleting"]
	if k.Start.Exists() {
		d += simulator.Stages()[k.Kind()+"/Stopping"]
	}
	return d
}

// What nothing uses goes within seconds, and what AWS takes its time to delete within
// seconds after that: by one Delete, and few looks.
func TestIdleObjectsAreDeletedInSeconds(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if !k.Delete.Exists() || k.Lifecycle == reconcile.Job {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, k)
			first := readStory(t, k)[0]
			first.Spec["deletionPolicy"] = "Delete"
			w.push(first)
			w.aws.Journal().Reset()
			began := w.clock.Now()
			require.True(t, w.remove(time.Hour, nil))
			require.LessOrEqual(t, w.clock.Since(began), atWork(k)+10*time.Second)
			all, refused := w.calls(k.Delete.Name)
			require.Equal(t, 1, all)
			require.Zero(t, refused)
			if looks, _ := w.calls(k.Describe.Name); atWork(k) == 0 {
				require.LessOrEqual(t, looks, 2, "as long as it was there, and that it is gone")
			}
		})
	}
}

// What AWS is still making and does not delete meanwhile is asked about, and not told to
// go again and again; its refusal is told.
func TestObjectsInCreationAreDeletedLater(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if _, busy := simulator.Stages()[k.Kind()+"/Creating"]; !busy || k.Lifecycle == reconcile.Job {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, k)
			first := readStory(t, k)[0]
			first.Spec["deletionPolicy"], first.Until = "Delete", reason.Creating
			w.push(first)
			w.clock.Step(5 * time.Second)
			if _, err := w.loop.Reconcile(t.Context(), ctrl.Request{NamespacedName: w.key}); err != nil {
				require.NoError(t, err)
			}
			w.aws.Journal().Reset()
			require.True(t, w.remove(2*time.Hour, func(obj reconcile.Object) {
				is := meta.FindStatusCondition(obj.GetConditions(), "Ready")
				if _, refused := w.calls(k.Delete.Name); refused > 0 && is.Reason == reason.Busy {
					require.NotContains(t, is.Message, "Retain")
					require.Greater(t, len(is.Message), len("deleting ")+len(k.Kind())+30, "AWS's words are told: %s", is.Message)
				}
			}))
			all, refused := w.calls(k.Delete.Name)
			require.Equal(t, 1, all-refused)
			require.LessOrEqual(t, refused, 9)
		})
	}
}

// stuck are, by kind, what somebody else makes because of which AWS does not delete an
// object, the words of the refusal, and what the message names.
var stuck = map[string]struct {
	by           reconcile.Kind
	spec         string
	words, names string
}{
	"UserProfile": {
		kind.App, `{domainID: d-team, userProfileName: abalone, appType: JupyterLab, appName: default}`,
		"because App(s) are associated with it.", "App JupyterLab/default, which is InService",
	},
	"Space": {
		kind.App, `{domainID: d-team, spaceName: abalone, appType: JupyterLab, appName: default}`,
		"because App(s) are associated with it.", "App JupyterLab/default, which is InService",
	},
	"Domain": {
		kind.UserProfile, `{domainID: (made by AWS), userProfileName: bob}`,
		"because UserProfile(s) are associated with it.", "UserProfile bob, which is InService",
	},
	"Endpoint": {
		kind.InferenceComponent, `
endpointName: abalone
inferenceComponentName: theirs
variantName: AllTraffic
specification: {modelName: one, computeResourceRequirements: {minMemoryRequiredInMb: 1024}}
runtimeConfig: {copyCount: 1}`,
		"Cannot delete endpoint with inference component associated. Please delete inference component and try it again.",
		"InferenceComponent theirs, which is InService",
	},
	"ModelPackageGroup": {
		kind.ModelPackage, `
modelPackageGroupName: abalone
inferenceSpecification:
  containers: [{image: "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", modelDataURL: "s3://acme-ml/one/model.tar.gz"}]
  supportedContentTypes: [text/csv]
  supportedResponseMIMETypes: [text/csv]`,
		"still contains model packages.", "ModelPackage abalone/1, which is Completed",
	},
}

// What stands in the way of a deletion is named, be it in git or not, with AWS's words. AWS
// is seldom asked in vain, and the object goes soon after that is gone.
func TestBlockedDeletions(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if len(k.Blockers) == 0 || k.Kind() == "Pipeline" { // which the simulator deletes while it runs
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			row, ok := stuck[k.Kind()]
			require.True(t, ok, "say in stuck what keeps AWS from deleting a %s", k.Kind())
			a := newAct(t, dependency{kind: k, of: row.by})
			first := readStory(t, k)[0]
			first.Spec["deletionPolicy"] = "Delete"
			a.push(first)
			theirs := a.makes(row.spec)
			a.clock.Step(time.Hour)
			a.aws.Journal().Reset()

			var message string
			require.False(t, a.remove(2*time.Hour, func(obj reconcile.Object) {
				is := meta.FindStatusCondition(obj.GetConditions(), "Ready")
				require.Equal(t, reason.WaitingForDependents, is.Reason, is.Message)
				message = is.Message
			}))
			require.True(t, strings.HasPrefix(message, "deleting "+k.Kind()+" "), message)
			require.Contains(t, message, row.words)
			require.Contains(t, message, row.names)
			require.NotContains(t, message, "Retain")
			_, refused := a.calls(k.Delete.Name)
			require.LessOrEqual(t, refused, 25)

			_, err := row.by.Delete.Call(t.Context(), a.person, theirs)
			require.NoError(t, err)
			for a.left() {
				a.clock.Step(5 * time.Second)
			}
			require.True(t, a.removing(3*time.Minute+atWork(k), nil), "it goes soon after")
		})
	}
}

// left tells whether AWS still has what stands in the way.
func (a *act) left() bool {
	return slices.ContainsFunc(a.aws.Objects(a.d.of.Kind()), func(o simulator.Object) bool { return o.ARN == a.named && o.Status != "Deleted" })
}

const takenWords = "Resource Already Exists: something with that name already exists. Choose a different name."

// A name that AWS does not give away, and under which it shows nothing, is told with the
// remedy.
func TestTakenNames(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			a := newAct(t, dependency{kind: k, of: k})
			_, err := a.aws.Faults().Add(fault.Rule{Action: fault.Reject, Operation: k.Create.Name, Code: "ResourceInUse", Message: takenWords})
			require.NoError(t, err)
			a.apply(readStory(t, k)[0].Spec)
			is := func(d time.Duration) (why, message string, stalled bool) {
				obj := a.drive(d, func(reconcile.Object) bool { return false })
				c := meta.FindStatusCondition(obj.GetConditions(), "Ready")
				return c.Reason, c.Message, meta.IsStatusConditionTrue(obj.GetConditions(), "Stalled")
			}
			why, message, stalled := is(3 * time.Minute)
			require.Equal(t, reason.NameTaken, why, message)
			require.False(t, stalled)
			require.True(t, strings.HasPrefix(message, takenWords), message)
			obj, err := a.get(t.Context())
			require.NoError(t, err)
			require.Contains(t, message, obj.Common().Name)
			why, _, stalled = is(15 * time.Minute)
			require.Equal(t, reason.NameTaken, why)
			require.True(t, stalled)
			all, _ := a.asked(k.Create)
			require.LessOrEqual(t, all, 15)
			a.aws.Faults().Clear()
			a.drive(6*time.Minute, func(reconcile.Object) bool { _, made := a.asked(k.Create); return made > 0 })
			_, made := a.asked(k.Create)
			require.Equal(t, 1, made, "it is tried again all the same")
		})
	}
}
