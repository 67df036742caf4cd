package reconcile

import (
	"context"
	"fmt"
	"maps"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// create writes down what is about to be created and from what, and then
// creates it: whatever happens in between, the next round knows its name.
func (r *Reconciler) create(ctx context.Context, s *scope, name string) (verdict, error) {
	if s.observeOnly() {
		return progressing(reason.Progressing, name+" does not exist in AWS", s.interval()), nil
	}
	if err := r.awaits(ctx, s); err != nil {
		return verdict{}, err
	}
	status := s.object.Common()
	status.Name, status.ARN, status.References = name, "", s.references.consumed
	switch s.kind.Lifecycle {
	case Job:
		s.addRun(v1alpha1.Run{Name: name, Digest: s.digest, Outcome: v1alpha1.RunSubmitting})
	case Revision:
		s.addRevision(v1alpha1.Revision{Name: name, Digest: s.digest, References: s.references.consumed})
	case Service:
		status.Attempted, status.Owned = nil, s.kind.Untagged
		if err := r.restore(ctx, s); err != nil {
			return verdict{}, err
		}
	}
	s.record()
	s.recordTags()
	if err := r.save(ctx, s, progressing(reason.Creating, "creating "+name, 0)); err != nil {
		return verdict{}, err
	}
	tags := s.wanted()
	if s.kind.Lifecycle != Service {
		maps.Copy(tags, r.provenance(ctx, s.object))
	}
	out, err := s.kind.Create.Call(ctx, s.client, s.creation(name, tags))
	if err != nil {
		return r.refused(ctx, s, name, err)
	}
	status.ARN = s.arn(out)
	s.identified(name, out)
	after := firstRetry
	switch s.kind.Lifecycle {
	case Job:
		s.runNamed(name).Outcome = v1alpha1.RunRunning
		r.Observer.SawTags(s.object.GetUID())
	case Revision:
		after = confirmWait
	case Service:
	}
	r.memory.calm(s.object.GetUID())
	r.memory.mark(s.object.GetUID(), created+name)
	r.memory.drop(s.object.GetUID(), deletedMark+name)
	r.eventf(ctx, s, reason.Creating, "creating %s", name)
	return progressing(reason.Creating, name+" is being created", after), nil
}

// creation is the whole Create request for the AWS name.
func (s *scope) creation(name string, tags map[string]string) shape.Tree {
	t := s.request
	if !s.kind.Nameless || s.named != "" {
		t = over(t, s.kind.parts(name))
	}
	t = shape.Clone(t)
	s.kind.tags().Put(t, tags)
	if s.kind.Token != "" {
		t[s.kind.Token] = identity.Token(s.owner, name)
	}
	return t
}

// refused judges an error of Create. What the error may hide is looked for
// first: the object may exist, made by an earlier try whose answer was lost.
func (r *Reconciler) refused(ctx context.Context, s *scope, name string, cause error) (verdict, error) {
	class := cloud.Classify(cause)
	if class == cloud.AlreadyExists {
		return r.taken(s, name, cause)
	}
	if class == cloud.Validation || class == cloud.Auth || class == cloud.QuotaZero {
		described, err := s.describe(ctx, name)
		if err == nil && described != nil {
			return progressing(reason.Creating, name+" exists", confirmWait), nil
		}
		if err == nil {
			s.withdraw(name)
		}
	}
	return verdict{}, r.explain(ctx, s, cause)
}

// taken judges AWS's word that the name of a new object is taken. Reads may not show yet
// what an earlier try has made; a name of which they show nothing for longer is one that
// AWS does not give away again.
func (r *Reconciler) taken(s *scope, name string, cause error) (verdict, error) {
	if !r.confirmed(s, existing+name, foreignWait) {
		return progressing(reason.Creating, cloud.Message(cause), r.retryAfter(s, cause)), nil
	}
	return verdict{}, &nameTakenError{cause, fmt.Sprintf("AWS shows no %s of the name %s and does not give the name away: %s",
		s.kind.Kind(), name, s.otherName())}
}

// otherName says how an object gets another name in AWS.
func (s *scope) otherName() string {
	switch {
	case s.named != "":
		return "give another " + s.kind.NameField()
	case s.kind.Lifecycle == Job:
		return "change the spec, or set rerun"
	case s.kind.Lifecycle == Revision:
		return "change the spec, or set " + s.kind.NameField()
	default:
		return "set " + s.kind.NameField()
	}
}

// nameTakenError is AWS's refusal of a name under which it shows nothing.
type nameTakenError struct {
	refusal error
	advice  string
}

func (e *nameTakenError) Error() string { return cloud.Message(e.refusal) + "; " + e.advice }

func (e *nameTakenError) Unwrap() error { return e.refusal }

// withdraw takes back what was written down of an object that AWS refused.
func (s *scope) withdraw(name string) {
	status := s.object.Common()
	if len(status.Runs) > 0 && status.Runs[0].Name == name {
		status.Runs = status.Runs[1:]
	}
	if len(status.Revisions) > 0 && status.Revisions[0].Name == name {
		status.Revisions = status.Revisions[1:]
	}
}
