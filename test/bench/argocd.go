package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// settings are what users give to Argo CD's ConfigMap argocd-cm.
var settings = []string{
	"kustomize/components/argocd/health/argocd-cm.yaml",
	"kustomize/components/argocd/actions/argocd-cm.yaml",
}

const refreshAnnotation = "argocd.argoproj.io/refresh"

func (b *Bench) startArgoCD(ctx context.Context) error {
	all := map[string]string{}
	for _, file := range settings {
		text, err := os.ReadFile(filepath.Join(b.Root, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		var one corev1.ConfigMap
		if err := yaml.UnmarshalStrict(text, &one); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		maps.Copy(all, one.Data)
	}
	_, err := b.Cluster.StartArgoCD(ctx, cluster.ArgoCDOptions{Settings: all})
	return err
}

// Application is what a user gives to Argo CD. It syncs by itself, prunes, and
// takes back what others change.
type Application struct {
	Name string
	// Repository is the URL, Path a directory in it.
	Repository, Path string
	// Namespace is for what names none. It is made.
	Namespace string
	// Options are sync options beyond that.
	Options []string
}

func (a Application) object() *unstructured.Unstructured {
	options := make([]any, 0, 1+len(a.Options))
	options = append(options, "CreateNamespace=true")
	for _, option := range a.Options {
		options = append(options, option)
	}
	object := application(a.Name)
	object.Object["spec"] = map[string]any{
		"project":     "default",
		"source":      map[string]any{"repoURL": a.Repository, "path": a.Path, "targetRevision": "main"},
		"destination": map[string]any{"server": "https://kubernetes.default.svc", "namespace": a.Namespace},
		"syncPolicy": map[string]any{
			"automated":   map[string]any{"prune": true, "selfHeal": true},
			"syncOptions": options,
		},
	}
	return object
}

func application(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
		"metadata": map[string]any{"namespace": cluster.ArgoCDNamespace, "name": name},
	}}
}

// CreateApplication gives it to Argo CD.
func (b *Bench) CreateApplication(ctx context.Context, a Application) error {
	return b.Kube.Create(ctx, a.object())
}

// PatchApplication merges a document into an Application.
func (b *Bench) PatchApplication(ctx context.Context, name string, patch map[string]any) error {
	document, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	return b.Kube.Patch(ctx, application(name), client.RawPatch(types.MergePatchType, document))
}

// Refresh has Argo CD look at an Application's repository at once, as a webhook does
// after a push.
func (b *Bench) Refresh(ctx context.Context, name string) error {
	return b.refresh(ctx, name, "normal")
}

// Compare has Argo CD build everything anew and compare it with the cluster.
func (b *Bench) Compare(ctx context.Context, name string) error { return b.refresh(ctx, name, "hard") }

func (b *Bench) refresh(ctx context.Context, name, how string) error {
	return b.PatchApplication(ctx, name, map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{refreshAnnotation: how}},
	})
}

// Sync has Argo CD apply everything anew, with these options.
func (b *Bench) Sync(ctx context.Context, name string, options []string) error {
	return b.PatchApplication(ctx, name, map[string]any{
		"operation": map[string]any{"sync": map[string]any{"prune": true, "syncOptions": options}},
	})
}

// Cascades says how the objects of an Application go with it.
type Cascades string

// The ways.
const (
	Foreground Cascades = "resources-finalizer.argocd.argoproj.io"
	Background Cascades = "resources-finalizer.argocd.argoproj.io/background"
)

// DeleteApplication begins to delete it with all its objects.
func (b *Bench) DeleteApplication(ctx context.Context, name string, how Cascades) error {
	if err := b.PatchApplication(ctx, name, map[string]any{
		"metadata": map[string]any{"finalizers": []any{string(how)}},
	}); err != nil {
		return err
	}
	return b.Kube.Delete(ctx, application(name))
}

// State is what Argo CD says of an Application.
type State struct {
	// Sync and Health are of the whole, Revision the commit they are about.
	Sync, Health, Revision string
	// Phase and Message are of the last operation, Operated is its commit.
	Phase, Message, Operated string
	// Asked says that Argo CD has been asked to look or to sync, and has not yet.
	Asked     bool
	Resources []ResourceState
	// Conditions are complaints.
	Conditions []string
}

// ResourceState is what Argo CD says of one object.
type ResourceState struct {
	Kind, Name, Sync, Health, Message string
}

// HealthyAt says whether a commit is applied, nothing differs from it, and all of
// it is healthy.
func (s State) HealthyAt(commit string) bool { return s.At(commit, "Healthy") }

// At says whether a commit is applied, nothing differs from it, and what its health
// is.
func (s State) At(commit, health string) bool {
	return s.Sync == "Synced" && s.Revision == commit && s.Health == health
}

// Of is what Argo CD says of the object of a kind; empty if there is none.
func (s State) Of(kind string) ResourceState {
	for _, resource := range s.Resources {
		if resource.Kind == kind {
			return resource
		}
	}
	return ResourceState{}
}

func (s State) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s and %s at %.7s; %s at %.7s: %s", s.Sync, s.Health, s.Revision, s.Phase, s.Operated, s.Message)
	for _, condition := range s.Conditions {
		fmt.Fprintf(&text, "\n  %s", condition)
	}
	for _, r := range s.Resources {
		fmt.Fprintf(&text, "\n  %s %s: %s and %s: %s", r.Kind, r.Name, r.Sync, r.Health, r.Message)
	}
	return text.String()
}

// State asks for what Argo CD says of an Application at present, and whether there
// is one.
func (b *Bench) State(ctx context.Context, name string) (state State, exists bool, err error) {
	object := application(name)
	if err := b.Kube.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
		return State{}, false, client.IgnoreNotFound(err)
	}
	var status applicationStatus
	document, _, err := unstructured.NestedMap(object.Object, "status")
	if err != nil {
		return State{}, true, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(document, &status); err != nil {
		return State{}, true, err
	}
	state = State{
		Sync: status.Sync.Status, Health: status.Health.Status, Revision: status.Sync.Revision,
		Phase: status.OperationState.Phase, Message: status.OperationState.Message, Operated: status.OperationState.SyncResult.Revision,
		Asked: object.GetAnnotations()[refreshAnnotation] != "" || object.Object["operation"] != nil,
	}
	for _, condition := range status.Conditions {
		state.Conditions = append(state.Conditions, condition.Type+": "+condition.Message)
	}
	for _, r := range status.Resources {
		state.Resources = append(state.Resources, ResourceState{r.Kind, r.Name, r.Status, r.Health.Status, r.Health.Message})
	}
	return state, true, nil
}

// applicationStatus is what we read of an Application's status.
type applicationStatus struct {
	Sync struct {
		Status   string `json:"status"`
		Revision string `json:"revision"`
	} `json:"sync"`
	Health         applicationHealth `json:"health"`
	OperationState struct {
		Phase      string `json:"phase"`
		Message    string `json:"message"`
		SyncResult struct {
			Revision string `json:"revision"`
		} `json:"syncResult"`
	} `json:"operationState"`
	Conditions []struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"conditions"`
	Resources []struct {
		Kind   string            `json:"kind"`
		Name   string            `json:"name"`
		Status string            `json:"status"`
		Health applicationHealth `json:"health"`
	} `json:"resources"`
}

type applicationHealth struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}
