package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// confine gives the controller no more than what is installed with it, the service
// account and its role, under the policy on actions. Call it before the controller starts.
func (w *world) confine() {
	w.t.Helper()
	w.account = "sagemaker-gitops-system:sagemaker-gitops"
	w.install("../../kustomize/rbac/controller.yaml")
	w.install("../../kustomize/components/policy/actions.yaml")
	account, err := client.New(w.clientConfig(w.account), client.Options{Scheme: w.kube.Scheme()})
	require.NoError(w.t, err)
	require.Eventually(w.t, func() bool {
		may := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: w.namespace, Verb: "delete", Group: v1alpha1.Group, Resource: "models"},
		}}
		err := w.tryAs(account, approvedPackage)
		return account.Create(w.ctx, may) == nil && may.Status.Allowed && err != nil && strings.Contains(err.Error(), "needs the verb approve")
	}, eventually, 50*time.Millisecond, "the API server takes up roles and policies after a moment")
}

// encrypted is a pipeline whose volumes and outputs have keys.
func encrypted(text string) string {
	text = replace(text, `s3OutputPath: "{{ .step.path }}"`, `s3OutputPath: "{{ .step.path }}", kmsKeyID: alias/ml`)
	text = replace(text, "volumeSizeInGB: 10", "volumeSizeInGB: 10, volumeKMSKeyID: alias/ml")
	return replace(text, "        endpointName: abalone\n", "        endpointName: abalone\n        kmsKeyID: alias/ml\n")
}

// TestPoliciesLetTheControllerWork: under all shipped policies the controller can do
// its own part with no more than its role: stop a step that takes too long, let go of
// what is superseded, deploy what was approved, and leave it there.
func TestPoliciesLetTheControllerWork(t *testing.T) {
	w := newWorld(t, "TrainingJob/Training")
	w.measures(2.08)
	w.limit(replace(limited, "ml.m5.xlarge", "ml.p5.48xlarge"), "is none", map[string]string{
		"allowed-instance-types": "ml.m5.*", "allowed-images": "141502667606.*", "allowed-roles": "arn:aws:iam::123456789012:role/abalone",
		"require-encryption": "volumes, outputs", "max-run-time": "1h",
	})
	w.confine()
	w.startController()

	w.apply(replace(encrypted(pipeline(nil)), "  - name: train\n", "  - name: train\n    timeout: 1m\n"))
	p := w.pipelineStalled(reason.StepFailed)
	require.Contains(t, readyCondition(p).Message, "has not come to an end within 1m0s (step train)")
	w.until("the job is stopped", func() bool { return len(w.jobs("Stopped")) == 1 })

	w.apply(encrypted(pipeline(map[string]string{"rounds": "200"})))
	w.until("another runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	last := map[string]string{"rounds": "300"}
	w.apply(encrypted(pipeline(last)))
	w.until("it is superseded", func() bool { return len(w.jobs("Stopped")) == 2 && len(w.jobs("InProgress")) == 1 })

	evidence := w.awaits()
	w.apply(encrypted(pipeline(last, approved(evidence))))
	w.completed()
	served := w.served()

	w.apply(encrypted(pipeline(last, approved(evidence), "deletionPolicy: Retain")))
	require.NoError(t, w.kube.Delete(w.ctx, w.pipeline()))
	w.until("the pipeline is gone", func() bool { _, there := get(w, "abalone", &v1alpha1.ModelPipeline{}); return !there })
	require.Equal(t, served, w.served())
}

// TestPoliciesLetNoTemplateApprove: a pipeline does not approve a package by its
// template, which would be a way around the verb.
func TestPoliciesLetNoTemplateApprove(t *testing.T) {
	w := newWorld(t)
	w.confine()
	w.startController()

	w.apply(`
kind: ModelPipeline
metadata: {name: abalone}
spec:
  steps:
  - name: register
    template:
      kind: ModelPackage
      spec: {modelPackageGroupName: abalone, modelApprovalStatus: Approved}
`)
	p := w.pipelineStalled(reason.ValidationFailed)
	require.Contains(t, readyCondition(p).Message, "step register: ")
	require.Contains(t, readyCondition(p).Message, "approving or rejecting needs the verb approve on modelpackages.sagemaker.gitops.dev")
	require.Empty(t, w.mutations())
}

const approvedPackage = `
kind: ModelPackage
metadata: {name: probe}
spec: {modelPackageGroupName: abalone, modelApprovalStatus: Approved}
`
