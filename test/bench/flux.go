package bench

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// FluxName is the name of the GitRepository and of the Kustomization.
const FluxName = "ml"

// Deploy makes Flux apply a directory of the repository's branch main, and wait
// until all in it is healthy, as its users write it.
func (b *Bench) Deploy(ctx context.Context, path string) error {
	source := fluxObject("source.toolkit.fluxcd.io/v1", "GitRepository", map[string]any{
		"interval": sourceInterval.String(), "url": b.Repository.URL, "ref": map[string]any{"branch": "main"},
	})
	kustomization := fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", map[string]any{
		"interval": applyInterval.String(), "retryInterval": retryInterval.String(), "timeout": HealthTimeout.String(),
		"path": path, "prune": true, "wait": true,
		"sourceRef": map[string]any{"kind": "GitRepository", "name": FluxName},
	})
	for _, object := range []*unstructured.Unstructured{source, kustomization} {
		if err := b.Kube.Create(ctx, object); err != nil {
			return fmt.Errorf("create %s: %w", object.GetKind(), err)
		}
	}
	return nil
}

func fluxObject(apiVersion, kind string, spec map[string]any) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"namespace": cluster.FluxNamespace, "name": FluxName},
	}}
	if spec != nil {
		object.Object["spec"] = spec
	}
	return object
}

// Verdict is what Flux says of the Kustomization.
type Verdict struct {
	// Ready is its condition; zero if there is none yet.
	Ready metav1.Condition
	// Applied and Attempted are commits: the last that was applied and found
	// healthy, and the last that was tried.
	Applied, Attempted string
	// current says that the verdict is about the present spec.
	current bool
}

// ReadyAt says whether the commit is applied and all in it healthy.
func (v Verdict) ReadyAt(commit string) bool {
	return v.current && v.Ready.Status == metav1.ConditionTrue && v.Applied == revision(commit)
}

// FailedAt says whether the commit is applied and something in it not healthy.
func (v Verdict) FailedAt(commit string) bool {
	return v.Ready.Status == metav1.ConditionFalse && v.Ready.Reason == "HealthCheckFailed" && v.Attempted == revision(commit)
}

func (v Verdict) String() string {
	if v.Ready.Type == "" {
		return "nothing yet"
	}
	return fmt.Sprintf("Ready=%s (%s) %s", v.Ready.Status, v.Ready.Reason, v.Ready.Message)
}

func revision(commit string) string { return "main@sha1:" + commit }

// Verdict asks for Flux's present verdict.
func (b *Bench) Verdict(ctx context.Context) (Verdict, error) {
	object := fluxObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization", nil)
	if err := b.Kube.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
		return Verdict{}, err
	}
	var status struct {
		ObservedGeneration    int64              `json:"observedGeneration"`
		LastAppliedRevision   string             `json:"lastAppliedRevision"`
		LastAttemptedRevision string             `json:"lastAttemptedRevision"`
		Conditions            []metav1.Condition `json:"conditions"`
	}
	document, _, err := unstructured.NestedMap(object.Object, "status")
	if err != nil {
		return Verdict{}, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(document, &status); err != nil {
		return Verdict{}, err
	}
	verdict := Verdict{
		Applied: status.LastAppliedRevision, Attempted: status.LastAttemptedRevision,
		current: status.ObservedGeneration == object.GetGeneration(),
	}
	if ready := meta.FindStatusCondition(status.Conditions, "Ready"); ready != nil {
		verdict.Ready = *ready
	}
	return verdict, nil
}
