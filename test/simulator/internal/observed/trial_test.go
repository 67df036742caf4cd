package observed_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/observed"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// trial is an answer on which a fact is tried.
type trial struct {
	t         *testing.T
	fact      observed.Fact
	operation string
	path      []string
	changer   *observed.Changer
	answer    wire.Body
	parent    wire.Body // in which the member is
}

var now = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// newTrial makes an answer with all that is around the member, under a seed that
// lets the fact hold.
func newTrial(t *testing.T, fact observed.Fact, operation, path string) *trial {
	t.Helper()
	r := &trial{t: t, fact: fact, operation: operation, path: strings.Split(path, "."), answer: wire.Body{}}
	for seed := uint64(0); r.changer == nil; seed++ {
		require.Less(t, seed, uint64(64), "no seed lets it hold")
		c, err := observed.New(seed)
		require.NoError(t, err)
		if c.Holds(fact) {
			r.changer = c
		}
	}
	r.parent = r.answer
	for i, name := range r.path[:len(r.path)-1] {
		inner := wire.Body{}
		switch {
		case name == "*":
			continue
		case r.path[i+1] == "*":
			r.parent[name] = []any{inner}
		default:
			r.parent[name] = inner
		}
		r.parent = inner
	}
	r.answer["CreationTime"], r.answer["LastModifiedTime"] = now.Add(-time.Hour), now
	r.suits()
	return r
}

var braces = regexp.MustCompile(`\{([A-Z][\w.]*)\}`)

// suits makes the answer one that the fact is about.
func (r *trial) suits() {
	for _, name := range braces.FindAllStringSubmatch(fmt.Sprint(r.fact.Value), -1) {
		at, parts := r.parent, strings.Split(name[1], ".")
		for _, part := range parts[:len(parts)-1] {
			at[part] = wire.Body{}
			at = wire.Object(at[part])
		}
		at[parts[len(parts)-1]] = "x"
	}
	if w := r.fact.When; w != nil {
		for member, values := range w.Is {
			r.parent[member] = values[0]
		}
		if w.Has != "" {
			r.parent[w.Has] = "x"
		}
	}
}

func (r *trial) name() string { return r.path[len(r.path)-1] }

// change gives the member a value and returns what is answered at a time.
func (r *trial) change(value any, at time.Time) any {
	if r.parent[r.name()] = value; value == nil {
		delete(r.parent, r.name())
	}
	moment := observed.Moment{Scope: wire.Scope{Account: "123456789012", Region: "eu-west-1"}, Now: at}
	var is any = r.changer.Change(r.operation, r.answer, moment)
	for _, name := range r.path {
		if name == "*" {
			is = wire.List(is)[0]
		} else {
			is = wire.At(is, name)
		}
	}
	require.Equal(r.t, value, r.parent[r.name()], "the answer itself stays as it is")
	return is
}

// shows fails the test unless the fact is carried out.
func (r *trial) shows() {
	r.t.Helper()
	switch r.fact.Change {
	case observed.Fill, observed.OneOf, observed.Put:
		require.NotNil(r.t, r.change(nil, now))
		if _, isObject := r.fact.Value.(wire.Body); !isObject && r.fact.Change != observed.Put {
			require.Equal(r.t, "sent", r.change("sent", now), "what was sent stays")
		}
	case observed.Complete:
		require.Nil(r.t, r.change(nil, now))
		for member := range wire.Object(r.fact.Value) {
			require.Contains(r.t, r.change(wire.Body{}, now), member)
		}
	case observed.Omit:
		require.Nil(r.t, r.change("sent", now))
	case observed.Drop:
		require.Nil(r.t, r.change(wire.Clone(r.fact.Value), now))
		require.NotNil(r.t, r.change(wire.Body{"AccessStatus": "ENABLED"}, now))
	case observed.Absent:
		require.Nil(r.t, r.change(nil, now))
	case observed.Echo:
		sent := []any{"b", "c", "a"}
		require.Equal(r.t, sent, r.change(sent, now))
	case observed.Reorder:
		r.showsOrders()
	case observed.Sort:
		by := wire.String(r.fact.Value)
		sent := []any{wire.Body{by: "zebra"}, wire.Body{by: "alpha"}}
		require.Equal(r.t, []any{sent[1], sent[0]}, r.change(sent, now))
	case observed.Coerce:
		row, ok := coerced[wire.String(r.fact.Value)]
		require.True(r.t, ok, "say how %s writes a value", r.fact.Value)
		require.Equal(r.t, row[1], r.change(row[0], now))
	case observed.ARN:
		r.showsARN()
	default:
		require.Fail(r.t, "no such change", r.fact.Change)
	}
}

func (r *trial) showsOrders() {
	r.t.Helper()
	sent := []any{"a", "b", "c", "d"}
	orders := map[string]bool{}
	for i := range 20 {
		is := r.change(sent, now.Add(time.Duration(i)*time.Minute))
		require.ElementsMatch(r.t, sent, is)
		orders[fmt.Sprint(is)] = true
	}
	require.Greater(r.t, len(orders), 2, "every answer has an order of its own")
}

func (r *trial) showsARN() {
	r.t.Helper()
	const arn = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/my-endpoint"
	if r.name() == "*" {
		r.path = []string{"EndpointArn"}
	}
	member := strings.TrimSuffix(r.name(), "Arn") + "Name"
	r.parent[member] = "My-Endpoint"
	want := arn
	if r.fact.Value == "as named" {
		want = strings.Replace(arn, "my-endpoint", "My-Endpoint", 1)
	}
	require.Equal(r.t, want, r.change(arn, now))
}

// coerced are values, and how AWS writes them.
var coerced = map[string][2]any{
	"float32":       {number("0.1"), number("0.10000000149011612")},
	"double":        {number("70"), number("70.0")},
	"string":        {number("200005"), "200005"},
	"cut":           {strings.Repeat("x", 2000), strings.Repeat("x", 1024)},
	"blank before":  {"it failed", " it failed"},
	"bare name":     {"arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/versions", "versions"},
	"algorithm arn": {"mine", "arn:aws:sagemaker:eu-west-1:123456789012:algorithm/mine"},
	"one line":      {"IyEvYmlu\nL2Jhc2gK\n", "IyEvYmluL2Jhc2gK"},
	"document":      {`{"b":1,"a":2}`, "{\n  \"a\": 2,\n  \"b\": 1\n}"},
}
