package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// failsNow makes the AWS object fail, as if by itself; ok is false if objects of the kind
// cannot.
func (p *play) failsNow() (ok bool) {
	p.t.Helper()
	o, there := p.inAWS()
	require.True(p.t, there)
	for _, stage := range []string{"Failed", "CreateFailed"} {
		if p.aws.Enter(o.ARN, stage, "the disk is full") {
			return true
		}
	}
	return false
}

// changing counts the calls since the journal was reset that were to change something,
// refused ones included.
func (p *play) changing() int { return len(p.aws.Journal().Mutations()) }

// A service that was in service and failed is told as failed, costs no more than a look
// in each interval, and is tried again rarely when it differs from git and AWS takes no
// change of it.
func TestServicesThatFailInService(t *testing.T) {
	t.Parallel()
	for _, k := range kind.All() {
		if k.Lifecycle != reconcile.Service || len(k.States.Failed) == 0 {
			continue
		}
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			p := newPlay(t, k)
			p.startController()
			p.tell(p.steps[0])
			p.ready()
			if !p.failsNow() {
				t.Fatalf("the simulated AWS lets no %s fail", k.Kind())
			}
			p.until("it has failed", func() bool {
				obj, _ := p.object()
				return isStalled(obj) && readyCondition(obj).Reason == reason.Failed
			})
			p.aws.Journal().Reset()
			p.pass(30*time.Minute, 10*time.Second)
			require.Zero(t, p.changing(), "nothing is changed by itself")
			require.LessOrEqual(t, p.asked(k.Describe), 35, "a look in each minute")

			spec, ok := p.updated()
			if !ok {
				return
			}
			for _, words := range []string{
				"Status (Failed) not in ([InService]). Unable to transition to (Updating)", "The request is not valid in this state.",
			} {
				p.aws.Faults().Clear()
				for _, op := range []string{k.Update.Name, k.Delete.Name, k.Start.Name} {
					if op != "" {
						p.fault(fault.Rule{Action: fault.Reject, Operation: op, Code: "ValidationException", Message: words})
					}
				}
				p.push(spec)
				p.request()
				p.pass(time.Minute, step)
				p.aws.Journal().Reset()
				p.pass(30*time.Minute, 5*time.Second)
				require.LessOrEqual(t, p.changing(), 31, "%s: no more than one try in each interval, which is a minute", words)
				obj, _ := p.object()
				require.False(t, isReady(obj))
			}
			p.aws.Faults().Clear()
			p.request()
			p.pass(30*time.Minute, 5*time.Second)
			p.aws.Journal().Reset()
			p.pass(30*time.Minute, 5*time.Second)
			require.LessOrEqual(t, p.changing(), 31, "no more than one try in each interval, which is a minute")
		})
	}
}
