package sagemaker

import (
	"encoding/json"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// endpointConfig says which models an endpoint serves on what; it never
// changes.
var endpointConfig = &engine.Kind{
	Name: "EndpointConfig", Resource: "endpoint-config", Immutable: true,
	NotFound: func(_, arn string) *wire.Error { return wire.Invalid("Could not find endpoint configuration %q.", arn) },
	Duplicate: func(arn string) *wire.Error {
		return wire.Invalid("Cannot create already existing endpoint configuration %q.", arn)
	},
	Check:  checkEndpointConfig,
	Delete: deleteNow,
	List: engine.List{
		Summaries: "EndpointConfigs", Members: []string{"EndpointConfigName", "EndpointConfigArn", "CreationTime"},
	},
}

// checkEndpointConfig refuses what no endpoint could serve. Assumption: but
// for the unknown model, only the rules are documented, not the words.
func checkEndpointConfig(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	wire.Default(d, wire.Body{"EnableNetworkIsolation": false})
	if err := tx.PassRole(wire.String(d, "ExecutionRoleArn")); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, entry := range append(wire.List(d, "ProductionVariants"), wire.List(d, "ShadowProductionVariants")...) {
		variant := wire.Object(entry)
		name := wire.String(variant, "VariantName")
		if seen[name] {
			return wire.Invalid("Variant names must be unique within an endpoint configuration: %q is used twice.", name)
		}
		seen[name] = true
		wire.Default(variant, wire.Body{"InitialVariantWeight": json.Number("1.0")})
		instances := variant["InstanceType"] != nil || variant["InstancePools"] != nil
		if instances == (variant["ServerlessConfig"] != nil) {
			return wire.Invalid("Variant %q must have either an InstanceType or a ServerlessConfig, and not both.", name)
		}
		modelName := wire.String(variant, "ModelName")
		if modelName == "" {
			if d["ExecutionRoleArn"] == nil {
				return wire.Invalid("Variant %q must have a ModelName, or the endpoint configuration an ExecutionRoleArn.", name)
			}
			continue
		}
		if tx.See(model, modelName) == nil {
			return tx.Missing(model, "CreateEndpointConfig", modelName)
		}
	}
	return nil
}
