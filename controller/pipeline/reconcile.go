package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/graph"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/trigger"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Reconciler is the loop of ModelPipelines.
type Reconciler struct {
	reconcile.Options

	frame *reconcile.Composite
	kinds map[string]plan.Kind
	mu    sync.Mutex
	// looked are the times at which sources in S3 were looked at.
	looked map[string]time.Time
	// archived are where archives have the files of a digest, by URI of the directory and
	// digest, and contents the digests of the files in archives, by URI.
	archived, contents map[string]string
	// recorded are the records of plans that S3 is known to have.
	recorded map[types.UID]string
	// packing is held by the round that has files of an artifact in memory, and archives
	// of them until they are uploaded: those of all workers at once would be too much.
	packing sync.Mutex
}

// New makes the loop. The kinds of the options are those that steps can be.
func New(o reconcile.Options) *Reconciler {
	return &Reconciler{
		Options: o, frame: reconcile.NewComposite(Kind, o), kinds: steps(o.Kinds), looked: map[string]time.Time{},
		archived: map[string]string{}, contents: map[string]string{}, recorded: map[types.UID]string{},
	}
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
	defer s.letGo()
	v, err := r.carryOut(ctx, s)
	if waiting, ok := errors.AsType[*waitingError](err); ok {
		if waiting.failed {
			return round.End(ctx, round.Retry(reason.WaitingForReference, waiting.what), nil)
		}
		return round.End(ctx, reconcile.Progressing(reason.WaitingForReference, waiting.what, artifactInterval), nil)
	}
	if refused := refusal(err); refused != nil {
		p.Status.Phase, err = v1alpha1.PipelineRefused, refused
		meta.RemoveStatusCondition(&p.Status.Conditions, v1alpha1.ConditionCandidateHealthy) // there is no plan
	}
	result, err := round.End(ctx, v, err)
	ofFlux := func(source v1alpha1.PipelineSource) bool { return source.Artifact != nil }
	if meta.IsStatusConditionTrue(p.Status.Conditions, fluxmeta.StalledCondition) && slices.ContainsFunc(p.Spec.Sources, ofFlux) {
		result.RequeueAfter = min(result.RequeueAfter, artifactInterval) // a commit may mend what is refused
	}
	return result, err
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
		s.sources, s.archives = back.Sources, back.Archives
		s.input.Sources = rendered(back.Sources)
		if back.Archives != nil {
			s.input.Archives = rendered(back.Archives)
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
	if s.back { // its steps may be of other kinds
		if err := r.gather(ctx, s); err != nil {
			return reconcile.Verdict{}, err
		}
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
	if err := r.write(ctx, s); err != nil {
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
	s.tell() // again, since some of what will be created now is
	v := s.verdict(ctx, r.Clock.Now())
	s.candidate(r.Clock.Now())
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
