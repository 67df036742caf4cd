package monitoring_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/template"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const (
	component = "../../kustomize/components/monitoring"
	// step is how often Prometheus scrapes and evaluates here.
	step = time.Minute
)

func read(t *testing.T, file string, into any) {
	t.Helper()

	text, err := os.ReadFile(filepath.FromSlash(file))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into), file)
}

// alert is an alerting rule.
type alert struct {
	Alert, Expr string
	For         model.Duration
	Annotations map[string]string
}

func alerts(t *testing.T) map[string]alert {
	t.Helper()

	var rule struct {
		Spec struct {
			Groups []struct{ Rules []alert }
		}
	}
	read(t, component+"/alerts.yaml", &rule)

	all := map[string]alert{}
	for _, group := range rule.Spec.Groups {
		for _, one := range group.Rules {
			all[one.Alert] = one
		}
	}
	require.NotEmpty(t, all)

	return all
}

// samples are the series that Prometheus has.
type samples []promql.Series

// parse reads series in the notation of Prometheus' unit tests, one sample a step.
func parse(t *testing.T, series map[string]string) samples {
	t.Helper()

	all := make(samples, 0, len(series))
	for name, values := range series {
		metric, sequence, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(name + " " + values)
		require.NoError(t, err, name)
		one := promql.Series{Metric: metric}
		for i, value := range sequence {
			if !value.Omitted {
				one.Floats = append(one.Floats, promql.FPoint{T: (time.Duration(i) * step).Milliseconds(), F: value.Value})
			}
		}
		all = append(all, one)
	}

	return all
}

// Select makes the samples what the engine asks.
func (s samples) Select(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &seriesSet{at: -1}
	for _, one := range s {
		matches := true
		for _, m := range matchers {
			matches = matches && m.Matches(one.Metric.Get(m.Name))
		}
		if matches {
			found.series = append(found.series, promql.NewStorageSeries(one))
		}
	}

	return found
}

type seriesSet struct {
	series []storage.Series
	at     int
}

func (s *seriesSet) Next() bool                      { s.at++; return s.at < len(s.series) }
func (s *seriesSet) At() storage.Series              { return s.series[s.at] }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

// ask evaluates a query at every step from one time to another, as Prometheus does.
func (s samples) ask(t *testing.T, query string, from, to time.Duration) promql.Matrix {
	t.Helper()

	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute})
	defer func() { require.NoError(t, engine.Close()) }()
	source := &storage.MockQueryable{MockQuerier: &storage.MockQuerier{SelectMockFunction: s.Select}}
	asked, err := engine.NewRangeQuery(t.Context(), source, nil, query, time.UnixMilli(0).Add(from), time.UnixMilli(0).Add(to), step)
	require.NoError(t, err, query)
	defer asked.Close()
	result := asked.Exec(t.Context())
	require.NoError(t, result.Err, query)
	require.Empty(t, result.Warnings.AsErrors(), query)
	matrix, err := result.Matrix()
	require.NoError(t, err, query)

	// The engine takes the points back when the query is closed.
	held := make(promql.Matrix, len(matrix))
	for i, one := range matrix {
		held[i] = promql.Series{Metric: one.Metric, Floats: append([]promql.FPoint{}, one.Floats...)}
	}

	return held
}

// fires are the descriptions of an alert that are told at a time.
func (a alert) fires(t *testing.T, s samples, at time.Duration) []string {
	t.Helper()

	hold := time.Duration(a.For)
	require.GreaterOrEqual(t, at, hold, "%s needs longer", a.Alert)

	told := []string{}
	for _, one := range s.ask(t, a.Expr, at-hold, at) {
		if len(one.Floats) <= int(hold/step) {
			continue
		}
		last := promql.Sample{Metric: one.Metric, F: one.Floats[len(one.Floats)-1].F}
		a.expand(t, a.Annotations["summary"], last)
		told = append(told, a.expand(t, a.Annotations["description"], last))
	}

	return told
}

// expand is an annotation of the alert in words.
func (a alert) expand(t *testing.T, text string, of promql.Sample) string {
	t.Helper()

	data := template.AlertTemplateData(of.Metric.Map(), nil, "", of)
	expander := template.NewTemplateExpander(t.Context(), "{{$labels := .Labels}}{{$value := .Value}}"+text, a.Alert, data, 0, nil, &url.URL{},
		[]string{"missingkey=error"}) // of a label that the query does not leave over
	words, err := expander.Expand()
	require.NoError(t, err, a.Alert)

	return words
}
