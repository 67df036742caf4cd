package shape_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func items(values ...any) []any { return values }

func named(name string, more ...any) map[string]any {
	t := map[string]any{"Name": name}
	for i := 0; i < len(more); i += 2 {
		t[more[i].(string)] = more[i+1]
	}
	return t
}

func TestRules(t *testing.T) {
	script := "#!/bin/bash\nset -eux\npip install --quiet -r requirements.txt\n"
	plain := base64.StdEncoding.EncodeToString([]byte(script))
	wrapped := plain[:40] + "\n" + plain[40:] + "\n"
	for _, row := range []struct {
		reason     string
		rules      shape.Rules
		want, have shape.Tree
		uncovered  []string
	}{
		{
			"what is unread is passed over, with all below it",
			shape.Rules{Unread: []string{"A.B"}},
			shape.Tree{"A": map[string]any{"B": map[string]any{"C": "x"}, "D": "y"}},
			shape.Tree{"A": map[string]any{"D": "y"}},
			nil,
		},
		{"what is written only is not compared with what is there", shape.Rules{WriteOnly: []string{"A"}}, shape.Tree{"A": "x"}, shape.Tree{"A": "y"}, nil},
		{"what may never be shown is no difference while it is not", shape.Rules{NeverShown: []string{"A"}}, shape.Tree{"A": "x"}, shape.Tree{}, nil},
		{"and is one once another value is shown", shape.Rules{NeverShown: []string{"A"}}, shape.Tree{"A": "x"}, shape.Tree{"A": "y"}, []string{"A: want x, have y"}},

		{"a set in another order", shape.Rules{Unordered: map[string]string{"L": ""}}, shape.Tree{"L": items("b", "a")}, shape.Tree{"L": items("a", "b")}, nil},
		{
			"a set with another item",
			shape.Rules{Unordered: map[string]string{"L": ""}},
			shape.Tree{"L": items("b", "a")},
			shape.Tree{"L": items("a", "c")},
			[]string{"L: want [b a], have [a c]"},
		},
		{
			"a set with an item twice is not one with another twice",
			shape.Rules{Unordered: map[string]string{"L": ""}},
			shape.Tree{"L": items("a", "a", "b")},
			shape.Tree{"L": items("a", "b", "b")},
			[]string{"L: want [a a b], have [a b b]"},
		},
		{
			"items that cover one another are paired so that all are",
			shape.Rules{Unordered: map[string]string{"L": ""}},
			shape.Tree{"L": items(map[string]any{"A": "1"}, map[string]any{"A": "1", "B": "2"})},
			shape.Tree{"L": items(map[string]any{"A": "1", "B": "2"}, map[string]any{"A": "1", "C": "3"})},
			nil,
		},
		{
			"items of one name are compared",
			shape.Rules{Unordered: map[string]string{"L": "Name"}},
			shape.Tree{"L": items(named("b", "V", "1"), named("a", "V", "2"))},
			shape.Tree{"L": items(named("a", "V", "3"), named("b", "V", "1"))},
			[]string{"L[a].V: want 2, have 3"},
		},
		{
			"another name is another list",
			shape.Rules{Unordered: map[string]string{"L": "Name"}},
			shape.Tree{"L": items(named("a"))},
			shape.Tree{"L": items(named("b"))},
			[]string{"L: want [map[Name:a]], have [map[Name:b]]"},
		},
		{
			"lists below the items of others are sets, too",
			shape.Rules{Unordered: map[string]string{"M.D": "Name"}},
			shape.Tree{"M": items(map[string]any{"D": items(named("a"), named("b"))})},
			shape.Tree{"M": items(map[string]any{"D": items(named("b"), named("a"))})},
			nil,
		},

		{"JSON in another order", shape.Rules{JSON: []string{"A"}}, shape.Tree{"A": `{"a": 1, "b": [2]}`}, shape.Tree{"A": `{"b":[2],"a":1}`}, nil},
		{"the order of JSON's lists counts", shape.Rules{JSON: []string{"A"}}, shape.Tree{"A": `[1,2]`}, shape.Tree{"A": `[2,1]`}, []string{"A: want [1,2], have [2,1]"}},
		{
			"large numbers in JSON keep their digits",
			shape.Rules{JSON: []string{"A"}},
			shape.Tree{"A": `9007199254740993`},
			shape.Tree{"A": `9007199254740992`},
			[]string{"A: want 9007199254740993, have 9007199254740992"},
		},
		{"a text that is no JSON is a text", shape.Rules{JSON: []string{"A"}}, shape.Tree{"A": `{`}, shape.Tree{"A": `{`}, nil},
		{
			"in lists as well",
			shape.Rules{JSON: []string{"L.A"}},
			shape.Tree{"L": items(map[string]any{"A": `{ }`})},
			shape.Tree{"L": items(map[string]any{"A": `{}`})},
			nil,
		},

		{"wrapped base64", shape.Rules{Base64: []string{"L.C"}}, shape.Tree{"L": items(map[string]any{"C": wrapped})}, shape.Tree{"L": items(map[string]any{"C": plain})}, nil},
		{"another script", shape.Rules{Base64: []string{"C"}}, shape.Tree{"C": "YQ=="}, shape.Tree{"C": "Yg=="}, []string{"C: want YQ==, have Yg=="}},
		{"a text that is no base64 is a text", shape.Rules{Base64: []string{"C"}}, shape.Tree{"C": "?"}, shape.Tree{"C": "?"}, nil},

		{
			"an ARN for a name",
			shape.Rules{NameOrARN: []string{"G"}},
			shape.Tree{"G": "snails"},
			shape.Tree{"G": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/Snails"},
			nil,
		},
		{
			"a name for an ARN",
			shape.Rules{NameOrARN: []string{"G"}},
			shape.Tree{"G": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/snails"},
			shape.Tree{"G": "snails"},
			nil,
		},
		{
			"the ARN of another",
			shape.Rules{NameOrARN: []string{"G"}},
			shape.Tree{"G": "snails"},
			shape.Tree{"G": "arn:aws:x:y:z:g/slugs"},
			[]string{"G: want snails, have arn:aws:x:y:z:g/slugs"},
		},
		{"two names that differ in their case", shape.Rules{NameOrARN: []string{"G"}}, shape.Tree{"G": "a"}, shape.Tree{"G": "A"}, []string{"G: want a, have A"}},

		{"a default that AWS leaves out", shape.Rules{Defaults: map[string]any{"A.B": false}}, shape.Tree{"A": map[string]any{"B": false}}, shape.Tree{}, nil},
		{"another value that AWS leaves out", shape.Rules{Defaults: map[string]any{"A": false}}, shape.Tree{"A": true}, shape.Tree{}, []string{"A: want true, have nothing"}},
		{"a default that AWS has not", shape.Rules{Defaults: map[string]any{"A": false}}, shape.Tree{"A": false}, shape.Tree{"A": true}, []string{"A: want false, have true"}},
		{"the case of paths does not count", shape.Rules{Defaults: map[string]any{"a.b": "x"}}, shape.Tree{"A": map[string]any{"B": "x"}}, shape.Tree{}, nil},

		{
			"a member under another name",
			shape.Rules{ReadAs: map[string]string{"A.Count": "A.DesiredCount"}},
			shape.Tree{"A": map[string]any{"Count": int64(2)}},
			shape.Tree{"A": map[string]any{"DesiredCount": int64(2)}},
			nil,
		},
		{
			"under another name in the items of a list",
			shape.Rules{ReadAs: map[string]string{"L.C.Image": "L.C.Deployed.Given"}},
			shape.Tree{"L": items(map[string]any{"C": map[string]any{"Image": "a"}}, map[string]any{"C": map[string]any{"Image": "b"}})},
			shape.Tree{"L": items(
				map[string]any{"C": map[string]any{"Deployed": map[string]any{"Given": "a"}}},
				map[string]any{"C": map[string]any{"Deployed": map[string]any{"Given": "c"}}},
			)},
			[]string{"L[1].C.Image: want b, have c"},
		},
		{"nothing under the other name", shape.Rules{ReadAs: map[string]string{"A": "B"}}, shape.Tree{"A": "x"}, shape.Tree{}, []string{"A: want x, have nothing"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			want, have := shape.Clone(row.want), shape.Clone(row.have)
			found := row.rules.Uncovered(row.want, row.rules.Readable(row.have))
			texts := make([]string, 0, len(found))
			for _, d := range found {
				texts = append(texts, d.String())
			}
			require.ElementsMatch(t, row.uncovered, texts)
			require.Equal(t, []shape.Tree{want, have}, []shape.Tree{row.want, row.have}, "neither is changed by it")
		})
	}
}

func TestIn(t *testing.T) {
	for _, row := range []struct {
		reason, path, above string
		in                  bool
	}{
		{"itself", "A.B", "A.B", true},
		{"below", "A.B.C", "A.B", true},
		{"of an item of a list", "L[1].C", "L.C", true},
		{"of an item with a name", "L[a.b].C", "L.C", true},
		{"whatever the case", "a.b", "A.B", true},
		{"not what only begins so", "A.BC", "A.B", false},
		{"not what is above", "A", "A.B", false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.in, shape.Difference{Path: row.path}.In(row.above))
		})
	}
}

func TestIndex(t *testing.T) {
	rules := shape.Rules{Unread: []string{"Hidden"}, Unordered: map[string]string{"D": "Name", "S": "", "W": ""}}
	tree := shape.Tree{
		"A": map[string]any{"B": "x", "Empty": ""}, "Hidden": map[string]any{"C": "y"},
		"D": items(named("n", "V", "1")), "L": items(map[string]any{"M": "z"}), "S": items("b", "a"), "W": items(map[string]any{"P": "q"}),
	}
	paths := []string{"A.B", "D[n].Name", "D[n].V", "L[0].M", "S", "W"}
	require.ElementsMatch(t, paths, slices.Collect(maps.Keys(rules.Fingerprints(tree, 100, 1000))))
	index := rules.Index(tree)
	for _, path := range append(paths, "A", "D", "D[n]", "L", "L[0]") {
		require.Contains(t, index, path)
	}
	require.NotContains(t, index, "Hidden")
	require.NotContains(t, index, "A.Empty", "it is as good as absent")
}

// Values that are equal by their rule have one fingerprint, others have others.
func TestFingerprint(t *testing.T) {
	rules := shape.Rules{
		JSON: []string{"J"}, Base64: []string{"B"}, Unordered: map[string]string{"S": "", "D": "Name"}, NameOrARN: []string{"N"},
	}
	for _, row := range []struct {
		reason, path string
		a, b         any
		same         bool
	}{
		{"texts", "T", "a", "a", true},
		{"other texts", "T", "a", "b", false},
		{"a text is not its number", "T", "1", int64(1), true}, // no member takes both
		{"numbers across types", "T", int64(1), 1.0, true},
		{"numbers that 32 bits keep", "T", 0.1, float64(float32(0.1)), true},
		{"other numbers", "T", 0.1, 0.1001, false},
		{"large whole numbers", "T", int64(16777216), int64(16777217), false},
		{"true and false", "T", true, false, false},
		{"sets", "S", items("a", "b"), items("b", "a"), true},
		{"lists", "L", items("a", "b"), items("b", "a"), false},
		{"sets by name", "D", items(named("a"), named("b")), items(named("b"), named("a")), true},
		{"JSON", "J", `{"a":1}`, `{ "a": 1 }`, true},
		{"base64", "B", "YWJj\n", "YWJj", true},
		{"names and ARNs", "N", "snails", "arn:aws:x:y:z:group/snails", true},
		{"structures", "M", map[string]any{"A": int64(1)}, map[string]any{"a": int64(1)}, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			a, b := rules.Fingerprint(row.path, row.a), rules.Fingerprint(row.path, row.b)
			require.Len(t, a, 8)
			require.Equal(t, row.same, a == b)
		})
	}
}

// However much there is, the fingerprints stay within their bound, and still tell of
// every change.
func TestFingerprintsAreBounded(t *testing.T) {
	wide := shape.Tree{"Top": "x"}
	for _, group := range []string{"A", "B", "C"} {
		members := map[string]any{}
		for i := range 300 {
			members[group+strings.Repeat("m", i%7)+string(rune('0'+i%10))+strings.Repeat("n", i/10)] = int64(i)
		}
		wide[group] = map[string]any{"Deep": members, "Own": "y"}
	}
	rules := shape.Rules{}
	for _, bound := range []struct{ entries, size int }{{400, 16 << 10}, {10, 1 << 20}, {4, 100}, {1, 10}} {
		prints := rules.Fingerprints(wide, bound.entries, bound.size)
		require.NotEmpty(t, prints)
		require.LessOrEqual(t, len(prints), max(bound.entries, 1))
		if len(prints) > 1 {
			length := 0
			for path, hash := range prints {
				length += len(path) + len(hash)
			}
			require.LessOrEqual(t, length, bound.size)
		}
		for _, path := range []string{"Top", "A.Own"} {
			changed := shape.Clone(wide)
			shape.Put(changed, path, "changed")
			require.NotEqual(t, prints, rules.Fingerprints(changed, bound.entries, bound.size), path)
		}
	}
	require.Equal(t, rules.Fingerprints(wide, 10, 1<<20), rules.Fingerprints(shape.Clone(wide), 10, 1<<20), "they are always the same")
}

// shuffled is a tree whose sets are in another order, and in whose structures there is
// more than before.
func shuffled(r *rand.Rand, rules shape.Rules, path string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		more := map[string]any{"FilledIn": "by AWS"}
		for k, e := range v {
			below := k
			if path != "" {
				below = path + "." + k
			}
			more[k] = shuffled(r, rules, below, e)
		}
		return more
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = shuffled(r, rules, path, e)
		}
		if _, unordered := rules.Unordered[path]; unordered {
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		return list
	default:
		return v
	}
}

// randomTree is a tree of some depth; members A are sets of texts, B sets of structures
// with names.
func randomTree(r *rand.Rand, depth int) map[string]any {
	t := map[string]any{"Text": string(rune('a' + r.IntN(26))), "Count": int64(r.IntN(9))}
	set := make([]any, r.IntN(4))
	for i := range set {
		set[i] = string(rune('a' + r.IntN(3)))
	}
	t["A"] = set
	if depth == 0 {
		return t
	}
	list := make([]any, r.IntN(3))
	for i := range list {
		list[i] = randomTree(r, depth-1)
		list[i].(map[string]any)["Name"] = string(rune('a' + i))
	}
	t["B"], t["C"] = list, randomTree(r, depth-1)
	return t
}

func rulesOfRandom() shape.Rules {
	rules := shape.Rules{Unordered: map[string]string{}}
	paths := []string{""}
	for range 4 {
		var below []string
		for _, path := range paths {
			for _, member := range []string{"A", "B", "C"} {
				p := strings.TrimPrefix(path+"."+member, ".")
				switch member {
				case "A":
					rules.Unordered[p] = ""
				case "B":
					rules.Unordered[p] = "Name"
					below = append(below, p)
				default:
					below = append(below, p)
				}
			}
		}
		paths = below
	}
	return rules
}

// Whatever AWS fills in and however it orders sets, there is no difference; one changed
// value is one difference, and another fingerprint.
func TestCoversWhatAWSMakesOfIt(t *testing.T) {
	rules := rulesOfRandom()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		want := randomTree(r, 3)
		have, _ := shuffled(r, rules, "", want).(map[string]any)
		require.Empty(t, rules.Uncovered(want, have), "seed %d", seed)

		changed := shape.Clone(want)
		shape.Put(changed, "C.C.Text", "changed")
		require.Len(t, rules.Uncovered(changed, have), 1, "seed %d", seed)

		other, _ := shuffled(r, rules, "", want).(map[string]any)
		strip(other)
		require.Equal(t, rules.Fingerprints(want, 400, 16<<10), rules.Fingerprints(other, 400, 16<<10), "seed %d", seed)
		require.NotEqual(t, rules.Fingerprints(want, 5, 1<<10), rules.Fingerprints(changed, 5, 1<<10), "seed %d", seed)
	}
}

// strip takes away what AWS has filled in.
func strip(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "FilledIn")
		for _, e := range v {
			strip(e)
		}
	case []any:
		for _, e := range v {
			strip(e)
		}
	}
}

func TestHides(t *testing.T) {
	rules := shape.Rules{Unread: []string{"A"}, WriteOnly: []string{"B"}, NeverShown: []string{"C"}}
	require.True(t, rules.Hides("a"))
	require.True(t, rules.Hides("B"))
	require.False(t, rules.Hides("C"))
	_, err := json.Marshal(rules.Canonical("", shape.Tree{"A": items(1.5, nil)}))
	require.NoError(t, err)
}

// Fingerprints stand in the status of objects: a version that made others would take all
// that was applied for somebody else's.
func TestFingerprintsNeverChange(t *testing.T) {
	rules := shape.Rules{Unordered: map[string]string{"S": ""}, JSON: []string{"J"}, Base64: []string{"B"}, NameOrARN: []string{"N"}}
	for path, row := range map[string]struct {
		value any
		want  string
	}{
		"T": {"text", "dyoq6ji5"},
		"F": {0.1, "ljdup7g2"},
		"I": {int64(3), "usvlh4pq"},
		"O": {true, "ww7kig3m"},
		"S": {items("b", "a"), "arz66loa"},
		"J": {`{"b": 1, "a": 2}`, "ad5gjylz"},
		"B": {"YWJj", "u4lhsbg5"},
		"N": {"arn:aws:x:y:z:group/Snails", "dz7dh5hh"},
		"M": {map[string]any{"A": "x"}, "xlecxsxd"},
	} {
		require.Equal(t, row.want, rules.Fingerprint(path, row.value), path)
	}
}
