package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	eventv1 "github.com/fluxcd/pkg/apis/event/v1beta1"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// eventSink is where notification-controller would be.
type eventSink struct {
	*httptest.Server

	mu     sync.Mutex
	events []eventv1.Event
}

func newEventSink(t *testing.T) *eventSink {
	t.Helper()
	sink := new(eventSink)
	sink.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event eventv1.Event
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sink.mu.Lock()
		defer sink.mu.Unlock()
		sink.events = append(sink.events, event)
	}))
	t.Cleanup(sink.Close)
	return sink
}

// of are the events about an object, the oldest first.
func (s *eventSink) of(kind, namespace, name string) []eventv1.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.events), func(e eventv1.Event) bool {
		object := e.InvolvedObject
		return object.Kind != kind || object.Namespace != namespace || object.Name != name
	})
}

// fluxEvents: notification-controller is told what becomes of a job, with the commit
// that it came with.
func fluxEvents(u *fluxUser) {
	first := u.begin()
	u.expectEvent(first, reason.Creating, eventv1.EventSeverityInfo, "creating events-")
	u.expectEvent(first, reason.Completed, eventv1.EventSeverityInfo, "")
	u.expectEvent(u.edit(jobFile, data, nowhere), reason.ValidationFailed, eventv1.EventSeverityError, refused)
}

// expectEvent waits for an event about the job.
func (u *fluxUser) expectEvent(commit, why, severity, message string) {
	u.Helper()
	var event eventv1.Event
	u.until("an event "+why, func() bool {
		events := u.sink.of("TrainingJob", u.name, u.name)
		i := slices.IndexFunc(events, func(e eventv1.Event) bool { return e.Reason == why })
		if i >= 0 {
			event = events[i]
		}
		return i >= 0
	})
	require.Equal(u, severity, event.Severity)
	require.Contains(u, event.Message, message)
	require.Equal(u, v1alpha1.GroupVersion.String(), event.InvolvedObject.APIVersion)
	require.Equal(u, "main@sha1:"+commit, event.Metadata[v1alpha1.Group+"/"+eventv1.MetaRevisionKey])
	require.Equal(u, "sagemaker-gitops", event.ReportingController)
}
