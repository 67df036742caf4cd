package kind

// SageMaker is the SageMaker API.
var SageMaker = API{
	Client:     "github.com/aws/aws-sdk-go-v2/service/sagemaker",
	OlderModel: "models/apis/sagemaker/2017-07-24/api-2.json",
	Docs:       "https://docs.aws.amazon.com/sagemaker/latest/APIReference/",
	Neighbours: []Neighbour{{
		OlderModel: "models/apis/application-autoscaling/2016-02-06/api-2.json",
		Docs:       "https://docs.aws.amazon.com/autoscaling/application/APIReference/",
		Prefix:     "Scaling",
		Operations: []string{"DescribeScalingPolicies", "ListTagsForResource", "TagResource", "UntagResource"},
	}, {
		OlderModel: "models/apis/monitoring/2010-08-01/api-2.json",
		Docs:       "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/",
		Prefix:     "CloudWatch",
		Operations: []string{
			"DeleteAlarms", "DescribeAlarms", "GetMetricStatistics", "ListTagsForResource", "PutMetricData", "SetAlarmState", "TagResource", "UntagResource",
		},
	}},
	Kinds: sageMakerKinds,
	Operations: []string{
		"AddTags", "DeleteTags", "ListTags",
		"BatchDescribeModelPackage",
		"DescribePipelineDefinitionForExecution",
		"ListMonitoringExecutions",
		"ListPipelineExecutionSteps",
		"ListPipelineParametersForExecution",
		"ListTrainingJobsForHyperParameterTuningJob",
		"RetryPipelineExecution",
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
	OpenValues: []string{"InstanceType", "AcceleratorType", "AmiVersion", "MlTools", "PlatformIdentifier", "SageMakerImageName", "MetricType"},
}
