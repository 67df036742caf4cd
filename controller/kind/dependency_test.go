package kind_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// dependency is a field in which a kind names an AWS object of another.
type dependency struct {
	kind, of reconcile.Kind
	field    v1alpha1.ReferenceField
}

func (d dependency) String() string { return d.kind.Kind() + " " + d.field.Fills }

// ofServer are fields that lead to what AWS describes by a name that they do not tell.
var ofServer = []string{"ModelPackage metadataProperties.projectID"}

func dependencies() []dependency {
	var all []dependency
	for _, k := range kinds() {
		for _, field := range v1alpha1.References[k.Kind()] {
			of := field.Kind
			if of == "" && field.Value == v1alpha1.ReferenceName {
				of = "DataQualityJobDefinition"
			}
			if d := (dependency{k, kinds()[of], field}); of != "" && !slices.Contains(ofServer, d.String()) {
				all = append(all, d)
			}
		}
	}
	slices.SortFunc(all, func(a, b dependency) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// placed says how a spec names VALUE in a field that stories leave out, beside what they
// have.
var placed = map[string]string{
	"App spaceName": `{spaceName: VALUE, userProfileName: null}`,
	"Endpoint deploymentConfig.autoRollbackConfiguration.alarms[].alarmName": `
deploymentConfig:
  blueGreenUpdatePolicy: {trafficRoutingConfiguration: {type: ALL_AT_ONCE, waitIntervalInSeconds: 60}}
  autoRollbackConfiguration: {alarms: [{alarmName: VALUE}]}`,
	"EndpointConfig productionVariants[].instancePools[].modelNameOverride": `
productionVariants: [{variantName: a, instancePools: [{instanceType: ml.m5.large, priority: 1, modelNameOverride: VALUE}]}]`,
	"EndpointConfig shadowProductionVariants[].instancePools[].modelNameOverride": `
shadowProductionVariants: [{variantName: s, instancePools: [{instanceType: ml.m5.large, priority: 1, modelNameOverride: VALUE}]}]`,
	"EndpointConfig shadowProductionVariants[].modelName": `
shadowProductionVariants: [{variantName: s, modelName: VALUE, instanceType: ml.m5.large, initialInstanceCount: 1}]`,
	"HyperParameterTuningJob warmStartConfig.parentHyperParameterTuningJobs[].hyperParameterTuningJobName": `
warmStartConfig: {warmStartType: TransferLearning, parentHyperParameterTuningJobs: [{hyperParameterTuningJobName: VALUE}]}`,
	"InferenceComponent deploymentConfig.autoRollbackConfiguration.alarms[].alarmName": `
deploymentConfig:
  rollingUpdatePolicy: {maximumBatchSize: {type: COPY_COUNT, value: 1}, waitIntervalInSeconds: 60}
  autoRollbackConfiguration: {alarms: [{alarmName: VALUE}]}`,
	"InferenceComponent specification.baseInferenceComponentName": `
specification: {baseInferenceComponentName: VALUE, container: {artifactURL: "s3://acme-ml/adapter.tar.gz"}}`,
	"InferenceComponent specifications[].baseInferenceComponentName": `
specification: null
specifications: [{instanceType: ml.m5.large, baseInferenceComponentName: VALUE, container: {artifactURL: "s3://acme-ml/adapter.tar.gz"}}]`,
	"InferenceComponent specifications[].modelName": `
specification: null
specifications: [{instanceType: ml.m5.large, modelName: VALUE, computeResourceRequirements: {minMemoryRequiredInMb: 1024}}]`,
	"LabelingJob labelingJobAlgorithmsConfig.initialActiveLearningModelARN": `
labelingJobAlgorithmsConfig:
  labelingJobAlgorithmSpecificationARN: arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/image-classification
  initialActiveLearningModelARN: VALUE`,
	"Model containers[].modelPackageName":     `{primaryContainer: null, containers: [{modelPackageName: VALUE}]}`,
	"Model primaryContainer.modelPackageName": `{primaryContainer: {modelPackageName: VALUE}}`,
	"MonitoringSchedule monitoringScheduleConfig.monitoringJobDefinition.baselineConfig.baseliningJobName":              inline("", "baselineConfig: {baseliningJobName: VALUE}"),
	"MonitoringSchedule monitoringScheduleConfig.monitoringJobDefinition.monitoringInputs[].endpointInput.endpointName": inline("VALUE", ""),
	"PipelineExecution selectiveExecutionConfig.sourcePipelineExecutionARN": `
selectiveExecutionConfig: {sourcePipelineExecutionARN: VALUE, selectedSteps: [{stepName: Train}]}`,
	"ProcessingJob processingOutputConfig.outputs[].featureStoreOutput.featureGroupName": `
processingOutputConfig: {outputs: [{outputName: features, appManaged: true, featureStoreOutput: {featureGroupName: VALUE}}]}`,
	"ScalableTarget inferenceComponentName": `{endpointName: null, variantName: null, inferenceComponentName: VALUE}`,
	"Space ownershipSettings.ownerUserProfileName": `
ownershipSettings: {ownerUserProfileName: VALUE}
spaceSharingSettings: {sharingType: Private}`,
	"TrainingJob modelPackageConfig.modelPackageGroupARN": `{modelPackageConfig: {modelPackageGroupARN: VALUE}}`,
	"TrainingJob modelPackageConfig.sourceModelPackageARN": `
modelPackageConfig:
  modelPackageGroupARN: arn:aws:sagemaker:us-east-1:123456789012:model-package-group/versions
  sourceModelPackageARN: VALUE`,
	"DataQualityJobDefinition dataQualityBaselineConfig.baseliningJobName":                 `{dataQualityBaselineConfig: {baseliningJobName: VALUE}}`,
	"ModelBiasJobDefinition modelBiasBaselineConfig.baseliningJobName":                     `{modelBiasBaselineConfig: {baseliningJobName: VALUE}}`,
	"ModelExplainabilityJobDefinition modelExplainabilityBaselineConfig.baseliningJobName": `{modelExplainabilityBaselineConfig: {baseliningJobName: VALUE}}`,
	"ModelQualityJobDefinition modelQualityBaselineConfig.baseliningJobName":               `{modelQualityBaselineConfig: {baseliningJobName: VALUE}}`,
}

// inline is a schedule with a definition of its own.
func inline(endpoint, more string) string {
	if endpoint == "" {
		endpoint = "serving"
	}
	return `
monitoringScheduleConfig:
  monitoringType: DataQuality
  scheduleConfig: {scheduleExpression: "cron(0 * ? * * *)"}
  monitoringJobDefinition:
    roleARN: arn:aws:iam::123456789012:role/sagemaker
    monitoringAppSpecification: {imageURI: 156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer:latest}
    monitoringInputs: [{endpointInput: {endpointName: ` + endpoint + `, localPath: /opt/ml/processing/input}}]
    monitoringOutputConfig: {monitoringOutputs: [{s3Output: {s3URI: "s3://acme-ml/reports/", localPath: /opt/ml/processing/output}}]}
    monitoringResources: {clusterConfig: {instanceType: ml.m5.large, instanceCount: 1, volumeSizeInGB: 20}}
    ` + more
}

// spec is a spec of the kind's story that names value in the field.
func (d dependency) spec(t *testing.T, value string) map[string]any {
	t.Helper()
	spec := maps.Clone(readStory(t, d.kind)[0].Spec)
	text, ok := placed[d.String()]
	if !ok {
		require.True(t, replaced(spec, strings.Split(d.field.Fills, "."), value), "say in placed how %s names something", d)
		return spec
	}
	var more map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(strings.ReplaceAll(text, "VALUE", value)), &more))
	maps.Copy(spec, more)
	maps.DeleteFunc(spec, func(_ string, v any) bool { return v == nil })
	return spec
}

// replaced puts a value in the place of what a path leads to; it reports whether there
// was anything.
func replaced(t map[string]any, path []string, value string) bool {
	name, isList := strings.CutSuffix(path[0], "[]")
	v, ok := t[name]
	if !ok {
		return false
	}
	if len(path) == 1 {
		t[name] = value
		return true
	}
	if items, _ := v.([]any); isList && len(items) > 0 {
		v = items[0]
	}
	inner, ok := v.(map[string]any)
	return ok && replaced(inner, path[1:], value)
}

// later is what is named: the object of the story of its kind, under that name.
const later = "later"

// value is how the field names what is not there yet; "" if AWS makes the identifier.
func (d dependency) value() string {
	const arn = "arn:aws:sagemaker:us-east-1:123456789012:"
	switch {
	case d.field.Value == v1alpha1.ReferenceResourceID:
		return "endpoint/serving/variant/AllTraffic"
	case d.field.Value == v1alpha1.ReferenceName:
		return later
	case d.of.Kind() == "ModelPackage":
		return arn + "model-package/versions/1"
	case d.field.Value == v1alpha1.ReferenceARN && d.of.ID == "":
		return arn + map[string]string{"Model": "model/", "ModelPackageGroup": "model-package-group/"}[d.of.Kind()] + later
	default:
		return ""
	}
}

// act is a world in which an object names what somebody else makes.
type act struct {
	*world
	d      dependency
	person *cloud.Client
	named  string    // the ARN of what is named
	mine   int       // how many of the calls that were let pass are the person's
	since  time.Time // when it could be used first, and AWS refused nothing any more
}

func newAct(t *testing.T, d dependency) *act {
	t.Helper()
	a := &act{world: newWorld(t, d.kind), d: d}
	config, err := a.aws.AWSConfig(t.Context())
	require.NoError(t, err)
	a.person, err = cloud.NewClients(config, a.clock, nil).For(t.Context(), cloud.Identity{})
	require.NoError(t, err)
	a.aws.Journal().Reset()
	return a
}

// request is the request of an operation that the specs stand for.
func (a *act) request(op cloud.Operation, specs ...map[string]any) shape.Tree {
	a.t.Helper()
	all := map[string]any{}
	for _, spec := range specs {
		maps.Copy(all, spec)
	}
	data, err := json.Marshal(map[string]any{"spec": all})
	require.NoError(a.t, err)
	obj := a.d.of.Object()
	require.NoError(a.t, json.Unmarshal([]byte(a.stage.Play(string(data))), obj))
	spec, err := reconcile.Spec(obj)
	require.NoError(a.t, err)
	if a.d.of.Complete != nil {
		_, err = a.d.of.Complete(a.t.Context(), a.kube, "ml", spec)
		require.NoError(a.t, err)
	}
	if !a.d.of.Nameless && a.d.of.Kind() != "ScalableTarget" {
		spec[a.d.of.NameField()] = later
	}
	return a.requestOf(op, spec)
}

func (a *act) requestOf(op cloud.Operation, spec map[string]any) shape.Tree {
	a.t.Helper()
	data, err := json.Marshal(spec)
	require.NoError(a.t, err)
	var played map[string]any
	require.NoError(a.t, json.Unmarshal([]byte(a.stage.Play(string(data))), &played))
	request, err := op.Select(played)
	require.NoError(a.t, err)
	return request
}

// make makes what is named, and tells its ARN or the identifier that AWS gave it.
func (a *act) make() string {
	a.t.Helper()
	spec := readStory(a.t, a.d.of)[0].Spec
	if a.d.of.Approval {
		spec["modelApprovalStatus"] = "Approved"
	}
	known := map[string]bool{}
	for _, o := range a.aws.Objects(a.d.of.Kind()) {
		known[o.ARN] = true
	}
	a.call(a.d.of.Create, a.request(a.d.of.Create, spec))
	for _, o := range a.aws.Objects(a.d.of.Kind()) {
		if !known[o.ARN] {
			a.named = o.ARN
			if a.d.field.Value == v1alpha1.ReferenceID {
				return o.Name
			}
			return o.ARN
		}
	}
	require.Fail(a.t, "nothing was made")
	return ""
}

// makes puts up what stands in the way of something, and tells its address.
func (a *act) makes(text string) shape.Tree {
	a.t.Helper()
	for name, id := range a.made() {
		text = strings.ReplaceAll(text, name, id)
	}
	var spec map[string]any
	require.NoError(a.t, yaml.Unmarshal([]byte(text), &spec))
	known := len(a.aws.Objects(a.d.of.Kind()))
	request := a.requestOf(a.d.of.Create, spec)
	a.call(a.d.of.Create, request)
	all := a.aws.Objects(a.d.of.Kind())
	require.Len(a.t, all, known+1)
	for _, o := range all {
		a.named = o.ARN // the newest is the last
	}
	if a.d.of.ID != "" && !a.d.of.Delete.HasInput(a.d.of.ID) {
		return shape.Tree{a.d.of.Name: a.named}
	}
	return request
}

// made are the identifiers that AWS made for the object.
func (a *act) made() map[string]string {
	obj, err := a.get(a.t.Context())
	require.NoError(a.t, err)
	return map[string]string{"(made by AWS)": obj.Common().ID}
}

func (a *act) call(op cloud.Operation, request shape.Tree) {
	a.t.Helper()
	_, err := op.Call(a.t.Context(), a.person, request)
	require.NoError(a.t, err)
	if op.Name == a.d.kind.Create.Name {
		a.mine++
	}
}

// there tells whether what is named can be used.
func (a *act) there() bool {
	if a.named == "" {
		return false
	}
	i := slices.IndexFunc(a.aws.Objects(a.d.of.Kind()), func(o simulator.Object) bool { return o.ARN == a.named })
	if i < 0 {
		return false
	}
	o := a.aws.Objects(a.d.of.Kind())[i]
	return o.Stage != "Updating" && (a.d.of.States.Member == "" || !a.d.of.States.Classify(o.Status).Busy())
}

// refuses makes AWS refuse the operations in words of no table, until it is told not to.
func (a *act) refuses(operations ...cloud.Operation) {
	a.t.Helper()
	for _, op := range operations {
		rule := fault.Rule{Action: fault.Reject, Operation: op.Name, Code: "ValidationException", Message: words}
		if op.Name == a.d.of.Create.Name && a.d.of.Tags == nil { // the person's is not refused
			rule.Name = "abalone*"
		}
		_, err := a.aws.Faults().Add(rule)
		require.NoError(a.t, err)
	}
}

const words = "This request is not to our liking."

// drive lets the loop work, and time pass exactly, until done or for so long. It returns
// what the object is like then.
func (a *act) drive(d time.Duration, done func(reconcile.Object) bool) reconcile.Object {
	a.t.Helper()
	due := a.clock.Now()
	for end := a.clock.Now().Add(d); ; a.clock.Step(5 * time.Second) {
		if a.since.IsZero() && a.there() {
			a.since = a.clock.Now()
			a.aws.Faults().Clear()
		}
		over := !a.clock.Now().Before(end)
		if a.clock.Now().Before(due) && !over {
			continue
		}
		if !a.clock.Now().Before(due) {
			result, err := a.loop.Reconcile(a.t.Context(), ctrl.Request{NamespacedName: a.key})
			require.NoError(a.t, err)
			require.Positive(a.t, result.RequeueAfter)
			due = a.clock.Now().Add(result.RequeueAfter)
		}
		obj, err := a.get(a.t.Context())
		require.NoError(a.t, err)
		if done(obj) || over {
			return obj
		}
	}
}

func (a *act) apply(spec map[string]any) {
	a.t.Helper()
	a.spec = spec
	obj := a.object()
	was, err := a.get(a.t.Context())
	if err != nil {
		obj.SetGeneration(1)
		require.NoError(a.t, a.kube.Create(a.t.Context(), obj))
		return
	}
	obj.SetGeneration(was.GetGeneration() + 1)
	obj.SetFinalizers(was.GetFinalizers())
	obj.SetResourceVersion(was.GetResourceVersion())
	require.NoError(a.t, a.kube.Update(a.t.Context(), obj))
}

// waits asserts that the object waits for what it names, and says so after AWS's words.
func (a *act) waits(obj reconcile.Object, stalled bool) {
	a.t.Helper()
	is := meta.FindStatusCondition(obj.GetConditions(), "Ready")
	require.NotNil(a.t, is)
	require.Equal(a.t, reason.DependencyNotReady, is.Reason, is.Message)
	require.Equal(a.t, stalled, meta.IsStatusConditionTrue(obj.GetConditions(), "Stalled"), is.Message)
	require.True(a.t, strings.HasPrefix(is.Message, words+"; waiting for "+a.d.of.Kind()+" "), is.Message)
}

// asked counts the calls of an operation, and those of them that were let pass.
func (a *act) asked(op cloud.Operation) (all, passed int) {
	for _, e := range a.aws.Journal().Entries() {
		if e.Operation == op.Name {
			all++
			if e.Message != words && e.Message != takenWords {
				passed++
			}
		}
	}
	return all, passed
}

// comes lets what is named come to be there, and asserts that the operation is then
// called again within minutes.
func (a *act) comes(op cloud.Operation) {
	a.t.Helper()
	obj := a.drive(2*time.Hour, func(obj reconcile.Object) bool {
		if a.since.IsZero() {
			a.waits(obj, false)
		}
		_, n := a.asked(op)
		return n > a.mine
	})
	_, n := a.asked(op)
	require.Equal(a.t, a.mine+1, n, "%+v", obj.GetConditions())
	require.LessOrEqual(a.t, a.clock.Since(a.since), 3*time.Minute)
}

// What a spec names is waited for, whatever AWS says while it is not there: for minutes
// without an alarm, then Stalled, and never longer than some minutes after it is there.
func TestNamedObjectsAreWaitedFor(t *testing.T) {
	t.Parallel()
	for _, d := range dependencies() {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			t.Run("absent, made, there", func(t *testing.T) {
				a := newAct(t, d)
				value := d.value()
				if value == "" {
					value = a.make()
					a.refuses(d.kind.Create)
					a.apply(d.spec(t, value))
				} else {
					a.refuses(d.kind.Create)
					a.apply(d.spec(t, value))
					obj := a.drive(9*time.Minute, func(obj reconcile.Object) bool {
						if meta.FindStatusCondition(obj.GetConditions(), "Ready") != nil {
							a.waits(obj, false)
						}
						return false
					})
					a.waits(obj, false)
					a.waits(a.drive(4*time.Minute, func(reconcile.Object) bool { return false }), true)
					all, _ := a.asked(d.kind.Create)
					require.LessOrEqual(t, all, 12, "refused calls back off")
					a.aws.Faults().Clear()
					a.make()
					a.refuses(d.kind.Create)
					a.drive(3*time.Minute, func(obj reconcile.Object) bool { // until it is noticed
						return !a.since.IsZero() || !meta.IsStatusConditionTrue(obj.GetConditions(), "Stalled")
					})
				}
				a.comes(d.kind.Create)
			})
			if _, changes := simulator.Stages()[d.of.Kind()+"/Updating"]; !changes || d.value() == "" {
				return
			}
			t.Run("being updated", func(t *testing.T) {
				a := newAct(t, d)
				a.make()
				for !a.there() {
					a.clock.Step(5 * time.Second)
				}
				_, err := d.of.Update.Call(t.Context(), a.person, a.request(d.of.Update, readStory(t, d.of)[0].Spec, readStory(t, d.of)[1].Spec))
				require.NoError(t, err)
				require.False(t, a.there())
				a.refuses(d.kind.Create)
				a.apply(d.spec(t, d.value()))
				a.drive(time.Second, func(reconcile.Object) bool { return false })
				a.comes(d.kind.Create)
			})
		})
	}
}
