package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// fast is how soon a bad push is to be told, a fraction of Flux's timeout.
const fast = bench.HealthTimeout / 10

func (s *Story) spoil(ctx context.Context) error {
	const good, bad = "s3://" + bench.Bucket + "/abalone/train/", "s3://" + bench.Bucket + "/abalone/trian/"
	answered, jobs := len(s.prober.Answers()), s.jobs()
	pushed := time.Now()
	var err error
	if s.spoilt, err = s.bench.Edit(ctx, "Move the training data", "base/training-job.yaml", good, bad); err != nil {
		return err
	}
	s.log.Sayf("pushed %s: the training data are where nothing is, %s", short(s.spoilt), bad)
	if err := s.awaitFailed(ctx, s.spoilt); err != nil {
		return err
	}
	took := time.Since(pushed)
	if err := s.expectTrue(fmt.Sprintf("that was %.1fs after the push, the timeout being %s", took.Seconds(), bench.HealthTimeout),
		took < fast, fmt.Sprintf("less than %s", fast), took.String()); err != nil {
		return err
	}
	if err := s.expectRefused(ctx, fmt.Sprintf("No S3 objects found under S3 URL %q", bad)); err != nil {
		return err
	}
	if err := s.expectJobs(jobs, "no training job came of it"); err != nil {
		return err
	}
	return s.expectServed(ctx, answered, s.second)
}

// expectRefused holds the training job to be Stalled with AWS's words first.
func (s *Story) expectRefused(ctx context.Context, words string) error {
	var job v1alpha1.TrainingJob
	if err := s.bench.Kube.Get(ctx, key, &job); err != nil {
		return err
	}
	if err := s.expectTrue("the TrainingJob is Stalled at this push",
		meta.IsStatusConditionTrue(job.Status.Conditions, "Stalled") && job.Status.ObservedGeneration == job.Generation,
		fmt.Sprintf("Stalled=True at generation %d", job.Generation),
		fmt.Sprintf("%s at generation %d", told(job.Status.Conditions), job.Status.ObservedGeneration)); err != nil {
		return err
	}
	ready := meta.FindStatusCondition(job.Status.Conditions, "Ready")
	if ready == nil {
		ready = new(metav1.Condition)
	}
	return s.expectTrue("its message begins with AWS's words: "+words,
		ready.Status == metav1.ConditionFalse && strings.HasPrefix(ready.Message, words),
		"Ready=False, "+words, told(job.Status.Conditions))
}
