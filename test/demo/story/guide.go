package story

import (
	"fmt"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/bench"
)

// Tip is something to try on a running bench.
type Tip struct {
	// What it shows.
	What string
	// Command for a POSIX shell.
	Command string
	// Needs is the program that it takes.
	Needs string
}

// Tips are to be tried in this order. The first clones into the working
// directory.
func Tips(b *bench.Bench) []Tip {
	kubectl := "kubectl --kubeconfig " + b.Cluster.Kubeconfig
	pipeline := kubectl + " -n " + Namespace + " get modelpipeline " + Name
	const push = " && git -C ml push -q"
	return []Tip{
		{"get the repository", "git clone -c user.name=me -c user.email=me@example.com " + b.Repository.URL, "git"},
		{
			"train for more rounds: one new job runs, is judged, and waits for you",
			`sed -i 's/rounds: .*/rounds: "200"/' ml/overlays/demo/params.yaml && git -C ml commit -qam "More rounds"` + push, "git",
		},
		{
			"approve it when it waits, by a commit: the endpoint moves to its model",
			kubectl + " -n " + Namespace + " wait modelpipeline " + Name + " --for=jsonpath={.status.phase}=AwaitingApproval --timeout=2m" +
				" && evidence=$(" + pipeline + ` -o 'jsonpath={.status.steps[?(@.name=="approve")].evidence}')` +
				` && echo "    - {step: approve, evidence: $evidence, by: me}" >> ml/` + approvalsFile +
				" && git -C ml commit -qam Approve" + push,
			"kubectl",
		},
		{
			"take the rounds back: nothing runs, nobody is asked, and the first model serves again",
			`git -C ml revert --no-edit ':/^More rounds'` + push, "git",
		},
		{
			"train a worse model: the gate stops it, and the old one serves on; git revert heals",
			`sed -i 's/eta: "0.2"/eta: "0.9"/' ml/base/model-pipeline.yaml && git -C ml commit -qam "Learn faster"` + push, "git",
		},
		{"see what the pipeline does about each step, and why", pipeline + " -o yaml", "kubectl"},
		{"see what it has made", kubectl + " -n " + Namespace + " get sagemaker", "kubectl"},
		{"see what Flux says", kubectl + " -n flux-system get kustomizations,gitrepositories", "kubectl"},
		{"ask AWS", "env " + strings.Join(b.AWSEnv(), " ") + " aws --region " + bench.Region +
			" --endpoint-url " + b.AWS.URL() + " sagemaker list-training-jobs", "aws"},
		{"count what AWS was asked", "curl -s " + b.AWS.URL() + "/_simulator/journal/counts", "curl"},
		{"see what simulated jobs come to, by hyperparameter", "curl -s " + b.AWS.URL() + "/_simulator/faults", "curl"},
		{
			"let AWS patch the endpoint: it serves on, and stays Ready",
			"curl -s -X POST " + b.AWS.URL() + "/_simulator/endpoints/" + Name + "/systemupdate", "curl",
		},
	}
}

// Guide says how to reach what runs, and what to try.
func Guide(b *bench.Bench) string {
	var g strings.Builder
	fmt.Fprintf(&g, "Kubernetes  KUBECONFIG=%s\n", b.Cluster.Kubeconfig)
	fmt.Fprintf(&g, "git         %s, branch main, to which anybody may push\n", b.Repository.URL)
	for i, variable := range b.AWSEnv() {
		label := ""
		if i == 0 {
			label = "AWS"
		}
		fmt.Fprintf(&g, "%-11s %s\n", label, variable)
	}
	fmt.Fprintf(&g, "logs        %s/*.log\n", b.Cluster.Dir)
	for _, tip := range Tips(b) {
		fmt.Fprintf(&g, "\n# %s\n%s\n", tip.What, tip.Command)
	}
	return g.String()
}
