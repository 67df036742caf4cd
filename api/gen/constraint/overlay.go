package constraint

import "github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"

const (
	sageMakerARN = `arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:`
	hubContent   = `(arn:[a-z0-9-\.]{1,63}:sagemaker:\w+(?:-\w+)+:(\d{12}|aws):hub-content\/)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}\/`
	hubEntry     = `\/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,63}(\/\d{1,4}.\d{1,4}.\d{1,4})?`
)

// Overlay holds the constraints that the last aws-sdk-go v1 model lacks or
// has wrong. An entry replaces all three parts of a constraint.
var Overlay = map[string]model.Constraint{
	// AWS has changed these since.
	"ImageArn": {Max: "256", Pattern: `arn:aws(-[\w]+)*:sagemaker:.+:[0-9]{12}:image/[a-zA-Z0-9]([-.]?[a-zA-Z0-9])*`},
	"ImageVersionArn": {
		Max:     "256",
		Pattern: `(arn:aws(-[\w]+)*:sagemaker:.+:[0-9]{12}:image-version/[a-z0-9]([-.]?[a-z0-9])*/[0-9]+|None)`,
	},
	"KeepAlivePeriodInSeconds":               {Min: "0", Max: "21600"},
	"ManagedInstanceScalingMinInstanceCount": {Min: "0"},
	"ModelPackageArn": {
		Min: "1", Max: "2048",
		Pattern: `arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]{9,16}:[0-9]{12}:model-package/[\S]{1,2048}`,
	},
	"ModelPackageGroupArn": {
		Min: "1", Max: "2048",
		Pattern: `arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]{9,16}:[0-9]{12}:model-package-group/[\S]{1,2048}`,
	},
	"PipelineNameOrArn": {
		Min: "1", Max: "2048",
		Pattern: `(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:([0-9]{12}|aws):pipeline/.*)?([a-zA-Z0-9](-*[a-zA-Z0-9]){0,255})`,
	},
	"PlatformIdentifier": {
		Max:     "20",
		Pattern: `(notebook-al1-v1|notebook-al2-v1|notebook-al2-v2|notebook-al2-v3|notebook-al2023-v1)`,
	},
	"StudioLifecycleConfigArn": {Max: "256", Pattern: `(` + sageMakerARN + `studio-lifecycle-config/.*|None)`},
	"VersionedArnOrName": {
		Min: "1", Max: "176",
		Pattern: `(` + sageMakerARN + `[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\/[0-9]{1,9})?`,
	},

	// These are newer.
	"AssumableRoleArns":                        {Max: "5"},
	"AvailabilityZoneBalanceMaxImbalance":      {Min: "0", Max: "100"},
	"CfnStackCreateParameters":                 {Max: "180"},
	"CfnStackParameterKey":                     {Min: "1", Max: "255", Pattern: `.{1,255}`},
	"CfnStackParameterValue":                   {Max: "4096", Pattern: `.{0,4096}`},
	"CfnStackUpdateParameters":                 {Max: "180"},
	"CfnTemplateName":                          {Min: "1", Max: "32", Pattern: `(?=.{1,32}$)[a-zA-Z0-9](-*[a-zA-Z0-9])*`},
	"CfnTemplateURL":                           {Min: "1", Max: "1024", Pattern: `(?=.{1,1024}$)(https)://([^/]+)/(.+)`},
	"CreateTemplateProviderList":               {Min: "1", Max: "1"},
	"EvaluatorArn":                             {Pattern: `.*`},
	"ExecutionRoleArns":                        {Max: "5"},
	"HiddenSageMakerImageVersionAliasesList":   {Max: "5"},
	"HubDataSetArn":                            {Max: "2048", Pattern: hubContent + `DataSet` + hubEntry},
	"IdleTimeoutInMinutes":                     {Min: "60", Max: "525600"},
	"ImageVersionAliasPattern":                 {Min: "1", Max: "128", Pattern: `(0|[1-9]\d*)\.(0|[1-9]\d*)`},
	"InferenceComponentSpecificationList":      {Min: "1", Max: "5"},
	"InstancePoolList":                         {Min: "1", Max: "5"},
	"InstancePoolPriority":                     {Min: "1", Max: "5"},
	"ManagedInstanceScalingCooldownInMinutes":  {Min: "5", Max: "1440"},
	"ManagedInstanceScalingMaximumStepSize":    {Min: "1", Max: "100"},
	"MetricsEndpointList":                      {Max: "1"},
	"MetricsEndpointPath":                      {Max: "256", Pattern: `/(?!.*\.\.)[a-zA-Z0-9/_.\-]+`},
	"MlFlowResourceArn":                        {Max: "2048", Pattern: sageMakerARN + `mlflow-[a-zA-Z-]*/.*`},
	"MlReservationArn":                         {Min: "20", Max: "258", Pattern: sageMakerARN + `[a-z0-9\-]{1,14}/.*`},
	"MlflowExperimentEntityName":               {Min: "1", Max: "256", Pattern: `.*`},
	"MlflowExperimentName":                     {Min: "1", Max: "256", Pattern: `.*`},
	"MlflowRunName":                            {Min: "1", Max: "256", Pattern: `.*`},
	"PipelineVersionId":                        {Min: "1"},
	"PlacementSpecifications":                  {Max: "10"},
	"RecipeName":                               {Max: "255"},
	"RegionName":                               {Min: "1", Max: "24"},
	"S3SchemaUri":                              {Max: "1024", Pattern: `(s3)://([^/]+)/?(.*)`},
	"SequenceLength":                           {Min: "1", Max: "50", Pattern: `\d+K`},
	"ServerlessJobBaseModelArn":                {Min: "1", Max: "2048", Pattern: hubContent + `Model` + hubEntry},
	"StageDescription":                         {Max: "1024", Pattern: `.{0,1024}`},
	"StudioResourceSpecTrainingPlanArn":        {Max: "2048", Pattern: `(` + sageMakerARN + `training-plan/.*|None)`},
	"TrainingPlanArn":                          {Min: "50", Max: "2048", Pattern: sageMakerARN + `training-plan/.*`},
	"TransformAmiVersion":                      {Min: "1", Max: "63", Pattern: `[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*`},
	"UnifiedStudioDomainId":                    {Pattern: `dzd[-_][a-zA-Z0-9_-]{1,36}`},
	"UnifiedStudioEnvironmentId":               {Pattern: `[a-zA-Z0-9_-]{1,36}`},
	"UnifiedStudioProjectId":                   {Pattern: `[a-zA-Z0-9_-]{1,36}`},
	"UpdateTemplateProviderList":               {Min: "1", Max: "1"},
	"VariantInstanceProvisionTimeoutInSeconds": {Min: "300", Max: "3600"},
	"VersionAliasesList":                       {Max: "20"},
}
