package loop_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// tries is how often a request of a test's own is sent, if the connection breaks.
const tries = 4

// clientConfig is the configuration of a test's own clients: those of an account, as of
// configOf, whose requests survive that a connection breaks, which happens under load and
// of which the API server knows nothing.
func (w *world) clientConfig(account string) *rest.Config {
	config := w.configOf(account)
	config.Wrap(persistent)
	return config
}

// persistent sends requests again whose answer was lost, if that does no harm.
func persistent(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if !repeatable(r) {
			return next.RoundTrip(r)
		}
		for try := 1; ; try++ {
			response, err := once(next, r)
			switch {
			case err == nil && try > 1 && r.Method == http.MethodDelete && response.StatusCode == http.StatusNotFound:
				response.StatusCode, response.Status = http.StatusOK, "200 OK" // an earlier try deleted it
				return response, nil
			case err == nil, try == tries, r.Context().Err() != nil:
				return response, err
			}
		}
	})
}

// repeatable tells whether a request has the same effect when it is sent twice. Of the tests'
// patches all have, since none names the version that it is for.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet:
		return !strings.Contains(r.URL.RawQuery, "watch=")
	case http.MethodPatch, http.MethodDelete:
		return r.Body == nil || r.GetBody != nil
	default:
		return false
	}
}

// once sends a request and reads all of the answer, in the midst of which the connection may
// break as well.
func once(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.GetBody != nil {
		var err error
		if r.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	response, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// breaking loses the answers to a test's requests: every other one, in the midst of it.
func breaking(lost *atomic.Int64) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err != nil || lost.Add(1)%2 == 0 {
				return response, err
			}
			_ = response.Body.Close()
			if lost.Load()%4 == 1 {
				return nil, errors.New("stream error: stream ID 35; INTERNAL_ERROR; received from peer")
			}
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), brokenBody{}))
			return response, nil
		})
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) {
	return 0, errors.New("stream error: stream ID 37; INTERNAL_ERROR; received from peer")
}

// TestLostAnswersOfTheAPIServer: a test's own reads, patches and deletions get through, and
// what is not to be sent twice is not.
func TestLostAnswersOfTheAPIServer(t *testing.T) {
	w := newWorld(t)
	config := w.configOf("")
	var lost atomic.Int64
	config.Wrap(breaking(&lost))
	config.Wrap(persistent)
	own := w.kube
	var err error
	w.kube, err = client.New(config, client.Options{Scheme: own.Scheme()})
	require.NoError(t, err)
	for range 3 {
		w.apply(trainingJob(100))
		_, there := get(w, "abalone", &v1alpha1.TrainingJob{})
		require.True(t, there)
		require.NoError(t, w.kube.List(w.ctx, &v1alpha1.TrainingJobList{}, client.InNamespace(w.namespace)))
		require.NoError(t, w.kube.Delete(w.ctx, w.job()))
		_, there = get(w, "abalone", &v1alpha1.TrainingJob{})
		require.False(t, there)
	}
	require.Greater(t, lost.Load(), int64(20))
}
