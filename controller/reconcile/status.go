package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	eventv1 "github.com/fluxcd/pkg/apis/event/v1beta1"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// finish ends a round: it turns the verdict into conditions, writes what has
// changed in one patch, tells about it in an event and says when to come back.
// It and save are the only ones who set conditions.
func (r *Reconciler) finish(ctx context.Context, s *scope, v verdict, err error) (ctrl.Result, error) {
	uid := s.object.GetUID()
	r.memory.judge(uid, "")
	if err != nil {
		if ofKubernetes(err) {
			return ctrl.Result{}, err
		}
		v = r.verdictOf(s, err)
		// That AWS did not answer a routine look does not make untrue what was
		// true before. An object about to be changed is not ready any more here.
		v.keep = !v.settled() && s.isReady()
	}
	judged := s.key()
	if v.ready == metav1.ConditionTrue {
		unaware, wait, err := r.unaware(ctx, s)
		if err != nil {
			return ctrl.Result{}, err
		}
		if unaware != "" {
			v = progressing(reason.WaitingForDependents, unaware, wait)
			judged = ""
		} else {
			r.memory.calm(uid)
		}
	}
	v = s.endDetachment(v, r.Clock.Now())
	s.set(v, r.Clock.Now())
	s.acknowledge(v)
	left, overdue := s.progress(v, r.Clock.Now())
	if left > 0 && (v.after <= 0 || left < v.after) {
		v.after = left
	}
	if err := r.write(ctx, s); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if overdue {
		r.overdue(ctx, s, v)
	}
	// Only what is written has been judged: otherwise a verdict could be lost
	// with a conflicting write, and the object rest without it.
	r.memory.judge(uid, judged)
	r.Observer.Expect(uid, v.after)
	return ctrl.Result{RequeueAfter: v.after}, nil
}

// isReady tells whether the object was found to be what its spec and references
// ask for, and nothing has been begun since.
func (s *scope) isReady() bool {
	_, why := settledSince(s.object)
	return why == "" && s.references.waiting == "" &&
		equality.Semantic.DeepEqual(s.object.Common().References, s.references.consumed)
}

// save writes status down before an effect in AWS, with the conditions of a
// verdict that goes on.
func (r *Reconciler) save(ctx context.Context, s *scope, v verdict) error {
	s.set(v, r.Clock.Now())
	return r.write(ctx, s)
}

// ofKubernetes tells errors of the API server from those of AWS, and from the
// lack of a service account, which is the spec's own.
func ofKubernetes(err error) bool {
	if _, ok := errors.AsType[*cloud.IdentityError](err); ok {
		return false
	}
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// RefusedByKubernetes tells whether the API server does not take an object as it is: its
// schema, an admission policy or a missing permission is in the way. What is made in a
// namespace that is being deleted is not meant.
func RefusedByKubernetes(err error) bool {
	return (apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err)) &&
		!apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// write patches status if it has changed. The patch fails if somebody else has
// written the object since it was read.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	if equality.Semantic.DeepEqual(statusOf(s.before).Interface(), statusOf(s.object).Interface()) {
		return nil
	}
	generation := s.before.Common().ObservedGeneration
	was := meta.FindStatusCondition(s.before.GetConditions(), fluxmeta.ReadyCondition)
	after := snapshot(s.object)
	err := r.Client.Status().Patch(ctx, after, client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(FieldOwner))
	if err != nil {
		return err
	}
	s.object.SetResourceVersion(after.GetResourceVersion())
	s.before = snapshot(s.object)
	r.announce(ctx, s, was, generation)
	return nil
}

// announce sends an event when the Ready condition has changed, and the hints
// when a spec has been judged for the first time.
func (r *Reconciler) announce(ctx context.Context, s *scope, was *metav1.Condition, generation int64) {
	if s.object.Common().ObservedGeneration != generation {
		for _, hint := range s.hints {
			r.event(ctx, s.object, corev1.EventTypeWarning, reason.Deprecated, hint)
		}
	}
	is := meta.FindStatusCondition(s.object.GetConditions(), fluxmeta.ReadyCondition)
	if is == nil || was != nil && was.Status == is.Status && was.Reason == is.Reason {
		return
	}
	kind := corev1.EventTypeNormal
	if is.Status == metav1.ConditionFalse {
		kind = corev1.EventTypeWarning
	}
	r.event(ctx, s.object, kind, is.Reason, is.Message)
}

func (r *Reconciler) eventf(ctx context.Context, s *scope, why, format string, args ...any) {
	r.event(ctx, s.object, corev1.EventTypeNormal, why, fmt.Sprintf(format, args...))
}

func (r *Reconciler) warnf(ctx context.Context, s *scope, why, format string, args ...any) {
	r.event(ctx, s.object, corev1.EventTypeWarning, why, fmt.Sprintf(format, args...))
}

// event sends an event about an object, and the commit that it came with, as far as
// that is known: Flux's notification-controller hands it on.
func (r *Reconciler) event(ctx context.Context, obj Object, kind, why, message string) {
	var metadata map[string]string
	if revision := r.provenance(ctx, obj)[identity.TagRevision]; revision != "" {
		metadata = map[string]string{v1alpha1.Group + "/" + eventv1.MetaRevisionKey: revision}
	}
	r.Recorder.AnnotatedEventf(obj, metadata, kind, why, "%s", message)
}

// set turns a verdict into conditions, as kstatus reads them.
func (s *scope) set(v verdict, now time.Time) {
	conditions := s.object.GetConditions()
	put := func(kind string, status metav1.ConditionStatus) {
		meta.SetStatusCondition(&conditions, metav1.Condition{
			Type: kind, Status: status, Reason: v.reason, Message: shorten(v.message),
			ObservedGeneration: s.object.GetGeneration(), LastTransitionTime: metav1.NewTime(now),
		})
	}
	switch {
	case v.keep && meta.FindStatusCondition(conditions, fluxmeta.ReadyCondition) != nil:
	case v.stalled:
		meta.RemoveStatusCondition(&conditions, fluxmeta.ReconcilingCondition)
		put(fluxmeta.StalledCondition, metav1.ConditionTrue)
		put(fluxmeta.ReadyCondition, v.ready)
	case v.ready == metav1.ConditionTrue || v.keep:
		meta.RemoveStatusCondition(&conditions, fluxmeta.ReconcilingCondition)
		meta.RemoveStatusCondition(&conditions, fluxmeta.StalledCondition)
		put(fluxmeta.ReadyCondition, v.ready)
	default:
		meta.RemoveStatusCondition(&conditions, fluxmeta.StalledCondition)
		put(fluxmeta.ReconcilingCondition, metav1.ConditionTrue)
		put(fluxmeta.ReadyCondition, v.ready)
	}
	s.object.SetConditions(conditions)
	if v.ready == metav1.ConditionTrue && s.kind.Lifecycle == Service {
		s.object.Common().Served = true
	}
	// What is suspended beside git has not done what git asks for, and must not pass for it
	// in the moment after it is resumed.
	if v.settled() || v.keep && !s.control.BesideGit {
		s.object.Common().ObservedGeneration = s.object.GetGeneration()
	}
}

// acknowledge records which requests by annotation the round has handled.
func (s *scope) acknowledge(v verdict) {
	status := s.object.Common()
	token := s.force()
	if token == "" && s.forceHandled || token != "" && v.settled() {
		status.LastHandledForceAt = s.object.GetAnnotations()[fluxmeta.ForceRequestAnnotation]
	}
	if requested, ok := fluxmeta.ReconcileAnnotationValue(s.object.GetAnnotations()); ok {
		status.LastHandledReconcileAt = requested
	}
}

// shorten keeps a message within what is good to read, and far within what a
// condition holds.
func shorten(message string) string {
	const most = 1024
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "…"
}

// statusOf is the Status field of an object.
func statusOf(obj Object) reflect.Value {
	return reflect.ValueOf(obj).Elem().FieldByName("Status")
}

func specOf(obj Object) reflect.Value {
	return reflect.ValueOf(obj).Elem().FieldByName("Spec")
}

// decode sets the fields of a struct from a tree under AWS's names: JSON is
// decoded whatever the case.
func decode(t map[string]any, into reflect.Value) error {
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into.Addr().Interface()); err != nil {
		return fmt.Errorf("reading what AWS answered: %w", err)
	}
	return nil
}
