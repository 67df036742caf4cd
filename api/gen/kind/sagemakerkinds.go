package kind

// onlySageMaker keeps the autoscaling of other services out.
var onlySageMaker = [2]string{"!has(self.serviceNamespace) || self.serviceNamespace == 'sagemaker'", "serviceNamespace must be sagemaker"}

// sageMakerKinds are the kinds of the SageMaker API.
var sageMakerKinds = []Kind{
	{
		Name:   "App",
		Doc:    "is an application that a user profile or a space runs in a domain.",
		Plural: "apps", Short: "smapp",
		Lifecycle: Service, Identity: "AppName", Status: "Status",
	},
	{
		Name:   "DataQualityJobDefinition",
		Doc:    "says how a monitoring schedule judges the data that reaches an endpoint.",
		Plural: "dataqualityjobdefinitions", Short: "smdqjd",
		Lifecycle: Revision, Identity: "JobDefinitionName",
	},
	{
		Name:   "Domain",
		Doc:    "is a Studio domain with the settings its users share.",
		Plural: "domains", Short: "smdom",
		Lifecycle: Service, Identity: "DomainName", ServerMade: true, Status: "Status",
		More: map[string][]string{"DeleteDomain": {"RetentionPolicy"}},
	},
	{
		Name:   "Endpoint",
		Doc:    "serves the models of an endpoint configuration.",
		Plural: "endpoints", Short: "smep",
		Lifecycle: Service, Identity: "EndpointName", Status: "EndpointStatus",
		More: map[string][]string{
			"UpdateEndpoint":                     {"ExcludeRetainedVariantProperties", "RetainAllVariantProperties", "RetainDeploymentConfig"},
			"UpdateEndpointWeightsAndCapacities": {"DesiredWeightsAndCapacities"},
		},
	},
	{
		Name:   "EndpointConfig",
		Doc:    "says which models an endpoint serves and on what.",
		Plural: "endpointconfigs", Short: "smepc",
		Lifecycle: Revision, Identity: "EndpointConfigName",
	},
	{
		Name:   "FeatureGroup",
		Doc:    "is a set of features in the feature store.",
		Plural: "featuregroups", Short: "smfg",
		Lifecycle: Service, Identity: "FeatureGroupName", Status: "FeatureGroupStatus",
	},
	{
		Name:   "HyperParameterTuningJob",
		Doc:    "runs training jobs to find the best hyperparameters, and ends.",
		Plural: "hyperparametertuningjobs", Short: "smhpo",
		Lifecycle: Job, Identity: "HyperParameterTuningJobName", Status: "HyperParameterTuningJobStatus",
		Told: []Told{
			{"ListTrainingJobsForHyperParameterTuningJob", "TrainingJobSummaries", "TrainingJobs"},
			{"DescribeTrainingJob", "ModelArtifacts", "ModelArtifacts"},
		},
	},
	{
		Name:   "InferenceComponent",
		Doc:    "is a model that shares the instances of an endpoint with others.",
		Plural: "inferencecomponents", Short: "smic",
		Lifecycle: Service, Identity: "InferenceComponentName", Status: "InferenceComponentStatus",
		More: map[string][]string{"UpdateInferenceComponent": {"DeploymentConfig"}},
	},
	{
		Name:   "LabelingJob",
		Doc:    "has people or models label data, and ends.",
		Plural: "labelingjobs", Short: "smlj",
		Lifecycle: Job, Identity: "LabelingJobName", Status: "LabelingJobStatus",
	},
	{
		Name:   "MetricAlarm",
		Doc:    "is a CloudWatch alarm on a metric, by which a deployment is taken back.",
		Plural: "metricalarms", Short: "smal",
		Lifecycle: Service, Identity: "AlarmName", Verb: "Put", Element: "MetricAlarm", Status: "StateValue",
		Rules: [][2]string{
			{"has(self.metricName) != has(self.metrics)", "exactly one of metricName and metrics"},
			{"!has(self.metricName) || has(self.statistic) != has(self.extendedStatistic)", "metricName goes with exactly one of statistic and extendedStatistic"},
		},
	},
	{
		Name:   "Model",
		Doc:    "is model data together with the container that serves it.",
		Plural: "models", Short: "smm",
		Lifecycle: Revision, Identity: "ModelName",
	},
	{
		Name:   "ModelBiasJobDefinition",
		Doc:    "says how a monitoring schedule watches the bias of a model.",
		Plural: "modelbiasjobdefinitions", Short: "smmbjd",
		Lifecycle: Revision, Identity: "JobDefinitionName",
	},
	{
		Name:   "ModelExplainabilityJobDefinition",
		Doc:    "says how a monitoring schedule watches what a model's answers depend on.",
		Plural: "modelexplainabilityjobdefinitions", Short: "smmejd",
		Lifecycle: Revision, Identity: "JobDefinitionName",
	},
	{
		Name:   "ModelPackage",
		Doc:    "is a version of a model in the model registry.",
		Plural: "modelpackages", Short: "smmp",
		Lifecycle: Registry, Identity: "ModelPackageName", ServerMade: true, Status: "ModelPackageStatus",
		More: map[string][]string{"UpdateModelPackage": {"ApprovalDescription"}},
	},
	{
		Name:   "ModelPackageGroup",
		Doc:    "holds the versions of one model in the model registry.",
		Plural: "modelpackagegroups", Short: "smmpg",
		Lifecycle: Service, Identity: "ModelPackageGroupName", Status: "ModelPackageGroupStatus",
	},
	{
		Name:   "ModelQualityJobDefinition",
		Doc:    "says how a monitoring schedule compares a model's answers with the truth.",
		Plural: "modelqualityjobdefinitions", Short: "smmqjd",
		Lifecycle: Revision, Identity: "JobDefinitionName",
	},
	{
		Name:   "MonitoringSchedule",
		Doc:    "runs a monitoring job from time to time.",
		Plural: "monitoringschedules", Short: "smms",
		Lifecycle: Service, Identity: "MonitoringScheduleName", Status: "MonitoringScheduleStatus",
		Told: []Told{{"ListMonitoringExecutions", "MonitoringExecutionSummaries", "Executions"}},
	},
	{
		Name:   "NotebookInstance",
		Doc:    "is a machine that runs notebooks.",
		Plural: "notebookinstances", Short: "smni",
		Lifecycle: Service, Identity: "NotebookInstanceName", Status: "NotebookInstanceStatus",
	},
	{
		Name:   "NotebookInstanceLifecycleConfig",
		Doc:    "holds the scripts that run when a notebook instance is created or started.",
		Plural: "notebookinstancelifecycleconfigs", Short: "smnilc",
		Lifecycle: Service, Identity: "NotebookInstanceLifecycleConfigName",
	},
	{
		Name:   "Pipeline",
		Doc:    "is a SageMaker pipeline definition.",
		Plural: "pipelines", Short: "smpl",
		Lifecycle: Service, Identity: "PipelineName", Status: "PipelineStatus",
		Controls: []string{"PipelineDefinitionControl"},
		Rules: [][2]string{{
			"[has(self.pipelineDefinition), has(self.pipelineDefinitionS3Location), has(self.pipelineDefinitionFrom)].filter(x, x).size() == 1",
			"exactly one of pipelineDefinition, pipelineDefinitionS3Location and pipelineDefinitionFrom",
		}},
	},
	{
		Name:   "PipelineExecution",
		Doc:    "runs a SageMaker pipeline once and ends.",
		Plural: "pipelineexecutions", Short: "smpe",
		Lifecycle: Job, ServerMade: true, Status: "PipelineExecutionStatus", Verb: "Start",
		Told: []Told{{"ListPipelineExecutionSteps", "PipelineExecutionSteps", "Steps"}},
	},
	{
		Name:   "ProcessingJob",
		Doc:    "runs a container over data and ends.",
		Plural: "processingjobs", Short: "smpj",
		Lifecycle: Job, Identity: "ProcessingJobName", Status: "ProcessingJobStatus",
	},
	{
		Name:   "Project",
		Doc:    "is a project made from a template.",
		Plural: "projects", Short: "smproj",
		Lifecycle: Service, Identity: "ProjectName", ServerMade: true, Status: "ProjectStatus",
	},
	{
		Name:   "ScalableTarget",
		Doc:    "says between which limits an endpoint's variant or an inference component is scaled.",
		Plural: "scalabletargets", Short: "smst",
		Lifecycle: Service, Verb: "Register", Element: "ScalableTarget",
		Completed: []string{"ServiceNamespace", "ResourceId", "ScalableDimension"},
		Controls:  []string{"ScalableResourceControl"},
		References: []Reference{
			{"endpointRef", "endpointName", Target{Kind: "Endpoint", Value: Name}},
			{"inferenceComponentRef", "inferenceComponentName", Target{Kind: "InferenceComponent", Value: Name}},
		},
		Rules: [][2]string{
			{
				"[has(self.resourceID), has(self.endpointName), has(self.endpointRef), has(self.inferenceComponentName), " +
					"has(self.inferenceComponentRef)].filter(x, x).size() == 1",
				"exactly one of resourceID, endpointName, endpointRef, inferenceComponentName and inferenceComponentRef",
			},
			onlySageMaker,
			{"has(self.variantName) == (has(self.endpointName) || has(self.endpointRef))", "variantName goes with endpointName or endpointRef"},
		},
	},
	{
		Name:   "ScalingPolicy",
		Doc:    "says by what a scalable target is scaled.",
		Plural: "scalingpolicies", Short: "smscp",
		Lifecycle: Service, Identity: "PolicyName", Verb: "Put", Element: "ScalingPolicy",
		Completed: []string{"ServiceNamespace", "ScalableDimension"},
		Rules:     [][2]string{onlySageMaker},
	},
	{
		Name:   "ScheduledAction",
		Doc:    "changes the limits of a scalable target at set times.",
		Plural: "scheduledactions", Short: "smsa",
		Lifecycle: Service, Identity: "ScheduledActionName", Verb: "Put", Element: "ScheduledAction",
		Completed: []string{"ServiceNamespace", "ScalableDimension"},
		Rules:     [][2]string{onlySageMaker, {"has(self.schedule)", "schedule is required"}},
	},
	{
		Name:   "Space",
		Doc:    "is a place in a domain where applications run and keep their files.",
		Plural: "spaces", Short: "smsp",
		Lifecycle: Service, Identity: "SpaceName", Status: "Status",
	},
	{
		Name:   "TrainingJob",
		Doc:    "trains a model and ends.",
		Plural: "trainingjobs", Short: "smtj",
		Lifecycle: Job, Identity: "TrainingJobName", Status: "TrainingJobStatus",
	},
	{
		Name:   "TransformJob",
		Doc:    "gets a model's answers for a whole data set and ends.",
		Plural: "transformjobs", Short: "smxj",
		Lifecycle: Job, Identity: "TransformJobName", Status: "TransformJobStatus",
	},
	{
		Name:   "UserProfile",
		Doc:    "is one user of a domain.",
		Plural: "userprofiles", Short: "smup",
		Lifecycle: Service, Identity: "UserProfileName", Status: "Status",
	},
}
