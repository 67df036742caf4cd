package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// reconcileDeletion deals with the AWS object of a deleted custom resource, as
// its deletion policy says, and lets go of it when that is done.
func (r *Reconciler) reconcileDeletion(ctx context.Context, obj Object) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(obj, v1alpha1.Finalizer) {
		return ctrl.Result{}, nil
	}
	s, err := r.open(ctx, r.Reader, obj)
	if err != nil {
		return r.finish(ctx, s, verdict{}, err)
	}
	blocked, err := r.dispose(ctx, s)
	if err != nil || blocked.reason != "" {
		return r.finishDeletion(ctx, s, blocked, err)
	}
	controllerutil.RemoveFinalizer(obj, v1alpha1.Finalizer)
	if err := r.patchFinalizer(ctx, obj, controllerutil.AddFinalizer); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	r.memory.forget(obj.GetUID())
	r.Observer.Forget(obj.GetUID())
	return ctrl.Result{}, nil
}

// finishDeletion says what a deletion waits for. Whatever that is, the object
// stays in Terminating and not Stalled: only a person can tell it to give up.
func (r *Reconciler) finishDeletion(ctx context.Context, s *scope, v verdict, err error) (ctrl.Result, error) {
	if err == nil || ofKubernetes(err) {
		return r.finish(ctx, s, v, err)
	}
	judged := r.verdictOf(s, err)
	message := judged.message
	if judged.stalled {
		message += " (to let go of the AWS object, set deletionPolicy: Retain)"
		judged.after = min(judged.after, r.retryAfter(s, err))
	}
	return r.finish(ctx, s, progressing(judged.reason, message, judged.after), nil)
}

// dispose does one step of a deletion and says what it waits for; an empty
// verdict means that nothing is left to do.
func (r *Reconciler) dispose(ctx context.Context, s *scope) (verdict, error) {
	var done verdict
	if s.observeOnly() || len(s.names()) == 0 {
		return done, nil
	}
	if err := s.control.check(s.owner.Namespace); err != nil {
		return done, err
	}
	if s.control.DeletionPolicy == v1alpha1.DeletionRetain {
		if !r.retain(ctx, s) {
			return progressing(reason.Deleting, "marking what is retained in AWS", confirmWait), nil
		}
		return done, nil
	}
	if needed, err := r.needed(ctx, s); err != nil || needed != "" {
		return progressing(reason.WaitingForDependents, needed, busyWait), err
	}
	if s.kind.Lifecycle == Job && s.control.DeletionPolicy == v1alpha1.DeletionDelete && len(s.unended()) == 0 {
		return done, nil
	}
	s.control.Region = s.object.Common().Region // where it is, whatever the spec says now
	if err := r.identify(ctx, s); err != nil {
		return done, err
	}
	if s.kind.ID != "" { // what status does not identify is looked for by its request
		if err := r.prepare(ctx, r.Reader, s); ofKubernetes(err) {
			return done, err
		}
	}
	if s.kind.Lifecycle == Job {
		return r.disposeRuns(ctx, s)
	}
	return r.deleteAll(ctx, s)
}

// deleteAll deletes what this object has made in AWS, all at once, and tells of the
// first that is not gone yet.
func (r *Reconciler) deleteAll(ctx context.Context, s *scope) (verdict, error) {
	var waits verdict
	for _, name := range s.names() {
		is, err := r.deleteObject(ctx, s, name)
		if err != nil {
			return waits, err
		}
		if is.kept {
			is.over = r.retain(ctx, s)
		}
		if is.over {
			continue
		}
		v := s.waitsToDelete(name, is)
		if waits.reason != "" {
			v.after = min(v.after, waits.after)
		}
		if waits.reason == "" || is.refusal != nil { // what AWS refuses says more than what takes its time
			waits = v
		}
		waits.after = v.after
	}
	return waits, nil
}

// needed says which of an object's revisions is in use, and by whom.
func (r *Reconciler) needed(ctx context.Context, s *scope) (string, error) {
	if s.kind.Lifecycle != Revision {
		return "", nil
	}
	for _, name := range s.names() {
		user, err := r.needs(ctx, s.kind, s.object, name)
		if err != nil {
			return "", err
		}
		if user != "" {
			return fmt.Sprintf("%s is in use by %s", name, user), nil
		}
	}
	return "", nil
}

// disposeRuns stops a job's runs; Purge also deletes them.
func (r *Reconciler) disposeRuns(ctx context.Context, s *scope) (verdict, error) {
	var waits verdict
	for _, name := range s.unended() {
		over, err := r.end(ctx, s, name)
		switch {
		case err != nil:
			return waits, err
		case over:
			s.runNamed(name).Outcome = v1alpha1.RunSuperseded
		case waits.reason == "":
			waits = progressing(reason.Stopping, "stopping "+name, busyWait)
		}
	}
	if waits.reason != "" || s.control.DeletionPolicy != v1alpha1.DeletionPurge || !s.kind.Delete.Exists() {
		return waits, nil
	}
	return r.deleteAll(ctx, s)
}

// names are all AWS objects that status says this object has made or adopted.
func (s *scope) names() []string {
	status := s.object.Common()
	var names []string
	switch s.kind.Lifecycle {
	case Job:
		for _, run := range status.Runs {
			names = append(names, run.Name)
		}
	case Revision:
		for _, revision := range status.Revisions {
			names = append(names, revision.Name)
		}
	default:
		if status.Name != "" {
			names = append(names, status.Name)
		}
	}
	return names
}

// unended are the runs that may still be at work.
func (s *scope) unended() []string {
	var names []string
	for _, run := range s.object.Common().Runs {
		switch run.Outcome {
		case v1alpha1.RunCompleted, v1alpha1.RunFailed, v1alpha1.RunStopped, v1alpha1.RunSuperseded:
		default:
			names = append(names, run.Name)
		}
	}
	return names
}

// retain marks the AWS object, and the immutable ones it uses, so that they
// outlive the custom resources: their deletions look at the mark. It reports
// whether AWS shows all marks. That is worth a moment's wait, but letting go
// does not depend on it: whoever chose Retain may have no AWS account any more.
func (r *Reconciler) retain(ctx context.Context, s *scope) bool {
	s.control.Region = s.object.Common().Region
	if err := r.identify(ctx, s); err != nil {
		return r.givesUp(ctx, s, err)
	}
	objects, err := r.toRetain(ctx, s)
	if err != nil {
		return r.givesUp(ctx, s, err)
	}
	all := true
	for _, object := range objects {
		marked, err := object.retain(ctx)
		if err != nil {
			return r.givesUp(ctx, s, err)
		}
		all = all && marked
	}
	return all || r.confirmed(s, "retained", retainPatience)
}

// keepsake is an AWS object that is to outlive its custom resource.
type keepsake struct {
	tags   Tags
	object Tagged
}

// toRetain are the AWS object and the immutable ones it uses.
func (r *Reconciler) toRetain(ctx context.Context, s *scope) ([]keepsake, error) {
	var all []keepsake
	status := s.object.Common()
	if status.ARN != "" {
		own := s.tagged(status.Name, nil)
		own.ARN = status.ARN
		all = append(all, keepsake{s.kind.tags(), own})
	}
	for _, ref := range usesOf(s.object) {
		kind, ok := r.Kinds[ref.Kind]
		if !ok || kind.Lifecycle != Revision || kind.Tags != nil {
			continue
		}
		arn := ref.ARN
		if arn == "" {
			described, err := kind.Describe.Call(ctx, s.client, kind.parts(ref.AWSName))
			if err != nil && cloud.Classify(err) != cloud.NotFound {
				return nil, err
			}
			arn = shape.String(described, kind.arnMember())
		}
		known := slices.ContainsFunc(all, func(k keepsake) bool { return k.object.ARN == arn })
		if arn != "" && !known {
			all = append(all, keepsake{kind.tags(), Tagged{Client: s.client, ARN: arn, Name: ref.AWSName}})
		}
	}
	return all, nil
}

// retain marks an AWS object; it reports whether the mark was there.
func (k keepsake) retain(ctx context.Context) (bool, error) {
	tags, err := k.tags.Read(ctx, k.object)
	if err != nil || tags[identity.TagRetained] != "" {
		return err == nil, err
	}
	err = k.tags.Write(ctx, k.object, map[string]string{identity.TagRetained: "true"}, nil)
	if errors.Is(err, ErrNoTags) {
		return true, nil
	}
	return false, err
}

// unretain takes the marks away again: the object is managed once more, and
// its deletion is to delete.
func (r *Reconciler) unretain(ctx context.Context, s *scope, name string, described shape.Tree) error {
	all := []keepsake{{s.kind.tags(), s.tagged(name, described)}}
	for _, ref := range s.references.consumed {
		if kind, ok := r.Kinds[ref.Kind]; ok && kind.Lifecycle == Revision && kind.Tags == nil && ref.ARN != "" {
			all = append(all, keepsake{kind.tags(), Tagged{Client: s.client, ARN: ref.ARN, Name: ref.AWSName}})
		}
	}
	for _, k := range all {
		err := k.tags.Write(ctx, k.object, nil, []string{identity.TagRetained})
		if err != nil && !errors.Is(err, ErrNoTags) {
			return err
		}
	}
	return nil
}

// givesUp tells whether an error ends the attempt to mark what is retained: one
// that passes by itself does so only after some time.
func (r *Reconciler) givesUp(ctx context.Context, s *scope, err error) bool {
	passing := !r.verdictOf(s, err).stalled
	if passing && !r.confirmed(s, "retained", retainPatience) {
		return false
	}
	r.eventf(ctx, s, reason.AccessDenied, "could not tag what is retained: %s", cloud.Message(err))
	return true
}
