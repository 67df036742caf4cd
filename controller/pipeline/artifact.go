package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/util/jsonpath"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/pipeline/gate"
)

const (
	// maxReport is how long a report may be, in bytes.
	maxReport = 1 << 20
	// artifactWait is after how long what is missing is looked for again.
	artifactWait = 10 * time.Minute
)

// checkArtifacts looks whether what earlier steps have made is still there before
// something is made of it: to train again in silence would be no answer.
func (r *Reconciler) checkArtifacts(ctx context.Context, s *scene) error {
	for i := range s.decisions {
		d := &s.decisions[i]
		if !d.Create && !d.Update {
			continue
		}
		for _, use := range d.Step.Uses() {
			uri, err := r.output(s, use)
			if err != nil || !strings.HasPrefix(uri, "s3://") {
				continue
			}
			aws, err := s.round.Client(ctx)
			if err != nil {
				return err
			}
			there, err := aws.HasObjects(ctx, uri)
			if err != nil && cloud.Classify(err) != cloud.NotFound {
				return err
			}
			if there {
				continue
			}
			d.Create, d.Update, d.After = false, false, artifactWait
			d.Status.Phase, d.Status.Why = v1alpha1.StepFailed, ""
			d.Status.Message = fmt.Sprintf("%s, which step %s has made, is not there any more: bring it back, or set rerun to make it again", uri, use.Step)
			break
		}
	}
	return nil
}

// report is a number in a JSON document in S3.
func (s *scene) report(ctx context.Context, uri, path string) gate.Value {
	aws, err := s.round.Client(ctx)
	if err != nil {
		s.failure = err
		return gate.Value{Missing: cloud.Message(err)}
	}
	content, err := aws.ReadObject(ctx, uri, maxReport)
	if err != nil {
		return s.unknown(uri, err)
	}
	return pick(content, uri, path)
}

// unknown is a number that AWS does not tell. An error that may pass is one of the
// round.
func (s *scene) unknown(what string, err error) gate.Value {
	switch cloud.Classify(err) {
	case cloud.NotFound:
		return gate.Value{Missing: "there is no " + what}
	case cloud.Throttle, cloud.Server:
		s.failure = err
	default:
	}
	return gate.Value{Missing: fmt.Sprintf("%s: %s", what, cloud.Message(err))}
}

// statistic is a number of a metric over its period, from a time on.
func (s *scene) statistic(ctx context.Context, metric v1alpha1.GateCloudWatch, dimensions map[string]string, since time.Time) gate.Value {
	aws, err := s.round.Client(ctx)
	if err != nil {
		s.failure = err
		return gate.Value{Missing: cloud.Message(err)}
	}
	what := metric.Namespace + " " + metric.MetricName
	number, ok, err := aws.Statistic(ctx, cloud.Metric{
		Namespace: metric.Namespace, Name: metric.MetricName, Dimensions: dimensions, Statistic: metric.Statistic,
	}, since, metric.Period.Duration)
	switch {
	case err != nil:
		return s.unknown(what, err)
	case !ok:
		return gate.Value{Missing: fmt.Sprintf("%s has no data between %s and %s", what,
			since.UTC().Format(time.RFC3339), since.Add(metric.Period.Duration).UTC().Format(time.RFC3339))}
	default:
		return gate.Value{Number: number}
	}
}

// pick is the number at a path of a JSON document.
func pick(content []byte, uri, path string) gate.Value {
	var document any
	if err := json.Unmarshal(content, &document); err != nil {
		return gate.Value{Missing: uri + " is no JSON"}
	}
	picker := jsonpath.New("report")
	var out bytes.Buffer
	if err := picker.Parse(path); err != nil {
		return gate.Value{Missing: err.Error()}
	}
	if err := picker.Execute(&out, document); err != nil {
		return gate.Value{Missing: fmt.Sprintf("%s has no %s", uri, path)}
	}
	number, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
	if err != nil {
		return gate.Value{Missing: fmt.Sprintf("%s of %s is %q, which is no number", path, uri, out.String())}
	}
	return gate.Value{Number: number}
}
