package story

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

var key = client.ObjectKey{Namespace: Namespace, Name: Name}

// sight is what there was to see at a moment.
type sight struct {
	// running is how many jobs ran in AWS just before Flux was asked.
	running int
	// applied and healthy are what Flux says of the Kustomization that applies and of
	// the one that judges, where that is another.
	applied, healthy bench.Verdict
}

// running is the number of jobs in progress in AWS.
func (s *Story) running() int {
	n := 0
	for _, kind := range []string{"ProcessingJob", "TrainingJob"} {
		for _, job := range s.bench.AWS.Objects(kind) {
			if job.Status == "InProgress" {
				n++
			}
		}
	}
	return n
}

// judged is an object of ours.
type judged interface {
	client.Object
	GetConditions() []metav1.Condition
}

// Look tells what has changed since the last look: in what Flux says, in the
// conditions of our objects, and in the steps of the pipeline.
func (s *Story) Look(ctx context.Context) error {
	_, err := s.look(ctx)
	return err
}

func (s *Story) look(ctx context.Context) (sight, error) {
	now := sight{running: s.running()}
	for _, kustomization := range []string{bench.Applies, bench.Judges} {
		verdict, exists, err := s.bench.Verdict(ctx, kustomization)
		if err != nil {
			return now, err
		}
		if !exists {
			continue
		}
		s.log.Changed("Flux "+kustomization, verdict.String())
		if now.healthy = verdict; kustomization == bench.Applies {
			now.applied = verdict
		}
	}
	for _, object := range []judged{
		new(v1alpha1.ModelPipeline), new(v1alpha1.TrainingJob), new(v1alpha1.Model), new(v1alpha1.EndpointConfig), new(v1alpha1.Endpoint),
	} {
		err := s.bench.Kube.Get(ctx, key, object)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return now, err
		}
		kind := reflect.TypeOf(object).Elem().Name()
		s.log.Changed(kind, told(object.GetConditions()))
		if p, ok := object.(*v1alpha1.ModelPipeline); ok {
			for _, step := range p.Status.Steps {
				s.log.Changed("step "+step.Name, fmt.Sprintf("%s (%s: %s)", step.Phase, step.Action, cmp.Or(step.Why, step.Message)))
			}
		}
	}
	return now, nil
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
