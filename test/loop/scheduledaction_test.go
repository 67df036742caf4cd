package loop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

const nightly = `
kind: ScheduledAction
metadata: {name: night}
spec:
  scalableTargetRef: {name: abalone}
  schedule: cron(0 22 * * ? *)
  scalableTargetAction: {minCapacity: 1, maxCapacity: 1}
`

// AWS deletes the actions of a target that is deregistered for an update: they are
// made again with it.
func TestScheduledActionComesBack(t *testing.T) {
	w := newWorld(t)
	w.startController()
	target, _, _ := strings.Cut(scaling, "\n---\n")
	w.apply(abalone() + "\n---\n" + target + "\n---\n" + nightly)
	scheduled := func() bool {
		action, ok := get(w, "night", &v1alpha1.ScheduledAction{})
		return ok && isReady(action) && w.chainReady() && len(w.aws.Objects("ScheduledAction")) == 1
	}
	w.until("the endpoint is scaled by the clock", scheduled)
	w.pass(time.Minute, step)
	w.aws.Journal().Reset()
	w.apply(replace(endpointConfig, "ml.m5.large", "ml.m5.xlarge"))
	w.until("it is about to be updated", func() bool { return !isReady(w.endpoint()) })
	w.until("it is scaled by the clock again", scheduled)
	require.Equal(t, []string{"DeregisterScalableTarget", "UpdateEndpoint", "RegisterScalableTarget", "PutScheduledAction"},
		w.carriedOut("DeleteScheduledAction", "DeregisterScalableTarget", "UpdateEndpoint", "RegisterScalableTarget", "PutScheduledAction"))
	w.aws.Journal().Reset()
	w.pass(time.Hour, time.Minute)
	require.Empty(t, w.aws.Journal().Mutations(), "at rest nothing is changed")
}
