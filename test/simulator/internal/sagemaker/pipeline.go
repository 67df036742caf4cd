package sagemaker

import (
	"encoding/json"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// pipeline is a definition that can be executed.
var pipeline = &engine.Kind{
	Name: "Pipeline", Resource: "pipeline", Status: "PipelineStatus", Token: "ClientRequestToken",
	WriteOnly: []string{"PipelineDefinitionS3Location"},
	NotFound: func(_, arn string) *wire.Error {
		return wire.Errorf("ResourceNotFound", "Pipeline '%s' does not exist.", arn)
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Invalid("Pipeline names must be unique within an AWS account and region. Pipeline with name (%s) is in use.", lastPart(arn))
	},
	Check: func(tx *engine.Tx, o *engine.Object) *wire.Error {
		if err := tx.PassRole(wire.String(o.Document, "RoleArn")); err != nil {
			return err
		}
		text, err := definitionOf(tx, o.Request)
		if err != nil {
			return err
		}
		o.Document["PipelineDefinition"], o.Document["PipelineStatus"] = text, "Active"
		wire.Default(o.Document, wire.Body{"PipelineDisplayName": o.Name})
		return nil
	},
	Update: func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
		if err := tx.PassRole(wire.String(body, "RoleArn")); err != nil {
			return nil, err
		}
		if body["PipelineDefinition"] != nil || body["PipelineDefinitionS3Location"] != nil {
			text, err := definitionOf(tx, body)
			if err != nil {
				return nil, err
			}
			o.Document["PipelineDefinition"] = text
		}
		for _, member := range []string{"PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration"} {
			if body[member] != nil {
				o.Document[member] = wire.Clone(body[member])
			}
		}
		o.Touch(tx.Now)
		return wire.Body{"PipelineArn": o.ARN}, nil
	},
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		running := false
		tx.Each("PipelineExecution", func(e *engine.Object) {
			running = running || e.Document["PipelineArn"] == o.ARN && (e.Status() == "Executing" || e.Status() == "Stopping")
		})
		if running {
			// Assumption: the rule is documented, not the words.
			return nil, wire.Errorf("ConflictException", "Pipeline '%s' has running executions.", o.ARN)
		}
		tx.Remove(o)
		return wire.Body{"PipelineArn": o.ARN}, nil
	},
	List: engine.List{
		Summaries: "PipelineSummaries",
		Filter: func(o *engine.Object, request wire.Body) bool {
			prefix := wire.String(request, "PipelineNamePrefix")
			return len(prefix) <= len(o.Name) && o.Name[:len(prefix)] == prefix
		},
		Members: []string{
			"PipelineArn", "PipelineName", "PipelineDisplayName", "PipelineDescription", "RoleArn", "CreationTime", "LastModifiedTime",
		},
	},
}

// definitionOf reads a definition, which is given as text or by its place in
// S3. Assumption: the words.
func definitionOf(tx *engine.Tx, body wire.Body) (string, *wire.Error) {
	text, place := wire.String(body, "PipelineDefinition"), wire.Object(body, "PipelineDefinitionS3Location")
	if (text == "") == (place == nil) {
		return "", wire.Invalid("Both Pipeline Definition and Pipeline Definition S3 location shouldn't be present, and one of them must be.")
	}
	if place != nil {
		content, err := tx.Storage.Get(wire.String(place, "Bucket"), wire.String(place, "ObjectKey"))
		if err != nil {
			return "", wire.Invalid("Could not access the pipeline definition at s3://%s/%s.", wire.String(place, "Bucket"), wire.String(place, "ObjectKey"))
		}
		text = string(content)
	}
	var definition struct {
		Version string `json:"Version"`
		Steps   []struct {
			Name string `json:"Name"`
			Type string `json:"Type"`
		} `json:"Steps"`
	}
	if err := json.Unmarshal([]byte(text), &definition); err != nil {
		return "", wire.Invalid("Unable to parse pipeline definition: %s", err)
	}
	if len(definition.Steps) == 0 {
		return "", wire.Invalid("Unable to parse pipeline definition: it has no Steps")
	}
	for _, step := range definition.Steps {
		if step.Name == "" || step.Type == "" {
			return "", wire.Invalid("Unable to parse pipeline definition: a step needs a Name and a Type")
		}
	}
	return text, nil
}
