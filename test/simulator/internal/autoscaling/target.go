package autoscaling

import (
	"maps"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// scalableTarget says between which limits a resource is scaled.
var scalableTarget = &engine.Kind{
	Name: "ScalableTarget", ARNMember: "ScalableTargetARN", Immutable: true, Identify: targetName,
	ARN: func(scope wire.Scope, name string) string {
		return scope.ServiceARN("application-autoscaling", "scalable-target", engine.Reference(scope.Account, scope.Region, name))
	},
	NotFound:  func(_, arn string) *wire.Error { return notFound("%s does not exist", arn) },
	Duplicate: func(arn string) *wire.Error { return wire.Invalid("%s exists", arn) },
}

// register makes a target or changes it. Assumption: the words, but for those
// about the status, of which the end is known.
func register(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	if wire.String(body, "ServiceNamespace") != "sagemaker" {
		return nil, wire.Invalid("the simulator scales nothing but sagemaker")
	}
	lowest, err := scalable(tx, body)
	if err != nil {
		return nil, err
	}
	o := tx.Find(scalableTarget, targetName(body))
	wanted := wire.Body{}
	if o != nil {
		maps.Copy(wanted, o.Document)
	}
	maps.Copy(wanted, body)
	for member, what := range map[string]string{"MinCapacity": "Minimum", "MaxCapacity": "Maximum"} {
		if wanted[member] == nil {
			return nil, wire.Invalid("%s capacity cannot be null for a new scalable target", what)
		}
	}
	if least := wire.Int(0, wanted, "MinCapacity"); least > wire.Int(0, wanted, "MaxCapacity") {
		return nil, wire.Invalid("Maximum capacity cannot be less than minimum capacity")
	} else if least < lowest {
		return nil, wire.Invalid("Minimum capacity must be greater than or equal to %d", lowest)
	}
	if o != nil {
		delete(wanted, "Tags") // an update takes none
		o.Document = wanted
		return wire.Body{"ScalableTargetARN": o.ARN}, nil
	}
	request := wire.Body{}
	maps.Copy(request, body)
	delete(request, "Tags")
	wire.Default(request, wire.Body{
		"RoleARN": "arn:" + tx.Caller.Partition() + ":iam::" + tx.Caller.Account + ":role/aws-service-role/" +
			"sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
		"SuspendedState": wire.Body{},
	})
	wire.Default(wire.Object(request, "SuspendedState"), wire.Body{
		"DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false,
	})
	made, err := tx.Create(scalableTarget, request)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for key, value := range wire.Object(body, "Tags") {
		tags[key] = wire.String(value)
	}
	tx.SetTags(made, tagList(tags))
	return wire.Body{"ScalableTargetARN": made.ARN}, nil
}

// scalable checks that the resource is there and may be scaled, and tells to how
// little: what answers at once needs one instance.
func scalable(tx *engine.Tx, body wire.Body) (lowest int, refused *wire.Error) {
	id, dimension := wire.String(body, "ResourceId"), wire.String(body, "ScalableDimension")
	parts := strings.Split(id, "/")
	kind, name, prefix := "", "", ""
	switch {
	case len(parts) == 4 && parts[0] == "endpoint" && parts[2] == "variant":
		kind, name, prefix = "Endpoint", parts[1], "sagemaker:variant:"
	case len(parts) == 2 && parts[0] == "inference-component":
		kind, name, prefix = "InferenceComponent", parts[1], "sagemaker:inference-component:"
	}
	if kind == "" || !strings.HasPrefix(dimension, prefix) {
		return 0, wire.Invalid("Unsupported service namespace, resource type or scalable dimension: %s, %s", id, dimension)
	}
	var found *engine.Object
	tx.Each(kind, func(o *engine.Object) {
		if o.Name == name {
			found = o
		}
	})
	if found == nil {
		return 0, wire.Invalid("%s %q was not found", kind, name)
	}
	if status := found.Status(); status != "InService" {
		return 0, wire.Invalid("The resource %s is in status '%s'. The status should be in 'InService' to register it as a scalable target", id, status)
	}
	if kind == "Endpoint" {
		lowest = 1
		if found.Document["AsyncInferenceConfig"] != nil { // requests wait while nothing runs
			lowest = 0
		}
		for _, variant := range wire.List(found.Document, "ProductionVariants") {
			if wire.String(variant, "VariantName") == parts[3] {
				return lowest, nil
			}
		}
		return 0, wire.Invalid("Variant %q was not found on endpoint %q", parts[3], name)
	}
	return 0, nil
}

func deregister(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o := tx.Find(scalableTarget, targetName(body))
	if o == nil {
		return nil, notFound("No scalable target found for %s", about(body)) // Assumption: the words.
	}
	tx.Remove(o)
	for _, kind := range []*engine.Kind{scalingPolicy, scheduledAction} { // they go with it
		tx.Each(kind.Name, func(p *engine.Object) {
			if targetName(p.Document) == o.Name {
				tx.Remove(p)
			}
		})
	}
	return wire.Body{}, nil
}

func describeTargets(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	return listed(tx, scalableTarget, "ScalableTargets", body, func(o *engine.Object) bool {
		return wants(body, "ServiceNamespace", o, "ServiceNamespace") && wants(body, "ScalableDimension", o, "ScalableDimension") &&
			named(wire.List(body, "ResourceIds"), wire.String(o.Document, "ResourceId"))
	})
}
