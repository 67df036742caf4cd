package argocd_test

import (
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/v3/server/deeplinks"
	"github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/stretchr/testify/require"
)

func TestLinks(t *testing.T) {
	t.Parallel()

	links, err := configured(t, "links").GetDeepLinks(settings.ResourceDeepLinks)
	require.NoError(t, err)

	for _, row := range []struct {
		reason, object string
		url            string
	}{
		{"an object that is in AWS", `{apiVersion: sagemaker.gitops.dev/v1alpha1, kind: Endpoint, status: {consoleURL: "https://eu-west-1.console.aws.amazon.com/sagemaker"}}`, "https://eu-west-1.console.aws.amazon.com/sagemaker"},
		{"one that is not yet", `{apiVersion: sagemaker.gitops.dev/v1alpha1, kind: Endpoint, status: {observedGeneration: -1}}`, ""},
		{"one without a status", `{apiVersion: sagemaker.gitops.dev/v1alpha1, kind: Endpoint}`, ""},
		{"somebody else's", `{apiVersion: example.com/v1, kind: Endpoint, status: {consoleURL: "https://example.com"}}`, ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()

			found, wrong := deeplinks.EvaluateDeepLinksResponse(
				deeplinks.CreateDeepLinksObject(parse(t, row.object), nil, nil, nil), "abalone", links)
			require.Empty(t, wrong)
			if row.url == "" {
				require.Empty(t, found.Items)
				return
			}
			require.Len(t, found.Items, 1)
			require.Equal(t, row.url, *found.Items[0].Url)
		})
	}

	require.FileExists(t, filepath.Join(components, "links", "argocd-cm.yaml"))
}
