package loop_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarms "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/story"
)

// history is how many runs and revisions a long history has: more than status and
// revisionHistoryLimit keep.
const history = 12

// exampleAccount is the account that some examples are written for.
const exampleAccount = "111122223333"

// scenario is a story, and the account in which it takes place; none is the usual one.
type scenario struct {
	account string
	play    func(*recording)
}

// scenarios are what fixtures are recorded of: every example, the story of every kind,
// long histories, and every kind of source.
func scenarios() map[string]scenario {
	all := map[string]scenario{
		"xgboost-abalone": {play: (*recording).xgboost}, "huggingface-finetune": {play: (*recording).huggingFace},
		"batch-scoring": {play: (*recording).batch}, "monitoring-retrain": {play: (*recording).monitoring},
		"multi-env-dev": {play: environment("dev")}, "multi-env-staging": {play: environment("staging")}, "multi-env-prod": {play: environment("prod")},
		"model-pipeline":           {exampleAccount, approvedExample("model-pipeline/overlays/demo")},
		"plain-kinds":              {exampleAccount, plainExample("plain-kinds/overlays/demo")},
		"image-automation":         {exampleAccount, plainExample("image-automation")},
		"library":                  {exampleAccount, manifestsOf("../../examples/library/manifests.yaml")},
		"kinds":                    {play: manifestsOf("../../examples/kinds/*.yaml")},
		"model-deployment-rolling": {exampleAccount, (*recording).rolling},
		"sources":                  {play: (*recording).sources},
		"history":                  {play: (*recording).chainHistory}, "history-pipeline": {play: (*recording).pipelineHistory},
	}
	for _, overlay := range []string{"all-at-once", "canary", "linear"} {
		all["model-deployment-"+overlay] = scenario{exampleAccount, plainExample("model-deployment/overlays/" + overlay)}
	}
	for _, k := range kind.All() {
		all["story-"+strings.ToLower(k.Kind())] = scenario{play: storyOf(k)}
		if k.Lifecycle != reconcile.Service && k.Kind() != "ModelPackage" {
			all["history-"+strings.ToLower(k.Kind())] = scenario{play: historyOf(k)}
		}
	}
	return all
}

func plainExample(directory string) func(*recording) {
	return func(r *recording) {
		r.of(directory)
		r.alarms("abalone-orders-failing", "abalone-queue-long")
		r.startController()
		r.push()
		r.ready()
	}
}

// alarms are those that a person has made.
func (r *recording) alarms(names ...string) {
	r.t.Helper()
	config, err := r.aws.AWSConfig(r.ctx)
	require.NoError(r.t, err)
	for _, name := range names {
		_, err := cloudwatch.NewFromConfig(config).PutMetricAlarm(r.ctx, &cloudwatch.PutMetricAlarmInput{
			AlarmName: &name, Namespace: aws.String("Shop"), MetricName: aws.String("Orders"), Statistic: alarms.StatisticSum, Period: aws.Int32(60),
			EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: alarms.ComparisonOperatorLessThanThreshold,
		})
		require.NoError(r.t, err)
	}
}

// rolling ends stalled: what the simulated endpoint answers is not what the example wants.
func (r *recording) rolling() {
	r.of("model-deployment/overlays/rolling")
	r.startController()
	r.push()
	r.until("the smoke test has failed", func() bool {
		d, ok := get(r.world, "abalone", &v1alpha1.ModelDeployment{})
		return ok && isStalled(d) && readyCondition(d).Reason == reason.SmokeTestFailed
	})
}

func approvedExample(directory string) func(*recording) {
	return func(r *recording) {
		r.of(directory)
		r.measures("validation:rmse", 2.08)
		r.startController()
		r.push()
		r.approve()
		r.ready()
	}
}

func environment(name string) func(*recording) {
	return func(r *recording) {
		r.of("multi-env/overlays/" + name)
		for _, key := range []string{"abalone/train/a", "abalone/validation/a"} {
			require.NoError(r.t, r.aws.PutObject("acme-ml-"+name, key, []byte("1 1:2")))
		}
		r.measures("validation:rmse", 2.08)
		r.startController()
		r.push()
		if name == "prod" {
			r.approve()
		}
		r.ready()
		if name == "staging" {
			r.literal("rounds", "20")
			r.push()
			r.ready()
		}
	}
}

// manifestsOf applies files as they are, and takes what comes of them.
func manifestsOf(pattern string) func(*recording) {
	return func(r *recording) {
		files, err := filepath.Glob(pattern)
		require.NoError(r.t, err)
		var texts []string
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(r.t, err)
			texts = append(texts, string(text))
		}
		r.manifests(texts...)
		r.startController()
		r.push()
		r.pass(4*time.Hour, 20*time.Second)
		for _, u := range r.objects {
			if obj, ok := get(r.world, u.GetName(), r.typed(u)); ok && !isReady(obj) {
				r.t.Logf("%s %s: %s", u.GetKind(), u.GetName(), readyCondition(obj).Message)
			}
		}
	}
}

func (r *recording) xgboost() {
	r.of("xgboost-abalone")
	r.measures("validation:rmse", 2.08)
	r.startController()
	r.push()
	r.writes("evaluate", "report/report.json", `{"rows": 620, "regression": {"rmse": 2.117, "mae": 1.5}}`)
	r.approve()
	r.ready()
	r.revertsTo("the first depth")
	r.param("maxDepth", "6")
	r.push()
	r.writes("evaluate", "report/report.json", `{"rows": 620, "regression": {"rmse": 2.104, "mae": 1.4}}`)
	r.approve()
	r.ready()
}

func (r *recording) huggingFace() {
	r.of("huggingface-finetune")
	for _, key := range []string{"texts/a.txt", "labelled/train/a.csv", "labelled/validation/a.csv"} {
		require.NoError(r.t, r.aws.PutObject("acme-ml", "reviews/"+key, []byte("it arrived on time")))
	}
	r.fault(fault.Rule{Action: fault.Measure, Name: "reviews-adapt-*", Metrics: map[string]float64{"eval_loss": 2.1}})
	r.fault(fault.Rule{Action: fault.Measure, Name: "*-003-*", Metrics: map[string]float64{"eval_f1": 0.912}})
	r.fault(fault.Rule{Action: fault.Measure, Name: "*-0??-*", Metrics: map[string]float64{"eval_f1": 0.874}})
	r.fault(fault.Rule{Action: fault.Fail, Kind: "TrainingJob", Name: "reviews-adapt-*", Stage: "Training", Reason: "InternalServerError: We encountered an internal error. Please try again.", Times: 1})
	r.startController()
	r.push()
	r.ready()
}

func (r *recording) batch() {
	r.of("batch-scoring")
	require.NoError(r.t, r.aws.PutObject("acme-ml", "abalone/batch/day.csv", []byte("7,M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15\n")))
	require.NoError(r.t, r.aws.PutObject("acme-ml", "models/model.tar.gz", []byte("model")))
	api := r.sagemaker()
	_, err := api.CreateModelPackageGroup(r.ctx, &sagemaker.CreateModelPackageGroupInput{ModelPackageGroupName: aws.String("abalone")})
	require.NoError(r.t, err)
	r.pass(5*time.Second, time.Second)
	for range 2 {
		_, err := api.CreateModelPackage(r.ctx, &sagemaker.CreateModelPackageInput{
			ModelPackageGroupName: aws.String("abalone"), ModelApprovalStatus: types.ModelApprovalStatusApproved,
			InferenceSpecification: &types.InferenceSpecification{
				Containers:            []types.ModelPackageContainerDefinition{{Image: aws.String(deploymentImage), ModelDataUrl: aws.String("s3://acme-ml/models/model.tar.gz")}},
				SupportedContentTypes: []string{"text/csv"}, SupportedResponseMIMETypes: []string{"text/csv"},
			},
		})
		require.NoError(r.t, err)
	}
	r.pass(5*time.Minute, 10*time.Second)
	r.startController()
	r.push()
	const report = `{"wanted": 1200, "scored": 1200, "missing": 0, "twice": 0}`
	r.writes("count", "report/report.json", report)
	r.ready()
	r.pass(r.pipeline().Status.Trigger.Next.Sub(r.clock.Now()), time.Minute)
	r.writes("count", "report/report.json", report)
	r.ready()
}

func (r *recording) monitoring() {
	r.of("monitoring-retrain")
	r.measures("validation:rmse", 2.08)
	r.startController()
	r.push()
	r.writes("baseline", "baseline/constraints.json", `{"version": 0.0, "features": []}`)
	r.ready()
	r.pass(25*time.Hour, time.Minute)
	updates := r.mutations()["UpdateMonitoringSchedule"]
	r.fault(fault.Rule{Action: fault.Fail, Kind: "MonitoringSchedule", Stage: "Scheduled", Times: 1, Reason: "CompletedWithViolations: 3 features drifted"})
	r.until("all has run again", func() bool { return isReady(r.pipeline()) && r.mutations()["UpdateMonitoringSchedule"] > updates })
}

// sources has a pipeline with a source of every kind, whose code changes twice.
func (r *recording) sources() {
	r.install("testdata/gitrepositories.yaml")
	repository := newUnstructured()
	repository.SetAPIVersion("source.toolkit.fluxcd.io/v1")
	repository.SetKind("GitRepository")
	repository.SetNamespace(r.namespace)
	repository.SetName("ml")
	require.Eventually(r.t, func() bool { return r.kube.Create(r.ctx, repository) == nil }, time.Minute, 50*time.Millisecond, "the API server takes up kinds after a moment")
	commits := func(revision, text string) {
		content := packed(r.t, map[string]string{"code/train.py": text, "code/lib/a.py": strings.Repeat("import this\n", 1000), "README.md": revision})
		digest := sha256.Sum256(content)
		require.NoError(r.t, r.kube.Get(r.ctx, client.ObjectKeyFromObject(repository), repository))
		repository.Object["status"] = map[string]any{"artifact": map[string]any{
			"url": r.serves("/"+revision+".tar.gz", content), "digest": "sha256:" + hex.EncodeToString(digest[:]), "revision": revision,
		}}
		require.NoError(r.t, r.kube.Update(r.ctx, repository))
	}
	commits("one", "print(1)")
	require.NoError(r.t, r.aws.PutObject("acme-ml", "abalone/manifest.json", []byte(`[{"prefix": "s3://acme-ml/abalone/train/"}]`)))
	const sources = `sources:
  - {name: settings, configMap: {name: settings}}
  - {name: code, artifact: {kind: GitRepository, name: ml, path: code}}
  - {name: data, s3: {uri: s3://acme-ml/abalone/train/}}
  - {name: place, s3: {uri: s3://acme-ml/abalone/train/, fingerprint: URI}}
  - {name: manifest, s3: {uri: s3://acme-ml/abalone/manifest.json, fingerprint: Manifest}}`
	settings := func(depth int) string {
		text, err := json.Marshal(strings.Repeat("# how a forest grows\n", 500) + fmt.Sprintf("depth: %d\n", depth))
		require.NoError(r.t, err)
		return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {empty.txt: \"\", settings.yaml: %s}\nbinaryData: {weights.bin: AAECAwQFBgcICQ==}\n", text)
	}
	p := replace(pipeline(nil, sources), `hyperParameters: {num_round: "{{ .params.rounds }}"}`, `hyperParameters:
          num_round: "{{ .params.rounds }}"
          sagemaker_submit_directory: "{{ .sources.code.uri }}"
          settings: "{{ .sources.settings.uri }}"
        environment: {DATA: "{{ .sources.data.digest }}", PLACE: "{{ .sources.place.digest }}", MANIFEST: "{{ .sources.manifest.digest }}", CODE: "{{ .sources.code.digest }}"}`)
	r.manifests(settings(3), p)
	r.measures("validation:rmse", 2.08)
	r.startController()
	r.push()
	r.approve()
	r.ready()
	commits("two", "print(2)")
	r.until("the commit is run", func() bool { return r.mutations()["CreateTrainingJob"] == 2 })
	r.approve()
	r.ready()
	r.revertsTo("shallow trees")
	text := r.objects[1]
	r.manifests(settings(5))
	r.objects = append(r.objects, text)
	r.push()
	r.until("the settings are used", func() bool { return r.mutations()["CreateTrainingJob"] == 3 })
	r.approve()
	r.ready()
}

// chainHistory changes a job, its model, its configuration and its endpoint, which are
// one commit, again and again.
func (r *recording) chainHistory() {
	chain := func(rounds int) []string {
		return []string{trainingJob(rounds), model + "  revisionHistoryLimit: 20\n", endpointConfig + "  revisionHistoryLimit: 20\n", endpoint}
	}
	r.startController()
	for n := range history {
		r.manifests(chain(100 + n)...)
		if n < 2 {
			r.revertsTo(fmt.Sprintf("%d rounds", 100+n))
		}
		r.push()
		r.until("it serves", func() bool { return r.chainReady() && r.ran(100+n) })
	}
}

// pipelineHistory changes a pipeline again and again, and approves what comes of it.
func (r *recording) pipelineHistory() {
	r.manifests(pipeline(nil))
	r.measures("validation:rmse", 2.08)
	r.startController()
	for n := range history {
		r.param("rounds", fmt.Sprint(100+n))
		if n < 2 {
			r.revertsTo(fmt.Sprintf("%d rounds", 100+n))
		}
		r.push()
		r.until("it trains", func() bool { return r.mutations()["CreateTrainingJob"] == n+1 })
		r.approve()
		r.ready()
	}
	for i := range r.fixture.Reverts { // approvals stay in git
		spec, _ := r.fixture.Reverts[i].Git[0]["spec"].(map[string]any)
		spec["approvals"] = r.approvals
	}
}

// stage makes what the stories of kinds refer to, and an object of a kind.
func (r *recording) stage(k reconcile.Kind, steps []story.Step) func(fields map[string]any) {
	r.t.Helper()
	stage := story.Furnish(r.t, r.aws, r.clock, r.cluster)
	r.kinds = kindsAround(k)
	spec := map[string]any{}
	change := func(fields map[string]any) {
		maps.Copy(spec, fields)
		maps.DeleteFunc(spec, func(_ string, v any) bool { return v == nil })
		text, err := yaml.Marshal(map[string]any{
			"apiVersion": v1alpha1.GroupVersion.String(), "kind": k.Kind(), "metadata": map[string]any{"name": "abalone"}, "spec": spec,
		})
		require.NoError(r.t, err)
		r.manifests(stage.Play(string(text)))
	}
	change(steps[0].Spec)
	return change
}

// storyOf plays the story of a kind but for its end.
func storyOf(k reconcile.Kind) func(*recording) {
	return func(r *recording) {
		steps, err := story.Read(k.Kind())
		require.NoError(r.t, err)
		change := r.stage(k, steps)
		r.startController()
		for _, step := range steps[:len(steps)-1] {
			change(step.Spec)
			r.push()
			r.until(step.Say+": "+step.Until, func() bool {
				obj := r.typed(r.objects[0])
				return obj != nil && readyCondition(obj).ObservedGeneration == obj.GetGeneration() && readyCondition(obj).Reason == step.Until
			})
		}
		if steps[len(steps)-2].Until == reason.Running {
			r.ready()
		}
	}
}

// historyOf makes more runs or revisions of a kind than anybody remembers.
func historyOf(k reconcile.Kind) func(*recording) {
	return func(r *recording) {
		steps, err := story.Read(k.Kind())
		require.NoError(r.t, err)
		change := r.stage(k, steps)
		r.startController()
		for n := range history {
			role := fmt.Sprintf("arn:aws:iam::123456789012:role/sagemaker-%d", n)
			switch {
			case k.Lifecycle == reconcile.Job && n == 0:
				change(map[string]any{"deletionPolicy": nil})
			case k.Lifecycle == reconcile.Job:
				change(map[string]any{"rerun": fmt.Sprint(n)})
			case steps[0].Spec["roleARN"] != nil:
				change(map[string]any{"roleARN": role, "revisionHistoryLimit": 20})
			default:
				change(map[string]any{"executionRoleARN": role, "revisionHistoryLimit": 20})
			}
			if n < 2 {
				r.revertsTo(fmt.Sprintf("the commit %d", n))
			}
			r.push()
			r.ready()
		}
	}
}

// typed reads the object of a manifest; nil if there is none, or it has no status of
// ours.
func (w *world) typed(u *unstructured.Unstructured) reconcile.Object {
	w.t.Helper()
	made, err := w.kube.Scheme().New(u.GroupVersionKind())
	require.NoError(w.t, err)
	obj, ours := made.(reconcile.Object)
	if !ours {
		return nil
	}
	obj, there := get(w, u.GetName(), obj)
	if !there {
		return nil
	}
	return obj
}
