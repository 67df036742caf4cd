package sagemaker

import (
	"slices"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// modelPackageGroup holds the versions of a model.
var modelPackageGroup = &engine.Kind{
	Name: "ModelPackageGroup", Resource: "model-package-group", Status: "ModelPackageGroupStatus", Immutable: true,
	NotFound: func(_, arn string) *wire.Error { return wire.Invalid("ModelPackageGroup %s does not exist.", arn) },
	Duplicate: func(arn string) *wire.Error {
		return wire.Invalid("Model Package Group already exists: %s", arn) // Assumption: the words.
	},
	First: "Pending",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Private = reason // AWS tells none
		tx.Enter(o, map[string]string{"Pending": "Failed", "InProgress": "Failed", "Deleting": "DeleteFailed"}[o.Stage])
	},
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Stage {
		case "Pending", "InProgress", "Deleting":
			return nil, wire.Errorf("ConflictException", "ModelPackageGroup %s is in status %s.", o.ARN, o.Stage) // Assumption: the words.
		}
		if len(versionsOf(tx, o.Name)) > 0 {
			// Assumption: the rule is documented, not the words.
			return nil, wire.Errorf("ConflictException", "ModelPackageGroup %s still contains model packages.", o.ARN)
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	},
	List: engine.List{
		Summaries: "ModelPackageGroupSummaryList",
		Members: []string{
			"ModelPackageGroupName", "ModelPackageGroupArn", "ModelPackageGroupDescription", "CreationTime", "ModelPackageGroupStatus",
		},
	},
	// Assumption: how long each takes.
	Stages: packageStages("ModelPackageGroupStatus", "DeleteFailed"),
}

// packageStages are those of groups and packages.
func packageStages(member string, more ...string) []engine.Stage {
	status := func(_ *engine.Tx, o *engine.Object) { o.Document[member] = o.Stage }
	ends := slices.Concat([]string{"Completed", "Failed"}, more)
	stages := make([]engine.Stage, 0, 3+len(ends))
	stages = append(stages,
		engine.Stage{Name: "Pending", Lasts: 5 * time.Second, Next: engine.To("InProgress"), Enter: status},
		engine.Stage{Name: "InProgress", Lasts: 10 * time.Second, Next: engine.To("Completed"), Enter: status},
		engine.Stage{Name: "Deleting", Lasts: 5 * time.Second, Next: vanish, Enter: status},
	)
	for _, name := range ends {
		stages = append(stages, engine.Stage{Name: name, Enter: status})
	}
	return stages
}

// versionsOf are the packages in a group.
func versionsOf(tx *engine.Tx, group string) []*engine.Object {
	var versions []*engine.Object
	tx.Each("ModelPackage", func(o *engine.Object) {
		if o.Document["ModelPackageGroupName"] == group {
			versions = append(versions, o)
		}
	})
	return versions
}
