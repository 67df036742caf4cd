package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// annotationRollback asks for an earlier plan by its digest, when git cannot be
// reached. It holds until the spec changes or the annotation goes. What follows on an @
// tells a request from an earlier one for the same plan.
const annotationRollback = v1alpha1.Group + "/rollback"

// labelPlan is the label of ControllerRevisions with the name of their pipeline.
const labelPlan = v1alpha1.Group + "/plan-of"

// snapshot is all that a plan was made of.
type snapshot struct {
	Spec    v1alpha1.ModelPipelineSpec `json:"spec"`
	Params  map[string]string          `json:"params,omitempty"`
	Sources []v1alpha1.SourceStatus    `json:"sources,omitempty"`
	// Archives are the sources as older versions of hash know them; those of Sources if
	// there are none.
	Archives []v1alpha1.SourceStatus `json:"archives,omitempty"`
	// Definition and Token are those of status.
	Definition string `json:"definition,omitempty"`
	Token      string `json:"token,omitempty"`
}

func revisionName(p *v1alpha1.ModelPipeline, digest string) string { return p.Name + "-" + digest }

// keepRevision keeps what the present plan was made of, once it has been carried out
// to its end, and lets go of what history has no room for.
func (r *Reconciler) keepRevision(ctx context.Context, s *scene) error {
	spec := s.input.Spec.DeepCopy()
	spec.Approvals = nil // they are no part of a plan
	data, err := json.Marshal(snapshot{Spec: *spec, Params: s.input.Params, Sources: s.sources, Archives: s.archives, Definition: s.definition, Token: s.input.Token})
	if err != nil {
		return err
	}
	is := &appsv1.ControllerRevision{Data: runtime.RawExtension{Raw: data}, Revision: s.pipeline.Generation}
	is.Name = revisionName(s.pipeline, s.plan.Digest)
	is.Labels = map[string]string{labelPlan: s.pipeline.Name}
	if err := s.family.Adopt(is); err != nil {
		return err
	}
	if err := r.Client.Create(ctx, is, client.FieldOwner(reconcile.FieldOwner)); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("keeping the plan: %w", err)
	}
	var all appsv1.ControllerRevisionList
	if err := r.Reader.List(ctx, &all, client.InNamespace(s.pipeline.Namespace), client.MatchingLabels{labelPlan: s.pipeline.Name}); err != nil {
		return fmt.Errorf("listing plans: %w", err)
	}
	kept := []string{revisionName(s.pipeline, s.plan.Digest)}
	for _, was := range s.pipeline.Status.History {
		kept = append(kept, revisionName(s.pipeline, was.PlanDigest))
	}
	if is := s.pipeline.Status.Serving; is != nil {
		kept = append(kept, revisionName(s.pipeline, is.PlanDigest))
	}
	for i := range all.Items {
		old := &all.Items[i]
		if metav1.IsControlledBy(old, s.pipeline) && !slices.Contains(kept, old.Name) {
			if err := s.family.Delete(ctx, old); err != nil {
				return err
			}
		}
	}
	return nil
}

// rollback is the plan that an annotation asks for; nil if it asks for none, or the
// spec has changed since.
func (r *Reconciler) rollback(ctx context.Context, s *scene) (*snapshot, error) {
	p := s.pipeline
	digest, token, _ := strings.Cut(p.Annotations[annotationRollback], "@")
	if digest == "" {
		p.Status.RolledBackTo = nil
		return nil, nil
	}
	if is := p.Status.RolledBackTo; is == nil || is.PlanDigest != digest || is.Token != token {
		p.Status.RolledBackTo = &v1alpha1.PipelineRollback{PlanDigest: digest, Token: token, Generation: p.Generation}
	} else if is.Generation != p.Generation {
		return nil, nil // git has the word again
	}
	kept, err := r.revision(ctx, p, digest)
	if err == nil && kept == nil {
		return nil, reconcile.Refuse(reason.NotFound,
			"the annotation %s asks for plan %s, which is not one of those that have served (status.history)", annotationRollback, digest)
	}
	return kept, err
}

// revision is what a plan was made of that was carried out to its end; nil if it is
// not kept.
func (r *Reconciler) revision(ctx context.Context, p *v1alpha1.ModelPipeline, digest string) (*snapshot, error) {
	var is appsv1.ControllerRevision
	err := r.Reader.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: revisionName(p, digest)}, &is)
	if apierrors.IsNotFound(err) || err == nil && !metav1.IsControlledBy(&is, p) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading plan %s: %w", digest, err)
	}
	var kept snapshot
	if err := json.Unmarshal(is.Data.Raw, &kept); err != nil {
		return nil, reconcile.Refuse(reason.ValidationFailed, "plan %s cannot be read: %s", digest, err)
	}
	return &kept, nil
}

// define is a digest of what git says that a plan is made of: nothing that is only
// found out, and nothing that no plan depends on. Found are the sources that the
// cluster has.
func (s *scene) define(found []v1alpha1.SourceStatus) (string, error) {
	spec := s.pipeline.Spec
	text, err := json.Marshal(map[string]any{
		"artifacts": spec.Artifacts, "params": s.input.Params, "sources": spec.Sources, "found": found, "steps": spec.Steps, "rerun": spec.Rerun,
	})
	return sum(text), err
}

// definitions are what define makes, and made when an older version of hash was the
// newest.
func (r *Reconciler) definitions(ctx context.Context, s *scene) ([]string, error) {
	if err := r.findArchives(ctx, s); err != nil {
		return nil, err
	}
	if s.archives == nil {
		return []string{s.definition}, nil
	}
	older, err := s.define(s.archives)
	return []string{s.definition, older}, err
}

// revert tells whether git has gone back to what a plan was made of that has served.
// Its trigger then counts again, and its data in S3 as they were seen, or else the jobs
// would not be the same.
func (r *Reconciler) revert(ctx context.Context, s *scene) (bool, error) {
	var err error
	if s.definition, err = s.define(s.sources); err != nil {
		return false, err
	}
	status := &s.pipeline.Status
	if status.Definition == "" || status.Definition == s.definition {
		return false, nil
	}
	definitions, err := r.definitions(ctx, s)
	if err != nil || slices.Contains(definitions, status.Definition) {
		return false, err
	}
	plans := slices.Clone(status.History[:min(rollbackWindow(s.pipeline), len(status.History))])
	if status.Serving != nil {
		plans = append([]v1alpha1.ServedPlan{*status.Serving}, plans...)
	}
	for _, was := range plans {
		kept, err := r.revision(ctx, s.pipeline, was.PlanDigest)
		if err != nil {
			return false, err
		}
		if kept == nil || !slices.Contains(definitions, kept.Definition) {
			continue
		}
		if kept.Token != token(s.pipeline) {
			s.count(kept.Token)
		}
		status.Sources = kept.Sources
		return true, nil
	}
	return false, nil
}
