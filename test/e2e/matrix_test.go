package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// row is one thing that is to work under a tool.
type row string

const (
	trains    row = "a push trains a model and serves it, and is not healthy before"
	changes   row = "another hyperparameter is another model, rolled out without a gap"
	spoils    row = "a bad push fails with the reason, and the old model serves on"
	heals     row = "`git revert` of it heals, without a job"
	goesBack  row = "`git revert` of a hyperparameter brings the old model back, without a job"
	approves  row = "an approval is waited for, and a commit gives it"
	gates     row = "a worse model fails at its gate, and the old one serves on"
	overtakes row = "a newer commit wins over one that is at work"
	clientWay row = "no difference from git after client-side apply"
	serverWay row = "no difference from git after server-side apply"
	dryRun    row = "no difference from git by server-side diff"
	everyKind row = "no difference from git in any kind, by each of these"
	prunes    row = "what git no longer has goes, in AWS too"
	// By the two ways to delete that each tool has.
	foreground row = "all goes with what applied it: by `deletionPolicy: WaitForTermination`, by a foreground cascade"
	background row = "all goes with what applied it: by `deletionPolicy: Delete`, by a background cascade"
	waves      row = "what is to come after a job waits for its health: by `dependsOn`, by waves"
)

// matrix is what is tried under which tool, in the order of the table.
var matrix = []struct {
	row
	tools []cluster.Tool
}{
	{trains, both},
	{changes, both},
	{spoils, both},
	{heals, both},
	{goesBack, both},
	{approves, both},
	{gates, both},
	{overtakes, both},
	{clientWay, argo},
	{serverWay, both},
	{dryRun, both},
	{everyKind, both},
	{prunes, both},
	{foreground, both},
	{background, both},
	{waves, both},
}

var (
	argo = []cluster.Tool{cluster.ArgoCDTool}
	both = []cluster.Tool{cluster.FluxTool, cluster.ArgoCDTool}
)

// seen is what has come of it in this run.
var seen = struct {
	sync.Mutex
	cells map[cluster.Tool]map[row]string
}{cells: map[cluster.Tool]map[row]string{cluster.FluxTool: {}, cluster.ArgoCDTool: {}}}

func holds(tool cluster.Tool, r row) {
	seen.Lock()
	defer seen.Unlock()
	seen.cells[tool][r] = "holds"
}

// table is the matrix, with what stands in a cell of what a tool has.
func table(cell func(cluster.Tool, row) string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "| | %s | %s |\n| --- | --- | --- |\n", cluster.FluxTool, cluster.ArgoCDTool)
	for _, line := range matrix {
		fmt.Fprintf(&text, "| %s |", line.row)
		for _, tool := range both {
			is := "not of " + string(tool)
			if slices.Contains(line.tools, tool) {
				is = cell(tool, line.row)
			}
			fmt.Fprintf(&text, " %s |", is)
		}
		text.WriteString("\n")
	}
	return text.String()
}

// TestMain tells in the end what has come of the matrix, and how long it took. A run of all
// tests fails if a cell of the matrix or a time is missing.
func TestMain(m *testing.M) {
	flag.Parse()
	// A bench waits most of the time, for AWS and for what looks at it now and then.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
	code := m.Run()
	if len(seen.cells[cluster.FluxTool])+len(seen.cells[cluster.ArgoCDTool]) > 0 {
		fmt.Fprintln(os.Stdout, "\n"+table(func(tool cluster.Tool, r row) string {
			if is := seen.cells[tool][r]; is != "" {
				return is
			}
			return "not seen"
		}))
		fmt.Fprintln(os.Stdout, timetable())
	}
	everything := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" &&
		flag.Lookup("test.list").Value.String() == ""
	if missing := missing(); code == 0 && everything && len(missing) > 0 {
		fmt.Fprintln(os.Stdout, "no test has seen:\n"+strings.Join(missing, "\n"))
		code = 1
	}
	os.Exit(code)
}

// missing is what the tables lack after a run.
func missing() []string {
	var lacks []string
	for _, tool := range both {
		for _, line := range matrix {
			if slices.Contains(line.tools, tool) && seen.cells[tool][line.row] == "" {
				lacks = append(lacks, fmt.Sprintf("%s: %s", tool, line.row))
			}
		}
		for _, s := range spans {
			if len(measured.times[tool][s]) == 0 {
				lacks = append(lacks, fmt.Sprintf("%s: %s", tool, s))
			}
		}
	}
	return lacks
}

// TestMatrix: the README has the matrix, and tells of each time.
func TestMatrix(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(text), table(func(cluster.Tool, row) string { return "holds" }))
	for _, s := range spans {
		require.Contains(t, string(text), "\n| "+string(s)+" | ")
	}
}
