package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/util/notification/expression"
	"github.com/argoproj/notifications-engine/pkg/api"
	"github.com/argoproj/notifications-engine/pkg/templates"
	"github.com/argoproj/notifications-engine/pkg/triggers"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func TestNotifications(t *testing.T) {
	t.Parallel()

	config, err := api.ParseConfig(configMap(t, "notifications"), &corev1.Secret{})
	require.NoError(t, err)
	service, err := triggers.NewService(config.Triggers)
	require.NoError(t, err)
	texts, err := templates.NewService(config.Templates)
	require.NoError(t, err)

	app := func(sync, health string) map[string]any {
		return expression.Spawn(nil, nil, map[string]any{
			"app": map[string]any{
				"metadata": map[string]any{"name": "abalone", "namespace": "argocd"},
				"status":   map[string]any{"sync": map[string]any{"status": sync, "revision": "9f8e7d6"}, "health": map[string]any{"status": health}},
			},
			"context": map[string]any{"argocdUrl": "https://argocd.example.com"},
		})
	}

	for _, row := range []struct{ trigger, sync, health, message string }{
		{"on-sagemaker-awaiting-approval", "Synced", "Suspended", "abalone waits for a decision at 9f8e7d6: https://argocd.example.com/applications/argocd/abalone\n"},
		{"on-sagemaker-awaiting-approval", "Synced", "Progressing", ""},
		{"on-sagemaker-degraded", "Synced", "Degraded", "abalone has failed at 9f8e7d6; what served before serves on: https://argocd.example.com/applications/argocd/abalone\n"},
		{"on-sagemaker-degraded", "Synced", "Healthy", ""},
		{"on-sagemaker-deployed", "Synced", "Healthy", "abalone is in service at 9f8e7d6\n"},
		{"on-sagemaker-deployed", "Synced", "Progressing", ""},
		{"on-sagemaker-deployed", "OutOfSync", "Healthy", ""},
	} {
		vars := app(row.sync, row.health)
		results, err := service.Run(row.trigger, vars)
		require.NoError(t, err)
		require.Len(t, results, 1)
		require.Equal(t, row.message != "", results[0].Triggered, "%v", row)
		if !results[0].Triggered {
			continue
		}
		require.Equal(t, "9f8e7d6", results[0].OncePer[len(results[0].OncePer)-7:], "once for each commit")
		note, err := texts.FormatNotification(vars, results[0].Templates...)
		require.NoError(t, err)
		require.Equal(t, row.message, note.Message)
		require.NotEmpty(t, note.Email.Subject)
	}
}
