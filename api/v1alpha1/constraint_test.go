package v1alpha1_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// modelFile is the model that the simulator validates requests with.
const modelFile = "../../test/simulator/internal/model/zz_generated.model.json.gz"

// apiModel is the part of the model that the spot checks look at.
type apiModel struct {
	Operations map[string]struct {
		Input struct{ Shape string }
	}
	Shapes map[string]modelShape
}

type modelShape struct {
	Required []string
	Members  map[string]struct{ Shape string }
	Member   struct{ Shape string }
	Value    struct{ Shape string }
	Enum     []string
	Min, Max *float64
	Pattern  string
}

// limits is what a field is limited to. Nil means not limited.
type limits struct {
	min, max *float64
	pattern  string
	enum     []string
	required bool
}

func num(v float64) *float64 { return &v }

// The constraints of a few fields, written down by hand from the API
// reference: generator and simulator read the same sources and could be wrong
// together.
func TestSpotChecks(t *testing.T) {
	const (
		name   = `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`
		role   = `arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`
		s3     = `(https|s3)://([^/]+)/?(.*)`
		tagKey = `([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`
	)
	rows := []struct {
		reason string
		kind   string
		// path in the request; the names of the CRD differ in case only.
		path string
		want limits
		// crd is what the CRD says where it is meant to differ.
		crd *limits
	}{
		{
			"the name of a job has 63 characters", "TrainingJob", "TrainingJobName",
			limits{min: num(1), max: num(63), pattern: name, required: true},
			&limits{min: num(1), max: num(63), pattern: name},
		},
		{
			"that of a tuning job only 32", "HyperParameterTuningJob", "HyperParameterTuningJobName",
			limits{min: num(1), max: num(32), pattern: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}`, required: true},
			&limits{min: num(1), max: num(32), pattern: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}`},
		},
		{"a role is a whole ARN", "TrainingJob", "RoleArn", limits{min: num(20), max: num(2048), pattern: role, required: true}, nil},
		{"a training job has 1 to 20 channels", "TrainingJob", "InputDataConfig", limits{min: num(1), max: num(20)}, nil},
		{
			"a channel has a short name", "TrainingJob", "InputDataConfig[].ChannelName",
			limits{min: num(1), max: num(64), pattern: `[A-Za-z0-9\.\-_]+`, required: true}, nil,
		},
		{
			"data comes from S3", "TrainingJob", "InputDataConfig[].DataSource.S3DataSource.S3Uri",
			limits{max: num(1024), pattern: s3, required: true}, nil,
		},
		{"100 hyperparameters are enough", "TrainingJob", "HyperParameters", limits{min: num(0), max: num(100)}, &limits{max: num(100)}},
		{
			"a hyperparameter is a text on one line", "TrainingJob", "HyperParameters{}",
			limits{max: num(2500), pattern: `.*`}, &limits{max: num(2500)},
		},
		{"a job may run for at least a second", "TrainingJob", "StoppingCondition.MaxRuntimeInSeconds", limits{min: num(1)}, nil},
		{"a job may wait for at least a second", "TrainingJob", "StoppingCondition.MaxWaitTimeInSeconds", limits{min: num(1)}, nil},
		{"a warm pool lives for up to 6 hours, which was 1", "TrainingJob", "ResourceConfig.KeepAlivePeriodInSeconds", limits{min: num(0), max: num(21600)}, nil},
		{
			"a job can do without a volume size, which it could not", "TrainingJob", "ResourceConfig.VolumeSizeInGB",
			limits{min: num(0)}, nil,
		},
		{"a training job may have no resources of its own", "TrainingJob", "ResourceConfig", limits{}, nil},
		{
			"the input mode is one of three", "TrainingJob", "AlgorithmSpecification.TrainingInputMode",
			limits{enum: []string{"Pipe", "File", "FastFile"}, required: true}, nil,
		},
		{"of 50 tags 10 are ours", "TrainingJob", "Tags", limits{min: num(0), max: num(50)}, &limits{max: num(40)}},
		{"a tag's key is not empty", "Model", "Tags[].Key", limits{min: num(1), max: num(128), pattern: tagKey, required: true}, nil},
		{"a tag's value may be", "Model", "Tags[].Value", limits{min: num(0), max: num(256), pattern: tagKey, required: true},
			&limits{max: num(256), pattern: tagKey, required: true}},
		{"an inference pipeline has 15 containers", "Model", "Containers", limits{max: num(15)}, nil},
		{"a container has 100 environment variables", "Model", "PrimaryContainer.Environment", limits{max: num(100)}, nil},
		{"an endpoint has 1 to 10 variants", "EndpointConfig", "ProductionVariants", limits{min: num(1), max: num(10), required: true}, nil},
		{"a variant starts with an instance", "EndpointConfig", "ProductionVariants[].InitialInstanceCount", limits{min: num(1)}, nil},
		{"a variant's weight is not negative", "EndpointConfig", "ProductionVariants[].InitialVariantWeight", limits{min: num(0)}, nil},
		{
			"serverless memory is 1 to 6 GB", "EndpointConfig", "ProductionVariants[].ServerlessConfig.MemorySizeInMB",
			limits{min: num(1024), max: num(6144), required: true}, nil,
		},
		{
			"an endpoint needs a configuration or a reference to one", "Endpoint", "EndpointConfigName",
			limits{max: num(63), pattern: name, required: true}, &limits{max: num(63), pattern: name},
		},
		{"a processing job has 10 inputs", "ProcessingJob", "ProcessingInputs", limits{min: num(0), max: num(10)}, &limits{max: num(10)}},
		{"a processing job runs for up to 9 days", "ProcessingJob", "StoppingCondition.MaxRuntimeInSeconds",
			limits{min: num(1), max: num(777600), required: true}, nil},
	}
	model, crds := readModel(t), readCRDs(t)
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			require.Equal(t, row.want, model.limits(t, row.kind, row.path), "the model")
			if row.crd == nil {
				row.crd = &row.want
			}
			if row.crd.pattern != "" {
				row.crd.pattern = "^" + row.crd.pattern + "$"
			}
			require.Equal(t, *row.crd, crdLimits(t, crds[row.kind], row.path), "the CRD")
		})
	}
}

func readModel(t *testing.T) apiModel {
	t.Helper()
	file, err := os.Open(modelFile)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var model apiModel
	require.NoError(t, json.NewDecoder(unzipped).Decode(&model))
	return model
}

// limits finds a member of the Create input.
func (m apiModel) limits(t *testing.T, kind, path string) limits {
	t.Helper()
	at := m.Shapes[m.Operations["Create"+kind].Input.Shape]
	required := false
	for step := range strings.SplitSeq(path, ".") {
		name := strings.TrimRight(step, "[]{}")
		ref, ok := at.Members[name]
		require.True(t, ok, "no member %s", name)
		required = slices.Contains(at.Required, name)
		at = m.Shapes[ref.Shape]
		if strings.HasSuffix(step, "[]") {
			at, required = m.Shapes[at.Member.Shape], false
		}
		if strings.HasSuffix(step, "{}") {
			at, required = m.Shapes[at.Value.Shape], false
		}
	}
	pattern := strings.TrimSuffix(strings.TrimPrefix(at.Pattern, "^"), "$")
	return limits{min: at.Min, max: at.Max, pattern: pattern, enum: at.Enum, required: required}
}

// crdLimits finds the field of a spec whose path differs in case only.
func crdLimits(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition, path string) limits {
	t.Helper()
	at := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	required := false
	for step := range strings.SplitSeq(path, ".") {
		name := strings.TrimRight(step, "[]{}")
		found := ""
		for property := range at.Properties {
			if strings.EqualFold(property, name) {
				found = property
			}
		}
		require.NotEmpty(t, found, "no field %s", name)
		required = slices.Contains(at.Required, found)
		at = at.Properties[found]
		if strings.HasSuffix(step, "[]") {
			at, required = *at.Items.Schema, false
		}
		if strings.HasSuffix(step, "{}") {
			at, required = *at.AdditionalProperties.Schema, false
		}
	}
	out := limits{min: at.Minimum, max: at.Maximum, pattern: at.Pattern, required: required}
	for _, value := range at.Enum {
		out.enum = append(out.enum, strings.Trim(string(value.Raw), `"`))
	}
	for _, bound := range []*int64{at.MinLength, at.MinItems, at.MinProperties} {
		if bound != nil {
			out.min = num(float64(*bound))
		}
	}
	for _, bound := range []*int64{at.MaxLength, at.MaxItems, at.MaxProperties} {
		if bound != nil {
			out.max = num(float64(*bound))
		}
	}
	return out
}
