package monitoring_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// legendLabel is a label in the name that a panel gives to a series.
var legendLabel = regexp.MustCompile(`\{\{(\w+)\}\}`)

// TestDashboard: every panel shows something of a controller that works and has some
// trouble, under names that tell its series apart.
func TestDashboard(t *testing.T) {
	t.Parallel()

	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	read(t, component+"/dashboard.json", &dashboard)
	require.NotEmpty(t, dashboard.Panels)

	var series map[string]string
	read(t, "testdata/dashboard.yaml", &series)
	known := append(parse(t, series), shown(t)...)

	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			query := strings.NewReplacer("$__rate_interval", "5m", "$namespace", "ml|.*").Replace(target.Expr)
			found := known.ask(t, query, 30*time.Minute, 30*time.Minute)
			require.NotEmpty(t, found, panel.Title)

			names := map[string]bool{}
			for _, one := range found {
				name := legendLabel.ReplaceAllStringFunc(target.LegendFormat, func(label string) string {
					value := one.Metric.Get(strings.Trim(label, "{}"))
					require.NotEmpty(t, value, "%s: %s", panel.Title, label)

					return value
				})
				require.False(t, names[name] && target.LegendFormat != "", "%s: two series are called %q", panel.Title, name)
				names[name] = true
			}
		}
	}
}

// TestDashboardCounts: every object is counted in one of the first panels.
func TestDashboardCounts(t *testing.T) {
	t.Parallel()

	var dashboard struct {
		Panels []struct {
			Title, Type string
			Targets     []struct{ Expr string }
		}
	}
	read(t, component+"/dashboard.json", &dashboard)

	for name, objects := range map[string]samples{"some": shown(t), "none": nil} {
		counted := map[string]float64{}
		for _, panel := range dashboard.Panels {
			if panel.Type == "stat" {
				found := objects.ask(t, strings.ReplaceAll(panel.Targets[0].Expr, "$namespace", ".*"), time.Hour, time.Hour)
				require.Len(t, found, 1, panel.Title)
				counted[panel.Title] = found[0].Floats[0].F
			}
		}
		expected := map[string]float64{"Ready": 1, "At work or waiting": 2, "Stalled": 1, "Suspended": 3}
		if objects == nil {
			expected = map[string]float64{"Ready": 0, "At work or waiting": 0, "Stalled": 0, "Suspended": 0}
		}
		require.Equal(t, expected, counted, name)
	}
}

// shown are objects in each state; three are suspended, in the spec, by annotation and by both.
func shown(t *testing.T) samples {
	t.Helper()

	names := []string{
		"in-service.yaml", "fresh.yaml", "updating.yaml", "failed.yaml", "suspended.yaml", "suspended-annotation.yaml", "suspended-failed.yaml",
	}
	objects := make([]map[string]any, len(names))
	for i, name := range names {
		read(t, "../../health/testdata/"+name, &objects[i])
		objects[i]["metadata"].(map[string]any)["name"] = name
	}
	objects[6]["metadata"].(map[string]any)["annotations"] = map[string]any{"sagemaker.gitops.dev/suspend": "true"}

	return states(t, objects...)
}
