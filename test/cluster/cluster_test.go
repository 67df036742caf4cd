package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStart(t *testing.T) {
	s := time.Now()
	c, err := Start(t.Context(), Options{})
	require.NoError(t, err)
	t.Log(time.Since(s))
	defer func() { require.NoError(t, c.Stop()) }()
	require.NoError(t, c.Err())
}
