package story

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

const (
	poll = 200 * time.Millisecond
	// patience bounds every wait; on an idle machine none takes a quarter of it.
	patience = 3 * time.Minute
)

var key = client.ObjectKey{Namespace: Namespace, Name: Name}

// path is the way a push takes to Ready.
type path bool

const (
	training path = true  // a job runs before
	serving  path = false // no job runs
)

// awaitReady waits until Flux says that the commit is applied and healthy. It
// holds that Flux never says so while a training job runs.
func (s *Story) awaitReady(ctx context.Context, commit string, p path) error {
	line := fmt.Sprintf("the Kustomization is Ready=True at %s", short(commit))
	notYet := 0
	err := s.await(ctx, line, func(running int, verdict bench.Verdict) (bool, error) {
		switch {
		case verdict.FailedAt(commit):
			return false, &UntrueError{line, "Ready=True", verdict.String()}
		case running > 0 && verdict.ReadyAt(commit):
			return false, &UntrueError{"Flux says not ready while the training job runs", "Ready=Unknown", verdict.String()}
		case running > 0:
			notYet++
		}
		return verdict.ReadyAt(commit), nil
	})
	if err != nil {
		return err
	}
	if p == training {
		if err := s.expectTrue("and it was not while the training job ran", notYet > 0,
			"a look at Flux during the job", "no job was seen running"); err != nil {
			return err
		}
	}
	return nil
}

// awaitFailed waits until Flux says that the commit is applied and not healthy,
// because of the training job.
func (s *Story) awaitFailed(ctx context.Context, commit string) error {
	line := fmt.Sprintf("the Kustomization is Ready=False (HealthCheckFailed) at %s", short(commit))
	return s.await(ctx, line, func(_ int, verdict bench.Verdict) (bool, error) {
		if verdict.ReadyAt(commit) {
			return false, &UntrueError{line, "Ready=False", verdict.String()}
		}
		return verdict.FailedAt(commit), nil
	})
}

// await polls until done says so, telling what changes meanwhile. done gets
// what Flux says, and how many training jobs ran just before it said so.
func (s *Story) await(ctx context.Context, line string, done func(running int, verdict bench.Verdict) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		running := s.running()
		verdict, err := s.bench.Verdict(ctx)
		if err == nil {
			err = s.Look(ctx, verdict)
		}
		if err == nil {
			err = s.bench.Err()
		}
		if err != nil {
			return s.why(ctx, line, err)
		}
		ok, err := done(running, verdict)
		if err != nil {
			return err
		}
		if ok {
			s.log.OKf("%s", line)
			return nil
		}
		select {
		case <-ctx.Done():
			return s.why(ctx, line, ctx.Err())
		case <-ticker.C:
		}
	}
}

// why tells a wait that took too long from other reasons to end it.
func (s *Story) why(ctx context.Context, line string, err error) error {
	if ctx.Err() == context.DeadlineExceeded {
		return &UntrueError{line, fmt.Sprintf("within %s", patience), s.log.State()}
	}
	return fmt.Errorf("while waiting until %s: %w", line, err)
}

// running is the number of training jobs in progress in AWS.
func (s *Story) running() int {
	n := 0
	for _, job := range s.bench.AWS.Objects("TrainingJob") {
		if job.Status == "InProgress" {
			n++
		}
	}
	return n
}

// Look tells what has changed since the last look: in Flux's verdict, and in
// the conditions of our objects.
func (s *Story) Look(ctx context.Context, verdict bench.Verdict) error {
	for _, object := range []interface {
		client.Object
		GetConditions() []metav1.Condition
	}{new(v1alpha1.TrainingJob), new(v1alpha1.ModelDeployment), new(v1alpha1.Model), new(v1alpha1.EndpointConfig), new(v1alpha1.Endpoint)} {
		err := s.bench.Kube.Get(ctx, key, object)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		s.log.Changed(kindOf(object), told(object.GetConditions()))
	}
	s.log.Changed("Flux Kustomization", verdict.String())
	return nil
}

func kindOf(object client.Object) string {
	switch object.(type) {
	case *v1alpha1.TrainingJob:
		return "TrainingJob"
	case *v1alpha1.ModelDeployment:
		return "ModelDeployment"
	case *v1alpha1.Model:
		return "Model"
	case *v1alpha1.EndpointConfig:
		return "EndpointConfig"
	default:
		return "Endpoint"
	}
}

// told is what an object's conditions say, in one line.
func told(conditions []metav1.Condition) string {
	ready := meta.FindStatusCondition(conditions, "Ready")
	if ready == nil {
		return "not judged yet"
	}
	stalled := ""
	if meta.IsStatusConditionTrue(conditions, "Stalled") {
		stalled = ", Stalled"
	}
	return fmt.Sprintf("Ready=%s%s (%s) %s", ready.Status, stalled, ready.Reason, ready.Message)
}
