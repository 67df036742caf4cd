package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/graph"
)

// read makes nodes of a text such as "a; b: a; c: a b".
func read(text string) []graph.Node {
	var nodes []graph.Node
	for part := range strings.SplitSeq(text, ";") {
		name, needs, _ := strings.Cut(strings.TrimSpace(part), ":")
		nodes = append(nodes, graph.Node{Name: name, Needs: strings.Fields(needs)})
	}
	return nodes
}

func TestOrder(t *testing.T) {
	for _, row := range []struct{ reason, nodes, order string }{
		{"nothing needs anything", "b; a", "b a"},
		{"what is needed comes first", "serve: train; train: prep; prep", "prep train serve"},
		{"a diamond", "d: b c; b: a; c: a; a", "a b c d"},
		{"the order given decides between equals", "z; y; x: y", "z y x"},
		{"a need named twice is one", "b: a a; a", "a b"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			g, err := graph.New(read(row.nodes))
			require.NoError(t, err)
			require.Equal(t, row.order, strings.Join(g.Order(), " "))
		})
	}
}

func TestRefused(t *testing.T) {
	for _, row := range []struct{ reason, nodes, err string }{
		{"a step that does not exist", "a: b", "step a needs step b, which does not exist"},
		{"itself", "a: a", "steps need each other: a needs a"},
		{"a cycle is told from where it closes", "start: a; a: b; b: c; c: a", "steps need each other: a needs b needs c needs a"},
		{"two of one name", "a; a", "there are two steps a"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			_, err := graph.New(read(row.nodes))
			require.EqualError(t, err, row.err)
		})
	}
}

func TestNeighbours(t *testing.T) {
	g, err := graph.New(read("a; b: a; c: b; d: b; e"))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, g.Upstream("c"))
	require.Equal(t, []string{"b", "c", "d"}, g.Downstream("a"))
	require.Empty(t, g.Upstream("e"))
	require.Empty(t, g.Downstream("e"))
	require.Equal(t, []string{"b"}, g.Needs("c"))
}

// Whatever the graph, everything stands behind what it needs, and up and down are
// the same relation.
func TestRandomGraphs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		size := 1 + random.IntN(20)
		nodes := make([]graph.Node, 0, size)
		for i := range size {
			node := graph.Node{Name: fmt.Sprintf("s%d", i)}
			for j := range i {
				if random.IntN(4) == 0 {
					node.Needs = append(node.Needs, fmt.Sprintf("s%d", j))
				}
			}
			nodes = append(nodes, node)
		}
		random.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		g, err := graph.New(nodes)
		require.NoError(t, err)
		order := g.Order()
		require.Len(t, order, len(nodes))
		for _, n := range nodes {
			for _, need := range n.Needs {
				require.Less(t, slices.Index(order, need), slices.Index(order, n.Name))
			}
			for _, up := range g.Upstream(n.Name) {
				require.Contains(t, g.Downstream(up), n.Name)
			}
		}
	}
}

// Whatever steps need each other, they are refused, or each comes after those it needs.
func FuzzNew(f *testing.F) {
	f.Add("a b;b c;c ")
	f.Add("a a")
	f.Fuzz(func(t *testing.T, text string) {
		var nodes []graph.Node
		for line := range strings.SplitSeq(text, ";") {
			if words := strings.Fields(line); len(words) > 0 {
				nodes = append(nodes, graph.Node{Name: words[0], Needs: words[1:]})
			}
		}
		g, err := graph.New(nodes)
		if err != nil {
			return
		}
		order := g.Order()
		require.Len(t, order, len(nodes))
		for i, name := range order {
			for _, need := range g.Needs(name) {
				require.Less(t, slices.Index(order, need), i)
			}
		}
	})
}
