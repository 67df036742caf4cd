package loop_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

func (w *world) s3() *s3.Client {
	config, err := w.aws.AWSConfig(w.ctx)
	require.NoError(w.t, err)
	return s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
}

// withSources is a pipeline whose job takes code from a ConfigMap and data from S3.
func withSources(extra ...string) string {
	return replace(pipeline(nil, append(extra, `sources:
  - {name: code, configMap: {name: code}}
  - {name: data, s3: {uri: s3://acme-ml/abalone/train/}}`)...),
		`hyperParameters: {num_round: "{{ .params.rounds }}"}`, `hyperParameters: {num_round: "{{ .params.rounds }}", sagemaker_submit_directory: "{{ .sources.code.uri }}"}
        environment: {DATA: "{{ .sources.data.digest }}"}`)
}

// TestPipelineSources: code from a ConfigMap is delivered under the digest of its
// content, and other code is another run; data in S3 is looked at once, and again
// for a rerun.
func TestPipelineSources(t *testing.T) {
	w := newPipelineWorld(t)
	code := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "code"}, Data: map[string]string{"train.py": "print(1)", "a.txt": "a"}}
	w.apply(withSources())
	require.Contains(t, readyCondition(w.pipelineStalled(reason.ValidationFailed)).Message, "sources[code].configMap: there is no ConfigMap code")
	require.NoError(t, w.kube.Create(w.ctx, code))
	first := w.awaits()
	sources := w.pipeline().Status.Sources
	require.Equal(t, sources[0].URI, hyperParameter(w, "sagemaker_submit_directory"))
	require.Equal(t, []string{"a.txt: a", "train.py: print(1)"}, w.unpacked(sources[0].URI))

	require.NoError(t, w.aws.PutObject("acme-ml", "abalone/train/part-1", []byte("2 1:2")))
	w.apply(withSources(approved(first)))
	w.completed()
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"], "data that has changed meanwhile is no reason for an approval to be void")

	code.Data["train.py"] = "print(2)"
	require.NoError(t, w.kube.Update(w.ctx, code))
	second := w.awaits()
	require.NotEqual(t, first, second)
	require.Equal(t, 2, w.mutations()["CreateTrainingJob"])
	require.NotEqual(t, sources[0].URI, hyperParameter(w, "sagemaker_submit_directory"))

	w.apply(withSources("rerun: again"))
	w.until("the data is looked at again", func() bool {
		is := w.pipeline().Status.Sources
		return len(is) == 2 && is[1].Digest != sources[1].Digest
	})
	require.NotEqual(t, second, w.awaits())
	require.Equal(t, 3, w.mutations()["CreateTrainingJob"])
}

// hyperParameter is one of the newest training job.
func hyperParameter(w *world, name string) string {
	jobs := w.aws.Objects("TrainingJob")
	parameters, _ := jobs[len(jobs)-1].Document["HyperParameters"].(map[string]any)
	value, _ := parameters[name].(string)
	return value
}

// unpacked are the files of an archive in S3.
func (w *world) unpacked(uri string) []string {
	w.t.Helper()
	key, ok := strings.CutPrefix(uri, "s3://acme-ml/")
	require.True(w.t, ok, uri)
	out, err := w.s3().GetObject(w.ctx, &s3.GetObjectInput{Bucket: aws.String("acme-ml"), Key: &key})
	require.NoError(w.t, err)
	content, err := io.ReadAll(out.Body)
	require.NoError(w.t, err)
	compressed, err := gzip.NewReader(bytes.NewReader(content))
	require.NoError(w.t, err)
	var files []string
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(w.t, err)
		text, err := io.ReadAll(archive)
		require.NoError(w.t, err)
		files = append(files, header.Name+": "+string(text))
	}
}

// evaluated is a pipeline with an evaluation that writes a report, and a gate on it.
func evaluated() string {
	return replace(pipeline(nil), `      - {name: rmse, metric: {step: train, name: "validation:rmse"}, max: "{{ .params.maxRMSE }}", precision: 2}
`, `      - {name: auc, s3JSON: {uri: "{{ .steps.evaluate.outputs.report }}/report.json", jsonPath: "{.metrics.auc}"}, min: "0.9"}
  - name: evaluate
    template:
      kind: ProcessingJob
      spec:
        roleARN: arn:aws:iam::123456789012:role/abalone
        appSpecification: {imageURI: 141502667606.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1}
        processingInputs:
        - {inputName: model, s3Input: {s3URI: "{{ .steps.train.outputs.modelData }}", localPath: /opt/ml/processing/model, s3DataType: S3Prefix, s3InputMode: File}}
        processingOutputConfig:
          outputs:
          - {outputName: report, s3Output: {s3URI: "{{ .step.path }}/report", localPath: /opt/ml/processing/report, s3UploadMode: EndOfJob}}
        processingResources: {clusterConfig: {instanceCount: 1, instanceType: ml.m5.large, volumeSizeInGB: 10}}
`)
}

// TestPipelineReport: a gate judges by a document that a step has written; one that
// is not there decides nothing, and is looked for again.
func TestPipelineReport(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(evaluated())
	p := w.pipelineStalled(reason.GateFailed)
	require.Contains(t, readyCondition(p).Message, "auc: there is no s3://acme-ml/pipelines/abalone/evaluate/")
	require.Equal(t, v1alpha1.StepHeld, w.stepOf("quality").Phase)

	key := "pipelines/abalone/evaluate/" + w.stepOf("evaluate").Digest + "/report/report.json"
	require.NoError(t, w.aws.PutObject("acme-ml", key, []byte(`{"metrics": {"auc": 0.95}}`)))
	w.awaits()
	require.Equal(t, "0.95", w.stepOf("quality").Checks[0].Value)
	w.aws.Journal().Reset()
	w.pass(time.Hour, 10*time.Second)
	require.Zero(t, w.aws.Journal().Counts()["GetObject"], "what was judged is not judged again")
}

// TestPipelineMissingArtifact: what a step is made of is looked for first: a model
// that somebody has deleted is told by its name, and not trained again in silence.
func TestPipelineMissingArtifact(t *testing.T) {
	w := newPipelineWorld(t)
	w.apply(pipeline(nil))
	evidence := w.awaits()
	job, _ := w.aws.Object("TrainingJob", w.stepOf("train").Child)
	artifacts, _ := job.Document["ModelArtifacts"].(map[string]any)
	uri, _ := artifacts["S3ModelArtifacts"].(string)
	key := strings.TrimPrefix(uri, "s3://acme-ml/")
	_, err := w.s3().DeleteObject(w.ctx, &s3.DeleteObjectInput{Bucket: aws.String("acme-ml"), Key: &key})
	require.NoError(t, err)
	w.apply(pipeline(nil, approved(evidence)))
	p := w.pipelineStalled(reason.StepFailed)
	require.True(t, strings.HasPrefix(readyCondition(p).Message, uri+", which step train has made, is not there any more"), readyCondition(p).Message)
	require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
	require.NoError(t, w.aws.PutObject("acme-ml", key, []byte("model")))
	w.completed()
}

// TestPipelineWatchesConfigMaps: another content of a ConfigMap that is labelled to be
// watched is carried out at once, that of another when ConfigMaps are read again.
func TestPipelineWatchesConfigMaps(t *testing.T) {
	w := newPipelineWorld(t)
	config := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "params", Labels: map[string]string{fluxmeta.LabelKeyWatch: fluxmeta.LabelValueWatchEnabled}},
		Data:       map[string]string{"rounds": "200"},
	}
	require.NoError(t, w.kube.Create(w.ctx, config))
	w.apply(replace(pipeline(nil, "paramsFrom: [{configMapRef: {name: params}}]"), `rounds: "100", `, ""))
	w.awaits()
	trains := func(rounds string) func() bool {
		return func() bool { return len(w.jobs("InProgress")) == 1 && hyperParameter(w, "num_round") == rounds }
	}
	config.Data["rounds"] = "300"
	require.NoError(t, w.kube.Update(w.ctx, config))
	w.untilWithin("it trains again, long before all are read", 3*time.Minute, trains("300"))
	w.awaits()

	config.Labels = nil
	config.Data["rounds"] = "400" // the watch tells that the label is gone
	require.NoError(t, w.kube.Update(w.ctx, config))
	w.untilWithin("it trains once more, as soon", 3*time.Minute, trains("400"))
	w.awaits()
	config.Data["rounds"] = "500"
	require.NoError(t, w.kube.Update(w.ctx, config))
	w.untilWithin("it is read again, though nobody has told of it", 11*time.Minute, trains("500"))
}

// packed is an archive as Flux's source-controller serves it.
func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	compressed := gzip.NewWriter(&b)
	archive := tar.NewWriter(compressed)
	for name, text := range files {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text)), ModTime: time.Now()}))
		_, err := archive.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, compressed.Close())
	return b.Bytes()
}

// TestPipelineFollowsFlux: code that Flux has fetched is delivered; a commit that
// changes nothing below the path changes nothing, one that does is another run.
func TestPipelineFollowsFlux(t *testing.T) {
	w := newWorld(t)
	w.measures(2.08)
	w.install("testdata/gitrepositories.yaml")
	var served atomic.Pointer[[]byte]
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(*served.Load()) }))
	t.Cleanup(server.Close)
	repository := func() *unstructured.Unstructured {
		u := newUnstructured()
		u.SetAPIVersion("source.toolkit.fluxcd.io/v1")
		u.SetKind("GitRepository")
		u.SetNamespace(w.namespace)
		u.SetName("ml")
		return u
	}
	require.Eventually(t, func() bool { return w.kube.Create(w.ctx, repository()) == nil }, eventually, 50*time.Millisecond, "the API server takes up kinds after a moment")
	commitsAt := func(address string, files map[string]string) {
		content := packed(t, files)
		served.Store(&content)
		digest := sha256.Sum256(content)
		u := repository()
		require.NoError(t, w.kube.Get(w.ctx, client.ObjectKeyFromObject(u), u))
		u.Object["status"] = map[string]any{"artifact": map[string]any{"url": address + "/ml.tar.gz", "digest": "sha256:" + hex.EncodeToString(digest[:])}}
		require.NoError(t, w.kube.Update(w.ctx, u))
	}
	commits := func(files map[string]string) { commitsAt(server.URL, files) }
	spec := replace(withSources(), "{name: code, configMap: {name: code}}", "{name: code, artifact: {kind: GitRepository, name: ml, path: code}}")
	w.startController()
	w.apply(spec)
	w.until("it waits for Flux", func() bool { return readyCondition(w.pipeline()).Reason == reason.WaitingForReference })
	require.Contains(t, readyCondition(w.pipeline()).Message, "GitRepository ml has fetched nothing yet")

	closed := httptest.NewServer(nil)
	closed.Close()
	commitsAt(closed.URL, map[string]string{"code/train.py": "print(0)"})
	w.until("it tells who does not answer, and where", func() bool {
		ready := readyCondition(w.pipeline())
		return ready.Reason == reason.WaitingForReference &&
			strings.HasPrefix(ready.Message, "sources[code].artifact: source-controller did not answer at "+closed.URL+"/ml.tar.gz: ")
	})

	commits(map[string]string{"code/train.py": "print(1)", "code/lib/a.py": "a", "README.md": "one"})
	first := w.awaits()
	uri := w.pipeline().Status.Sources[0].URI
	require.Equal(t, uri, hyperParameter(w, "sagemaker_submit_directory"))
	require.Equal(t, []string{"lib/a.py: a", "train.py: print(1)"}, w.unpacked(uri))

	commits(map[string]string{"code/train.py": "print(1)", "code/lib/a.py": "a", "README.md": "two"})
	definition := w.pipeline().Status.Sources[0].Definition
	w.until("the commit has been seen", func() bool { return w.pipeline().Status.Sources[0].Definition != definition })
	require.Equal(t, first, w.awaits())
	require.Equal(t, uri, w.pipeline().Status.Sources[0].URI)

	commits(map[string]string{"code/train.py": "print(2)", "code/lib/a.py": "a", "README.md": "two"})
	w.until("it is another run", func() bool { return w.mutations()["CreateTrainingJob"] == 2 })
	require.NotEqual(t, first, w.awaits())

	w.apply(replace(spec, "path: code", "path: ../code"))
	require.Contains(t, readyCondition(w.pipelineStalled(reason.ValidationFailed)).Message, `GitRepository ml has no files at "../code"`)

	w.apply(replace(spec, "path: code", "path: next"))
	w.until("the commit for it is to come", func() bool { return strings.Contains(readyCondition(w.pipeline()).Message, `no files at "next"`) })
	commits(map[string]string{"next/train.py": "print(3)"})
	w.untilWithin("it has come", 2*time.Minute, func() bool { return readyCondition(w.pipeline()).Reason != reason.ValidationFailed })
}
