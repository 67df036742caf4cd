package reconcile

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// reconcileRevision makes sure that the present digest's object exists, and
// removes those that history has no room for.
func (r *Reconciler) reconcileRevision(ctx context.Context, s *scope) (verdict, error) {
	name := s.awsName()
	described, err := s.describe(ctx, name)
	if err != nil {
		return verdict{}, err
	}
	if described == nil {
		if v, waits := r.missing(s, name); waits {
			return v, nil
		}
		return r.create(ctx, s, name)
	}
	r.memory.drop(s.object.GetUID(), gone+name)
	tags, ownership, err := r.ownershipOf(ctx, s, name, described)
	if err != nil {
		return verdict{}, err
	}
	s.recognize(described)
	r.release(ctx, s, s.weighApplied(described))
	differences, fixed := s.revisionDrift(described)
	if err := s.plan(described); err != nil {
		return verdict{}, err
	}
	situation := situate(s.answered(facts{
		lifecycle: Revision, exists: true, observe: s.observeOnly(),
		ownership: ownership, known: r.knows(s, name, described), adoption: s.control.AdoptionPolicy,
		state: s.state(described), named: s.compared() || len(s.removed.stuck) > 0,
		drifted: len(differences) > 0 || len(fixed) > 0, fixed: len(fixed) > 0, attempted: s.next.tried, changed: s.changedSince(described),
	}, described, r.Clock.Now()))
	if situation == Foreign {
		return r.foreign(s, name, ownership), nil
	}
	if situation == Immutable {
		return s.immutable(fixed), nil
	}
	r.adoptRevision(s, name, described)
	if tags != nil && !s.observeOnly() {
		if err := r.syncTags(ctx, s, name, described, tags); err != nil {
			return verdict{}, err
		}
	}
	if situation == Unresolved {
		return r.unresolved(s, described, differences), nil
	}
	if situation == InSync && len(differences) == 0 {
		s.object.Common().Attempted = nil
		s.record()
	}
	return r.actOnRevision(ctx, s, name, described, situation)
}

// revisionDrift compares a revision with the spec: all of it if the spec gives
// its name, since then the digest does not; else what can be updated. What AWS cannot
// unset of it is fixed, too.
func (s *scope) revisionDrift(described shape.Tree) (all, fixed []shape.Difference) {
	stuck := differencesOf(s.removed.stuck)
	if s.compared() {
		all, fixed = s.differences(s.request, described), s.fixed(described)
	} else {
		all = s.differences(s.kind.changeable(s.request), described)
	}
	return append(all, s.removed.differences()...), append(fixed, stuck...)
}

// actOnRevision does what the situation of a revision that is ours asks for.
func (r *Reconciler) actOnRevision(ctx context.Context, s *scope, name string, described shape.Tree, situation Situation) (verdict, error) {
	after := r.look(s, described)
	switch situation {
	case OutOfSync:
		return r.try(s, described, s.next.digest, func() (verdict, error) { return r.updateInPlace(ctx, s, name, described) })
	case Failed:
		return stalled(s.reasonOf(described), s.failure(described), s.interval()), nil
	case Updating:
		return progressing(reason.Updating, name+" is being updated", firstRetry), nil
	case Creating, Deleting:
		return progressing(s.reasonOf(described), s.tell(described), after), nil
	default:
	}
	pruned, err := r.prune(ctx, s)
	if ofKubernetes(err) {
		return verdict{}, err
	}
	if err != nil {
		r.event(ctx, s.object, corev1.EventTypeWarning, reason.DeleteFailed, cloud.Message(err))
		after = quotaWait
	} else if !pruned {
		after = goneWait
	}
	if s.kind.Approval {
		return s.approval(described, after), nil
	}
	return ready(reason.Created, s.tell(described), after), nil
}

// approvalPending is the ModelApprovalStatus of a version that nobody has decided on.
const approvalPending = "PendingManualApproval"

// approval is the verdict on a version that people approve or reject: as git
// says, or else as was decided in AWS.
func (s *scope) approval(described shape.Tree, after time.Duration) verdict {
	said := shape.String(described, "ModelApprovalStatus")
	text := s.tell(described) + " " + said
	switch said {
	case approvalPending:
		return progressing(reason.AwaitingApproval, text, after)
	case "Rejected":
		return stalled(reason.Rejected, text, after)
	case "Approved":
		return ready(reason.Approved, text, after)
	default:
		return ready(reason.Created, s.tell(described), after)
	}
}

func (r *Reconciler) adoptRevision(s *scope, name string, described shape.Tree) {
	s.addRevision(v1alpha1.Revision{
		Name: name, Digest: s.digest, ID: s.found[name], CreationTime: timeAt(described, "CreationTime"),
		References: used(s.references.consumed),
	})
	s.object.Common().Name = name
	s.object.Common().References = s.references.consumed
	s.observed(described)
}

// used is what history has to know of references: which objects they led to,
// each once. What else was taken from them is in status.references for as long as
// it matters.
func used(consumed []v1alpha1.ConsumedReference) []v1alpha1.ConsumedReference {
	var uses []v1alpha1.ConsumedReference
	for _, ref := range consumed {
		if consumes(uses, ref.Kind, ref.AWSName) {
			continue
		}
		use := v1alpha1.ConsumedReference{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name, AWSName: ref.AWSName}
		if ref.Value == ref.ARN {
			use.ARN = ref.ARN // AWS may know it by nothing else
		}
		uses = append(uses, use)
	}
	return uses
}

// maxRevisions is how much of a status its revisions may be, in bytes of JSON.
const maxRevisions = 16 << 10

// history is how many earlier revisions are kept: as many as asked for, or as
// status has room for.
func (s *scope) history() int {
	most, length := s.control.history(), 0
	for i, revision := range s.object.Common().Revisions {
		if length += size(revision); i > most || i > 0 && length > maxRevisions {
			return i - 1
		}
	}
	return most
}

// forgets tells whether AWS keeps earlier revisions whatever becomes of them
// here.
func (s *scope) forgets() bool {
	return s.kind.Retained || s.control.DeletionPolicy == v1alpha1.DeletionRetain
}

// addRevision puts a revision in front.
func (s *scope) addRevision(revision v1alpha1.Revision) {
	revisions := []v1alpha1.Revision{revision}
	for _, old := range s.object.Common().Revisions {
		if old.Name != revision.Name {
			revisions = append(revisions, old)
		}
	}
	s.object.Common().Revisions = revisions
	if most := s.history() + 1; s.forgets() && len(revisions) > most {
		s.object.Common().Revisions = revisions[:most]
	}
}

// prune deletes the revisions that history has no room for and nothing uses.
// It reports whether that is over.
func (r *Reconciler) prune(ctx context.Context, s *scope) (bool, error) {
	superfluous, err := r.superfluous(ctx, s)
	if err != nil {
		return false, err
	}
	over := true
	for _, name := range superfluous {
		removed, err := r.deleteObject(ctx, s, name)
		if err != nil {
			return false, fmt.Errorf("removing %s from history: %w", name, err)
		}
		over = over && removed.over
		if removed.over {
			s.object.Common().Revisions = slices.DeleteFunc(s.object.Common().Revisions, func(old v1alpha1.Revision) bool {
				return old.Name == name
			})
		}
	}
	return over, nil
}

// superfluous lists the revisions beyond the history limit that nothing uses,
// the oldest first.
func (r *Reconciler) superfluous(ctx context.Context, s *scope) ([]string, error) {
	if s.kind.Lifecycle != Revision || s.observeOnly() || s.forgets() {
		return nil, nil
	}
	var names []string
	revisions := s.object.Common().Revisions
	for i := len(revisions) - 1; i > s.history(); i-- {
		if revisions[i].Name == s.object.Common().Name {
			continue
		}
		user, err := r.userOf(ctx, s.object, revisions[i].Name)
		if err != nil {
			return nil, err
		}
		if user == "" {
			names = append(names, revisions[i].Name)
		}
	}
	return names, nil
}

// ownershipOf reads whose an object is, where status does not know it yet, the
// spec is new, somebody asks for a look, or its tags are due to be compared;
// tags is nil if they were not read.
func (r *Reconciler) ownershipOf(ctx context.Context, s *scope, name string, described shape.Tree) (map[string]string, identity.Ownership, error) {
	if r.knows(s, name, described) && !s.isNew() && !s.requested() && !r.Observer.TagsDue(s.object.GetUID()) {
		return nil, identity.Ours, nil
	}
	if s.observeOnly() {
		r.memory.mark(s.object.GetUID(), observedOnly)
	}
	tags, unread, err := r.tagsOrOurs(ctx, s, name, described)
	if err != nil {
		return nil, identity.Unowned, err
	}
	r.Observer.SawTags(s.object.GetUID())
	if unread {
		return nil, identity.Ours, nil
	}
	ownership := r.judge(s, name, described, tags)
	adopted := ownership == identity.Unowned && s.control.AdoptionPolicy == v1alpha1.AdoptUnowned
	if (ownership == identity.Ours || adopted) && !s.observeOnly() {
		r.memory.drop(s.object.GetUID(), observedOnly)
	}
	return tags, ownership, nil
}

// isNew tells whether the spec has not been judged yet.
func (s *scope) isNew() bool { return s.object.Common().ObservedGeneration != s.object.GetGeneration() }

// knows tells whether the AWS object of that name is known to be ours although
// its tags may not say so: this process has just made it, or it was found to be
// ours and is still the same object. With a new spec only the former counts,
// since under an earlier one the object may have been merely observed.
func (r *Reconciler) knows(s *scope, name string, described shape.Tree) bool {
	status := s.before.Common()
	if status.Name != name || status.ARN == "" {
		return false
	}
	if r.memory.recent(s.object.GetUID(), created+name, foreignWait) {
		return true
	}
	// An annotation can end mere observation without a new spec.
	if s.isNew() || !s.observeOnly() && r.memory.knows(s.object.GetUID(), observedOnly) {
		return false
	}
	return s.sameAge(described)
}

// sameAge tells whether AWS made the described object when the one was made that status
// tells of, as far as AWS tells.
func (s *scope) sameAge(described shape.Tree) bool {
	at := statusOf(s.before).FieldByName("CreationTime")
	if !at.IsValid() {
		return true // AWS does not tell since when objects of this kind are there
	}
	was, _ := reflect.TypeAssert[*metav1.Time](at)
	is := timeAt(described, "CreationTime")
	return was == nil || is == nil || was.Unix() == is.Unix()
}
