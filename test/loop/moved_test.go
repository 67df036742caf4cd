package loop_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// TestMovedChain: an identity that leads into another account is refused by every object of
// a chain that is in AWS, in whatever order they are reconciled: an object that comes to it
// last, and finds what it refers to refused, does not wait for that in silence.
func TestMovedChain(t *testing.T) {
	w := newWorld(t)
	var last atomic.Bool
	others := make(chan struct{})
	w.startWith(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if last.Load() && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/endpoints/abalone") {
				select {
				case <-others:
				case <-r.Context().Done():
				}
			}
			return next.RoundTrip(r)
		})
	}, nil)
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	last.Store(true)
	w.annotateNamespace("sagemaker.gitops.dev/assume-role-arn", "arn:aws:iam::"+otherAccount+":role/team")
	w.until("what the endpoint refers to is refused", func() bool {
		config, _ := get(w, "abalone", &v1alpha1.EndpointConfig{})
		return !isReady(config)
	})
	close(others)
	refused := func() bool {
		for _, obj := range []reconcile.Object{&v1alpha1.Model{}, &v1alpha1.EndpointConfig{}, &v1alpha1.Endpoint{}} {
			obj, _ = get(w, "abalone", obj)
			if !isStalled(obj) || readyCondition(obj).Reason != reason.ImmutableField {
				return false
			}
		}
		return true
	}
	w.until("all say that they cannot be moved", refused)
	w.pass(30*time.Minute, 10*time.Second)
	require.True(t, refused(), "and go on saying so")
	require.True(t, isReady(w.job()), "a finished job is not looked at again")
}
