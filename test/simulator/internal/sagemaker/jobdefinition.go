package sagemaker

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// The job definitions say what a monitoring schedule runs; they never change.
var (
	dataQualityJobDefinition         = jobDefinition("DataQuality", "data-quality-job-definition")
	modelBiasJobDefinition           = jobDefinition("ModelBias", "model-bias-job-definition")
	modelExplainabilityJobDefinition = jobDefinition("ModelExplainability", "model-explainability-job-definition")
	modelQualityJobDefinition        = jobDefinition("ModelQuality", "model-quality-job-definition")
)

func jobDefinition(what, resource string) *engine.Kind {
	return &engine.Kind{
		Name: what + "JobDefinition", Resource: resource, NameMember: "JobDefinitionName", ARNMember: "JobDefinitionArn", Immutable: true,
		NotFound: func(_, arn string) *wire.Error {
			// Assumption: the code is documented, not the words.
			return wire.Errorf("ResourceNotFound", "Could not find job definition %q.", arn)
		},
		Duplicate: func(arn string) *wire.Error {
			return wire.Errorf("ResourceInUse", "Resource Already Exists: Job definition with name %s already exists. Choose a different name.", lastPart(arn))
		},
		Check: func(tx *engine.Tx, o *engine.Object) *wire.Error {
			wire.Default(o.Document, wire.Body{"StoppingCondition": wire.Body{"MaxRuntimeInSeconds": engine.Number(60 * 60)}})
			if err := tx.PassRole(wire.String(o.Document, "RoleArn")); err != nil {
				return err
			}
			name := wire.String(o.Document, what+"JobInput", "EndpointInput", "EndpointName")
			if name != "" && tx.See(endpoint, name) == nil {
				return tx.Missing(endpoint, "Create"+what+"JobDefinition", name)
			}
			return nil
		},
		Delete: deleteNow,
		List: engine.List{
			Summaries: "JobDefinitionSummaries",
			Filter: func(o *engine.Object, request wire.Body) bool {
				want := wire.String(request, "EndpointName")
				return want == "" || want == wire.String(o.Document, what+"JobInput", "EndpointInput", "EndpointName")
			},
			Summary: func(o *engine.Object) wire.Body {
				summary := wire.Body{
					"MonitoringJobDefinitionName": o.Name, "MonitoringJobDefinitionArn": o.ARN, "CreationTime": o.Created(),
				}
				if name := wire.String(o.Document, what+"JobInput", "EndpointInput", "EndpointName"); name != "" {
					summary["EndpointName"] = name
				}
				return summary
			},
		},
	}
}
