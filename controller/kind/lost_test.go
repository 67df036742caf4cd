package kind_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/record"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

func jobs() []reconcile.Kind {
	var all []reconcile.Kind
	for _, k := range kind.All() {
		if k.Lifecycle == reconcile.Job {
			all = append(all, k)
		}
	}
	return all
}

// newRun is a job of the kind at work.
func newRun(t *testing.T, k reconcile.Kind) *executionWorld {
	t.Helper()
	w := &executionWorld{tagged: &tagged{world: newWorld(t, k), events: record.NewFakeRecorder(1000)}}
	w.loop.Recorder = w.events
	w.spec = readStory(t, k)[0].Spec
	w.change(map[string]any{"deletionPolicy": "Delete"})
	w.runs()
	w.aws.Journal().Reset()
	return w
}

// hides lets AWS not find the job so often.
func (w *executionWorld) hides(times int) {
	w.t.Helper()
	w.aws.Faults().Clear()
	_, err := w.aws.Faults().Add(fault.Rule{
		Action: fault.Reject, Operation: w.kind.Describe.Name, Code: "ResourceNotFound", Message: "Requested resource not found.", Times: times,
	})
	require.NoError(w.t, err)
}

// One stale answer, or several within a minute, start no job a second time, nor do they
// release one that is superseded or deleted while it runs.
func TestStaleAnswersStartNothing(t *testing.T) {
	t.Parallel()
	for _, k := range jobs() {
		for _, times := range []int{1, 3} {
			t.Run(k.Kind(), func(t *testing.T) {
				t.Parallel()
				w := newRun(t, k)
				arn := w.inAWS().ARN
				w.hides(times)
				w.rest(45 * time.Second)
				require.Zero(t, w.carriedOut(k.Create.Name))
				require.Equal(t, arn, w.inAWS().ARN)
				require.Empty(t, w.heard(reason.DeletedExternally))

				w.hides(times)
				w.change(map[string]any{"rerun": "again"})
				w.runs()
				require.Equal(t, 1, w.carriedOut(k.Create.Name), "the one that was pushed")
				require.Equal(t, 1, w.carriedOut(k.Stop.Name), "the superseded one is stopped first")
				require.Equal(t, "Stopped", w.withARN(arn).Status)

				arn = w.inAWS().ARN
				w.hides(times)
				w.push(step{Say: "deleted"})
				require.Equal(t, "Stopped", w.withARN(arn).Status)
			})
		}
	}
}

// A job that AWS does not show for a minute is started again, and people are told. If it
// is there after all, AWS refuses the second one.
func TestJobThatIsGone(t *testing.T) {
	t.Parallel()
	for _, k := range jobs() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newRun(t, k)
			w.hides(0)
			w.rest(50 * time.Second)
			require.Zero(t, w.carriedOut(k.Create.Name))
			began := w.clock.Now()
			for len(w.heard(reason.DeletedExternally)) == 0 {
				w.reconcile(time.Second)
				require.Less(t, w.clock.Since(began), 10*time.Minute)
			}
			w.aws.Faults().Clear()
			w.rest(time.Minute)
			require.Len(t, w.aws.Objects(k.Kind()), 1, "it was there all the time")
		})
	}
}

// A job whose ownership tags somebody removes while it runs is not let go: it is told,
// and stopped when it is superseded or deleted.
func TestTagsLostWhileAtWork(t *testing.T) {
	t.Parallel()
	all := []string{identity.TagCluster, identity.TagNamespace, identity.TagKind, identity.TagName, identity.TagDigest}
	for _, k := range jobs() {
		if k.Untagged {
			continue // TestEarlierExecutions
		}
		for _, row := range []struct {
			reason string
			lost   []string
			denied bool
		}{{"all", all, false}, {"one, and it cannot be set again", all[:1], true}} {
			t.Run(k.Kind()+" "+row.reason, func(t *testing.T) {
				t.Parallel()
				w := newRun(t, k)
				w.clock.Step(31 * time.Second) // by then AWS shows tags that there are
				arn := w.inAWS().ARN
				w.user(nil, row.lost...)
				if row.denied {
					_, err := w.aws.Faults().Add(fault.Rule{
						Action: fault.Reject, Operation: "AddTags", Code: "AccessDeniedException", Message: "User is not authorized to perform: sagemaker:AddTags",
					})
					require.NoError(t, err)
				}
				w.change(map[string]any{"rerun": "again"})
				w.runs()
				require.Equal(t, "Stopped", w.withARN(arn).Status)
				require.Len(t, w.heard(reason.OwnershipLost), 1)

				w.clock.Step(31 * time.Second)
				arn = w.inAWS().ARN
				w.user(nil, row.lost...)
				w.push(step{Say: "deleted"})
				require.Equal(t, "Stopped", w.withARN(arn).Status)
				require.Len(t, w.heard(reason.OwnershipLost), 1)
			})
		}
		t.Run(k.Kind()+" somebody else's", func(t *testing.T) {
			t.Parallel()
			w := newRun(t, k)
			w.clock.Step(31 * time.Second)
			arn := w.inAWS().ARN
			w.user(map[string]string{identity.TagNamespace: "theirs"})
			w.change(map[string]any{"rerun": "again"})
			w.runs()
			require.NotContains(t, []string{"Stopped", "Stopping"}, w.withARN(arn).Status, "it is theirs")
			require.Len(t, w.heard(reason.OwnershipLost), 1, "not silently")
		})
	}
}

// An object by whose name AWS does not know it is not created a second time because of
// one stale answer.
func TestStaleAnswersCreateNothing(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if k.ID == "" || k.Lifecycle == reconcile.Job {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, k)
			w.push(readStory(t, k)[0])
			w.aws.Journal().Reset()
			e := &executionWorld{tagged: &tagged{world: w}}
			e.hides(3)
			w.rest(3 * time.Hour)
			require.Zero(t, w.carriedOut(k.Create.Name))
		})
	}
}
