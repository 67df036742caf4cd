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
		Input shapeRef `json:"input"`
	} `json:"operations"`
	Shapes map[string]modelShape `json:"shapes"`
}

type shapeRef struct {
	Shape string `json:"shape"`
}

type modelShape struct {
	Required []string            `json:"required"`
	Members  map[string]shapeRef `json:"members"`
	Member   shapeRef            `json:"member"`
	Value    shapeRef            `json:"value"`
	Enum     []string            `json:"enum"`
	Min      *float64            `json:"min"`
	Max      *float64            `json:"max"`
	Pattern  string              `json:"pattern"`
}

// limits is what a field is limited to. Nil means not limited.
type limits struct {
	min, max *float64
	pattern  string
	enum     []string
	required bool
}

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
			limits{min: new(1.0), max: new(63.0), pattern: name, required: true},
			&limits{min: new(1.0), max: new(63.0), pattern: name},
		},
		{
			"that of a tuning job only 32", "HyperParameterTuningJob", "HyperParameterTuningJobName",
			limits{min: new(1.0), max: new(32.0), pattern: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}`, required: true},
			&limits{min: new(1.0), max: new(32.0), pattern: `[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}`},
		},
		{"a role is a whole ARN", "TrainingJob", "RoleArn", limits{min: new(20.0), max: new(2048.0), pattern: role, required: true}, nil},
		{"a training job has 1 to 20 channels", "TrainingJob", "InputDataConfig", limits{min: new(1.0), max: new(20.0)}, nil},
		{
			"a channel has a short name", "TrainingJob", "InputDataConfig[].ChannelName",
			limits{min: new(1.0), max: new(64.0), pattern: `[A-Za-z0-9\.\-_]+`, required: true},
			nil,
		},
		{
			"data comes from S3", "TrainingJob", "InputDataConfig[].DataSource.S3DataSource.S3Uri",
			limits{max: new(1024.0), pattern: s3, required: true},
			nil,
		},
		{"100 hyperparameters are enough", "TrainingJob", "HyperParameters", limits{min: new(0.0), max: new(100.0)}, &limits{max: new(100.0)}},
		{
			"a hyperparameter is a text on one line", "TrainingJob", "HyperParameters{}",
			limits{max: new(2500.0), pattern: `.*`},
			&limits{max: new(2500.0)},
		},
		{"a job may run for at least a second", "TrainingJob", "StoppingCondition.MaxRuntimeInSeconds", limits{min: new(1.0)}, nil},
		{"a job may wait for at least a second", "TrainingJob", "StoppingCondition.MaxWaitTimeInSeconds", limits{min: new(1.0)}, nil},
		{"a warm pool lives for up to 6 hours, which was 1", "TrainingJob", "ResourceConfig.KeepAlivePeriodInSeconds", limits{min: new(0.0), max: new(21600.0)}, nil},
		{
			"a job can do without a volume size, which it could not", "TrainingJob", "ResourceConfig.VolumeSizeInGB",
			limits{min: new(0.0)},
			nil,
		},
		{"a training job may have no resources of its own", "TrainingJob", "ResourceConfig", limits{}, nil},
		{
			"the input mode is one of three", "TrainingJob", "AlgorithmSpecification.TrainingInputMode",
			limits{enum: []string{"Pipe", "File", "FastFile"}, required: true},
			nil,
		},
		{"of 50 tags 10 are ours", "TrainingJob", "Tags", limits{min: new(0.0), max: new(50.0)}, &limits{max: new(40.0)}},
		{"a tag's key is not empty", "Model", "Tags[].Key", limits{min: new(1.0), max: new(128.0), pattern: tagKey, required: true}, nil},
		{
			"a tag's value may be", "Model", "Tags[].Value",
			limits{min: new(0.0), max: new(256.0), pattern: tagKey, required: true},
			&limits{max: new(256.0), pattern: tagKey, required: true},
		},
		{"an inference pipeline has 15 containers", "Model", "Containers", limits{max: new(15.0)}, nil},
		{"a container has 100 environment variables", "Model", "PrimaryContainer.Environment", limits{max: new(100.0)}, nil},
		{"an endpoint has 1 to 10 variants", "EndpointConfig", "ProductionVariants", limits{min: new(1.0), max: new(10.0), required: true}, nil},
		{"a variant starts with an instance", "EndpointConfig", "ProductionVariants[].InitialInstanceCount", limits{min: new(1.0)}, nil},
		{"a variant's weight is not negative", "EndpointConfig", "ProductionVariants[].InitialVariantWeight", limits{min: new(0.0)}, nil},
		{
			"serverless memory is 1 to 6 GB", "EndpointConfig", "ProductionVariants[].ServerlessConfig.MemorySizeInMB",
			limits{min: new(1024.0), max: new(6144.0), required: true},
			nil,
		},
		{
			"an endpoint needs a configuration or a reference to one", "Endpoint", "EndpointConfigName",
			limits{max: new(63.0), pattern: name, required: true},
			&limits{max: new(63.0), pattern: name},
		},
		{"a processing job has 10 inputs", "ProcessingJob", "ProcessingInputs", limits{min: new(0.0), max: new(10.0)}, &limits{max: new(10.0)}},
		{
			"a processing job runs for up to 9 days", "ProcessingJob", "StoppingCondition.MaxRuntimeInSeconds",
			limits{min: new(1.0), max: new(777600.0), required: true},
			nil,
		},
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
			out.min = new(float64(*bound))
		}
	}
	for _, bound := range []*int64{at.MaxLength, at.MaxItems, at.MaxProperties} {
		if bound != nil {
			out.max = new(float64(*bound))
		}
	}
	return out
}
