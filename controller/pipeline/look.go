package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/plan"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/render"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// labelStep is the label of a child with the name of its step.
const labelStep = v1alpha1.Group + "/step"

// scene is all that one round knows.
type scene struct {
	round    *reconcile.Round
	pipeline *v1alpha1.ModelPipeline
	family   child.Family
	input    plan.Input
	plan     *plan.Plan
	// back says that a person has asked for an earlier plan.
	back bool
	// children are all resources of the pipeline, by kind and name.
	children map[string]reconcile.Object
	// wanted are the specs of the steps' resources that can be told by now.
	wanted    map[string]reconcile.Object
	decisions []plan.Decision
	// sources are those of the spec as they were found.
	sources []v1alpha1.SourceStatus
	// archives are the same as versions of hash know them that look at the bytes of
	// archives; nil until findArchives.
	archives []v1alpha1.SourceStatus
	// known are all digests that something has been made or judged for.
	known map[string]bool
	// definition is a digest of what git says that the plan is made of.
	definition string
	// packed are archives of sources that are to be uploaded, by URI.
	packed map[string][]byte
	// held is what other rounds wait for.
	held sync.Locker
	// failure is an error of AWS that may pass, met while a gate was judged.
	failure error
}

// hold waits for what one round at a time may hold, and holds it until the round ends.
func (s *scene) hold(lock sync.Locker) {
	if s.held == nil {
		lock.Lock()
		s.held = lock
	}
}

// letGo lets others have it.
func (s *scene) letGo() {
	if s.held != nil {
		s.held.Unlock()
	}
}

func childKey(kind, name string) string { return kind + "/" + name }

// params are all parameters.
func (r *Reconciler) params(ctx context.Context, p *v1alpha1.ModelPipeline) (map[string]string, error) {
	params := map[string]string{}
	for i, from := range p.Spec.ParamsFrom {
		var config corev1.ConfigMap
		err := r.Reader.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: from.ConfigMapRef.Name}, &config)
		if apierrors.IsNotFound(err) {
			return nil, reconcile.Refuse(reason.ValidationFailed, "paramsFrom[%d].configMapRef: there is no ConfigMap %s", i, from.ConfigMapRef.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("reading ConfigMap %s: %w", from.ConfigMapRef.Name, err)
		}
		maps.Copy(params, config.Data)
	}
	maps.Copy(params, p.Spec.Params)
	return params, nil
}

// childKinds are the kinds of all children: those that the plan has steps of, the spec,
// and what status tells of.
func (s *scene) childKinds() []string {
	kinds := map[string]bool{}
	steps := s.pipeline.Spec.Steps
	if s.back {
		steps = slices.Concat(steps, s.input.Spec.Steps)
	}
	for _, step := range steps {
		if step.Template != nil {
			kinds[step.Template.Kind] = true
		}
	}
	for _, step := range s.pipeline.Status.Steps {
		if step.Kind != "" {
			kinds[step.Kind] = true
		}
	}
	return slices.Sorted(maps.Keys(kinds))
}

// gather reads all children.
func (r *Reconciler) gather(ctx context.Context, s *scene) error {
	s.children = map[string]reconcile.Object{}
	for _, name := range s.childKinds() {
		kind, ok := r.Kinds[name]
		if !ok {
			continue
		}
		list, err := kind.NewList(r.Client.Scheme())
		if err != nil {
			return err
		}
		if err := s.family.List(ctx, list); err != nil {
			return err
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return err
		}
		for _, item := range items {
			if obj, ok := item.(reconcile.Object); ok {
				s.children[childKey(name, obj.GetName())] = obj
			}
		}
	}
	return nil
}

// digests are all that something has been made or judged for.
func (s *scene) digests() map[string]bool {
	status, known := s.pipeline.Status, map[string]bool{}
	for _, obj := range s.children {
		known[obj.GetLabels()[v1alpha1.LabelDigest]] = true
	}
	for _, step := range status.Steps {
		known[step.Digest] = true
	}
	plans := slices.Clone(status.History)
	if status.Serving != nil {
		plans = append(plans, *status.Serving)
	}
	for _, was := range plans {
		known[was.PlanDigest] = true
	}
	known[status.PlanDigest] = true
	return known
}

// facts are what decisions depend on.
func (r *Reconciler) facts(ctx context.Context, s *scene) (plan.Facts, error) {
	f := plan.Facts{
		Now: r.Clock.Now(), Seen: map[string]plan.Seen{}, Was: map[string]v1alpha1.StepStatus{},
		Approvals: map[v1alpha1.ApprovalSource][]v1alpha1.PipelineApproval{
			v1alpha1.ApprovalInGit: s.pipeline.Spec.Approvals, v1alpha1.ApprovalByAnnotation: annotated(s.pipeline),
		},
		Forced:  s.round.Force() != "",
		Told:    s.pipeline.Status.PlanDigest == s.plan.Digest,
		Known:   s.back || known(s.pipeline, s.plan.Digest),
		Metrics: s.metrics,
		Serving: s.serving,
		Output:  func(use render.Use) (string, error) { return r.output(s, use) },
		Report:  func(uri, path string) gate.Value { return s.report(ctx, uri, path) },
		CloudWatch: func(metric v1alpha1.GateCloudWatch, dimensions map[string]string, since time.Time) gate.Value {
			return s.statistic(ctx, metric, dimensions, since)
		},
	}
	for _, was := range s.pipeline.Status.Steps {
		f.Was[was.Name] = was
	}
	s.wanted = map[string]reconcile.Object{}
	for _, step := range s.plan.Steps {
		if step.Child == "" {
			continue
		}
		seen, err := r.see(s, step)
		if err != nil {
			return f, err
		}
		f.Seen[step.Spec.Name] = seen
	}
	return f, nil
}

// metrics are all numbers that a step's resource has come to.
func (s *scene) metrics(step string) map[string]float64 {
	found := map[string]float64{}
	of := s.plan.Step(step)
	if of.Child == "" {
		return found
	}
	switch obj := s.children[childKey(of.Spec.Template.Kind, of.Child)].(type) {
	case *v1alpha1.TrainingJob:
		for _, m := range obj.Status.FinalMetricDataList {
			if m.MetricName != nil && m.Value != nil {
				found[*m.MetricName] = *m.Value
			}
		}
	case *v1alpha1.HyperParameterTuningJob:
		if best := obj.Status.BestTrainingJob; best != nil && best.FinalHyperParameterTuningJobObjectiveMetric != nil {
			if m := best.FinalHyperParameterTuningJobObjectiveMetric; m.MetricName != nil && m.Value != nil {
				found[*m.MetricName] = *m.Value
			}
		}
	}
	return found
}

// serving is the number that a check came to in the plan that serves.
func (s *scene) serving(step, check string) gate.Value {
	is := s.pipeline.Status.Serving
	if is == nil {
		return gate.Value{Missing: "nothing serves"}
	}
	number, err := strconv.ParseFloat(is.Values[step+"/"+check], 64)
	if err != nil {
		return gate.Value{Missing: "what serves has no such number"}
	}
	return gate.Value{Number: number}
}

// The annotations by which a person decides on a step. Their value is the step's
// name and the evidence, with an equals sign between.
const (
	annotationApprove = v1alpha1.Group + "/approve"
	annotationReject  = v1alpha1.Group + "/reject"
)

// annotated are the decisions in annotations.
func annotated(p *v1alpha1.ModelPipeline) []v1alpha1.PipelineApproval {
	var all []v1alpha1.PipelineApproval
	for annotation, rejected := range map[string]bool{annotationApprove: false, annotationReject: true} {
		step, evidence, ok := strings.Cut(p.Annotations[annotation], "=")
		if ok {
			all = append(all, v1alpha1.PipelineApproval{Step: step, Evidence: evidence, Rejected: rejected})
		}
	}
	return all
}

// known tells whether a plan is one of those that have served, to which one may go
// back.
func known(p *v1alpha1.ModelPipeline, digest string) bool {
	if is := p.Status.Serving; is != nil && is.PlanDigest == digest {
		return true
	}
	window := rollbackWindow(p)
	for i, was := range p.Status.History {
		if i < window && was.PlanDigest == digest {
			return true
		}
	}
	return false
}

func rollbackWindow(p *v1alpha1.ModelPipeline) int {
	if h := p.Spec.History; h != nil && h.RollbackWindow != nil {
		return int(*h.RollbackWindow)
	}
	return 3
}

func historyLimit(p *v1alpha1.ModelPipeline) int {
	if h := p.Spec.History; h != nil && h.Limit != nil {
		return int(*h.Limit)
	}
	return 10
}
