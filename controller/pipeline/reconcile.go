package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/graph"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/trigger"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Reconciler is the loop of ModelPipelines. It never calls AWS.
type Reconciler struct {
	reconcile.Options

	frame *reconcile.Composite
	kinds map[string]plan.Kind
	mu    sync.Mutex
	// looked are the times at which sources in S3 were looked at.
	looked map[string]time.Time
}

// New makes the loop. The kinds of the options are those that steps can be.
func New(o reconcile.Options) *Reconciler {
	if o.Hashes == nil {
		o.Hashes = identity.Supported()
	}
	return &Reconciler{Options: o, frame: reconcile.NewComposite(Kind, o), kinds: steps(o.Kinds), looked: map[string]time.Time{}}
}

const (
	// soon is when to look again at what nobody tells of.
	soon = 5 * time.Second
	// configMapInterval is how often ConfigMaps are read again.
	configMapInterval = 10 * time.Minute
	// artifactInterval is how often sources of Flux are read again.
	artifactInterval = time.Minute
)

// Reconcile is one round for one pipeline.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	round, err := r.frame.Begin(ctx, req)
	if err != nil || round == nil {
		return ctrl.Result{}, err
	}
	p, ok := round.Object.(*v1alpha1.ModelPipeline)
	if !ok {
		return ctrl.Result{}, fmt.Errorf("%T is no ModelPipeline", round.Object)
	}
	s := &scene{round: round, pipeline: p}
	s.family = child.Family{Owner: p, Client: r.Client, Reader: r.Client, FieldOwner: reconcile.FieldOwner}
	if !p.GetDeletionTimestamp().IsZero() {
		return r.reconcileDeletion(ctx, s)
	}
	if err := round.Malformed(); err != nil {
		return round.End(ctx, reconcile.Verdict{}, err)
	}
	if round.Suspended() {
		return round.End(ctx, reconcile.Suspended(), nil)
	}
	v, err := r.carryOut(ctx, s)
	if waiting, ok := errors.AsType[*waitingError](err); ok {
		return round.End(ctx, reconcile.Progressing(reason.WaitingForReference, waiting.what, artifactInterval), nil)
	}
	if refused := refusal(err); refused != nil {
		p.Status.Phase, err = v1alpha1.PipelineRefused, refused
	}
	return round.End(ctx, v, err)
}

// refusal makes one of the spec's own errors; nil if it is another.
func refusal(err error) error {
	step, isStep := errors.AsType[*plan.StepError](err)
	_, isUnknown := errors.AsType[*graph.UnknownError](err)
	_, isCycle := errors.AsType[*graph.CycleError](err)
	_, isTwice := errors.AsType[*graph.DuplicateError](err)
	other, isOther := errors.AsType[*child.OtherOwnerError](err)
	switch {
	case isStep && step.Shared:
		return reconcile.Refuse(reason.SharedOutput, "%s", err)
	case isStep, isUnknown, isCycle, isTwice:
		return reconcile.Refuse(reason.ValidationFailed, "%s", err)
	case isOther:
		return reconcile.Refuse(reason.NameClaimed, "%s", other)
	default:
		return nil
	}
}

// prepare makes the plan: of the spec, or of what an earlier plan was made of.
func (r *Reconciler) prepare(ctx context.Context, s *scene, read *trigger.Triggers) error {
	s.input = plan.Input{
		Cluster: r.ClusterName, Namespace: s.pipeline.Namespace, Pipeline: s.pipeline.Name, Spec: &s.pipeline.Spec, Kinds: r.kinds,
		Hashes: r.Hashes, Known: func(digest string) bool { return s.known[digest] },
	}
	back, err := r.rollback(ctx, s)
	if err != nil {
		return err
	}
	if back != nil {
		s.back, s.definition = true, s.pipeline.Status.Definition
		s.input.Spec, s.input.Params, s.input.Token = &back.Spec, back.Params, back.Token
		s.input.Sources, s.sources = map[string]render.Source{}, back.Sources
		for _, source := range back.Sources {
			s.input.Sources[source.Name] = render.Source{URI: source.URI, Digest: source.Digest}
		}
	} else if err := r.ofGit(ctx, s, read); err != nil {
		return err
	}
	s.plan, err = plan.Make(s.input)
	return err
}

// ofGit finds what the plan that git asks for is made of.
func (r *Reconciler) ofGit(ctx context.Context, s *scene, read *trigger.Triggers) error {
	var err error
	if s.input.Params, err = r.params(ctx, s.pipeline); err != nil {
		return err
	}
	if err := r.packSources(ctx, s); err != nil {
		return err
	}
	again, err := r.revert(ctx, s)
	if err != nil {
		return err
	}
	if !again {
		if err := r.follow(ctx, s, read); err != nil {
			return err
		}
	}
	s.input.Token = token(s.pipeline)
	return r.findSources(ctx, s)
}

// carryOut makes the plan and does what is due.
func (r *Reconciler) carryOut(ctx context.Context, s *scene) (reconcile.Verdict, error) {
	read, err := triggers(s.pipeline)
	if err != nil {
		return reconcile.Verdict{}, err
	}
	if err := r.gather(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	s.known = s.digests()
	if err := r.prepare(ctx, s, read); err != nil {
		return reconcile.Verdict{}, err
	}
	if s.pipeline.Status.PlanDigest != s.plan.Digest {
		if err := r.claims(ctx, s); err != nil {
			return reconcile.Verdict{}, err
		}
		if err := r.rehearse(ctx, s); err != nil {
			return reconcile.Verdict{}, err
		}
		if err := r.remind(ctx, s, read); err != nil {
			return reconcile.Verdict{}, err
		}
	}
	facts, err := r.facts(ctx, s)
	if err != nil {
		return reconcile.Verdict{}, err
	}
	s.decisions = s.plan.Decide(facts)
	if s.failure != nil {
		return reconcile.Verdict{}, s.failure
	}
	if err := r.deliver(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	if err := r.checkArtifacts(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	s.tell()
	if err := r.supersede(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	if err := r.act(ctx, s); err != nil {
		return reconcile.Verdict{}, err
	}
	v := s.verdict(r.Clock.Now())
	if s.pipeline.Status.Phase == v1alpha1.PipelineCompleted {
		if err := r.remembered(ctx, s); err != nil {
			return reconcile.Verdict{}, err
		}
		if err := r.prune(ctx, s); err != nil {
			return reconcile.Verdict{}, err
		}
	}
	return v, nil
}

// remembered notes that a plan was carried out to its end, and keeps it to go back to.
func (r *Reconciler) remembered(ctx context.Context, s *scene) error {
	if is := s.pipeline.Status.Serving; is != nil && is.PlanDigest == s.plan.Digest && len(is.Digests) > 0 || slices.ContainsFunc(s.decisions, skipped) {
		return nil // it is known, or nobody was asked for all of it
	}
	if err := r.keepRevision(ctx, s); err != nil {
		return err
	}
	s.remember(r.Clock.Now())
	return nil
}

func skipped(d plan.Decision) bool { return d.Status.Phase == v1alpha1.StepSkipped }

// rehearse asks the API server whether it would take the resources of a new plan,
// before anything runs.
func (r *Reconciler) rehearse(ctx context.Context, s *scene) error {
	for _, step := range s.plan.Steps {
		if step.Child == "" || s.children[childKey(step.Spec.Template.Kind, step.Child)] != nil {
			continue
		}
		spec, err := s.plan.Placeholder(step)
		if err != nil {
			return err
		}
		obj, err := r.made(s, step, spec)
		if err != nil {
			return &plan.StepError{Step: step.Spec.Name, Err: err}
		}
		if err := s.family.Adopt(obj); err != nil {
			return err
		}
		err = r.Client.Create(ctx, obj, client.DryRunAll, client.FieldOwner(reconcile.FieldOwner))
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err) {
			return &plan.StepError{Step: step.Spec.Name, Err: err}
		}
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("step %s: %w", step.Spec.Name, err)
		}
	}
	return nil
}

// act makes, changes and runs again what is due.
func (r *Reconciler) act(ctx context.Context, s *scene) error {
	for _, d := range s.decisions {
		var err error
		want := s.wanted[d.Step.Spec.Name]
		switch {
		case want == nil:
			continue
		case d.Create:
			if err = s.family.Create(ctx, want); err == nil {
				s.round.Eventf(reason.Creating, "step %s: making %s (%s)", d.Step.Spec.Name, d.Step.Child, d.Status.Why)
			}
		case d.Update:
			is := s.children[childKey(d.Status.Kind, d.Step.Child)]
			if err = s.family.Update(ctx, is, want); err == nil {
				s.round.Eventf(reason.Updating, "step %s: changing %s", d.Step.Spec.Name, d.Step.Child)
			}
		case d.Stop:
			is := s.children[childKey(d.Status.Kind, d.Step.Child)]
			if err = r.stop(ctx, is, d); err == nil {
				s.round.Eventf(reason.Stopping, "step %s: %s", d.Step.Spec.Name, d.Status.Message)
			}
		case d.Retry:
			is := s.children[childKey(d.Status.Kind, d.Step.Child)]
			if err = r.runAgain(ctx, is, d); err == nil {
				s.round.Eventf(reason.Progressing, "step %s: %s", d.Step.Spec.Name, d.Status.Message)
			}
		}
		if err != nil {
			return fmt.Errorf("step %s: %w", d.Step.Spec.Name, err)
		}
	}
	if s.round.Force() != "" {
		s.round.Forced()
	}
	return nil
}

// runAgain asks a job to run once more, on another instance type if need be: that is
// no part of its digest.
func (r *Reconciler) runAgain(ctx context.Context, obj client.Object, d plan.Decision) error {
	token := fmt.Sprintf("%s%d", retryToken, d.Status.Attempt)
	change := shape.Tree{"metadata": map[string]any{"annotations": map[string]any{
		fluxmeta.ReconcileRequestAnnotation: token, fluxmeta.ForceRequestAnnotation: token,
	}}}
	if d.Instance != "" {
		shape.Put(change, "spec."+d.Step.Kind.Instance, d.Instance)
	}
	patch, err := json.Marshal(change)
	if err != nil {
		return err
	}
	return r.Client.Patch(ctx, obj, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(reconcile.FieldOwner))
}

// stop asks a job to stop.
func (r *Reconciler) stop(ctx context.Context, obj client.Object, d plan.Decision) error {
	token := fmt.Sprintf("timeout-%d", d.Status.Attempt)
	if obj.GetAnnotations()[v1alpha1.AnnotationStop] == token {
		return nil
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationStop, token)
	return r.Client.Patch(ctx, obj, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(reconcile.FieldOwner))
}

// planned tells whether a child is one of the plan's.
func (s *scene) planned(key string) bool {
	return slices.ContainsFunc(s.plan.Steps, func(step *plan.Step) bool {
		return step.Child != "" && childKey(step.Spec.Template.Kind, step.Child) == key
	})
}

// supersede lets go of jobs at work that the plan does not have: they are stopped,
// even those that are to be retained when they have ended.
func (r *Reconciler) supersede(ctx context.Context, s *scene) error {
	for _, key := range slices.Sorted(maps.Keys(s.children)) {
		obj := s.children[key]
		if !r.isJob(obj) || s.planned(key) || !obj.GetDeletionTimestamp().IsZero() {
			continue
		}
		if is := reconcile.Judged(obj); is != nil && is.Status != metav1.ConditionUnknown {
			continue // it has ended
		}
		if err := s.family.DeleteWith(ctx, obj, v1alpha1.DeletionDelete); err != nil {
			return err
		}
		s.round.Eventf(reason.Stopping, "stopping %s, which the plan has no more", obj.GetName())
	}
	return nil
}

// prune lets go of what superseded plans have left: of each step the newest are
// kept, of steps that are no more nothing. AWS's record of jobs stays, for it is what
// keeps them from running again.
func (r *Reconciler) prune(ctx context.Context, s *scene) error {
	left := map[string][]reconcile.Object{}
	for key, obj := range s.children {
		if !s.planned(key) && obj.GetDeletionTimestamp().IsZero() {
			step := obj.GetLabels()[labelStep]
			left[step] = append(left[step], obj)
		}
	}
	for _, step := range slices.Sorted(maps.Keys(left)) {
		keep := historyLimit(s.pipeline)
		if s.plan.Step(step) == nil {
			keep = 0
		}
		objects := left[step]
		slices.SortFunc(objects, func(a, b reconcile.Object) int {
			return b.GetCreationTimestamp().Compare(a.GetCreationTimestamp().Time)
		})
		for i, obj := range objects {
			if i < keep {
				continue
			}
			if err := r.forget(ctx, s, obj); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Reconciler) forget(ctx context.Context, s *scene, obj reconcile.Object) error {
	if r.isJob(obj) {
		return s.family.DeleteWith(ctx, obj, v1alpha1.DeletionRetain)
	}
	return s.family.Delete(ctx, obj)
}

func (r *Reconciler) isJob(obj reconcile.Object) bool {
	return r.kinds[reflect.TypeOf(obj).Elem().Name()].Job
}

// tell puts into status what was decided.
func (s *scene) tell() {
	status := &s.pipeline.Status
	status.PlanDigest, status.Definition = s.plan.Digest, s.definition
	status.Steps = make([]v1alpha1.StepStatus, len(s.decisions))
	for i, d := range s.decisions {
		status.Steps[i] = d.Status
		status.Steps[i].Message, status.Steps[i].Why = shorten(d.Status.Message), shorten(d.Status.Why)
		status.Steps[i].Checks = slices.Clone(d.Status.Checks)
		for j := range status.Steps[i].Checks {
			status.Steps[i].Checks[j].Message = shorten(d.Status.Checks[j].Message)
		}
	}
}

// maxMessage is how much of each message status repeats, in bytes: all steps have to
// fit into an object.
const maxMessage = 120

func shorten(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// verdict is what the decisions come to, and the phase.
func (s *scene) verdict(now time.Time) reconcile.Verdict {
	status := &s.pipeline.Status
	after := due(s.pipeline, now)
	by := map[v1alpha1.StepPhase][]plan.Decision{}
	for _, d := range s.decisions {
		by[d.Status.Phase] = append(by[d.Status.Phase], d)
		if d.After > 0 && (after == 0 || d.After < after) {
			after = d.After
		}
	}
	done := fmt.Sprintf("%d of %d steps have succeeded", len(by[v1alpha1.StepSucceeded]), len(s.decisions))
	switch {
	case len(by[v1alpha1.StepFailed]) > 0:
		status.Phase = v1alpha1.PipelineFailed
		return s.failed(by[v1alpha1.StepFailed][0], after)
	case len(by[v1alpha1.StepHeld]) > 0:
		status.Phase = v1alpha1.PipelineHeld
		return s.failed(by[v1alpha1.StepHeld][0], after)
	case len(by[v1alpha1.StepRunning])+len(by[v1alpha1.StepRetrying]) > 0:
		status.Phase = v1alpha1.PipelineRunning
		at := append(by[v1alpha1.StepRunning], by[v1alpha1.StepRetrying]...)[0]
		return s.atWork(fmt.Sprintf("step %s: %s; %s", at.Step.Spec.Name, at.Status.Message, done), reason.Running, after)
	case len(by[v1alpha1.StepAwaiting]) > 0:
		status.Phase = v1alpha1.PipelineAwaiting
		at := by[v1alpha1.StepAwaiting][0]
		return s.atWork(fmt.Sprintf("step %s: %s", at.Step.Spec.Name, at.Status.Message), reason.AwaitingApproval, after)
	case len(by[v1alpha1.StepSucceeded])+len(by[v1alpha1.StepSkipped]) < len(s.decisions):
		status.Phase = v1alpha1.PipelineRunning
		return s.atWork(done, reason.Progressing, soon)
	default:
		status.Phase = v1alpha1.PipelineCompleted
		if s.back {
			return reconcile.Ready(reason.RolledBackByHand, fmt.Sprintf(
				"plan %s serves, because the annotation %s asks for it; git asks for something else", s.plan.Digest, annotationRollback), after)
		}
		if skipped := len(by[v1alpha1.StepSkipped]); skipped > 0 {
			return reconcile.Ready(reason.Completed, fmt.Sprintf("%s, %d are skipped", done, skipped), after)
		}
		return reconcile.Ready(reason.Completed, "all steps have succeeded", after)
	}
}

// atWork is the verdict on a plan that is being carried out.
func (s *scene) atWork(message, why string, after time.Duration) reconcile.Verdict {
	if s.pipeline.Spec.Readiness == v1alpha1.PipelineReadyWhenSubmitted {
		return reconcile.Ready(reason.Submitted, message, after)
	}
	return reconcile.Progressing(why, message, after)
}

// failed is the verdict on a plan of which a step has failed, or holds.
func (s *scene) failed(d plan.Decision, after time.Duration) reconcile.Verdict {
	why := reason.StepFailed
	switch {
	case d.Step.Spec.Gate != nil:
		why = reason.GateFailed
	case d.Status.Decision == plan.Rejected:
		why = reason.Rejected
	case d.Status.Decision == plan.Expired:
		why = reason.Expired
	}
	message := fmt.Sprintf("%s (step %s)", d.Status.Message, d.Step.Spec.Name)
	if is := s.pipeline.Status.Serving; is != nil {
		message += fmt.Sprintf("; what plan %s has made serves on", is.PlanDigest)
		if s.pipeline.Spec.Readiness == v1alpha1.PipelineReadyWhenServing {
			if is := reconcile.Judged(s.pipeline); is == nil || is.Reason != reason.Serving {
				s.round.Warn(why, message) // once
			}
			return reconcile.Ready(reason.Serving, message, after)
		}
	}
	return reconcile.Stalled(why, message, after)
}

// remember notes that the plan was carried out to its end.
func (s *scene) remember(now time.Time) {
	status := &s.pipeline.Status
	if status.Serving != nil {
		was := v1alpha1.ServedPlan{PlanDigest: status.Serving.PlanDigest, Token: status.Serving.Token, Time: status.Serving.Time}
		status.History = slices.Insert(status.History, 0, was)
	}
	status.Serving = &v1alpha1.ServedPlan{
		PlanDigest: s.plan.Digest, Token: s.input.Token, Digests: s.plan.Digests(), Values: map[string]string{}, Time: metav1.NewTime(now),
	}
	for _, step := range status.Steps {
		for _, check := range step.Checks {
			if check.Outcome == string(gate.Passed) {
				status.Serving.Values[step.Name+"/"+check.Name] = check.Value
			}
		}
	}
	status.History = slices.DeleteFunc(status.History, func(was v1alpha1.ServedPlan) bool { return was.PlanDigest == s.plan.Digest })
	if most := max(rollbackWindow(s.pipeline), 1); len(status.History) > most {
		status.History = status.History[:most]
	}
}
