package loop_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// crash makes the controller's process die at a chosen effect: before the
// request goes out, or after it has worked and before the answer is read.
// Afterwards nothing goes out any more.
type crash struct {
	at    int  // which effect, counted from 1; 0 never
	after bool // the effect happens, its answer is lost

	mu      sync.Mutex
	effects int
	dead    bool
}

var errDead = errors.New("the process has died")

func (c *crash) happened() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

// send passes a request on, unless the process is dead or dies with it.
func (c *crash) send(r *http.Request, effect bool, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return nil, errDead
	}
	dies := false
	if effect {
		c.effects++
		dies = c.effects == c.at
		c.dead = dies
	}
	c.mu.Unlock()
	if dies && !c.after {
		return nil, errDead
	}
	response, err := next(r)
	if dies && err == nil {
		_ = response.Body.Close()
		return nil, errDead
	}
	return response, err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// kubernetes counts writes of our resources as effects; events are none.
func (c *crash) kubernetes(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		effect := r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/apis/sagemaker.gitops.dev/")
		return c.send(r, effect, next.RoundTrip)
	})
}

type httpClient func(*http.Request) (*http.Response, error)

func (f httpClient) Do(r *http.Request) (*http.Response, error) { return f(r) }

// aws counts calls that may change something as effects.
func (c *crash) aws() httpClient {
	return func(r *http.Request) (*http.Response, error) {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		effect := operation != "" && !strings.HasPrefix(operation, "Describe") && !strings.HasPrefix(operation, "List")
		return c.send(r, effect, http.DefaultClient.Do)
	}
}

// TestCrashAtEveryEffect kills the controller before and after each of its
// effects, starts it again, and expects the world it would have made anyway.
func TestCrashAtEveryEffect(t *testing.T) {
	t.Parallel()
	uneventful := &crash{}
	interrupted(newLonelyWorld(t), uneventful)
	require.Greater(t, uneventful.effects, 20)
	t.Logf("%d effects", uneventful.effects)
	for _, after := range []bool{false, true} {
		for at := 1; at <= uneventful.effects; at++ {
			t.Run(fmt.Sprintf("effect %d after=%t", at, after), func(t *testing.T) {
				interrupted(newWorld(t), &crash{at: at, after: after})
			})
		}
	}
}

// interrupted pushes a job, and another while the first runs, under a
// controller that dies once and is started again.
func interrupted(w *world, c *crash) {
	t := w.t
	w.crash = c
	w.startController()
	revive := func() {
		if w.crash != nil && w.crash.happened() {
			w.crash = nil
			w.restartController()
		}
	}
	w.apply(abalone())
	w.until("a job runs", func() bool { revive(); return len(w.jobs("InProgress")) == 1 })
	w.apply(trainingJob(200))
	w.until("the chain is ready", func() bool { revive(); return w.chainReady() && w.ran(200) })
	revive()
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"], "one job for each push")
	require.Empty(t, w.jobs("InProgress"))
	require.Len(t, w.jobs("Stopped"), 1, "the superseded run is not lost\n%s", w.describe())
	require.Equal(t, 1, w.mutations()["CreateEndpoint"])
	require.Len(t, w.aws.Objects("Model"), 1)
	require.Len(t, w.aws.Objects("EndpointConfig"), 1)
}
