package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// What the examples call their objects of Flux.
const (
	// Applies is the name of the GitRepository, and of the Kustomization that
	// applies it.
	Applies = "ml"
	// Judges is the name of the Kustomization that judges what the other has
	// applied, where the same does not do both.
	Judges = "ml-ready"
)

// fluxFile is what a user of an example gives to Flux.
const fluxFile = "flux/sync.yaml"

// Deploy gives Flux the objects of a name as the example has them, but for the
// address of the repository and the intervals of the bench.
func (b *Bench) Deploy(ctx context.Context, name string) error {
	text, err := fs.ReadFile(b.Example(), fluxFile)
	if err != nil {
		return err
	}
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), len(text))
	found := false
	for {
		object := new(unstructured.Unstructured)
		err := documents.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", fluxFile, err)
		}
		if object.GetName() != name {
			continue
		}
		found = true
		if err := b.deploy(ctx, object); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("%s has no object %s", fluxFile, name)
	}
	return nil
}

func (b *Bench) deploy(ctx context.Context, object *unstructured.Unstructured) error {
	settings := map[string]string{"retryInterval": retryInterval.String()}
	if object.GetKind() == "GitRepository" {
		settings = map[string]string{"url": b.Repository.URL, "interval": sourceInterval.String()}
	}
	for field, value := range settings {
		if err := unstructured.SetNestedField(object.Object, value, "spec", field); err != nil {
			return err
		}
	}
	if err := b.Kube.Create(ctx, object); err != nil {
		return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}

// Reconcile asks Flux to look at a Kustomization at once, as the command flux
// reconcile does.
func (b *Bench) Reconcile(ctx context.Context, name string) error {
	patch := fmt.Sprintf(`{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":%q}}}`, time.Now().Format(time.RFC3339Nano))
	object := kustomization()
	object.SetNamespace(cluster.FluxNamespace)
	object.SetName(name)
	return b.Kube.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(patch)))
}

func kustomization() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization"}}
}

// Verdict is what Flux says of a Kustomization.
type Verdict struct {
	// Ready is its condition; zero if there is none yet.
	Ready metav1.Condition
	// Applied and Attempted are commits: the last that was applied and found
	// healthy, and the last that was tried.
	Applied, Attempted string
	// current says that the verdict is about the present spec.
	current bool
}

// ReadyAt says whether the commit is applied, and all that the Kustomization waits
// for healthy.
func (v Verdict) ReadyAt(commit string) bool {
	return v.current && v.Ready.Status == metav1.ConditionTrue && v.Applied == revision(commit)
}

// PutOff says whether Flux has found what the Kustomization depends on not ready, and
// looks again half a minute later, by its default.
func (v Verdict) PutOff() bool { return v.Ready.Reason == "DependencyNotReady" }

// AtWorkOn says whether Flux applies the commit, or waits for its health.
func (v Verdict) AtWorkOn(commit string) bool {
	return v.Ready.Status == metav1.ConditionUnknown && v.Attempted == revision(commit)
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

// Verdict asks for Flux's present verdict on a Kustomization, and whether there is
// one.
func (b *Bench) Verdict(ctx context.Context, name string) (verdict Verdict, exists bool, err error) {
	object := kustomization()
	if err := b.Kube.Get(ctx, client.ObjectKey{Namespace: cluster.FluxNamespace, Name: name}, object); err != nil {
		return Verdict{}, false, client.IgnoreNotFound(err)
	}
	var status struct {
		ObservedGeneration    int64              `json:"observedGeneration"`
		LastAppliedRevision   string             `json:"lastAppliedRevision"`
		LastAttemptedRevision string             `json:"lastAttemptedRevision"`
		Conditions            []metav1.Condition `json:"conditions"`
	}
	document, _, err := unstructured.NestedMap(object.Object, "status")
	if err != nil {
		return Verdict{}, true, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(document, &status); err != nil {
		return Verdict{}, true, err
	}
	verdict = Verdict{
		Applied: status.LastAppliedRevision, Attempted: status.LastAttemptedRevision,
		current: status.ObservedGeneration == object.GetGeneration(),
	}
	if ready := meta.FindStatusCondition(status.Conditions, "Ready"); ready != nil {
		verdict.Ready = *ready
	}
	return verdict, true, nil
}
