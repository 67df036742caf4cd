package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/util/notification/expression"
	"github.com/argoproj/notifications-engine/pkg/api"
	"github.com/argoproj/notifications-engine/pkg/controller"
	"github.com/argoproj/notifications-engine/pkg/services"
	"github.com/argoproj/notifications-engine/pkg/templates"
	"github.com/argoproj/notifications-engine/pkg/triggers"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

const (
	awaiting = "on-sagemaker-awaiting-approval"
	degraded = "on-sagemaker-degraded"
	deployed = "on-sagemaker-deployed"
)

// moment is an Application as Argo CD's notifications controller sees it.
type moment struct {
	sync, health string
	// at is the revision that the Application is compared with, synced the one of its last
	// sync. More than one belong to several sources.
	at, synced []string
	// sent are the messages that come of it.
	sent []string
}

func (m moment) vars() map[string]any {
	status := map[string]any{}
	if m.sync != "" {
		status["sync"] = revisions(m.at, map[string]any{"status": m.sync})
	}
	if m.health != "" {
		status["health"] = map[string]any{"status": m.health}
	}
	if m.synced != nil {
		result := revisions(m.synced, map[string]any{"revision": ""})
		status["operationState"] = map[string]any{"syncResult": result}
	}
	app := map[string]any{"metadata": map[string]any{"name": "abalone", "namespace": "argocd"}}
	if len(status) > 0 {
		app["status"] = status
	}

	return expression.Spawn(nil, nil, map[string]any{"app": app, "context": map[string]any{"argocdUrl": "https://argocd.example.com"}})
}

func revisions(of []string, object map[string]any) map[string]any {
	switch len(of) {
	case 0:
	case 1:
		object["revision"] = of[0]
	default:
		all := make([]any, 0, len(of))
		for _, one := range of {
			all = append(all, one)
		}
		object["revisions"] = all
	}

	return object
}

// TestNotifications: what is sent, in the course of time, by Argo CD's own engine.
func TestNotifications(t *testing.T) { //nolint:paralleltest // it listens to the engine's log
	config, err := api.ParseConfig(configMap(t, "notifications"), &corev1.Secret{})
	require.NoError(t, err)
	service, err := triggers.NewService(config.Triggers)
	require.NoError(t, err)
	texts, err := templates.NewService(config.Templates)
	require.NoError(t, err)

	log := logtest.NewGlobal()
	t.Cleanup(func() { logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{}) })

	const (
		link  = ": https://argocd.example.com/applications/argocd/abalone\n"
		waits = "abalone waits for a person at "
		fails = "abalone has failed at "
		done  = "abalone is done at "
	)
	a, b, c := []string{"aaaaaaa"}, []string{"bbbbbbb"}, []string{"ccccccc"}
	two := []string{"aaaaaaa", "1111111"}

	for _, course := range []struct {
		reason  string
		moments []moment
	}{
		{"an Application that Argo CD has not looked at yet", []moment{{}, {sync: "Unknown"}, {health: "Missing"}}},
		{"one that waits for a decision and is told of once", []moment{
			{sync: "OutOfSync", health: "Missing", at: a},
			{sync: "Synced", health: "Progressing", at: a, synced: a},
			{sync: "Synced", health: "Suspended", at: a, synced: a, sent: []string{waits + "aaaaaaa" + link}},
			{sync: "Synced", health: "Suspended", at: a, synced: a},
			{sync: "Synced", health: "Progressing", at: a, synced: a},
			{sync: "Synced", health: "Healthy", at: a, synced: a, sent: []string{done + "aaaaaaa\n"}},
		}},
		{"a second decision at one commit", []moment{
			{sync: "Synced", health: "Suspended", at: a, synced: a, sent: []string{waits + "aaaaaaa" + link}},
			{sync: "Synced", health: "Progressing", at: a, synced: a},
			{sync: "Synced", health: "Suspended", at: a, synced: a, sent: []string{waits + "aaaaaaa" + link}},
		}},
		{"a second failure at one commit", []moment{
			{sync: "Synced", health: "Degraded", at: a, synced: a, sent: []string{fails + "aaaaaaa" + link}},
			{sync: "Synced", health: "Degraded", at: a, synced: a},
			{sync: "Synced", health: "Progressing", at: a, synced: a},
			{sync: "Synced", health: "Degraded", at: a, synced: a, sent: []string{fails + "aaaaaaa" + link}},
		}},
		{"commits that change nothing of it", []moment{
			{sync: "Synced", health: "Healthy", at: a, synced: a, sent: []string{done + "aaaaaaa\n"}},
			{sync: "Synced", health: "Healthy", at: b, synced: a},
			{sync: "Synced", health: "Healthy", at: c, synced: a},
		}},
		{"commits that change nothing of what waits", []moment{
			{sync: "Synced", health: "Suspended", at: a, synced: a, sent: []string{waits + "aaaaaaa" + link}},
			{sync: "Synced", health: "Suspended", at: b, synced: a},
		}},
		{"nor of what has failed", []moment{
			{sync: "Synced", health: "Degraded", at: a, synced: a, sent: []string{fails + "aaaaaaa" + link}},
			{sync: "Synced", health: "Degraded", at: b, synced: a},
		}},
		{"a commit that is told of when it is done, not when its sync begins", []moment{
			{sync: "Synced", health: "Healthy", at: a, synced: a, sent: []string{done + "aaaaaaa\n"}},
			{sync: "OutOfSync", health: "Healthy", at: b, synced: a},
			{sync: "OutOfSync", health: "Healthy", at: b, synced: b},
			{sync: "Synced", health: "Progressing", at: b, synced: b},
			{sync: "Synced", health: "Healthy", at: b, synced: b, sent: []string{done + "bbbbbbb\n"}},
			{sync: "Synced", health: "Progressing", at: b, synced: b},
			{sync: "Synced", health: "Healthy", at: b, synced: b},
		}},
		{"one that was never synced", []moment{
			{sync: "Synced", health: "Healthy", at: a, sent: []string{done + "aaaaaaa\n"}},
			{sync: "Synced", health: "Healthy", at: a},
			{sync: "Synced", health: "Progressing", at: b},
			{sync: "Synced", health: "Healthy", at: b, sent: []string{done + "bbbbbbb\n"}},
		}},
		{"several sources", []moment{
			{sync: "Synced", health: "Suspended", at: two, synced: two, sent: []string{waits + "aaaaaaa, 1111111" + link}},
			{sync: "Synced", health: "Degraded", at: two, synced: two, sent: []string{fails + "aaaaaaa, 1111111" + link}},
			{sync: "Synced", health: "Healthy", at: two, synced: two, sent: []string{done + "aaaaaaa, 1111111\n"}},
			{sync: "Synced", health: "Progressing", at: []string{"aaaaaaa", "2222222"}, synced: []string{"aaaaaaa", "2222222"}},
			{sync: "Synced", health: "Healthy", at: []string{"aaaaaaa", "2222222"}, synced: []string{"aaaaaaa", "2222222"}, sent: []string{done + "aaaaaaa, 2222222\n"}},
		}},
		{"what is judged and not compared", []moment{{health: "Degraded", sent: []string{"abalone has failed" + link}}}},
	} {
		t.Run(course.reason, func(t *testing.T) {
			told := controller.NotificationsState{}
			for i, m := range course.moments {
				require.Equal(t, m.sent, send(t, service, texts, told, m.vars()), "moment %d", i)
			}
			require.Empty(t, log.AllEntries(), "the engine has nothing to complain of")
		})
	}
}

// send does what the engine's controller does when an Application changes, and returns the
// messages.
func send(t *testing.T, service triggers.Service, texts templates.Service, told controller.NotificationsState, vars map[string]any) []string {
	t.Helper()

	var sent []string

	to := services.Destination{Service: "slack", Recipient: "ml"}
	for _, trigger := range []string{awaiting, degraded, deployed} {
		results, err := service.Run(trigger, vars)
		require.NoError(t, err)
		require.Len(t, results, 1)

		if !told.SetAlreadyNotified(false, "argocd", trigger, results[0], to, results[0].Triggered) || !results[0].Triggered {
			continue
		}
		note, err := texts.FormatNotification(vars, results[0].Templates...)
		require.NoError(t, err)
		require.NotEmpty(t, note.Email.Subject)
		sent = append(sent, note.Message)
	}

	return sent
}
