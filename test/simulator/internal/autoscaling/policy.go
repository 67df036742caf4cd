package autoscaling

import (
	"maps"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// scalingPolicy says by what a target is scaled. It has no tags.
var scalingPolicy = &engine.Kind{
	Name: "ScalingPolicy", NameMember: "PolicyName", ARNMember: "PolicyARN", Immutable: true,
	Identify: func(body wire.Body) string { return targetName(body) + " " + wire.String(body, "PolicyName") },
	ARN: func(scope wire.Scope, name string) string {
		return "arn:" + scope.Partition() + ":autoscaling:" + scope.Region + ":" + scope.Account + ":scalingPolicy:" + ofResource(scope, name, "policyName")
	},
	Untagged:  func(*engine.Object) bool { return true },
	NotFound:  func(_, arn string) *wire.Error { return notFound("%s does not exist", arn) },
	Duplicate: func(arn string) *wire.Error { return wire.Invalid("%s exists", arn) },
}

// putPolicy makes a policy or changes it. Assumption: the words, and that the
// parts that are left out stay.
func putPolicy(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	if tx.Find(scalableTarget, targetName(body)) == nil {
		return nil, notFound("No scalable target registered for %s", about(body))
	}
	name := scalingPolicy.Identify(body)
	o := tx.Find(scalingPolicy, name)
	wanted := wire.Body{"PolicyType": "StepScaling"}
	if o != nil {
		maps.Copy(wanted, o.Document)
	}
	maps.Copy(wanted, body)
	member := map[string]string{
		"TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration", "StepScaling": "StepScalingPolicyConfiguration",
		"PredictiveScaling": "PredictiveScalingPolicyConfiguration",
	}[wire.String(wanted, "PolicyType")]
	if wanted[member] == nil {
		return nil, wire.Invalid("%s is required for policy type %s", member, wire.String(wanted, "PolicyType"))
	}
	if o == nil {
		var err *wire.Error
		if o, err = tx.Create(scalingPolicy, wanted); err != nil {
			return nil, err
		}
	} else {
		o.Document = wanted
	}
	alarms := []any{}
	if member == "TargetTrackingScalingPolicyConfiguration" {
		for _, end := range []string{"AlarmHigh", "AlarmLow"} {
			alarm := "TargetTracking-" + wire.String(body, "ResourceId") + "-" + end + "-" + engine.Reference(o.ARN, end)
			alarms = append(alarms, wire.Body{
				"AlarmName": alarm,
				"AlarmARN":  "arn:" + tx.Caller.Partition() + ":cloudwatch:" + tx.Caller.Region + ":" + tx.Caller.Account + ":alarm:" + alarm,
			})
		}
	}
	o.Document["Alarms"] = alarms
	return wire.Body{"PolicyARN": o.ARN, "Alarms": alarms}, nil
}

func deletePolicy(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o := tx.Find(scalingPolicy, scalingPolicy.Identify(body))
	if o == nil {
		return nil, notFound("No scaling policy found for %s, policy name: %s", about(body), wire.String(body, "PolicyName"))
	}
	tx.Remove(o)
	return wire.Body{}, nil
}

func describePolicies(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	return listed(tx, scalingPolicy, "ScalingPolicies", body, func(o *engine.Object) bool {
		return wants(body, "ServiceNamespace", o, "ServiceNamespace") && wants(body, "ScalableDimension", o, "ScalableDimension") &&
			wants(body, "ResourceId", o, "ResourceId") && named(wire.List(body, "PolicyNames"), wire.String(o.Document, "PolicyName"))
	})
}
