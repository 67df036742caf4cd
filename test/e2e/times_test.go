package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// span is a time that somebody who pushes waits for.
type span string

const (
	toApplied span = "from a push until its objects are in the cluster"
	toReady   span = "from when AWS is done until our object is Ready"
	toHealthy span = "from when AWS is done until the commit is Ready, or Synced and Healthy"
)

var spans = []span{toApplied, toReady, toHealthy}

// measured are the times of this run.
var measured = struct {
	sync.Mutex
	times map[cluster.Tool]map[span][]time.Duration
}{times: map[cluster.Tool]map[span][]time.Duration{cluster.FluxTool: {}, cluster.ArgoCDTool: {}}}

// took adds the times of pushes. AWS was done after a push, or has had nothing to do.
func took(tool cluster.Tool, pushes []*push) {
	measured.Lock()
	defer measured.Unlock()
	times := measured.times[tool]
	add := func(s span, from, to time.Time) {
		if !from.IsZero() && to.After(from) {
			times[s] = append(times[s], to.Sub(from))
		}
	}
	for _, p := range pushes {
		add(toApplied, p.pushed, p.applied)
		if p.settled.After(p.pushed) {
			add(toReady, p.settled, p.ready)
			add(toHealthy, p.settled, p.healthy)
		}
	}
}

// timetable is a table of the times, in seconds.
func timetable() string {
	var text strings.Builder
	fmt.Fprintf(&text, "| median, maximum (number) | %s | %s |\n| --- | --- | --- |\n", cluster.FluxTool, cluster.ArgoCDTool)
	for _, s := range spans {
		fmt.Fprintf(&text, "| %s |", s)
		for _, tool := range both {
			fmt.Fprintf(&text, " %s |", summary(measured.times[tool][s]))
		}
		text.WriteString("\n")
	}
	return text.String()
}

func summary(times []time.Duration) string {
	n := len(times)
	if n == 0 {
		return "not measured"
	}
	slices.Sort(times)
	median := (times[(n-1)/2] + times[n/2]) / 2
	return fmt.Sprintf("%.1f s, %.1f s (%d)", median.Seconds(), times[n-1].Seconds(), n)
}
