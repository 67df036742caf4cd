package sagemaker

import (
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// inferenceComponent is a model among others on an endpoint's variant.
var inferenceComponent = &engine.Kind{
	Name: "InferenceComponent", Resource: "inference-component", Status: "InferenceComponentStatus",
	WriteOnly: []string{"DeploymentConfig"},
	NotFound:  func(_, arn string) *wire.Error { return wire.Invalid("Could not find inference component %q.", arn) },
	Duplicate: func(arn string) *wire.Error {
		return wire.Invalid("Cannot create already existing inference component %q.", arn)
	},
	Check: checkComponent,
	First: "Creating",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Document["FailureReason"] = reason
		if c := componentOf(o); o.Stage == "Updating" { // AWS goes back to what it served
			c.next, c.nextData, c.copies = c.current, c.data, c.before
			tx.Enter(o, "InService")
			return
		}
		tx.Enter(o, "Failed")
	},
	Update: updateComponent,
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		if err := settledComponent(o); err != nil {
			return nil, err
		}
		if isBase(tx, o) {
			// The middle of the sentence is what the Terraform provider for AWS waits on.
			return nil, wire.Invalid("Inference component %q is a base inference component for one or more associated inference components.", o.ARN)
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	},
	More: map[string]engine.Verb{
		"UpdateInferenceComponentRuntimeConfig": func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
			if err := settledComponent(o); err != nil {
				return nil, err
			}
			c := componentOf(o)
			c.updates++
			c.before, c.copies = c.copies, wire.Int(c.copies, body, "DesiredRuntimeConfig", "CopyCount")
			delete(o.Document, "FailureReason")
			tx.Enter(o, "Updating")
			return wire.Body{"InferenceComponentArn": o.ARN}, nil
		},
	},
	List: engine.List{
		Summaries: "InferenceComponents",
		Filter: func(o *engine.Object, request wire.Body) bool {
			for member, own := range map[string]string{"EndpointNameEquals": "EndpointName", "VariantNameEquals": "VariantName"} {
				if want := wire.String(request, member); want != "" && want != wire.String(o.Document, own) {
					return false
				}
			}
			return true
		},
		Members: []string{
			"InferenceComponentName", "InferenceComponentArn", "EndpointName", "EndpointArn", "VariantName", "InferenceComponentStatus",
			"CreationTime", "LastModifiedTime",
		},
	},
	// Assumption: how long each takes.
	Stages: []engine.Stage{
		{Name: "Creating", Lasts: 4 * time.Minute, Next: engine.To("InService"), Enter: describeComponent("Creating")},
		{Name: "InService", Enter: func(tx *engine.Tx, o *engine.Object) {
			c := componentOf(o)
			c.current, c.data, c.running = c.next, c.nextData, c.copies
			describeComponent("InService")(tx, o)
		}},
		{Name: "Updating", Lasts: 3 * time.Minute, Next: engine.To("InService"), Enter: describeComponent("Updating")},
		{Name: "Failed", Enter: describeComponent("Failed")},
		{Name: "Deleting", Lasts: time.Minute, Next: vanish, Enter: describeComponent("Deleting")},
	},
}

// component is what an inference component has beyond its document.
type component struct {
	current, next           wire.Body // specifications
	data, nextData          string    // where their models come from
	running, copies, before int
	updates                 int // how many there were
}

func componentOf(o *engine.Object) *component {
	c, _ := o.Private.(*component)
	return c
}

// describeComponent tells the specification it is to have, as Describe does.
func describeComponent(status string) func(*engine.Tx, *engine.Object) {
	return func(tx *engine.Tx, o *engine.Object) {
		c := componentOf(o)
		told, _ := wire.Clone(c.next).(wire.Body)
		if container := wire.Object(told, "Container"); container != nil {
			if image := wire.String(container, "Image"); image != "" {
				container["DeployedImage"] = wire.Body{"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": tx.Now}
				delete(container, "Image")
			}
		}
		o.Document["Specification"], o.Document["InferenceComponentStatus"] = told, status
		o.Document["RuntimeConfig"] = wire.Body{"DesiredCopyCount": engine.Number(c.copies), "CurrentCopyCount": engine.Number(c.running)}
	}
}

// settledComponent refuses changes while AWS is at work. Assumption: the words
// are those of endpoints.
func settledComponent(o *engine.Object) *wire.Error {
	switch o.Stage {
	case "Deleting":
		// The word in capitals is what the Terraform provider for AWS reads.
		return wire.Invalid("Inference component %q is in status DELETE_IN_PROGRESS.", o.ARN)
	case "Creating", "Updating":
		return wire.Invalid("Cannot update in-progress inference component %q.", o.ARN)
	default:
		return nil
	}
}

// isBase tells whether adapters stand on a component.
func isBase(tx *engine.Tx, o *engine.Object) bool {
	base := false
	tx.Each(o.Kind.Name, func(other *engine.Object) {
		base = base || wire.String(other.Document, "Specification", "BaseInferenceComponentName") == o.Name
	})
	return base
}

func checkComponent(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	name := wire.String(d, "EndpointName")
	on := tx.See(endpoint, name)
	if on == nil {
		return tx.Missing(endpoint, "CreateInferenceComponent", name)
	}
	spec := wire.Object(d, "Specification")
	if err := checkSpecification(tx, spec); err != nil {
		return err
	}
	if base := wire.String(spec, "BaseInferenceComponentName"); base != "" {
		of := tx.See(o.Kind, base)
		if of == nil {
			return tx.Missing(o.Kind, "CreateInferenceComponent", base)
		}
		wire.Default(d, wire.Body{"VariantName": of.Document["VariantName"]})
	}
	if on.Status() != "InService" {
		// Assumption: that it must be, and the words.
		return wire.Invalid("Cannot create an inference component on endpoint %q in status %s.", on.ARN, on.Status())
	}
	if variant := wire.String(d, "VariantName"); stateOf(on).serving.variant(variant) == nil {
		return wire.Invalid("Could not find variant %q of endpoint %q.", variant, on.ARN) // Assumption: the words.
	}
	d["EndpointArn"] = on.ARN
	o.Private = &component{next: spec, nextData: dataOf(tx, spec), copies: wire.Int(1, d, "RuntimeConfig", "CopyCount")}
	config := wire.Object(o.Request, "DeploymentConfig")
	if err := checkAlarms(tx, config); err != nil {
		return err
	}
	if config != nil {
		d["LastDeploymentConfig"] = wire.Clone(config)
	}
	return nil
}

func checkSpecification(tx *engine.Tx, spec wire.Body) *wire.Error {
	if name := wire.String(spec, "ModelName"); name != "" && tx.See(model, name) == nil {
		return tx.Missing(model, "CreateInferenceComponent", name)
	}
	if spec["ModelName"] == nil && spec["Container"] == nil {
		// Assumption: the rule is documented, not the words.
		return wire.Invalid("Specify either ModelName or Container in Specification.")
	}
	return nil
}

// dataOf is where the model of a specification comes from.
func dataOf(tx *engine.Tx, spec wire.Body) string {
	if uri := wire.String(spec, "Container", "ArtifactUrl"); uri != "" {
		return uri
	}
	named := tx.Find(model, wire.String(spec, "ModelName"))
	if named == nil {
		return ""
	}
	return (&variant{containers: containersOf(named.Document)}).modelDataURL()
}

func updateComponent(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	if err := settledComponent(o); err != nil {
		return nil, err
	}
	config := wire.Object(body, "DeploymentConfig")
	if err := checkAlarms(tx, config); err != nil {
		return nil, err
	}
	c := componentOf(o)
	if spec := wire.Object(body, "Specification"); spec != nil {
		if err := checkSpecification(tx, spec); err != nil {
			return nil, err
		}
		c.next, _ = wire.Clone(spec).(wire.Body)
		c.nextData = dataOf(tx, spec)
	}
	c.before, c.copies = c.copies, wire.Int(c.copies, body, "RuntimeConfig", "CopyCount")
	if config != nil {
		o.Document["LastDeploymentConfig"] = wire.Clone(config)
	}
	tx.Enter(o, "Updating") // FailureReason stays, also when this succeeds: ACK's e2e test_inference_component.py
	c.updates++
	update := c.updates
	watch(tx, o, alarmsOf(config), func() bool { return c.updates == update && o.Stage == "Updating" }, func(tx *engine.Tx, why string) {
		o.Kind.Fail(tx, o, why)
	})
	return wire.Body{"InferenceComponentArn": o.ARN}, nil
}
