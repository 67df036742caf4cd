package sagemaker

import (
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// project is made by Service Catalog from a template.
var project = &engine.Kind{
	Name: "Project", Resource: "project", Status: "ProjectStatus", WriteOnly: []string{"TemplateProviders"},
	NotFound: func(_, arn string) *wire.Error {
		// Assumption: the code is documented, not the words.
		return wire.Invalid("Project %s does not exist.", lastPart(arn))
	},
	Duplicate: func(arn string) *wire.Error {
		// Assumption: the rule is documented, not the words.
		return wire.Invalid("Project name must be unique within an AWS account and region: %s already exists.", lastPart(arn))
	},
	Over: func(o *engine.Object) bool { return o.Status() == "DeleteCompleted" },
	Check: func(tx *engine.Tx, o *engine.Object) *wire.Error {
		wire.Default(o.Document, wire.Body{"ProjectId": "p-" + tx.NewID(), "CreatedBy": wire.Body{}})
		providers := wire.List(o.Request, "TemplateProviders")
		details := make([]any, len(providers))
		for i, provider := range providers {
			details[i] = wire.Body{"CfnTemplateProviderDetail": wire.Clone(wire.At(provider, "CfnTemplateProvider"))}
		}
		if len(details) > 0 {
			o.Document["TemplateProviderDetails"] = details
		}
		return nil
	},
	Answer: func(o *engine.Object) wire.Body { return wire.Body{"ProjectId": o.Document["ProjectId"]} },
	First:  "Creating",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		provisioned(o)["ProvisionedProductStatusMessage"] = reason
		tx.Enter(o, map[string]string{"Creating": "CreateFailed", "Updating": "UpdateFailed", "Deleting": "DeleteFailed"}[o.Stage])
	},
	Update: func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
		if err := settledProject(o); err != nil {
			return nil, err
		}
		if text := body["ProjectDescription"]; text != nil {
			o.Document["ProjectDescription"] = text
		}
		if update := wire.Object(body, "ServiceCatalogProvisioningUpdateDetails"); update != nil {
			details := wire.Object(o.Document, "ServiceCatalogProvisioningDetails")
			for member, value := range update {
				details[member] = wire.Clone(value)
			}
		}
		for _, provider := range wire.List(body, "TemplateProvidersToUpdate") {
			if err := updateTemplate(o, wire.Object(provider, "CfnTemplateProvider")); err != nil {
				return nil, err
			}
		}
		tx.Enter(o, "Updating")
		return wire.Body{"ProjectArn": o.ARN}, nil
	},
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		if err := settledProject(o); err != nil {
			return nil, err
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	},
	List: engine.List{
		Summaries: "ProjectSummaryList",
		Members:   []string{"ProjectName", "ProjectDescription", "ProjectArn", "ProjectId", "CreationTime", "ProjectStatus"},
	},
	// Assumption: how long Service Catalog takes, and that a deleted project is
	// told of for a while.
	Stages: []engine.Stage{
		{Name: "Creating", Lasts: 2 * time.Minute, Next: engine.To("Created"), Enter: projectStatus("CreateInProgress")},
		{Name: "Created", Enter: func(_ *engine.Tx, o *engine.Object) {
			provisioned(o)["ProvisionedProductId"] = "pp-" + engine.Reference(o.ARN)[:13]
			o.Document["ProjectStatus"] = "CreateCompleted"
		}},
		{Name: "CreateFailed", Enter: projectStatus("CreateFailed")},
		{Name: "Updating", Lasts: 2 * time.Minute, Next: engine.To("Updated"), Enter: projectStatus("UpdateInProgress")},
		{Name: "Updated", Enter: projectStatus("UpdateCompleted")},
		{Name: "UpdateFailed", Enter: projectStatus("UpdateFailed")},
		{Name: "Deleting", Lasts: 2 * time.Minute, Next: engine.To("Deleted"), Enter: projectStatus("DeleteInProgress")},
		{Name: "Deleted", Lasts: 5 * time.Minute, Next: vanish, Enter: projectStatus("DeleteCompleted")},
		{Name: "DeleteFailed", Enter: projectStatus("DeleteFailed")},
	},
}

// updateTemplate changes the template of that name. Assumption: that AWS refuses
// others, and the words.
func updateTemplate(o *engine.Object, update wire.Body) *wire.Error {
	for _, one := range wire.List(o.Document, "TemplateProviderDetails") {
		detail := wire.Object(one, "CfnTemplateProviderDetail")
		if wire.String(detail, "TemplateName") == wire.String(update, "TemplateName") {
			for member, value := range update {
				detail[member] = wire.Clone(value)
			}
			return nil
		}
	}
	return wire.Invalid("Template %s is not one of project %s.", wire.String(update, "TemplateName"), o.Name)
}

func projectStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["ProjectStatus"] = status }
}

func provisioned(o *engine.Object) wire.Body {
	wire.Default(o.Document, wire.Body{"ServiceCatalogProvisionedProductDetails": wire.Body{}})
	return wire.Object(o.Document, "ServiceCatalogProvisionedProductDetails")
}

// settledProject refuses what AWS refuses while Service Catalog is at work.
// Assumption: the words.
func settledProject(o *engine.Object) *wire.Error {
	switch o.Stage {
	case "Creating", "Updating", "Deleting", "Deleted":
		return wire.Errorf("ConflictException", "Project %s is in status %s and cannot be changed now.", o.Name, o.Status())
	default:
		return nil
	}
}
