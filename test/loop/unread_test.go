package loop_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// warnings are the texts of warning events with a reason.
func (w *world) warnings(why string) []string {
	w.t.Helper()
	var events corev1.EventList
	require.NoError(w.t, w.kube.List(w.ctx, &events, client.InNamespace(w.namespace)))
	var texts []string
	for _, e := range events.Items {
		if e.Type == corev1.EventTypeWarning && e.Reason == why {
			texts = append(texts, e.Message)
		}
	}
	return texts
}

// AWS refuses to list tags: they are unknown. The object's state is told all the same,
// of every kind whose tags are listed. What the controller has made stays its own, and
// what it finds is neither adopted nor changed.
func TestTagsThatAWSDoesNotList(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if k.Tags != nil {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, k)
			p.startController()
			denied := fault.Rule{Action: fault.Deny, Operation: "ListTags"}
			p.fault(denied)
			p.tell(p.steps[0])
			p.awaitsApproval()
			p.ready()
			if k.Lifecycle != reconcile.Job {
				p.request()
				p.until("somebody is told", func() bool {
					return slices.ContainsFunc(p.warnings(reason.AccessDenied), func(text string) bool { return strings.Contains(text, "sagemaker:ListTags") })
				})
				p.pass(10*time.Minute, 10*time.Second)
				require.True(t, p.isReady(), "its state is told")
				require.Equal(t, 1, p.calls(k.Create))
			}

			// The cluster is built anew, and does not know what is there.
			p.stopController()
			obj, _ := p.object()
			obj.SetFinalizers(nil)
			require.NoError(t, p.kube.Update(p.ctx, obj))
			p.remove()
			p.gone()
			p.aws.Journal().Reset()
			p.startController()
			p.push(nil)
			p.until("the owner is unknown", func() bool { return p.reason() == reason.AccessDenied })
			obj, _ = p.object()
			require.Contains(t, readyCondition(obj).Message, "the owner is unknown")
			require.Contains(t, readyCondition(obj).Message, "sagemaker:ListTags")
			p.pass(time.Hour, 10*time.Second)
			require.Empty(t, p.aws.Journal().Mutations(), "nothing is done to what may be somebody else's")
			p.aws.Faults().Clear()
			p.ready()
			require.Zero(t, p.calls(k.Create))
		})
	}
}
