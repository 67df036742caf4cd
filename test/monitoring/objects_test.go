package monitoring_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/require"
)

const (
	stalledAlert  = "SageMakerObjectStalled"
	notReadyAlert = "SageMakerObjectNotReady"
	// long is when an alert about an object has fired if it ever does.
	long = 25 * time.Hour
)

type stateMetrics struct {
	Spec struct {
		Resources []struct {
			GroupVersionKind struct{ Group, Version string }
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

// states are the series that kube-state-metrics makes of objects that stay as they are.
func states(t *testing.T, objects ...map[string]any) samples {
	t.Helper()

	var config stateMetrics
	read(t, component+"/kube-state-metrics.yaml", &config)
	resource := config.Spec.Resources[0]
	metric := resource.Metrics[0]

	all := make(samples, len(objects))
	for i, object := range objects {
		is := map[string]string{
			model.MetricNameLabel:    resource.MetricNamePrefix + "_" + metric.Name,
			"customresource_group":   resource.GroupVersionKind.Group,
			"customresource_version": resource.GroupVersionKind.Version,
			"customresource_kind":    fmt.Sprint(object["kind"]),
		}
		for _, paths := range []map[string][]string{metric.LabelsFromPath, metric.Each.Info.LabelsFromPath} {
			for label, path := range paths {
				if value := at(object, path); value != nil {
					is[label] = fmt.Sprint(value)
				}
			}
		}
		all[i].Metric = labels.FromMap(is)
		for when := time.Duration(0); when <= long; when += step {
			all[i].Floats = append(all[i].Floats, promql.FPoint{T: when.Milliseconds(), F: 1})
		}
	}

	return all
}

// at is what stands at a path as kube-state-metrics goes it: a name is a field, and
// [name=value] an element of a list. Where nothing stands there is no label.
func at(value any, path []string) any {
	for _, part := range path {
		name, wanted, isElement := strings.Cut(strings.Trim(part, "[]"), "=")
		switch is := value.(type) {
		case map[string]any:
			value = is[part]
		case []any:
			i := slices.IndexFunc(is, func(e any) bool {
				fields, isMap := e.(map[string]any)

				return isElement && isMap && fields[name] == wanted
			})
			if i < 0 {
				return nil
			}
			value = is[i]
		default:
			return nil
		}
	}

	return value
}

// alarmed are the alerts that fire about an object in the end.
func alarmed(t *testing.T, object map[string]any) []string {
	t.Helper()

	fired := []string{}
	for _, name := range []string{stalledAlert, notReadyAlert} {
		if len(alerts(t)[name].fires(t, states(t, object), long)) > 0 {
			fired = append(fired, name)
		}
	}

	return fired
}

// otherwise are objects for which the alerts do not follow from the verdict of package
// health, and what fires.
var otherwise = map[string][]string{
	"running.yaml":            {}, // AWS ends a job that takes too long
	"running-unsettled.yaml":  {},
	"stale.yaml":              {}, // the controller has not seen what git asks for: alerts of its own tell that
	"stale-failed.yaml":       {stalledAlert},
	"deleting-failed.yaml":    {stalledAlert},
	"deleting-suspended.yaml": {}, // the alerts do not tell it from what is only suspended
	"deleting-ready.yaml":     {}, // until the controller has seen it, which writes Deleting or what it waits for
}

// TestAlertsFollowHealth: an alert fires about an object that Argo CD shows as degraded
// or as being at work for long, and not about one that is healthy or that waits for a person.
func TestAlertsFollowHealth(t *testing.T) {
	t.Parallel()

	const directory = "../../health/testdata"
	var rows []struct{ Object, Reason, Argo string }
	read(t, directory+"/expected.yaml", &rows)
	require.NotEmpty(t, rows)

	for _, row := range rows {
		if strings.HasPrefix(row.Reason, "odd: ") { // such as the controller does not write
			continue
		}
		object := map[string]any{}
		read(t, filepath.Join(directory, row.Object), &object)
		expected, differs := otherwise[row.Object]
		if !differs {
			expected = map[string][]string{"Degraded": {stalledAlert}, "Progressing": {notReadyAlert}, "Suspended": {}, "Healthy": {}}[row.Argo]
		}
		require.Equal(t, expected, alarmed(t, object), "%s: %s", row.Object, row.Reason)

		spec, metadata := object["spec"].(map[string]any), object["metadata"].(map[string]any)
		delete(spec, "suspend")
		metadata["annotations"] = map[string]any{"sagemaker.gitops.dev/suspend": "true"}
		require.Empty(t, alarmed(t, object), "%s, suspended by annotation", row.Object)
		metadata["annotations"] = map[string]any{"sagemaker.gitops.dev/suspend": "false"}
		spec["suspend"] = true
		require.Empty(t, alarmed(t, object), "%s, suspended in the spec", row.Object)
	}
}

// TestEveryReasonIsDecided: for each reason that there is, testdata/reasons.yaml says
// whether an object that has it for long raises an alert.
func TestEveryReasonIsDecided(t *testing.T) {
	t.Parallel()

	decided := map[string]map[string]string{}
	read(t, "testdata/reasons.yaml", &decided)
	require.ElementsMatch(t, reasons(t), slices.Collect(maps.Keys(decided)), "decide about every reason in testdata/reasons.yaml, and about no other")

	for reason, conditions := range decided {
		for state, decision := range conditions {
			ready, alert := "Unknown", notReadyAlert
			state, kind, isOfOne := strings.Cut(state, " ")
			if !isOfOne {
				kind = "TrainingJob"
			}
			object := map[string]any{"kind": kind, "metadata": map[string]any{"name": "abalone", "namespace": "ml"}}
			list := []any{}
			switch state {
			case "stalled":
				ready, alert = "False", stalledAlert
				list = append(list, map[string]any{"type": "Stalled", "status": "True", "reason": reason})
			case "atWork":
				list = append(list, map[string]any{"type": "Reconciling", "status": "True", "reason": reason})
			case "ready":
				ready = "True"
			case "unknown":
			case "event":
				require.Equal(t, "quiet", decision, "%s is the reason of no condition", reason)

				continue
			default:
				require.Fail(t, "no such state", "%s: %s", reason, state)
			}
			object["status"] = map[string]any{"conditions": append(list, map[string]any{"type": "Ready", "status": ready, "reason": reason})}
			expected, known := map[string][]string{"alert": {alert}, "quiet": {}}[decision]
			require.True(t, known, "%s: %s", reason, decision)
			require.Equal(t, expected, alarmed(t, object), "%s, %s of a %s", reason, state, kind)
		}
	}
}

// reasons are the constants of package reason, which this module cannot import.
func reasons(t *testing.T) []string {
	t.Helper()

	file, err := parser.ParseFile(token.NewFileSet(), "../../health/reason/reason.go", nil, 0)
	require.NoError(t, err)
	var all []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, isValue := n.(*ast.ValueSpec); isValue {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			all = append(all, text)
		}

		return true
	})

	return all
}
