package sagemaker

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// model names containers and their data; it never changes.
var model = &engine.Kind{
	Name: "Model", Resource: "model", Immutable: true,
	NotFound:  func(_, arn string) *wire.Error { return wire.Invalid("Could not find model %q.", arn) },
	Duplicate: func(arn string) *wire.Error { return wire.Invalid("Cannot create already existing model %q.", arn) },
	Check:     checkModel,
	Delete:    deleteNow,
	List: engine.List{
		Summaries: "Models", Members: []string{"ModelName", "ModelArn", "CreationTime"},
	},
}

// deleteNow is the verb of kinds that are gone at once, used by others or not.
func deleteNow(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
	tx.Remove(o)
	return wire.Body{}, nil
}

func checkModel(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	containers := containersOf(d)
	// Assumption: only the rule is documented, not the words.
	if (d["PrimaryContainer"] == nil) == (d["Containers"] == nil) || len(containers) == 0 {
		return wire.Invalid("Specify either PrimaryContainer or Containers, and not both.")
	}
	wire.Default(d, wire.Body{"EnableNetworkIsolation": false})
	role := wire.String(d, "ExecutionRoleArn")
	if err := tx.PassRole(role); err != nil {
		return err
	}
	for _, container := range containers {
		if name := wire.String(container, "ModelPackageName"); name != "" {
			if err := deployable(tx, name); err != nil {
				return err
			}
		} else {
			// Assumption: AWS tells what the older and the newer way of naming
			// the data have in common.
			wire.Default(container, wire.Body{"Mode": "SingleModel"})
			if uri := wire.String(container, "ModelDataUrl"); uri != "" && wire.String(container, "Mode") == "SingleModel" {
				wire.Default(container, wire.Body{"ModelDataSource": wire.Body{
					"S3DataSource": wire.Body{"S3Uri": uri, "S3DataType": "S3Object", "CompressionType": "Gzip"},
				}})
			}
		}
		if uri, found := modelData(tx, container); !found {
			return wire.Invalid("Could not access model data at %s. Please ensure that the role %q exists and that its trust relationship "+
				"policy allows the action \"sts:AssumeRole\" for the service principal \"sagemaker.amazonaws.com\". Also ensure that the role "+
				"has \"s3:GetObject\" permissions and that the object is located in %s.",
				uri, role, tx.Caller.Region)
		}
	}
	return nil
}

// deployable checks that a model package is there, complete and approved.
func deployable(tx *engine.Tx, name string) *wire.Error {
	id := modelPackage.Identify(wire.Body{"ModelPackageName": name})
	o := tx.See(modelPackage, id)
	if o == nil {
		return tx.Missing(modelPackage, "CreateModel", id)
	}
	// Assumption: the rules are documented, not the words.
	if o.Status() != "Completed" {
		return wire.Invalid("ModelPackage %s is in status %s and cannot be deployed.", o.ARN, o.Status())
	}
	if approval := wire.String(o.Document, "ModelApprovalStatus"); approval != "" && approval != "Approved" {
		return wire.Invalid("ModelPackage %s is not approved: its approval status is %s.", o.ARN, approval)
	}
	return nil
}

func containersOf(model wire.Body) []wire.Body {
	if primary := wire.Object(model, "PrimaryContainer"); primary != nil {
		return []wire.Body{primary}
	}
	var containers []wire.Body
	for _, container := range wire.List(model, "Containers") {
		containers = append(containers, wire.Object(container))
	}
	return containers
}

// modelData says where a container's model is and whether it is there.
func modelData(tx *engine.Tx, container wire.Body) (uri string, found bool) {
	uri = wire.String(container, "ModelDataUrl")
	prefix := wire.String(container, "Mode") == "MultiModel"
	if uri == "" {
		source := wire.Object(container, "ModelDataSource", "S3DataSource")
		uri = wire.String(source, "S3Uri")
		prefix = wire.String(source, "S3DataType") == "S3Prefix"
	}
	switch {
	case uri == "": // the image brings its model along
		return "", true
	case prefix:
		return uri, tx.Storage.HasPrefix(uri)
	default:
		return uri, tx.Storage.HasObject(uri)
	}
}
