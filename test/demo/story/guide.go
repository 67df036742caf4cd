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
	return []Tip{
		{"get the repository", "git clone -c user.name=me -c user.email=me@example.com " + b.Repository.URL, "git"},
		{
			"train for more rounds: one new job runs, then the endpoint moves to its model",
			`sed -i 's/num_round: .*/num_round: "200"/' ml/overlays/demo/training-job.yaml` +
				` && git -C ml commit -qam "More rounds" && git -C ml push -q`,
			"git",
		},
		{"take it back: nothing is trained, and the first model serves again", "git -C ml revert --no-edit HEAD && git -C ml push -q", "git"},
		{"see the objects", kubectl + " -n " + Namespace + " get trainingjobs,modeldeployments,models,endpointconfigs,endpoints.sagemaker.gitops.dev", "kubectl"},
		{"see all of one", kubectl + " -n " + Namespace + " get trainingjob " + Name + " -o yaml", "kubectl"},
		{"see what Flux says", kubectl + " -n flux-system get kustomizations,gitrepositories", "kubectl"},
		{"ask AWS", "env " + strings.Join(b.AWSEnv(), " ") + " aws --region " + bench.Region +
			" --endpoint-url " + b.AWS.URL() + " sagemaker list-training-jobs", "aws"},
		{"count what AWS was asked", "curl -s " + b.AWS.URL() + "/_simulator/journal/counts", "curl"},
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
