package reconcile

import (
	"fmt"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

const (
	// foreignWait is between the two looks that make an object foreign: tags
	// appear some time after the object.
	foreignWait = 30 * time.Second
	// retainPatience is how long the deletion of what is retained waits for
	// its marks to be seen.
	retainPatience = 5 * time.Minute
	// goneWait is between the two looks that make an object gone: what was
	// just made may not be seen at once.
	goneWait = 5 * time.Second
	// confirmWait is until AWS shows what it has accepted.
	confirmWait = 2 * time.Second
)

// confirmed tells whether something has been seen for long enough to believe.
func (r *Reconciler) confirmed(s *scope, what string, wait time.Duration) bool {
	return r.memory.since(s.object.GetUID(), what) >= wait
}

// foreign is the verdict on an object that is somebody else's.
func (r *Reconciler) foreign(s *scope, name string, ownership identity.Ownership) verdict {
	if !r.confirmed(s, foreign+name, foreignWait) {
		return progressing(reason.Progressing, fmt.Sprintf("%s exists in AWS; finding out whose it is", name), foreignWait)
	}
	s.withdraw(name)
	s.object.Common().ARN = ""
	s.object.Common().Applied = nil // whatever was applied, this object is somebody else's
	why := "carries the tags of another owner"
	if ownership == identity.Unowned {
		why = "carries no ownership tags. Set adoptionPolicy: Unowned to take it over"
	}
	if ownership == identity.Ours {
		why = "is ours, but adoptionPolicy is Never"
	}
	return stalled(reason.ForeignObject, fmt.Sprintf("%s exists in AWS and %s", name, why), s.interval())
}

// immutable is the verdict on a change that AWS cannot make.
func (s *scope) immutable(differences []shape.Difference) verdict {
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = d.String()
	}
	remedy := "Delete and create the resource, or set it back"
	if s.kind.Lifecycle != Service {
		remedy = fmt.Sprintf("Give it a new %s, leave the name out, or set it back", s.kind.Name)
	}
	return stalled(reason.ImmutableField, fmt.Sprintf("AWS cannot change %s. %s", strings.Join(texts, "; "), remedy), s.interval())
}
