package sagemaker

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// endpoint serves models. An update launches a second fleet beside the serving
// one, shifts traffic, and ends with one fleet again: the new one or, after a
// failure, the old one.
var endpoint = &engine.Kind{
	Name: "Endpoint", Resource: "endpoint", Status: "EndpointStatus", FoldCase: true,
	WriteOnly: []string{"DeploymentConfig"},
	NotFound:  func(_, arn string) *wire.Error { return wire.Invalid("Could not find endpoint %q.", arn) },
	Duplicate: func(arn string) *wire.Error { return wire.Invalid("Cannot create already existing endpoint %q.", arn) },
	Check:     checkEndpoint,
	First:     "Creating",
	Fail:      failEndpoint,
	Update:    updateEndpoint,
	Delete:    deleteEndpoint,
	More:      map[string]engine.Verb{"UpdateEndpointWeightsAndCapacities": updateWeights},
	Usage: func(o *engine.Object) []engine.Usage {
		s := stateOf(o)
		var usage []engine.Usage
		for _, f := range []*fleet{s.serving, s.pending} {
			if f != nil && o.Status() != "Failed" {
				usage = append(usage, f.usage()...)
			}
		}
		return usage
	},
	List: engine.List{
		Summaries: "Endpoints",
		Members:   []string{"EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus"},
	},
	// Assumption: AWS documents about ten minutes for creating and updating.
	Stages: []engine.Stage{
		{Name: "Creating", Lasts: 10 * time.Minute, Next: launched, Enter: func(tx *engine.Tx, o *engine.Object) {
			o.Document["EndpointStatus"] = "Creating"
			describePending(tx, o, "Creating", launching(stateOf(o).pending))
		}},
		{Name: "InService", Enter: func(_ *engine.Tx, o *engine.Object) { describeServing(o, "InService") }},
		{Name: "Failed", Enter: func(_ *engine.Tx, o *engine.Object) {
			delete(o.Document, "PendingDeploymentSummary")
			o.Document["EndpointStatus"] = "Failed"
		}},
		{Name: "Updating", Lasts: 10 * time.Minute, Next: launched, Enter: func(tx *engine.Tx, o *engine.Object) {
			o.Document["EndpointStatus"] = "Updating"
			describePending(tx, o, "Creating", launching(stateOf(o).pending))
		}},
		{Name: "Shifting", For: stepTime, Next: shifted, Enter: func(tx *engine.Tx, o *engine.Object) {
			describePending(tx, o, stateOf(o).steps[0].status, stateOf(o).steps[0].message)
		}},
		{Name: "RollingBack", Lasts: 5 * time.Minute, Next: rolledBack, Enter: func(tx *engine.Tx, o *engine.Object) {
			stateOf(o).traffic = 0
			o.Document["EndpointStatus"] = "RollingBack"
			describePending(tx, o, "Deleting", "Terminating the new fleet.")
		}},
		{Name: "UpdateRollbackFailed", Enter: func(_ *engine.Tx, o *engine.Object) {
			describeServing(o, "UpdateRollbackFailed")
		}},
		{Name: "Scaling", Lasts: 3 * time.Minute, Next: scaled, Enter: func(_ *engine.Tx, o *engine.Object) {
			describeServing(o, "Updating")
		}},
		{Name: "SystemUpdating", Lasts: 5 * time.Minute, Next: engine.To("InService"), Enter: func(_ *engine.Tx, o *engine.Object) {
			o.Document["EndpointStatus"] = "SystemUpdating"
		}},
		{Name: "Deleting", Lasts: time.Minute, Next: vanish, Enter: func(tx *engine.Tx, o *engine.Object) {
			o.Document["EndpointStatus"] = "Deleting"
			for _, kind := range []string{"ScalableTarget", "ScalingPolicy", "ScheduledAction"} { // AWS deregisters what it scaled
				tx.Each(kind, func(scaling *engine.Object) {
					if strings.HasPrefix(wire.String(scaling.Document, "ResourceId"), "endpoint/"+o.Name+"/") {
						tx.Remove(scaling)
					}
				})
			}
		}},
	},
}

// endpointState is what an endpoint has beyond its document.
type endpointState struct {
	serving, pending *fleet
	// traffic is the share of requests that the pending fleet serves.
	traffic float64
	steps   []step
	alarms  []string // by which an update is taken back
	failure string   // why an update is taken back
	turns   map[string]float64
	queued  int // how many asynchronous requests there were
}

func stateOf(o *engine.Object) *endpointState {
	if s, ok := o.Private.(*endpointState); ok {
		return s
	}
	s := &endpointState{turns: map[string]float64{}}
	o.Private = s
	return s
}

func checkEndpoint(tx *engine.Tx, o *engine.Object) *wire.Error {
	config := wire.Object(o.Request, "DeploymentConfig")
	if err := checkDeployment(tx, config); err != nil {
		return err
	}
	pending, err := newFleet(tx, wire.String(o.Document, "EndpointConfigName"))
	if err != nil {
		return err
	}
	stateOf(o).pending = pending
	if config != nil {
		o.Document["LastDeploymentConfig"] = wire.Clone(config)
	}
	return nil
}

// idle refuses changes to an endpoint that is busy or beyond repair.
func idle(o *engine.Object) *wire.Error {
	switch o.Status() {
	case "InService", "UpdateRollbackFailed", "OutOfService":
		return nil
	case "Failed":
		// Assumption: that only DeleteEndpoint is allowed is documented, the
		// words are not.
		return wire.Invalid("Cannot update endpoint %q in status Failed.", o.ARN)
	default:
		return wire.Invalid("Cannot update in-progress endpoint %q.", o.ARN)
	}
}

// updateEndpoint deploys another configuration. Assumption: the one that is
// already served may be deployed again.
func updateEndpoint(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	if err := idle(o); err != nil {
		return nil, err
	}
	config := wire.Object(body, "DeploymentConfig")
	if config == nil && wire.Bool(body, "RetainDeploymentConfig") {
		config = wire.Object(o.Document, "LastDeploymentConfig")
	}
	if err := checkDeployment(tx, config); err != nil {
		return nil, err
	}
	s := stateOf(o)
	pending, err := newFleet(tx, wire.String(body, "EndpointConfigName"))
	if err != nil {
		return nil, err
	}
	if err := unscaled(tx, o, s.serving, pending); err != nil {
		return nil, err
	}
	if s.serving.serverless() != pending.serverless() {
		// Assumption: the words, and that serverless endpoints cannot be
		// given instances either.
		return nil, wire.Invalid("Cannot update endpoint %q: an endpoint with instances cannot become serverless, nor a serverless one have instances.", o.ARN)
	}
	if wire.Bool(body, "RetainAllVariantProperties") {
		retain(s.serving, pending, wire.List(body, "ExcludeRetainedVariantProperties"))
	}
	if err := tx.Reserve(o, slices.Concat(s.serving.usage(), pending.usage())); err != nil {
		return nil, err
	}
	s.pending, s.traffic, s.failure = pending, 0, ""
	delete(o.Document, "LastDeploymentConfig")
	if config != nil {
		o.Document["LastDeploymentConfig"] = wire.Clone(config)
	}
	s.steps, s.alarms = plan(config, pending.instances()), alarmsOf(config)
	delete(o.Document, "FailureReason")
	tx.Enter(o, "Updating")
	watchUpdate(tx, o)
	return wire.Body{"EndpointArn": o.ARN}, nil
}

// unscaled refuses to take away from under a scalable target what it scales.
// Assumption: the rule is documented, not the words.
func unscaled(tx *engine.Tx, o *engine.Object, from, to *fleet) *wire.Error {
	var refused *wire.Error
	tx.Each("ScalableTarget", func(target *engine.Object) {
		name, isVariant := strings.CutPrefix(wire.String(target.Document, "ResourceId"), "endpoint/"+o.Name+"/variant/")
		if !isVariant {
			return
		}
		old, next := from.variant(name), to.variant(name)
		switch {
		case next == nil:
			refused = wire.Invalid("The variant(s) %q of endpoint %q cannot be removed while registered as a scalable target. "+
				"Deregister the scalable target first.", name, o.ARN)
		case old != nil && wire.String(old.config, "InstanceType") != wire.String(next.config, "InstanceType"):
			refused = wire.Invalid("The instance type of variant %q of endpoint %q cannot be changed while registered as a scalable target. "+
				"Deregister the scalable target first.", name, o.ARN)
		}
	})
	return refused
}

// retain carries over what was changed since the old fleet was deployed.
func retain(from, to *fleet, excluded []any) {
	keep := func(property string) bool {
		return !slices.ContainsFunc(excluded, func(e any) bool { return wire.String(e, "VariantPropertyType") == property })
	}
	for _, v := range to.variants {
		old := from.variant(v.name())
		if old == nil {
			continue
		}
		if keep("DesiredInstanceCount") && v.config["InstanceType"] != nil {
			v.count, v.wantedCount = old.wantedCount, old.wantedCount
		}
		if keep("DesiredWeight") {
			v.weight, v.wantedWeight = old.wantedWeight, old.wantedWeight
		}
	}
	if capture := from.config["DataCaptureConfig"]; capture != nil && keep("DataCaptureConfig") {
		to.config["DataCaptureConfig"] = capture
	}
}

func deleteEndpoint(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
	if o.Status() != "Failed" {
		if err := idle(o); err != nil {
			return nil, err
		}
	}
	hosts := false
	tx.Each("InferenceComponent", func(c *engine.Object) { hosts = hosts || c.Document["EndpointName"] == o.Document["EndpointName"] })
	if hosts {
		// The words are those that the Terraform provider for AWS waits on.
		return nil, wire.Invalid("Cannot delete endpoint with inference component associated. Please delete inference component and try it again.")
	}
	if isScaled(tx, o) {
		// The words are those of https://github.com/awslabs/stable-diffusion-aws-extension/issues/161.
		// Assumption: the code.
		event := fault.Event{Operation: "DeregisterScalableTarget", Principal: tx.Caller.Principal}
		if _, denied := tx.Faults.Take(fault.Deny, event); denied {
			return nil, wire.Errorf("AccessDeniedException", "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM "+
				"identity used to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission to deregister the scalable target.")
		}
	}
	tx.Enter(o, "Deleting")
	return wire.Body{}, nil
}

func isScaled(tx *engine.Tx, o *engine.Object) bool {
	scaled := false
	tx.Each("ScalableTarget", func(target *engine.Object) {
		scaled = scaled || strings.HasPrefix(wire.String(target.Document, "ResourceId"), "endpoint/"+o.Name+"/")
	})
	return scaled
}

// launched ends Creating and Updating: the pending fleet is up, or is not.
func launched(tx *engine.Tx, o *engine.Object) string {
	s := stateOf(o)
	if reason := s.pending.unreadable(tx); reason != "" {
		failEndpoint(tx, o, reason)
		return ""
	}
	if s.serving != nil {
		if stage := takeBack(tx, o); stage != "" {
			return stage
		}
		if len(s.steps) > 0 {
			s.traffic = s.steps[0].traffic
			return "Shifting"
		}
	}
	s.serving, s.pending, s.traffic = s.pending, nil, 0
	return "InService"
}

// takeBack is the stage an update goes to when a scripted fault or an alarm
// takes it back, "" when none does.
func takeBack(tx *engine.Tx, o *engine.Object) string {
	s := stateOf(o)
	event := fault.Event{Kind: "Endpoint", Name: o.Name, Stage: o.Stage}
	if rule, hit := tx.Faults.Take(fault.RollBack, event); hit {
		s.failure = rule.Reason
		return "RollingBack"
	}
	if rule, hit := tx.Faults.Take(fault.FailRollBack, event); hit {
		o.Document["FailureReason"] = rule.Reason
		s.pending, s.steps, s.traffic = nil, nil, 0
		return "UpdateRollbackFailed"
	}
	if why := red(tx, s.alarms); why != "" {
		s.failure = why
		return "RollingBack"
	}
	return ""
}

// failEndpoint fails a new endpoint, and takes an update back.
func failEndpoint(tx *engine.Tx, o *engine.Object, reason string) {
	s := stateOf(o)
	switch {
	case s.serving == nil:
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	case s.pending != nil:
		s.failure = reason
		tx.Enter(o, "RollingBack")
	default: // assumption: what fails while it serves is taken out of service
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	}
}

func rolledBack(_ *engine.Tx, o *engine.Object) string {
	s := stateOf(o)
	s.pending, s.steps = nil, nil
	o.Document["FailureReason"] = s.failure
	return "InService"
}

// updateWeights changes weights and instance counts of the serving fleet.
func updateWeights(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	if err := idle(o); err != nil {
		return nil, err
	}
	serving := stateOf(o).serving
	changes := wire.List(body, "DesiredWeightsAndCapacities")
	wanted := serving.usage()
	for _, change := range changes {
		v := serving.variant(wire.String(change, "VariantName"))
		if v == nil {
			// Assumption: the wording.
			return nil, wire.Invalid("Could not find variant %q of endpoint %q.", wire.String(change, "VariantName"), o.ARN)
		}
		if delta := wire.Int(v.wantedCount, change, "DesiredInstanceCount") - v.wantedCount; delta > 0 {
			wanted = append(wanted, engine.Usage{Quota: wire.String(v.config, "InstanceType") + " for endpoint usage", Count: delta})
		}
	}
	if err := tx.Reserve(o, wanted); err != nil {
		return nil, err
	}
	for _, change := range changes {
		v := serving.variant(wire.String(change, "VariantName"))
		v.wantedCount = wire.Int(v.wantedCount, change, "DesiredInstanceCount")
		if weight := wire.At(change, "DesiredWeight"); weight != nil {
			v.wantedWeight = number(weight)
		}
		if serverless := wire.Object(change, "ServerlessUpdateConfig"); serverless != nil {
			maps.Copy(wire.Object(v.config, "ServerlessConfig"), serverless)
		}
	}
	tx.Enter(o, "Scaling")
	return wire.Body{"EndpointArn": o.ARN}, nil
}

func scaled(_ *engine.Tx, o *engine.Object) string {
	for _, v := range stateOf(o).serving.variants {
		v.count, v.weight = v.wantedCount, v.wantedWeight
	}
	return "InService"
}

// SystemUpdate patches an endpoint's fleet as AWS does on its own account; it
// says whether the endpoint was in service.
func SystemUpdate(tx *engine.Tx, name string) bool {
	o := tx.Find(endpoint, name)
	if o == nil || o.Status() != "InService" {
		return false
	}
	tx.Enter(o, "SystemUpdating")
	return true
}
