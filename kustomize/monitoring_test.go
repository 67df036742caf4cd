package kustomize_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const monitoring = "testdata/monitoring"

// serviceMonitor and prometheusRule are what we use of the Prometheus Operator's
// objects (monitoring.coreos.com/v1).
type serviceMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		JobLabel  string               `json:"jobLabel"`
		Selector  metav1.LabelSelector `json:"selector"`
		Endpoints []struct {
			Port, Path, Interval string
		} `json:"endpoints"`
	} `json:"spec"`
}

type prometheusRule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		} `json:"groups"`
	} `json:"spec"`
}

// objectMetrics is what we use of the configuration of kube-state-metrics.
type objectMetrics struct {
	Kind string
	Spec struct {
		Resources []struct {
			GroupVersionKind metav1.GroupVersionKind
			MetricNamePrefix string
			Metrics          []struct {
				Name, Help string
				Each       struct {
					Type string
					Info struct{ LabelsFromPath map[string][]string }
				}
				LabelsFromPath map[string][]string
			}
		}
	}
}

// document is the only object of a kind whose name begins so, in testdata/monitoring.
func document(t *testing.T, kind, name string) []byte {
	t.Helper()

	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), monitoring)
	require.NoError(t, err)

	var found [][]byte

	for _, r := range resources.Resources() {
		if r.GetKind() == kind && strings.HasPrefix(r.GetName(), name) {
			require.Equal(t, "ml-platform", r.GetNamespace(), "the namespace that was chosen")

			text, err := r.AsYAML()
			require.NoError(t, err)

			found = append(found, text)
		}
	}

	require.Len(t, found, 1, "%s %s", kind, name)

	return found[0]
}

// TestMonitoringLeadsToTheController: from the ServiceMonitor over the Service to
// the port of the pod, whatever names and namespace are chosen.
func TestMonitoringLeadsToTheController(t *testing.T) {
	t.Parallel()

	var (
		monitor    serviceMonitor
		service    corev1.Service
		deployment appsv1.Deployment
	)

	require.NoError(t, yaml.UnmarshalStrict(document(t, "ServiceMonitor", "acme-"), &monitor))
	require.NoError(t, yaml.UnmarshalStrict(document(t, "Service", "acme-"), &service))
	require.NoError(t, yaml.UnmarshalStrict(document(t, "Deployment", "acme-"), &deployment))

	require.Equal(t, monitor.Spec.Selector.MatchLabels, service.Labels)
	require.Equal(t, "sagemaker-gitops", service.Labels[monitor.Spec.JobLabel], "what alerts and dashboard call the job")
	require.Len(t, monitor.Spec.Endpoints, 1)
	require.Equal(t, monitor.Spec.Endpoints[0].Port, service.Spec.Ports[0].Name)

	pod := deployment.Spec.Template
	require.Subset(t, pod.Labels, service.Spec.Selector)
	require.True(t, slices.ContainsFunc(pod.Spec.Containers[0].Ports, func(p corev1.ContainerPort) bool {
		return intstr.FromString(p.Name) == service.Spec.Ports[0].TargetPort && p.ContainerPort == service.Spec.Ports[0].Port
	}))
}

func TestAlertsAreDocumented(t *testing.T) {
	t.Parallel()

	var rule prometheusRule
	require.NoError(t, yaml.UnmarshalStrict(document(t, "PrometheusRule", "acme-"), &rule))

	readme, err := os.ReadFile("components/monitoring/README.md")
	require.NoError(t, err)

	for _, group := range rule.Spec.Groups {
		for _, alert := range group.Rules {
			require.Contains(t, string(readme), "`"+alert.Alert+"`")
			require.NotEmpty(t, alert.Expr)
			require.Contains(t, []string{"critical", "warning", "info"}, alert.Labels["severity"], alert.Alert)
			require.NotEmpty(t, alert.Annotations["summary"], alert.Alert)
			require.NotEmpty(t, alert.Annotations["description"], alert.Alert)
		}
	}
}

func TestDashboardIsJSON(t *testing.T) {
	t.Parallel()

	var config corev1.ConfigMap
	require.NoError(t, yaml.UnmarshalStrict(document(t, "ConfigMap", "acme-sagemaker-gitops-dashboard"), &config))
	require.Equal(t, "1", config.Labels["grafana_dashboard"])

	var dashboard struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
		}
	}
	require.True(t, json.Valid([]byte(config.Data["sagemaker-gitops.json"])))
	require.NoError(t, yaml.Unmarshal([]byte(config.Data["sagemaker-gitops.json"]), &dashboard))
	require.NotEmpty(t, dashboard.Panels)

	taken := map[[2]int]string{}

	for _, panel := range dashboard.Panels {
		for x := range panel.GridPos.W {
			for y := range panel.GridPos.H {
				at := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
				require.Less(t, at[0], 24, "%s is on the grid", panel.Title)
				require.Empty(t, taken[at], "%s has its own place", panel.Title)
				taken[at] = panel.Title
			}
		}
	}
}

// TestObjectMetrics: what kube-state-metrics is to read is there in every kind.
func TestObjectMetrics(t *testing.T) {
	t.Parallel()

	var config corev1.ConfigMap
	require.NoError(t, yaml.UnmarshalStrict(document(t, "ConfigMap", "acme-sagemaker-gitops-kube-state-metrics"), &config))

	var metrics objectMetrics
	require.NoError(t, yaml.UnmarshalStrict([]byte(config.Data["config.yaml"]), &metrics))
	require.Equal(t, "CustomResourceStateMetrics", metrics.Kind)
	require.Len(t, metrics.Spec.Resources, 1)

	resource := metrics.Spec.Resources[0]
	require.Equal(t, metav1.GroupVersionKind{Group: group, Version: "v1alpha1", Kind: "*"}, resource.GroupVersionKind)
	require.Equal(t, "gotk_resource_info", resource.MetricNamePrefix+"_"+resource.Metrics[0].Name)
	require.Equal(t, "Info", resource.Metrics[0].Each.Type)

	for kind, schema := range schemas(t) {
		for label, path := range resource.Metrics[0].LabelsFromPath {
			at := schema

			for _, name := range path {
				if path[0] == "metadata" {
					break
				}
				if strings.HasPrefix(name, "[") { // an element of a list
					at = *at.Items.Schema

					continue
				}

				require.Contains(t, at.Properties, name, "the label %s of a %s", label, kind)
				at = at.Properties[name]
			}
		}
	}
}

// schemas are those of all kinds.
func schemas(t *testing.T) map[string]apiextensionsv1.JSONSchemaProps {
	t.Helper()

	all := map[string]apiextensionsv1.JSONSchemaProps{}
	for _, crd := range crds(t) {
		all[crd.Spec.Names.Kind] = *crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	}

	return all
}
