package reconcile

import (
	"context"
	"fmt"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// stopRun stops a run that somebody has asked to stop by annotation. Status tells
// first who asked: AWS does not say later by whom a job was stopped.
func (r *Reconciler) stopRun(ctx context.Context, s *scope, name string, described shape.Tree) (verdict, error) {
	v := progressing(reason.Stopping, fmt.Sprintf("stopping %s, as the annotation %s asks", name, v1alpha1.AnnotationStop), 0)
	s.runNamed(name).StopRequest = s.stop()
	if err := r.save(ctx, s, v); err != nil {
		return verdict{}, err
	}
	err := s.call(ctx, s.kind.Stop, name, nil)
	if c := cloud.Classify(err); err != nil && c != cloud.Busy && c != cloud.NotFound { // else it has ended in this moment
		return verdict{}, err
	}
	s.stopHandled()
	v.after = r.look(s, described)
	return v, nil
}

// withhold does not start a run that somebody has asked to stop. Status tells of it as
// of any other that was stopped. If it may have been started already, by a try whose
// answer was lost, it is looked for once more.
func (r *Reconciler) withhold(s *scope, name string) verdict {
	if s.runNamed(name) != nil && !r.confirmed(s, gone+name, goneWait) {
		return progressing(reason.Stopping, "finding out whether "+name+" has been started", goneWait)
	}
	r.memory.drop(s.object.GetUID(), gone+name)
	status := s.object.Common()
	status.Name, status.ARN, status.References = name, "", s.references.consumed
	s.addRun(v1alpha1.Run{Name: name, Digest: s.digest, Outcome: v1alpha1.RunStopped, StopRequest: s.stop()})
	s.stopHandled()
	return s.onRequest(s.runNamed(name), name+" has not been started")
}

// onRequest is the verdict on a run that has been stopped on request.
func (s *scope) onRequest(run *v1alpha1.Run, what string) verdict {
	again := "the spec changes or forceAt asks for it"
	if s.named != "" && run.StartTime != nil {
		again = "the spec gives another " + s.kind.NameField()
	}
	return stalled(reason.Stopped, fmt.Sprintf("%s, as the annotation %s asked; it is not run again until %s", what, v1alpha1.AnnotationStop, again), 0)
}

func (s *scope) stopHandled() {
	if token := s.stop(); token != "" {
		s.object.Common().LastHandledStop = token
	}
}
