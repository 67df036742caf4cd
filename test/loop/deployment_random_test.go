package loop_test

import (
	"flag"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// rollouts is how many versions are pushed at random.
var rollouts = flag.Int("rollouts", 10, "how many versions TestRandomRollouts pushes")

var servedVersion = regexp.MustCompile(`models/v(\d)/`)

// TestRandomRollouts pushes versions at random, some while another rolls out,
// with roll-backs, an alarm, throttles, lost answers and restarts of the controller, and
// asks the endpoint all the time: it always answers, with a model that was in git,
// and in the end with the last that AWS did not take back. Nothing is left over.
func TestRandomRollouts(t *testing.T) {
	w := newDeploymentWorld(t)
	random := rand.New(rand.NewPCG(7, 11))
	canary := "rollout: {strategy: Canary, stepSize: 50%, bakeTime: 20s, alarms: {names: [business]}}"
	w.alarm("business")
	retained := "revisionHistoryLimit: 1"
	w.apply(deployment(0, canary, retained))
	w.deployed()
	pushed := map[string]bool{"0": true}
	answers, failures, alarms := 0, 0, 0
	armed, red := false, false // the alarm goes off with the next update, and has gone off
	ask := func() {
		o, _ := w.aws.Object("Endpoint", "abalone")
		switch updating := o.Status == "Updating"; {
		case armed && updating:
			w.goesOff("business", cwtypes.StateValueAlarm)
			armed, red, alarms = false, true, alarms+1
		case red && !updating:
			w.goesOff("business", cwtypes.StateValueOk)
			red = false
		}
		answers++
		found := servedVersion.FindStringSubmatch(w.served())
		if found == nil || !pushed[found[1]] {
			failures++
		}
	}
	for range *rollouts {
		switch random.IntN(6) {
		case 0:
			w.fault(rollsBackOnce())
		case 1:
			w.fault(fault.Rule{Action: fault.Reject, Operation: "UpdateEndpoint", Code: "ThrottlingException", Message: "Rate exceeded", Times: 2})
		case 2:
			w.fault(fault.Rule{Action: fault.LoseResponse, Operation: "UpdateEndpoint", Times: 1})
		case 3:
			w.restartController()
		case 4:
			armed = true
		}
		version := random.IntN(10)
		pushed[strconv.Itoa(version)] = true
		w.apply(deployment(version, canary, retained))
		half := random.IntN(3) == 0 // then the next comes while this one rolls out
		w.until("it has rolled out, or half", func() bool {
			ask()
			d := w.deployment()
			o, _ := w.aws.Object("Endpoint", "abalone")
			return half && o.Status == "Updating" || isReady(d) || isStalled(d)
		})
	}
	armed = false
	w.apply(deployment(9, canary, retained))
	pushed["9"] = true
	w.until("the last one serves or was taken back", func() bool {
		ask()
		return isReady(w.deployment()) || isStalled(w.deployment())
	})
	if isStalled(w.deployment()) { // an armed roll-back was left for it
		w.forced(w.deployment(), "once more")
		w.deployed()
	}
	require.Contains(t, w.served(), "v9/")
	require.Zero(t, failures, "of %d requests", answers)
	t.Logf("%d requests, %d endpoint updates, %d alarms", answers, w.mutations()["UpdateEndpoint"], alarms)
	w.until("what history has no room for is gone", func() bool {
		return len(w.aws.Objects("EndpointConfig")) <= 2 && len(w.aws.Objects("Model")) <= 2
	})
}
