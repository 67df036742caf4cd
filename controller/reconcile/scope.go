package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// scope is everything one round knows.
type scope struct {
	kind   Kind
	object Object
	// before is the object as it was last written, to patch against.
	before Object
	owner  identity.Owner
	// control are the control fields with their defaults.
	control control
	// hints are what the user should write another way.
	hints []string
	// client calls AWS as the object; nil until identify.
	client *cloud.Client

	// spec is the part of the spec that speaks of AWS.
	spec shape.Tree
	// found are identifiers that this round found, by AWS name.
	found map[string]string
	// named is the AWS name the spec gives, if it does.
	named string
	// prefix stands before the AWS names of services.
	prefix string
	// references are the resolved references. While one is not settled, its
	// waiting says so and request to asked are not set.
	references resolution
	// request is what Create would send, without name and our own tags.
	request shape.Tree
	// tags are the spec's and the default ones, ignoreTags those that the controller
	// leaves alone once the AWS object exists.
	tags       map[string]string
	ignoreTags identity.TagFilter
	// digest is that of the run or revision, asked that of the whole request.
	digest, asked string
	// hashes make digests; digests are those of the run or revision by all of them.
	hashes  identity.Hashes
	digests []string
	// whole is request before the paths in yielded were left to others; nil if none were.
	whole   shape.Tree
	yielded []string
	// own is the part of request that status.applied records, before anything was added
	// to it that is not git's.
	own shape.Tree
	// removed is what became of what git no longer has.
	removed removed
	// next is the change that would bring the object nearer to its spec.
	next change
	// forceHandled says that a pending force request has had its effect.
	forceHandled bool
}

// open builds the scope of an object as far as it needs nothing but the object
// and its namespace.
func (r *Reconciler) open(ctx context.Context, reader client.Reader, obj Object) (*scope, error) {
	s := &scope{
		kind:       r.Kind,
		hashes:     r.Hashes,
		object:     obj,
		ignoreTags: r.IgnoreTags,
		before:     snapshot(obj),
		found:      map[string]string{},
		owner:      identity.Owner{Cluster: r.ClusterName, Namespace: obj.GetNamespace(), Kind: r.Kind.Kind(), Name: obj.GetName()},
	}
	c, spec, err := split(obj)
	if err != nil {
		return s, err
	}
	var ns corev1.Namespace
	if err := reader.Get(ctx, client.ObjectKey{Name: obj.GetNamespace()}, &ns); err != nil {
		return s, fmt.Errorf("reading the namespace: %w", err)
	}
	c, s.hints = c.withACK(obj.GetAnnotations())
	s.hints = append(s.hints, hintsOfACK(ns.Name, ns.Annotations, r.Kind)...)
	s.control = c.withDefaults(ns.Annotations, s.owner, r.Kind, r.Options)
	s.prefix = r.NamePrefix
	if p, ok := ns.Annotations[annotationNamePrefix]; ok {
		s.prefix = p
	}
	s.named = shape.String(spec, r.Kind.Name)
	s.spec = spec
	return s, nil
}

// prepare resolves the references and builds the request the spec stands for.
// reader is where the targets are read from.
func (r *Reconciler) prepare(ctx context.Context, reader client.Reader, s *scope) error {
	err := s.control.check(s.owner.Namespace)
	if err != nil {
		return err
	}
	if s.tags, err = r.userTags(s.kind, s.spec); err != nil {
		return err
	}
	if s.references, err = r.resolve(ctx, reader, s.object, s.spec); err != nil || s.references.waiting != "" {
		return err
	}
	if s.kind.Complete != nil {
		s.references.waiting, err = s.kind.Complete(ctx, reader, s.object.GetNamespace(), s.spec)
		if err != nil || s.references.waiting != "" {
			s.references.unwatched = true
			return err
		}
		s.named = shape.String(s.spec, s.kind.Name)
	}
	return s.ask()
}

func snapshot(obj Object) Object {
	c, _ := obj.DeepCopyObject().(Object)
	return c
}

// ask builds the request the spec stands for, and its digests.
func (s *scope) ask() error {
	if s.named != "" && s.control.Rerun != "" {
		return &refusal{reason.ValidationFailed, fmt.Sprintf("rerun needs a new name for each run, but the spec sets %s", s.kind.Name)}
	}
	request, err := s.kind.request(s.spec)
	if err != nil {
		return &refusal{reason.ValidationFailed, err.Error()}
	}
	shape.Remove(request, s.kind.Name)
	shape.Remove(request, "Tags")
	s.request = request
	if s.digests, err = s.hashes.All(s.owner, s.request, s.control.Rerun, s.kind.outsideDigest()...); err != nil {
		return err
	}
	s.digest = identity.Keep(s.digests, s.knowsDigest)
	if given := s.given(); given != "" {
		s.digest = given
	}
	if s.asked, err = identity.Digest(s.owner, s.request, s.control.Rerun); err != nil {
		return err
	}
	if s.named != "" && (s.kind.AnyName || len(s.kind.Within) > 0) {
		return nil // such names have rules of their own, which the CRD knows
	}
	if err := identity.CheckName(s.kind.lastPart(s.awsName()), s.kind.maxName()); err != nil {
		return &refusal{reason.ValidationFailed, err.Error()}
	}
	return nil
}

// knowsDigest tells whether status tells of a run or revision of a digest.
func (s *scope) knowsDigest(digest string) bool {
	status := s.object.Common()
	return slices.ContainsFunc(status.Runs, func(run v1alpha1.Run) bool { return run.Digest == digest }) ||
		slices.ContainsFunc(status.Revisions, func(revision v1alpha1.Revision) bool { return revision.Digest == digest })
}

// keepDigest looks in AWS for what an older version of hash has named, if status tells
// of nothing that was made of the same: it may have been rebuilt, or remember fewer runs
// than there were.
func (r *Reconciler) keepDigest(ctx context.Context, s *scope) error {
	if s.kind.Lifecycle == Service || s.named != "" || s.given() != "" || slices.ContainsFunc(s.digests, s.knowsDigest) {
		return nil
	}
	for _, digest := range s.digests[1:] {
		s.digest = digest
		there, err := s.isOurs(ctx, s.runName(1))
		if err != nil || there {
			return err
		}
	}
	s.digest = s.digests[0]
	return nil
}

// isOurs tells whether AWS has an object of a name with the tags of the owner.
func (s *scope) isOurs(ctx context.Context, name string) (bool, error) {
	described, err := s.describe(ctx, name)
	if err != nil || described == nil {
		return false, err
	}
	tags, err := s.tagsOf(ctx, name, described)
	return err == nil && s.owner.Judge(tags) == identity.Ours, err
}

// request is what the operations on an object of the kind would send, under
// AWS's names: every member of the spec is one of Create, or else of an
// operation that changes or deletes.
func (k Kind) request(spec shape.Tree) (shape.Tree, error) {
	own, beyond := shape.Tree{}, map[string]shape.Tree{}
	for member, value := range spec {
		i := slices.IndexFunc(k.beyondCreate(), func(o cloud.Operation) bool { return o.HasInput(member) })
		if i < 0 || k.Create.HasInput(member) {
			own[member] = value
			continue
		}
		name := k.beyondCreate()[i].Name
		if beyond[name] == nil {
			beyond[name] = shape.Tree{}
		}
		beyond[name][member] = value
	}
	request, err := k.Create.Request(own)
	if err != nil {
		return nil, err
	}
	for _, o := range k.beyondCreate() {
		more, err := o.Request(beyond[o.Name])
		if err != nil {
			return nil, err
		}
		maps.Copy(request, more)
	}
	return request, nil
}

// spelled is the request with all that git has, also what is left to others.
func (s *scope) spelled() shape.Tree {
	if s.whole != nil {
		return s.whole
	}
	return s.request
}

func (s *scope) observeOnly() bool { return s.control.ManagementPolicy == v1alpha1.ManageObserve }

// force is the token of a force request that was not handled yet. As in Flux,
// it counts only together with a reconcile request of the same value.
func (s *scope) force() string {
	annotations := s.object.GetAnnotations()
	token := annotations[fluxmeta.ForceRequestAnnotation]
	if s.forceHandled || token != annotations[fluxmeta.ReconcileRequestAnnotation] || token == s.object.Common().LastHandledForceAt {
		return ""
	}
	return token
}

// stop is the token of a request to stop a job that was not handled yet.
func (s *scope) stop() string {
	token := s.object.GetAnnotations()[v1alpha1.AnnotationStop]
	if s.kind.Lifecycle != Job || s.observeOnly() || token == s.object.Common().LastHandledStop {
		return ""
	}
	return token
}

func (s *scope) interval() time.Duration { return s.control.interval(s.kind.Lifecycle) }

// identify finds the client to call AWS with.
func (r *Reconciler) identify(ctx context.Context, s *scope) error {
	r.attempt(s)
	c, err := r.Clients.For(ctx, s.control.identity(s.object.GetNamespace()))
	if err != nil {
		return err
	}
	status := s.object.Common()
	for _, moved := range []struct{ field, was, is string }{
		{"region", status.Region, c.Region},
		{"account", status.AccountID, c.Account},
	} {
		if s.exists() && moved.was != "" && moved.was != moved.is {
			return &refusal{reason.ImmutableField, fmt.Sprintf(
				"%s: %s is in %s and cannot be moved to %s. Delete and create the resource, or set it back",
				moved.field, status.Name, moved.was, moved.is)}
		}
	}
	status.Region, status.AccountID = c.Region, c.Account
	s.client = c
	return nil
}

// moved refuses to act as an identity that leads elsewhere than where the object is; nil if
// there is nothing yet, or the identity cannot be had. It is asked also of an object that
// waits for a reference: what that refers to is moved by the same identity, so that the
// object would wait for it and never say what is wrong.
func (r *Reconciler) moved(ctx context.Context, s *scope) error {
	if !s.exists() {
		return nil
	}
	if refused, ok := errors.AsType[*refusal](r.identify(ctx, s)); ok {
		return refused
	}
	return nil
}

// exists tells whether there is, or may be, something of this object in AWS.
func (s *scope) exists() bool {
	if s.kind.Lifecycle == Service {
		return s.object.Common().ARN != ""
	}
	return len(s.names()) > 0
}

// arn is the ARN in a described object.
func (s *scope) arn(described shape.Tree) string {
	return shape.String(described, s.kind.arnMember())
}

// state is the class of a described object's status.
func (s *scope) state(described shape.Tree) health.State {
	state := s.kind.States.Classify(shape.String(described, s.kind.States.Member))
	if s.kind.Progress != "" && state == health.StateDone && shape.String(described, s.kind.Progress) == "InProgress" {
		return health.StateUpdating
	}
	return state
}
