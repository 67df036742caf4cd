package sagemaker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// fleet is one endpoint configuration as it was deployed. It outlives the
// configuration and its models, which may be deleted.
type fleet struct {
	config   wire.Body
	variants []*variant
	shadows  []*variant
}

// variant is a model on its instances.
type variant struct {
	config     wire.Body
	model      string
	containers []wire.Body
	weight     json.Number
	count      int
	resolved   time.Time
	// wanted is what a weight or capacity update asks for.
	wantedWeight json.Number
	wantedCount  int
}

// newFleet looks up what a configuration names.
func newFleet(tx *engine.Tx, configName string) (*fleet, *wire.Error) {
	config := tx.See(endpointConfig, configName)
	if config == nil {
		return nil, tx.Missing(endpointConfig, "CreateEndpoint", configName)
	}
	document, _ := wire.Clone(config.Document).(wire.Body)
	f := &fleet{config: document}
	var err *wire.Error
	if f.variants, err = newVariants(tx, wire.List(document, "ProductionVariants")); err != nil {
		return nil, err
	}
	f.shadows, err = newVariants(tx, wire.List(document, "ShadowProductionVariants"))
	return f, err
}

func newVariants(tx *engine.Tx, configs []any) ([]*variant, *wire.Error) {
	var variants []*variant
	for _, entry := range configs {
		config := wire.Object(entry)
		v := &variant{config: config, model: wire.String(config, "ModelName"), resolved: tx.Now}
		v.weight, _ = config["InitialVariantWeight"].(json.Number)
		if config["ServerlessConfig"] == nil {
			v.count = wire.Int(1, config, "InitialInstanceCount")
		}
		v.wantedWeight, v.wantedCount = v.weight, v.count
		if v.model != "" {
			found := tx.See(model, v.model)
			if found == nil {
				return nil, tx.Missing(model, "CreateEndpoint", v.model)
			}
			document, _ := wire.Clone(found.Document).(wire.Body)
			v.containers = containersOf(document)
		}
		variants = append(variants, v)
	}
	return variants, nil
}

func (f *fleet) name() string { return wire.String(f.config, "EndpointConfigName") }

func (f *fleet) variant(name string) *variant {
	for _, v := range f.variants {
		if v.name() == name {
			return v
		}
	}
	return nil
}

// serverless tells whether the fleet has no instances of its own.
func (f *fleet) serverless() bool {
	return slices.ContainsFunc(f.variants, func(v *variant) bool { return v.config["ServerlessConfig"] != nil })
}

// instances is how many instances the fleet has or is getting.
func (f *fleet) instances() int {
	total := 0
	for _, v := range f.variants {
		total += v.wantedCount
	}
	return total
}

func (f *fleet) usage() []engine.Usage {
	var usage []engine.Usage
	for _, v := range slices.Concat(f.variants, f.shadows) {
		if instance := wire.String(v.config, "InstanceType"); instance != "" {
			usage = append(usage, engine.Usage{Quota: instance + " for endpoint usage", Count: v.wantedCount})
		}
	}
	return usage
}

// unreadable says why the fleet cannot be launched, "" if it can.
func (f *fleet) unreadable(tx *engine.Tx) string {
	for _, v := range f.variants {
		for i, container := range v.containers {
			if uri, found := modelData(tx, container); !found {
				// Assumption: the words of the container's name.
				return fmt.Sprintf("Failed to download model data for container %q from URL: %q. Please ensure that there is an object located "+
					"at the URL and that the role passed to CreateModel has permissions to download the object.",
					"container_"+strconv.Itoa(i+1), uri)
			}
		}
	}
	return ""
}

func (v *variant) name() string { return wire.String(v.config, "VariantName") }

// modelDataURL is where the variant's first container has its model from.
func (v *variant) modelDataURL() string {
	if len(v.containers) == 0 {
		return ""
	}
	if uri := wire.String(v.containers[0], "ModelDataUrl"); uri != "" {
		return uri
	}
	return wire.String(v.containers[0], "ModelDataSource", "S3DataSource", "S3Uri")
}

// summaries describe the variants of a fleet in service.
func summaries(variants []*variant) []any {
	out := make([]any, 0, len(variants))
	for _, v := range variants {
		summary := v.summary()
		summary["CurrentWeight"], summary["CurrentInstanceCount"] = v.weight, engine.Number(v.count)
		if serverless := v.config["ServerlessConfig"]; serverless != nil {
			summary["CurrentServerlessConfig"] = serverless
		}
		out = append(out, summary)
	}
	return out
}

// pendingSummaries describe the variants of a fleet on its way.
func pendingSummaries(variants []*variant, status, message string, since time.Time) []any {
	out := make([]any, 0, len(variants))
	for _, v := range variants {
		summary := v.summary()
		for _, member := range []string{"InstanceType", "AcceleratorType"} {
			if value := v.config[member]; value != nil {
				summary[member] = value
			}
		}
		summary["VariantStatus"] = []any{wire.Body{"Status": status, "StatusMessage": message, "StartTime": since}}
		out = append(out, summary)
	}
	return out
}

func (v *variant) summary() wire.Body {
	summary := wire.Body{
		"VariantName": v.name(), "DesiredWeight": v.wantedWeight, "DesiredInstanceCount": engine.Number(v.wantedCount),
	}
	var images []any
	for _, container := range v.containers {
		if image := wire.String(container, "Image"); image != "" {
			digest := sha256.Sum256([]byte(image))
			images = append(images, wire.Body{
				"SpecifiedImage": image, "ResolvedImage": repository(image) + "@sha256:" + hex.EncodeToString(digest[:]), "ResolutionTime": v.resolved,
			})
		}
	}
	if images != nil {
		summary["DeployedImages"] = images
	}
	if serverless := v.config["ServerlessConfig"]; serverless != nil {
		summary["DesiredServerlessConfig"] = serverless
	}
	for _, member := range []string{"ManagedInstanceScaling", "RoutingConfig"} {
		if value := v.config[member]; value != nil {
			summary[member] = value
		}
	}
	return summary
}

// repository is an image without its tag or digest.
func repository(image string) string {
	folder, name := path.Split(image)
	if i := strings.IndexAny(name, ":@"); i >= 0 {
		name = name[:i]
	}
	return folder + name
}
