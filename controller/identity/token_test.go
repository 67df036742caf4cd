package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
)

// The token is an on-disk format: descriptions in AWS carry it.
func TestSign(t *testing.T) {
	token := identity.Token(owner("ml", "abalone"), "abalone-a234567234")
	require.Equal(t, "hto7lsznox2f3ux62vasgaltxsp5sx4guipc", token, "tokens never change")
	for _, row := range []struct{ reason, description, want string }{
		{"nothing", "", "[sagemaker.gitops.dev/owner=" + token + "]"},
		{"a text", "ten rounds", "ten rounds [sagemaker.gitops.dev/owner=" + token + "]"},
		{"a text that ends with a space", "ten ", "ten  [sagemaker.gitops.dev/owner=" + token + "]"},
		{"a text with brackets", "[a]", "[a] [sagemaker.gitops.dev/owner=" + token + "]"},
		{"a text with another token", "[sagemaker.gitops.dev/owner=x]", "[sagemaker.gitops.dev/owner=x] [sagemaker.gitops.dev/owner=" + token + "]"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			signed := identity.Sign(row.description, token)
			require.Equal(t, row.want, signed)
			text, got := identity.Unsign(signed)
			require.Equal(t, row.description, text)
			require.Equal(t, token, got)
		})
	}
}

func TestUnsigned(t *testing.T) {
	for _, description := range []string{
		"", "ten rounds", "[sagemaker.gitops.dev/owner=]", "[sagemaker.gitops.dev/owner=x", "[sagemaker.gitops.dev/owner=x] and more",
	} {
		text, token := identity.Unsign(description)
		require.Equal(t, description, text)
		require.Empty(t, token, description)
	}
}
