package loop_test

import (
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/manager"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

const (
	monitoring = "../../kustomize/components/monitoring/"
	samples    = "../monitoring/testdata/"
)

// choices is the query of a dashboard's variable.
var choices = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

// queries are those of the shipped alerts and of the shipped dashboard, by title.
func queries(t *testing.T) map[string]string {
	t.Helper()
	var rule struct {
		Spec struct {
			Groups []struct {
				Rules []struct{ Alert, Expr string }
			}
		}
	}
	text, err := os.ReadFile(monitoring + "alerts.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &rule))
	var dashboard struct {
		Templating struct {
			List []struct{ Name, Type, Query string }
		}
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err = os.ReadFile(monitoring + "dashboard.json")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &dashboard))

	all := map[string]string{}
	for _, group := range rule.Spec.Groups {
		for _, alert := range group.Rules {
			all[alert.Alert] = alert.Expr
		}
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all[panel.Title] = strings.NewReplacer("$__rate_interval", "5m", "$namespace", ".*").Replace(target.Expr)
		}
	}
	for _, variable := range dashboard.Templating.List {
		if variable.Type == "query" {
			require.Regexp(t, choices, variable.Query)
			all["$"+variable.Name] = choices.ReplaceAllString(variable.Query, "count by ($2) ($1)")
		}
	}
	require.Greater(t, len(all), 20)
	return all
}

// sampled are the series by which the queries are tried, each as a query for itself.
func sampled(t *testing.T) map[string]string {
	t.Helper()
	var cases []struct{ Series map[string]string }
	text, err := os.ReadFile(samples + "alerts.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &cases))
	var shown map[string]string
	text, err = os.ReadFile(samples + "dashboard.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &shown))

	all := map[string]string{}
	for _, c := range cases {
		maps.Copy(shown, c.Series)
	}
	for series := range shown {
		all["sample "+series] = series
	}
	require.Greater(t, len(all), 20)
	return all
}

// scraped are the metrics of a started controller, and the labels of each.
func (w *world) scraped(enough ...string) map[string]map[string]bool {
	w.t.Helper()
	address, err := cluster.FreeAddress()
	require.NoError(w.t, err)
	w.t.Setenv("RUNTIME_NAMESPACE", w.namespace) // where the leader's lease is
	var o manager.Options
	o.BindFlags(pflag.NewFlagSet("", pflag.ContinueOnError))
	o.ClusterName, o.Clock, o.Namespaces, o.MetricsAddr, o.HealthAddr = w.cluster, w.clock, []string{w.namespace}, address, "0"
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	mgr, err := manager.New(w.ctx, rest.CopyConfig(shared.Config), config, o)
	require.NoError(w.t, err)
	done := make(chan error, 1)
	go func() { done <- mgr.Start(w.ctx) }()
	w.t.Cleanup(func() { require.NoError(w.t, <-done) })

	found := map[string]map[string]bool{}
	series := regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? \S+$`)
	label := regexp.MustCompile(`([a-z_]+)="`)
	require.EventuallyWithT(w.t, func(c *assert.CollectT) {
		request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, "http://"+address+"/metrics", nil)
		require.NoError(c, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(c, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(c, err)
		require.NoError(c, response.Body.Close())
		for _, match := range series.FindAllStringSubmatch(string(text), -1) {
			if found[match[1]] == nil {
				found[match[1]] = map[string]bool{}
			}
			for _, name := range label.FindAllStringSubmatch(match[2], -1) {
				found[match[1]][name[1]] = true
			}
		}
		require.Subset(c, slices.Collect(maps.Keys(found)), enough)
	}, time.Minute, 100*time.Millisecond)
	return found
}

// TestMonitoringAsksForWhatThereIs: every metric in the shipped alerts and in the
// dashboard is one that a started controller tells, or kube-state-metrics with our
// configuration, and has the labels that are asked for. So is every series by which
// the queries are tried.
func TestMonitoringAsksForWhatThereIs(t *testing.T) {
	w := newLonelyWorld(t)
	w.apply(`
kind: ModelPackageGroup
metadata: {name: versions}
spec: {}`)
	known := w.scraped("sagemaker_gitops_aws_calls_total", "controller_runtime_reconcile_time_seconds_bucket") // which is there when a round has ended

	// What Prometheus makes itself, and what kube-state-metrics tells.
	known["up"] = map[string]bool{}
	text, err := os.ReadFile(monitoring + "kube-state-metrics.yaml")
	require.NoError(t, err)
	var states struct {
		Spec struct {
			Resources []struct {
				MetricNamePrefix string
				Metrics          []struct {
					Name string
					Each struct {
						Info struct{ LabelsFromPath map[string][]string }
					}
					LabelsFromPath map[string][]string
				}
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &states))
	for _, resource := range states.Spec.Resources {
		for _, metric := range resource.Metrics {
			labels := map[string]bool{"customresource_group": true, "customresource_kind": true, "customresource_version": true}
			for name := range metric.LabelsFromPath {
				labels[name] = true
			}
			for name := range metric.Each.Info.LabelsFromPath {
				labels[name] = true
			}
			known[resource.MetricNamePrefix+"_"+metric.Name] = labels
		}
	}

	outcomes := []string{"HeldBack"}
	for class := cloud.None; class <= cloud.Server; class++ {
		outcomes = append(outcomes, class.String())
	}

	all := queries(t)
	maps.Copy(all, sampled(t))
	for title, query := range all {
		parsed, err := metricsql.Parse(query)
		require.NoError(t, err, title)
		var grouped []string
		named := map[string]bool{}
		told := func(name, label string) {
			if label != "job" && label != "pod" { // Prometheus sets those
				require.True(t, known[name][label], "%s: %s has no label %s", title, name, label)
			}
		}
		metricsql.VisitAll(parsed, func(e metricsql.Expr) {
			switch e := e.(type) {
			case *metricsql.MetricExpr:
				for _, filters := range e.LabelFilterss {
					require.Equal(t, "__name__", filters[0].Label, title)
					name := filters[0].Value
					require.NotNil(t, known[name], "%s: nobody tells %s", title, name)
					named[name] = true
					for _, filter := range filters[1:] {
						told(name, filter.Label)
						if filter.Label == "outcome" {
							require.Subset(t, outcomes, strings.Split(filter.Value, "|"), title)
						}
					}
				}
			case *metricsql.AggrFuncExpr:
				grouped = append(grouped, e.Modifier.Args...)
			}
		})
		require.NotEmpty(t, named, title)
		for name := range named {
			for _, label := range grouped {
				told(name, label)
			}
		}
	}
}
