package kind

// SageMaker is the SageMaker API.
var SageMaker = API{
	Client:     "github.com/aws/aws-sdk-go-v2/service/sagemaker",
	OlderModel: "models/apis/sagemaker/2017-07-24/api-2.json",
	Docs:       "https://docs.aws.amazon.com/sagemaker/latest/APIReference/",
	Kinds:      sageMakerKinds,
	Operations: []string{
		"AddTags", "DeleteTags", "ListTags",
		"BatchDescribeModelPackage",
		"DescribePipelineDefinitionForExecution",
		"ListMonitoringExecutions",
		"ListPipelineExecutionSteps",
		"ListTrainingJobsForHyperParameterTuningJob",
		"UpdateEndpointWeightsAndCapacities",
		"UpdateInferenceComponentRuntimeConfig",
	},
	References: sageMakerReferences,
	NotReferences: map[string]string{
		"ModelPackageContainerDefinition.NearestModelName": "a machine learning model, not a Model",
		"ServerlessJobConfig.BaseModelArn":                 "an entry of a public hub",
		"UnifiedStudioSettings.DomainId":                   "a domain of Amazon DataZone",
		"UnifiedStudioSettings.ProjectId":                  "a project of Amazon DataZone",
	},
	Tokens: []string{"ClientRequestToken", "ClientToken"},
	Keys: map[string]string{
		"TagList":               "key",
		"ProductionVariantList": "variantName",
	},
	OpenValues: []string{"InstanceType", "AcceleratorType", "AmiVersion", "MlTools", "PlatformIdentifier", "SageMakerImageName"},
}
