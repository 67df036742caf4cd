package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
)

// The status of the largest pipeline that there may be fits into 96 KiB, whatever AWS
// says.
func TestStatusIsBounded(t *testing.T) {
	const digest = "aabcdefghi"
	p := &v1alpha1.ModelPipeline{}
	p.Name = strings.Repeat("p", 30)
	p.Spec.History = &v1alpha1.PipelineHistory{RollbackWindow: new(int32(3))}
	s := &scene{pipeline: p, plan: &plan.Plan{Digest: digest}}
	long := strings.Repeat("AWS says that something is wrong. ", 100)
	now := metav1.NewTime(time.Unix(0, 0))
	for i := range 20 {
		p.Status.Sources = append(p.Status.Sources, v1alpha1.SourceStatus{
			Name: fmt.Sprintf("%s%02d", strings.Repeat("s", 61), i), Digest: sum(nil), Definition: sum(nil), URI: "s3://" + strings.Repeat("u", 123),
		})
	}
	p.Status.Definition = sum(nil)
	p.Status.Trigger = &v1alpha1.TriggerStatus{
		Token: "violation/" + strings.Repeat("m", 63) + "/2026-11-23T02:00:00Z", Time: now, Next: &now, Message: long[:120],
	}
	for i := range 100 {
		name := fmt.Sprintf("a-step-with-name%02d", i)
		d := plan.Decision{Status: v1alpha1.StepStatus{
			Name: name, Phase: v1alpha1.StepAwaiting, Action: v1alpha1.ActionUpdate, Why: long, Message: long, Digest: digest,
			Kind: "HyperParameterTuningJob", Child: p.Name + "-" + name + "-" + digest,
			Attempt: 10, RetryTime: &now, Since: &now,
		}}
		s.plan.Steps = append(s.plan.Steps, &plan.Step{Spec: v1alpha1.PipelineStep{Name: name}, Digest: digest})
		if i == 0 {
			for j := range plan.MaxChecks {
				d.Status.Checks = append(d.Status.Checks, v1alpha1.CheckResult{
					Name: fmt.Sprintf("%s%02d", strings.Repeat("c", 61), j), Outcome: "Inconclusive", Value: strings.Repeat("9", 24), Message: long,
				})
			}
		}
		s.decisions = append(s.decisions, d)
	}
	for i := range 10 {
		s.plan.Digest = fmt.Sprintf("%s%d", digest[:9], i)
		s.tell()
		for j := range p.Status.Steps {
			for k := range p.Status.Steps[j].Checks {
				p.Status.Steps[j].Checks[k].Outcome = "Passed"
			}
		}
		s.remember(time.Unix(int64(i), 0))
	}
	require.Len(t, p.Status.History, 3)
	text, err := json.Marshal(p.Status)
	require.NoError(t, err)
	require.LessOrEqual(t, len(text), 96<<10)
	t.Logf("%d bytes", len(text))
}
