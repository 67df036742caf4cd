package monitoring_test

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// TestAlerts: every alert fires on series where it should and is quiet where it should.
func TestAlerts(t *testing.T) {
	t.Parallel()

	var cases []struct {
		Alert, Case string
		Series      map[string]string
		At          model.Duration
		Tells       []string
	}
	read(t, "testdata/alerts.yaml", &cases)

	rules := alerts(t)
	fired, quiet := map[string]bool{}, map[string]bool{}
	for _, c := range cases {
		t.Run(c.Alert+"/"+c.Case, func(t *testing.T) {
			t.Parallel()

			rule, found := rules[c.Alert]
			require.True(t, found)
			require.ElementsMatch(t, c.Tells, rule.fires(t, parse(t, c.Series), time.Duration(c.At)))
		})
		fired[c.Alert] = fired[c.Alert] || len(c.Tells) > 0
		quiet[c.Alert] = quiet[c.Alert] || len(c.Tells) == 0
	}
	for name := range rules {
		require.True(t, fired[name], "%s fires in no case", name)
		require.True(t, quiet[name], "%s is quiet in no case", name)
	}
}
