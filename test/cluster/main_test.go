package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// patience bounds every wait of the tests; none takes a tenth of it alone
	// on the machine.
	patience = 90 * time.Second
	poll     = 50 * time.Millisecond

	helperEnv = "CLUSTER_TEST_HELPER"
)

// children is what the helper process tells its parent.
type children struct {
	Dir  string `json:"dir"`
	Pids []int  `json:"pids"`
}

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard()) // of the CRD installer, which complains otherwise
	if os.Getenv(helperEnv) != "" {
		if err := helper(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	code := m.Run()
	if stopShared != nil {
		if err := stopShared(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// helper starts everything, tells its parent and waits to be killed.
func helper() error {
	c, err := Start(context.Background(), Options{})
	if err != nil {
		return err
	}
	if _, err := c.StartFlux(context.Background(), FluxOptions{}); err != nil {
		return err
	}
	if _, err := c.StartArgoCD(context.Background(), ArgoCDOptions{}); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(children{c.Dir, c.pids()}); err != nil {
		return err
	}
	select {}
}

func (c *Cluster) pids() []int {
	pids := make([]int, 0, len(c.processes))
	for _, p := range c.processes {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}

// alive tells whether a process still runs; one that only waits for its parent
// to take note of its end does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

var stopShared func() error

// startShared starts the one cluster that the tests share.
var startShared = sync.OnceValues(func() (*Cluster, error) {
	c, err := Start(context.Background(), Options{CRDs: []string{"testdata/widget.yaml"}})
	if err == nil {
		stopShared = c.Stop
	}
	return c, err
})

func sharedCluster(t *testing.T) (*Cluster, client.Client) {
	t.Helper()
	start := time.Now()
	c, err := startShared()
	require.NoError(t, err)
	t.Logf("cluster ready after %s", time.Since(start).Round(time.Millisecond))
	api, err := client.New(c.Config, client.Options{})
	require.NoError(t, err)
	return c, api
}

// eventually polls until check passes and fails with its last error.
func eventually(t *testing.T, reason string, check func() error) {
	t.Helper()
	var last error
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for time.Now().Before(deadline) {
		if last = check(); last == nil {
			return
		}
		<-ticker.C
	}
	require.NoError(t, last, reason)
}
