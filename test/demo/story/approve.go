package story

import (
	"context"
	"fmt"
	"io/fs"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// approvalsFile is the file of the example with what has been approved.
const approvalsFile = "overlays/demo/approvals.yaml"

// awaitApproval waits until the pipeline waits for an approval of what a commit asks
// for. It holds that the commit is applied by then, and that Flux did not say that it
// serves.
func (s *Story) awaitApproval(ctx context.Context, commit string) (*v1alpha1.ModelPipeline, error) {
	var waiting *v1alpha1.ModelPipeline
	var flux sight
	notYet := 0
	err := s.await(ctx, "the ModelPipeline waits for an approval, and is not Ready", commit, func(now sight) (bool, error) {
		if now.healthy.ReadyAt(commit) {
			return false, &UntrueError{"Flux says not ready before it serves", "not Ready=True", now.healthy.String()}
		}
		if now.running > 0 {
			notYet++
		}
		p, err := s.pipeline(ctx)
		if err != nil {
			return false, err
		}
		waiting, flux = p, now
		ready := meta.FindStatusCondition(p.Status.Conditions, "Ready")
		return now.applied.ReadyAt(commit) && ready != nil && ready.ObservedGeneration == p.Generation &&
			p.Status.Phase == v1alpha1.PipelineAwaiting, nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.expectTrue("jobs ran before, and Flux did not call it ready", notYet > 0, "a look at Flux during a job", "no job was seen running"); err != nil {
		return nil, err
	}
	ready := meta.FindStatusCondition(waiting.Status.Conditions, "Ready")
	s.log.Sayf("  it says: Ready=%s (%s) %s", ready.Status, ready.Reason, ready.Message)
	s.log.Sayf("  Flux says of %s: Ready=%s, commit %s is applied", bench.Applies, flux.applied.Ready.Status, short(commit))
	s.log.Sayf("  Flux says of %s: Ready=%s (%s) %s", bench.Judges, flux.healthy.Ready.Status, flux.healthy.Ready.Reason, flux.healthy.Ready.Message)
	return waiting, nil
}

// approve commits the approval of what a pipeline waits with, and waits until it
// serves. It holds that the commit changed no digest and started no job.
func (s *Story) approve(ctx context.Context, waiting *v1alpha1.ModelPipeline) error {
	file, err := fs.ReadFile(s.bench.Example(), approvalsFile)
	if err != nil {
		return err
	}
	asked := s.asked()
	s.approvals += fmt.Sprintf("    - {step: approve, evidence: %q, by: alice, reason: %q}\n",
		stepOf(waiting, "approve").Evidence, stepOf(waiting, "quality").Checks[0].Message)
	commit, err := s.bench.Repository.Commit(ctx, "Approve the model", map[string]string{approvalsFile: string(file) + s.approvals})
	if err != nil {
		return err
	}
	s.log.Sayf("pushed %s: spec.approvals has the evidence that status.steps tells of", short(commit))
	if err := s.awaitReady(ctx, commit, serving); err != nil {
		return err
	}
	if err := s.expect("the commit of the approval started no job", asked.String(), s.asked().String()); err != nil {
		return err
	}
	p, err := s.pipeline(ctx)
	if err != nil {
		return err
	}
	if err := s.expect("and changed no digest: plan "+p.Status.PlanDigest, digests(waiting), digests(p)); err != nil {
		return err
	}
	is := stepOf(p, "approve")
	return s.expect("its approval is told: "+is.Message, "Approved", is.Decision)
}

// digests are those of a plan and its steps.
func digests(p *v1alpha1.ModelPipeline) string {
	all := map[string]string{"plan": p.Status.PlanDigest}
	for _, step := range p.Status.Steps {
		all[step.Name] = step.Digest
	}
	return fmt.Sprint(all)
}
