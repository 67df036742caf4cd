package autoscaling

import (
	"maps"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// scheduledAction would change a target's limits when it is due; it does not.
// It has no tags.
var scheduledAction = &engine.Kind{
	Name: "ScheduledAction", ARNMember: "ScheduledActionARN", Immutable: true,
	Identify: func(body wire.Body) string { return targetName(body) + " " + wire.String(body, "ScheduledActionName") },
	ARN: func(scope wire.Scope, name string) string {
		return "arn:" + scope.Partition() + ":autoscaling:" + scope.Region + ":" + scope.Account +
			":scheduledAction:" + ofResource(scope, name, "scheduledActionName")
	},
	Untagged:  func(*engine.Object) bool { return true },
	NotFound:  func(_, arn string) *wire.Error { return notFound("%s does not exist", arn) },
	Duplicate: func(arn string) *wire.Error { return wire.Invalid("%s exists", arn) },
}

// putAction makes an action or changes it. The times that are left out are
// deleted. Assumption: other parts stay, and the words.
func putAction(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	if tx.Find(scalableTarget, targetName(body)) == nil {
		return nil, notFound("No scalable target registered for %s", about(body))
	}
	o := tx.Find(scheduledAction, scheduledAction.Identify(body))
	wanted := wire.Body{}
	if o != nil {
		maps.Copy(wanted, o.Document)
	}
	delete(wanted, "StartTime")
	delete(wanted, "EndTime")
	maps.Copy(wanted, body)
	if err := checkAction(wanted); err != nil {
		return nil, err
	}
	for _, member := range []string{"StartTime", "EndTime"} {
		if at, given := wire.Time(wanted[member]); given {
			wanted[member] = at
		}
	}
	if o != nil {
		o.Document = wanted
		return wire.Body{}, nil
	}
	_, err := tx.Create(scheduledAction, wanted)
	return wire.Body{}, err
}

func checkAction(wanted wire.Body) *wire.Error {
	if wanted["Schedule"] == nil || wanted["ScalableTargetAction"] == nil {
		return wire.Invalid("Schedule and ScalableTargetAction cannot be null for a new scheduled action")
	}
	form, rest, _ := strings.Cut(wire.String(wanted, "Schedule"), "(")
	if form != "at" && form != "rate" && form != "cron" || !strings.HasSuffix(rest, ")") {
		return wire.Invalid("Invalid schedule expression: %s", wire.String(wanted, "Schedule"))
	}
	least, most := wire.At(wanted, "ScalableTargetAction", "MinCapacity"), wire.At(wanted, "ScalableTargetAction", "MaxCapacity")
	if least == nil && most == nil {
		return wire.Invalid("ScalableTargetAction must have a MinCapacity or a MaxCapacity")
	}
	if least != nil && most != nil && wire.Int(0, least) > wire.Int(0, most) {
		return wire.Invalid("Maximum capacity cannot be less than minimum capacity")
	}
	return nil
}

func deleteAction(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	o := tx.Find(scheduledAction, scheduledAction.Identify(body))
	if o == nil {
		return nil, notFound("No scheduled action found for %s, scheduled action name: %s", about(body), wire.String(body, "ScheduledActionName"))
	}
	tx.Remove(o)
	return wire.Body{}, nil
}

func describeActions(tx *engine.Tx, body wire.Body) (wire.Body, *wire.Error) {
	return listed(tx, scheduledAction, "ScheduledActions", body, func(o *engine.Object) bool {
		return wants(body, "ServiceNamespace", o, "ServiceNamespace") && wants(body, "ScalableDimension", o, "ScalableDimension") &&
			wants(body, "ResourceId", o, "ResourceId") && named(wire.List(body, "ScheduledActionNames"), wire.String(o.Document, "ScheduledActionName"))
	})
}
