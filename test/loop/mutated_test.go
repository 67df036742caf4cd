package loop_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// mutate makes the API server change what the controller writes of the children in the
// namespace: one field is added, and another that the controller sets is changed.
func (w *world) mutate() {
	w.t.Helper()
	resources := append(make([]string, 0, 1+len(kind.All())), "modeldeployments")
	for _, k := range kind.All() {
		mapping, err := w.kube.RESTMapper().RESTMapping(v1alpha1.GroupVersion.WithKind(k.Kind()).GroupKind())
		require.NoError(w.t, err)
		resources = append(resources, mapping.Resource.Resource)
	}
	w.everywhere(strings.NewReplacer("NAME", w.namespace, "RESOURCES", strings.Join(resources, ", ")).Replace(`
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
    resourceRules:
    - {apiGroups: [sagemaker.gitops.dev], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [RESOURCES]}
  matchConditions:
  - {name: child, expression: "has(object.metadata.ownerReferences)"}
  failurePolicy: Fail
  reinvocationPolicy: Never
  mutations:
  - patchType: JSONPatch
    jsonPatch:
      expression: >-
        [JSONPatch{op: "add", path: "/spec/adoptionPolicy", value: "IfOwned"},
         JSONPatch{op: "add", path: "/spec/deletionPolicy", value: "Purge"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME}
`))
	probe := &v1alpha1.Model{}
	require.Eventually(w.t, func() bool {
		*probe = v1alpha1.Model{}
		probe.Namespace, probe.Name = w.namespace, "probe"
		probe.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "nobody", UID: "nobody"}}
		require.NoError(w.t, w.kube.Create(w.ctx, probe, client.DryRunAll))
		return probe.Spec.DeletionPolicy == v1alpha1.DeletionPurge
	}, time.Minute, 50*time.Millisecond, "the API server takes up policies after a moment")
}

// children are the objects of the kinds in the namespace that others control.
func (w *world) children() map[string][]reconcile.Object {
	w.t.Helper()
	found := map[string][]reconcile.Object{}
	for _, k := range kind.All() {
		list, err := k.NewList(w.kube.Scheme())
		require.NoError(w.t, err)
		require.NoError(w.t, w.kube.List(w.ctx, list, client.InNamespace(w.namespace)))
		items, err := meta.ExtractList(list)
		require.NoError(w.t, err)
		for _, item := range items {
			if obj, ok := item.(reconcile.Object); ok && len(obj.GetOwnerReferences()) > 0 {
				found[k.Kind()] = append(found[k.Kind()], obj)
			}
		}
	}
	return found
}

// versions are the resource versions of all children and their owner.
func (w *world) versions(owner client.Object) map[string]string {
	w.t.Helper()
	all := map[string]string{owner.GetName(): owner.GetResourceVersion()}
	for k, objects := range w.children() {
		for _, obj := range objects {
			all[k+" "+obj.GetName()] = obj.GetResourceVersion()
		}
	}
	return all
}

// policyOf is the deletion policy in an object's spec.
func policyOf(obj reconcile.Object) v1alpha1.DeletionPolicy {
	policy, _ := reflect.TypeAssert[v1alpha1.DeletionPolicy](reflect.ValueOf(obj).Elem().FieldByName("Spec").FieldByName("DeletionPolicy"))
	return policy
}

const scheduledAndScaled = `initialInstanceCount: 2
    autoscaling:
      minCapacity: 2
      maxCapacity: 4
      policies: [{name: load, targetTracking: {targetValue: 5, predefinedMetricSpecification: {predefinedMetricType: SageMakerVariantInvocationsPerInstance}}}]
      schedules: [{name: morning, schedule: "cron(0 8 * * ? *)", timezone: Europe/Amsterdam, minCapacity: 3, maxCapacity: 6}]`

// families are deployments which together have children of all kinds.
var families = map[string]struct {
	text  func(version int) string
	kinds []string
}{
	"a scaled variant": {
		func(version int) string {
			return replace(deployment(version, "rollout: {strategy: Canary, bakeTime: 1m, alarms: {errorRate: 1%}}"), "initialInstanceCount: 2", scheduledAndScaled)
		},
		[]string{"Endpoint", "EndpointConfig", "Model", "ScalableTarget", "ScalingPolicy", "ScheduledAction"},
	},
	"components": {
		func(version int) string { return components(version, "") },
		[]string{"Endpoint", "EndpointConfig", "InferenceComponent", "Model"},
	},
}

// A webhook that adds to and changes the children of a deployment keeps none of them from
// being what the deployment asks for, and is not written against.
func TestMutatedChildren(t *testing.T) {
	for name, family := range families {
		t.Run(name, func(t *testing.T) {
			w := newDeploymentWorld(t)
			w.mutate()
			w.apply(family.text(1))
			w.deployed()
			children := w.children()
			for _, k := range family.kinds {
				require.NotEmpty(t, children[k], k)
				for _, obj := range children[k] {
					require.Equal(t, v1alpha1.DeletionPurge, policyOf(obj), "%s is as the webhook has it", k)
				}
			}
			w.pass(time.Hour, 10*time.Second)
			before := w.versions(w.deployment())
			w.pass(3*time.Hour, 30*time.Second)
			require.Equal(t, before, w.versions(w.deployment()), "nothing is written at rest")

			w.apply(family.text(2))
			w.until("the next version serves", func() bool {
				return isReady(w.deployment()) && slices.ContainsFunc(w.aws.Objects("Model"), func(o tagged) bool {
					return strings.Contains(shape.String(o.Document, "PrimaryContainer.ModelDataUrl"), "v2/")
				})
			})
			require.NoError(t, w.kube.Delete(w.ctx, w.deployment()))
			w.until("nothing is left", func() bool { return len(w.children()) == 0 })
		})
	}
}

// What somebody else adds to a child stays. What they change of what the deployment asks
// for is put right.
func TestChildrenOfTwoManagers(t *testing.T) {
	for name, family := range families {
		t.Run(name, func(t *testing.T) {
			w := newDeploymentWorld(t)
			w.apply(family.text(1))
			w.deployed()
			w.pass(time.Minute, step)
			theirs := func(obj reconcile.Object, patch string) {
				require.NoError(t, w.kube.Patch(w.ctx, obj, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner("they")))
			}
			for _, k := range family.kinds {
				for _, obj := range w.children()[k] {
					theirs(obj, `{"metadata":{"labels":{"theirs":"yes"}},"spec":{"adoptionPolicy":"IfOwned"}}`)
				}
			}
			w.pass(time.Minute, step)
			w.until("it is ready", func() bool { return isReady(w.deployment()) })
			for _, k := range family.kinds {
				for _, obj := range w.children()[k] {
					theirs(obj, `{"spec":{"deletionPolicy":"Retain"}}`)
				}
			}
			w.until("what git asks for is back", func() bool {
				for _, k := range family.kinds {
					if slices.ContainsFunc(w.children()[k], func(obj reconcile.Object) bool { return policyOf(obj) != v1alpha1.DeletionDelete }) {
						return false
					}
				}
				return isReady(w.deployment())
			})
			for _, k := range family.kinds {
				for _, obj := range w.children()[k] {
					require.Equal(t, "yes", obj.GetLabels()["theirs"], k)
				}
			}
		})
	}
}

// Children that an earlier version has made lose what the deployment no longer asks for.
func TestChildrenOfAnEarlierVersion(t *testing.T) {
	w := newDeploymentWorld(t)
	w.apply(deployment(1, "interval: 20m"))
	w.deployed()
	w.stopController()
	for _, objects := range w.children() {
		for _, obj := range objects {
			patch := `{"metadata":{"annotations":{"sagemaker.gitops.dev/applied":null}}}`
			require.NoError(t, w.kube.Patch(w.ctx, obj, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner("sagemaker-gitops")))
		}
	}
	before := w.children()
	w.startController()
	w.pass(time.Hour, 10*time.Second)
	for k, objects := range w.children() {
		for i, obj := range objects {
			require.Equal(t, before[k][i].GetGeneration(), obj.GetGeneration(), "what is the same is not written: %s", k)
		}
	}
	w.apply(deployment(1))
	w.until("all of them lose it", func() bool {
		for _, objects := range w.children() {
			for _, obj := range objects {
				if !reflect.ValueOf(obj).Elem().FieldByName("Spec").FieldByName("Interval").IsNil() {
					return false
				}
			}
		}
		return isReady(w.deployment())
	})
}

// The same goes for the children of a pipeline, jobs and deployments.
func TestMutatedPipeline(t *testing.T) {
	w := newPipelineWorld(t)
	w.mutate()
	w.apply(pipeline(nil))
	w.apply(pipeline(nil, approved(w.awaits())))
	w.completed()
	require.NotContains(t, w.stepOf("train").Why, "take effect with the next")
	w.pass(time.Hour, 10*time.Second)
	before := w.versions(w.pipeline())
	w.pass(3*time.Hour, 30*time.Second)
	require.Equal(t, before, w.versions(w.pipeline()), "nothing is written at rest")
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
}
