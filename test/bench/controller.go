package bench

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/cluster"
)

// root is the directory of the module that the working directory is in.
func root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("ask go where the module is: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", fmt.Errorf("the bench runs in a checkout of the project: go env GOMOD says %q", file)
	}
	return filepath.Dir(file), nil
}

func buildController(ctx context.Context, root, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/sagemaker-gitops")
	cmd.Dir = root
	var complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &complaint, &complaint
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build the controller: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return nil
}

// startController runs the controller's binary as its service account.
func (b *Bench) startController(ctx context.Context, binary, eventsAddr string) error {
	kubeconfig, err := b.install(ctx)
	if err != nil {
		return err
	}
	health, err := cluster.FreeAddress()
	if err != nil {
		return err
	}
	metrics, err := cluster.FreeAddress()
	if err != nil {
		return err
	}
	b.MetricsURL = "http://" + metrics + "/metrics"
	_, err = b.Cluster.StartProgram(ctx, cluster.ProgramOptions{
		Name: "controller", Path: binary,
		Args: []string{
			"controller", "--cluster-name=" + ClusterName, "--observe-interval=" + observeInterval.String(),
			"--health-addr=" + health, "--metrics-addr=" + metrics, "--events-addr=" + eventsAddr,
		},
		Env:      append(b.AWSEnv(), "KUBECONFIG="+kubeconfig, "RUNTIME_NAMESPACE="+namespace),
		ReadyURL: "http://" + health + "/readyz",
	})
	return err
}
