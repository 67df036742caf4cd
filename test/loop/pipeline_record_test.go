package loop_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestPipelineRebuiltAfterItsDataHasGrown: data in S3 that has grown since the last plan
// is no reason for a cluster that is built anew to run anything, unless a change of it is
// a trigger.
func TestPipelineRebuiltAfterItsDataHasGrown(t *testing.T) {
	for _, row := range []struct {
		reason, triggers string
		jobs             int
	}{
		{"data that is looked at once", "", 0},
		{"data whose change is a trigger", "triggers: {onSourceChange: [data]}", 1},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := newPipelineWorld(t)
			code := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "code"}, Data: map[string]string{"train.py": "print(1)"}}
			require.NoError(t, w.kube.Create(w.ctx, code))
			w.apply(withSources(row.triggers))
			spec := withSources(row.triggers, approved(w.awaits()))
			w.apply(spec)
			was := w.completed().Status.Sources
			content, err := w.aws.GetObject("acme-ml", "pipelines/.plans/test/"+w.namespace+"/abalone.json")
			require.NoError(t, err, "it was written down")
			require.Contains(t, string(content), was[1].Digest)

			w.stopController()
			w.forgetAll()
			require.NoError(t, w.aws.PutObject("acme-ml", "abalone/train/part-1", []byte("2 1:2")))
			w.aws.Journal().Reset()
			w.startController()
			w.apply(spec)
			if row.jobs == 0 {
				require.Equal(t, was, w.completed().Status.Sources)
				w.pass(time.Hour, time.Minute)
				require.Empty(t, w.mutations())
				return
			}
			w.until("it trains with the data of now", func() bool { return w.mutations()["CreateTrainingJob"] == row.jobs })
		})
	}
}
