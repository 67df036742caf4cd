package shape_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func TestSettled(t *testing.T) {
	t.Parallel()
	rules := shape.Rules{
		Unordered: map[string]string{"SecurityGroupIds": "", "Settings.Images": "Name"},
		ReadAs:    map[string]string{"SecurityGroupIds": "SecurityGroups"},
	}
	described := shape.Tree{
		"SecurityGroups": []any{"sg-3", "sg-1", "sg-2"},
		"Settings":       map[string]any{"Images": []any{map[string]any{"Name": "b"}, map[string]any{"Name": "a"}}},
		"Containers":     []any{"second", "first"},
	}
	require.Equal(t, shape.Tree{
		"SecurityGroups": []any{"sg-1", "sg-2", "sg-3"},
		"Settings":       map[string]any{"Images": []any{map[string]any{"Name": "a"}, map[string]any{"Name": "b"}}},
		"Containers":     []any{"second", "first"},
	}, rules.Settled(described), "sets have one order, and lists keep theirs")
	require.Equal(t, []any{"sg-3", "sg-1", "sg-2"}, described["SecurityGroups"], "what AWS described stays as it is")
}
