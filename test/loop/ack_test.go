package loop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// annotateNamespaceWith sets annotations of the namespace.
func (w *world) annotateNamespaceWith(annotations map[string]string) {
	w.t.Helper()
	var namespace corev1.Namespace
	require.NoError(w.t, w.kube.Get(w.ctx, client.ObjectKey{Name: w.namespace}, &namespace))
	namespace.SetAnnotations(annotations)
	require.NoError(w.t, w.kube.Update(w.ctx, &namespace))
}

const keptModel = `
kind: Model
metadata:
  name: kept
  annotations: {%s}
spec:
  modelName: kept-a
  executionRoleARN: arn:aws:iam::123456789012:role/execution
  primaryContainer: {image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/a:1"}
`

func (w *world) kept() reconcile.Object {
	obj, _ := get(w, "kept", &v1alpha1.Model{})
	return obj
}

// ACK's annotations of a namespace are defaults, as those of objects are: where an object
// lives, and what becomes of it. One warning for each names ours. They are followed at
// once.
func TestACKsNamespace(t *testing.T) {
	w := newWorld(t)
	w.startController()
	w.annotateNamespaceWith(map[string]string{
		"services.k8s.aws/default-region": "eu-west-1", "services.k8s.aws/owner-account-id": "111111111111",
		"sagemaker.services.k8s.aws/deletion-policy": "retain",
	})
	w.apply(fmt.Sprintf(keptModel, ""))
	message := w.because(reason.ValidationFailed, w.kept)
	require.Contains(t, message, "services.k8s.aws/owner-account-id")
	require.Contains(t, message, "sagemaker.gitops.dev/assume-role-arn")
	require.Empty(t, w.mutations(), "nothing is made in another account")
	for _, ours := range []string{"use sagemaker.gitops.dev/region", "use sagemaker.gitops.dev/deletion-policy", "use sagemaker.gitops.dev/assume-role-arn"} {
		told := func() (n int) {
			for _, text := range w.warnings(reason.Deprecated) {
				if strings.Contains(text, ours) {
					n++
				}
			}
			return n
		}
		w.until("a warning says "+ours, func() bool { return told() > 0 })
		require.Equal(t, 1, told(), ours)
	}

	w.annotateNamespaceWith(map[string]string{
		"services.k8s.aws/default-region": "eu-west-1", "services.k8s.aws/owner-account-id": "123456789012",
		"sagemaker.services.k8s.aws/deletion-policy": "retain",
	})
	w.untilWithin("it is made in this account", 5*time.Minute, func() bool { return isReady(w.kept()) })
	require.Equal(t, "eu-west-1", w.aws.Objects("Model")[0].Region)
	require.NoError(t, w.kube.Delete(w.ctx, w.kept()))
	w.until("it is let go", func() bool { _, there := get(w, "kept", &v1alpha1.Model{}); return !there })
	require.Len(t, w.aws.Objects("Model"), 1, "it is retained")
}

// A changed annotation is acted upon at once, though nothing is due for an hour.
func TestAnnotationsAddedLater(t *testing.T) {
	t.Parallel()
	theirs := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t)
		_, err := w.sagemaker().CreateModel(w.ctx, &sagemaker.CreateModelInput{
			ModelName: aws.String("kept-a"), ExecutionRoleArn: aws.String("arn:aws:iam::123456789012:role/execution"),
			PrimaryContainer: &types.ContainerDefinition{Image: aws.String("123456789012.dkr.ecr.us-west-2.amazonaws.com/a:1")},
		})
		require.NoError(t, err)
		w.pass(time.Minute, step)
		w.startController()
		return w
	}
	t.Run("adoption", func(t *testing.T) {
		w := theirs(t)
		w.apply(fmt.Sprintf(keptModel, ""))
		w.because(reason.ForeignObject, w.kept)
		w.apply(fmt.Sprintf(keptModel, `services.k8s.aws/adoption-policy: adopt-or-create`))
		w.untilWithin("it is adopted", 2*time.Minute, func() bool { return isReady(w.kept()) })
	})
	t.Run("region", func(t *testing.T) {
		w := theirs(t)
		w.apply(fmt.Sprintf(keptModel, ""))
		w.because(reason.ForeignObject, w.kept)
		w.apply(fmt.Sprintf(keptModel, `services.k8s.aws/region: eu-west-1`))
		w.untilWithin("it is made elsewhere", 2*time.Minute, func() bool { return isReady(w.kept()) })
		require.Len(t, w.aws.Objects("Model"), 2)
	})
	t.Run("observation ends, and what was observed is still somebody else's", func(t *testing.T) {
		w := theirs(t)
		w.apply(fmt.Sprintf(keptModel, `services.k8s.aws/read-only: "true"`))
		w.until("it is observed", func() bool { return isReady(w.kept()) })
		w.aws.Journal().Reset()
		w.apply(fmt.Sprintf(keptModel, ""))
		w.untilWithin("it is foreign", 5*time.Minute, func() bool { return readyCondition(w.kept()).Reason == reason.ForeignObject })
		require.Empty(t, w.mutations())
	})
	t.Run("deletion", func(t *testing.T) {
		w := newWorld(t)
		w.startController()
		w.apply(fmt.Sprintf(keptModel, ""))
		w.until("it is there", func() bool { return isReady(w.kept()) })
		w.apply(fmt.Sprintf(keptModel, `services.k8s.aws/deletion-policy: keep`))
		w.untilWithin("a word that is none is refused", 2*time.Minute, func() bool { return readyCondition(w.kept()).Reason == reason.ValidationFailed })
	})
}
