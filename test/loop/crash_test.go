package loop_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// crash makes the controller's process die at a chosen effect: it has worked, and
// the answer is not read. Afterwards nothing goes out any more.
type crash struct {
	at int // which effect, counted from 1; 0 never

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

// chainKinds are those of the chain: a controller that is started so often need not
// look at all.
var chainKinds = []string{"TrainingJob", "Model", "EndpointConfig", "Endpoint"}

// TestCrashAtEveryEffect kills the controller after each of its effects, before
// it knows that it worked, starts it again, and expects the world it would have
// made anyway. To those that are left a death before the next effect is the same.
func TestCrashAtEveryEffect(t *testing.T) { crashing(t, interrupted, 1) }

// TestCrashOnTheWayBack does so where something serves: the endpoint is updated,
// git goes back, a failed job is forced, and all is deleted. A death after one
// effect is one before the next. Every ninth boundary is met: a run takes ten
// seconds, and of what happens here the first script has met most.
func TestCrashOnTheWayBack(t *testing.T) { crashing(t, thereAndBack, 9) }

// crashing plays a script once without a crash, and then with one after every so
// manyth of its effects.
func crashing(t *testing.T, script func(*world, *crash), every int) {
	t.Helper()
	t.Parallel()
	uneventful := &crash{}
	script(newLonelyWorld(t), uneventful)
	require.Greater(t, uneventful.effects, 20)
	t.Logf("%d effects", uneventful.effects)
	for at := 1; at <= uneventful.effects; at += every {
		t.Run(fmt.Sprintf("effect %d", at), func(t *testing.T) {
			script(newWorld(t), &crash{at: at})
		})
	}
}

// reviving waits for a condition and starts the controller again when it has
// died.
func (w *world) reviving(what string, condition func() bool) {
	w.t.Helper()
	revive := func() {
		if w.crash != nil && w.crash.happened() {
			w.crash = nil
			w.restartController()
		}
	}
	w.until(what, func() bool { revive(); return condition() })
	revive()
}

// thereAndBack pushes A, B and A again to a chain that serves, has a failed job
// run once more, and deletes everything, under a controller that dies once.
func thereAndBack(w *world, c *crash) {
	t := w.t
	w.kinds = chainKinds
	w.startController()
	w.apply(abalone())
	w.until("A serves", func() bool { return w.ran(100) && w.chainReady() })
	w.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Name: "other-*", Stage: "Training", Reason: "ClientError: no data", Times: 1})
	w.apply(replace(trainingJob(7), "{name: abalone}", "{name: other}"))
	other := func() *v1alpha1.TrainingJob { job, _ := get(w, "other", &v1alpha1.TrainingJob{}); return job }
	w.until("another job has failed", func() bool { return isStalled(other()) })
	w.stopController()
	w.crash = c
	w.startController()

	w.apply(trainingJob(200))
	w.reviving("B serves", func() bool { return w.ran(200) && w.chainReady() })
	w.apply(trainingJob(100))
	w.reviving("A serves again", func() bool { return w.ran(100) && w.chainReady() })
	require.Contains(t, w.served(), w.job().Status.Name)
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"], "A, B and the other")
	require.Equal(t, 2, w.mutations()["UpdateEndpoint"])

	w.forced(other(), "again")
	w.reviving("the failed job has run again", func() bool { return isReady(other()) })
	require.Equal(t, 4, w.mutations()["CreateTrainingJob"], "once")

	for _, obj := range append(w.chain(), other()) {
		require.NoError(t, w.kube.Delete(w.ctx, obj))
	}
	w.reviving("all is gone", func() bool {
		_, there := get(w, "other", &v1alpha1.TrainingJob{})
		return !there && len(w.chain()) == 0
	})
	require.Empty(t, w.aws.Objects("Endpoint"))
	require.Empty(t, w.aws.Objects("EndpointConfig"))
	require.Empty(t, w.aws.Objects("Model"))
}

// interrupted pushes a job, and another while the first runs, under a
// controller that dies once and is started again.
func interrupted(w *world, c *crash) {
	t := w.t
	w.kinds, w.crash = chainKinds, c
	w.startController()
	w.apply(abalone())
	w.reviving("a job runs", func() bool { return len(w.jobs("InProgress")) == 1 })
	w.apply(trainingJob(200))
	w.reviving("the chain is ready", func() bool { return w.chainReady() && w.ran(200) })
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"], "one job for each push")
	require.Empty(t, w.jobs("InProgress"))
	require.Len(t, w.jobs("Stopped"), 1, "the superseded run is not lost\n%s", w.describe())
	require.Equal(t, 1, w.mutations()["CreateEndpoint"])
	require.Len(t, w.aws.Objects("Model"), 1)
	require.Len(t, w.aws.Objects("EndpointConfig"), 1)
}
