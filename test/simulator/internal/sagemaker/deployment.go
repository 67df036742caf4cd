package sagemaker

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// step is one part of a roll-out, after the new fleet is launched.
type step struct {
	status  string
	message string
	// traffic is the share of requests that go to the new fleet.
	traffic float64
	lasts   time.Duration
}

// plan says how traffic is shifted; no steps means all at once, without a
// wait.
func plan(config wire.Body, instances int) []step {
	if rolling := wire.Object(config, "RollingUpdatePolicy"); rolling != nil {
		size := portion(rolling, "MaximumBatchSize", instances)
		return waves(size, seconds(rolling, "WaitIntervalInSeconds"), "WaitIntervalInSeconds", instances)
	}
	policy := wire.Object(config, "BlueGreenUpdatePolicy")
	if policy == nil {
		return nil
	}
	routing := wire.Object(policy, "TrafficRoutingConfiguration")
	interval := seconds(routing, "WaitIntervalInSeconds")
	var steps []step
	switch wire.String(routing, "Type") {
	case "CANARY":
		size := portion(routing, "CanarySize", instances)
		steps = waves(size, interval, "WaitIntervalInSeconds", instances)[:1]
		steps = append(steps, step{"ActivatingTraffic", "Activating traffic on the remaining capacity.", 1, 0})
	case "LINEAR":
		steps = waves(portion(routing, "LinearStepSize", instances), interval, "WaitIntervalInSeconds", instances)
	default:
		steps = []step{baking(interval, "WaitIntervalInSeconds", 1, instances)}
	}
	if wait := seconds(policy, "TerminationWaitInSeconds"); wait > 0 {
		steps = append(steps, baking(wait, "TerminationWaitInSeconds", 1, instances))
	}
	return steps
}

// waves shift traffic in equal portions, with a wait after each.
func waves(size float64, wait time.Duration, why string, instances int) []step {
	var steps []step
	for share := size; ; share += size {
		share = min(share, 1)
		steps = append(steps, baking(wait, why, share, instances))
		if share >= 1 {
			return steps
		}
	}
}

func baking(wait time.Duration, why string, share float64, instances int) step {
	return step{"Baking", fmt.Sprintf("Baking for %d seconds (%s) with traffic enabled on capacity of %d instance(s).",
		int(wait.Seconds()), why, max(1, int(share*float64(instances)))), share, wait}
}

// portion is a capacity size as a share of the fleet.
func portion(policy wire.Body, member string, instances int) float64 {
	value := wire.Float(100, policy, member, "Value")
	if wire.String(policy, member, "Type") == "INSTANCE_COUNT" {
		return min(1, value/float64(max(instances, 1)))
	}
	return min(1, max(value, 1)/100)
}

func seconds(policy wire.Body, member string) time.Duration {
	return time.Duration(wire.Int(0, policy, member)) * time.Second
}

// checkDeployment refuses configurations that name two ways or none, sizes or
// times that AWS does not take, or alarms that do not exist. Assumption: only the
// rules are documented, not the words.
func checkDeployment(tx *engine.Tx, config wire.Body) *wire.Error {
	if config == nil {
		return nil
	}
	if (config["BlueGreenUpdatePolicy"] != nil) == (config["RollingUpdatePolicy"] != nil) {
		return wire.Invalid("DeploymentConfig must have either a BlueGreenUpdatePolicy or a RollingUpdatePolicy, and not both.")
	}
	for _, s := range sizes {
		if err := s.check(config); err != nil {
			return err
		}
	}
	if err := checkTime(config); err != nil {
		return err
	}
	return checkAlarms(tx, config)
}

// size is how large a part of the capacity may be that is shifted at once, in
// percent.
type size struct {
	policy      []string
	member      string
	routing     string // the Type that needs it, where there are several
	least, most int
}

var (
	trafficRouting = []string{"BlueGreenUpdatePolicy", "TrafficRoutingConfiguration"}
	sizes          = []size{
		{trafficRouting, "CanarySize", "CANARY", 1, 50},
		{trafficRouting, "LinearStepSize", "LINEAR", 10, 50},
		{[]string{"RollingUpdatePolicy"}, "MaximumBatchSize", "", 5, 50},
	}
)

// check refuses sizes that are missing, out of place or too large. Assumption:
// the words.
func (s size) check(config wire.Body) *wire.Error {
	policy := wire.Object(config, s.policy...)
	given := wire.Object(policy, s.member)
	if s.routing != "" && (given != nil) != (wire.String(policy, "Type") == s.routing) {
		return wire.Invalid("%s must be given if, and only if, the traffic routing type is %s.", s.member, s.routing)
	}
	if percent := wire.Int(0, given, "Value"); wire.String(given, "Type") == "CAPACITY_PERCENT" && (percent < s.least || percent > s.most) {
		return wire.Invalid("%s must be between %d and %d percent of the capacity.", s.member, s.least, s.most)
	}
	return nil
}

// checkTime refuses an update that must end before its waits do. Assumption: the
// words.
func checkTime(config wire.Body) *wire.Error {
	for _, name := range []string{"BlueGreenUpdatePolicy", "RollingUpdatePolicy"} {
		policy := wire.Object(config, name)
		waits := wire.Int(0, policy, "TerminationWaitInSeconds") + wire.Int(0, policy, "WaitIntervalInSeconds") +
			wire.Int(0, policy, "TrafficRoutingConfiguration", "WaitIntervalInSeconds")
		if limit := wire.Int(0, policy, "MaximumExecutionTimeoutInSeconds"); limit != 0 && limit <= waits {
			return wire.Invalid("MaximumExecutionTimeoutInSeconds must be greater than the waits of the deployment, %d seconds.", waits)
		}
	}
	return nil
}

// stepTime is how long the present step of a roll-out lasts.
func stepTime(o *engine.Object) time.Duration { return stateOf(o).steps[0].lasts }

// shifted ends one step of a roll-out.
func shifted(tx *engine.Tx, o *engine.Object) string {
	s := stateOf(o)
	if stage := takeBack(tx, o); stage != "" {
		return stage
	}
	s.steps = s.steps[1:]
	if len(s.steps) > 0 {
		s.traffic = s.steps[0].traffic
		return "Shifting"
	}
	s.serving, s.pending, s.traffic = s.pending, nil, 0
	return "InService"
}

func launching(f *fleet) string { return fmt.Sprintf("Launching %d instance(s).", f.instances()) }

// describePending shows the deployment that is under way.
func describePending(tx *engine.Tx, o *engine.Object, status, message string) {
	pending := stateOf(o).pending
	started := o.Document["PendingDeploymentSummary"]
	summary := wire.Body{
		"EndpointConfigName": pending.name(), "StartTime": tx.Now,
		"ProductionVariants": pendingSummaries(pending.variants, status, message, tx.Now),
	}
	if since := wire.At(started, "StartTime"); since != nil {
		summary["StartTime"] = since
	}
	if len(pending.shadows) > 0 {
		summary["ShadowProductionVariants"] = pendingSummaries(pending.shadows, status, message, tx.Now)
	}
	o.Document["PendingDeploymentSummary"] = summary
}

// describeServing shows the fleet that serves.
func describeServing(o *engine.Object, status string) {
	serving, d := stateOf(o).serving, o.Document
	delete(d, "PendingDeploymentSummary")
	delete(d, "ShadowProductionVariants")
	d["EndpointStatus"], d["EndpointConfigName"] = status, serving.name()
	d["ProductionVariants"] = summaries(serving.variants)
	if len(serving.shadows) > 0 {
		d["ShadowProductionVariants"] = summaries(serving.shadows)
	}
	for _, member := range []string{"AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig"} {
		delete(d, member)
		if value := serving.config[member]; value != nil {
			d[member] = value
		}
	}
	delete(d, "DataCaptureConfig")
	if capture := wire.Object(serving.config, "DataCaptureConfig"); capture != nil {
		summary := wire.Body{
			"EnableCapture": wire.Bool(capture, "EnableCapture"), "CaptureStatus": "Stopped",
			"CurrentSamplingPercentage": capture["InitialSamplingPercentage"], "DestinationS3Uri": capture["DestinationS3Uri"],
			"KmsKeyId": wire.String(capture, "KmsKeyId"),
		}
		if wire.Bool(capture, "EnableCapture") {
			summary["CaptureStatus"] = "Started"
		}
		d["DataCaptureConfig"] = summary
	}
}

func number(value any) json.Number {
	n, _ := value.(json.Number) // the API model has made sure of it
	return n
}
