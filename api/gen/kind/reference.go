package kind

// Value says what of the target a reference stands for.
type Value string

const (
	// Name is the target's name in AWS.
	Name Value = "Name"
	// ARN is the target's ARN.
	ARN Value = "ARN"
	// ID is the identifier AWS made for the target.
	ID Value = "ID"
	// ResourceID is what a scalable target scales.
	ResourceID Value = "ResourceID"
	// ModelData is the S3 URI of a finished job's model artefacts.
	ModelData Value = "ModelData"
)

// Target is what a member names.
type Target struct {
	// Kind of the target. Empty where the reference itself says it.
	Kind string
	// Value of the target that the member takes.
	Value Value
	// Type is the Go type of the reference. Empty means Reference.
	Type string
	// Field is the JSON name of the reference. Empty means that of the member,
	// without Name, ARN, ID or URL, and with Ref.
	Field string
}

// sageMakerReferences are the members that name another kind, as shape.member.
var sageMakerReferences = map[string]Target{
	"CreateAppRequest.DomainId":                                  {Kind: "Domain", Value: ID},
	"CreateAppRequest.SpaceName":                                 {Kind: "Space", Value: Name},
	"CreateAppRequest.UserProfileName":                           {Kind: "UserProfile", Value: Name},
	"CreateEndpointInput.EndpointConfigName":                     {Kind: "EndpointConfig", Value: Name},
	"CreateInferenceComponentInput.EndpointName":                 {Kind: "Endpoint", Value: Name},
	"CreateModelPackageInput.ModelPackageGroupName":              {Kind: "ModelPackageGroup", Value: Name},
	"CreateNotebookInstanceInput.LifecycleConfigName":            {Kind: "NotebookInstanceLifecycleConfig", Value: Name},
	"CreateSpaceRequest.DomainId":                                {Kind: "Domain", Value: ID},
	"CreateTransformJobRequest.ModelName":                        {Kind: "Model", Value: Name},
	"CreateUserProfileRequest.DomainId":                          {Kind: "Domain", Value: ID},
	"StartPipelineExecutionRequest.PipelineName":                 {Kind: "Pipeline", Value: Name},
	"Alarm.AlarmName":                                            {Kind: "MetricAlarm", Value: Name},
	"ContainerDefinition.ModelDataUrl":                           {Value: ModelData, Type: "DataReference"},
	"ContainerDefinition.ModelPackageName":                       {Kind: "ModelPackage", Value: ARN},
	"DataQualityBaselineConfig.BaseliningJobName":                {Kind: "ProcessingJob", Value: Name},
	"EndpointInput.EndpointName":                                 {Kind: "Endpoint", Value: Name},
	"InferenceComponentSpecification.BaseInferenceComponentName": {Kind: "InferenceComponent", Value: Name},
	"InferenceComponentSpecification.ModelName":                  {Kind: "Model", Value: Name},
	"InstancePool.ModelNameOverride":                             {Kind: "Model", Value: Name},
	"LabelingJobAlgorithmsConfig.InitialActiveLearningModelArn":  {Kind: "Model", Value: ARN},
	"MetadataProperties.ProjectId":                               {Kind: "Project", Value: ID},
	"ModelBiasBaselineConfig.BaseliningJobName":                  {Kind: "ProcessingJob", Value: Name},
	"ModelExplainabilityBaselineConfig.BaseliningJobName":        {Kind: "ProcessingJob", Value: Name},
	"ModelPackageConfig.ModelPackageGroupArn":                    {Kind: "ModelPackageGroup", Value: ARN},
	"ModelPackageConfig.SourceModelPackageArn":                   {Kind: "ModelPackage", Value: ARN},
	"ModelPackageContainerDefinition.ModelDataUrl":               {Value: ModelData, Type: "DataReference"},
	"ModelQualityBaselineConfig.BaseliningJobName":               {Kind: "ProcessingJob", Value: Name},
	"MonitoringBaselineConfig.BaseliningJobName":                 {Kind: "ProcessingJob", Value: Name},
	"MonitoringScheduleConfig.MonitoringJobDefinitionName":       {Value: Name, Type: "JobDefinitionReference"},
	"OwnershipSettings.OwnerUserProfileName":                     {Kind: "UserProfile", Value: Name},
	"ParentHyperParameterTuningJob.HyperParameterTuningJobName":  {Kind: "HyperParameterTuningJob", Value: Name},
	"ProcessingFeatureStoreOutput.FeatureGroupName":              {Kind: "FeatureGroup", Value: Name},
	"PutScheduledActionRequest.ResourceId":                       {Kind: "ScalableTarget", Value: ResourceID, Field: "scalableTargetRef"},
	"PutScalingPolicyRequest.ResourceId":                         {Kind: "ScalableTarget", Value: ResourceID, Field: "scalableTargetRef"},
	"ProductionVariant.ModelName":                                {Kind: "Model", Value: Name},
	"SelectiveExecutionConfig.SourcePipelineExecutionArn":        {Kind: "PipelineExecution", Value: ARN},
	"SourceAlgorithm.ModelDataUrl":                               {Value: ModelData, Type: "DataReference"},
}
