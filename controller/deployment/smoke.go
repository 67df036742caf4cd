package deployment

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// maxAnswer is how much of an answer, or of the error in its place, a message
// repeats, in bytes.
const maxAnswer = 500

// results are the outcomes for a configuration, in the order of the tests; nil
// stands for a test that has not been asked as it is now.
func results(d *v1alpha1.ModelDeployment, config string) []*v1alpha1.SmokeTestResult {
	all := make([]*v1alpha1.SmokeTestResult, len(d.Spec.SmokeTests))
	for i, t := range d.Spec.SmokeTests {
		for j := range d.Status.SmokeTests {
			if is := &d.Status.SmokeTests[j]; is.Name == t.Name && is.Config == config && is.Digest == digest(t) {
				all[i] = is
			}
		}
	}
	return all
}

// digest tells a test from what it was before it was changed.
func digest(t v1alpha1.SmokeTest) string {
	text := fmt.Sprintf("%q", []string{t.Name, t.VariantName, t.ComponentName, t.TargetModel, t.ContentType, t.Body, t.JSONPath, t.Matches})
	if t.BodyFrom != nil {
		text += fmt.Sprintf("%q", []string{t.BodyFrom.Name, t.BodyFrom.Key})
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// ask asks the first smoke test that has not been asked of a configuration, and
// keeps the outcome in status.
func (r *Reconciler) ask(ctx context.Context, round *reconcile.Round, d *v1alpha1.ModelDeployment, config string) error {
	next := slices.Index(results(d, config), nil)
	if next < 0 {
		return nil
	}
	t := d.Spec.SmokeTests[next]
	body, err := r.body(ctx, d, t)
	if err != nil {
		return err
	}
	c, err := round.Client(ctx)
	if err != nil {
		return err
	}
	request := cloud.Invocation{
		Endpoint: round.Name(), Variant: t.VariantName, TargetModel: t.TargetModel,
		ContentType: cmp.Or(t.ContentType, "application/json"), Body: body,
	}
	if t.ComponentName != "" {
		request.Component = componentName(round.Name(), t.ComponentName)
	}
	answer, err := c.Invoke(ctx, request)
	outcome := v1alpha1.SmokeTestResult{Name: t.Name, Config: config, Digest: digest(t), Passed: true, Time: metav1.NewTime(r.Clock.Now())}
	switch class := cloud.Classify(err); {
	case class == cloud.Throttle || class == cloud.Auth || class == cloud.Server && !errors.Is(err, context.DeadlineExceeded):
		return err // says nothing about the model
	case err != nil:
		outcome.Passed, outcome.Message = false, shorten(cloud.Message(err))
	default:
		if wrong := wrongAnswer(t, answer); wrong != "" {
			outcome.Passed, outcome.Message = false, wrong
		}
	}
	d.Status.SmokeTests = append(slices.DeleteFunc(d.Status.SmokeTests, func(was v1alpha1.SmokeTestResult) bool {
		return was.Config != config || was.Name == t.Name
	}), outcome)
	return nil
}

func (r *Reconciler) body(ctx context.Context, d *v1alpha1.ModelDeployment, t v1alpha1.SmokeTest) ([]byte, error) {
	if t.BodyFrom == nil {
		return []byte(t.Body), nil
	}
	at := fmt.Sprintf("smokeTests[%s].bodyFrom", t.Name)
	var from corev1.ConfigMap
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: t.BodyFrom.Name}, &from)
	if apierrors.IsNotFound(err) {
		return nil, refuse(at, "names ConfigMap %s, which does not exist", t.BodyFrom.Name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading ConfigMap %s: %w", t.BodyFrom.Name, err)
	}
	key := cmp.Or(t.BodyFrom.Key, "body")
	if text, ok := from.Data[key]; ok {
		return []byte(text), nil
	}
	if data, ok := from.BinaryData[key]; ok {
		return data, nil
	}
	return nil, refuse(at, "names key %s, which ConfigMap %s has not", key, t.BodyFrom.Name)
}

// wrongAnswer says what is wrong with the answer to a test; empty if nothing is.
func wrongAnswer(t v1alpha1.SmokeTest, answer []byte) string {
	part := string(answer)
	if t.JSONPath != "" {
		var document any
		if err := json.Unmarshal(answer, &document); err != nil {
			return fmt.Sprintf("the answer is no JSON: %s", shorten(part))
		}
		picker := jsonpath.New(t.Name)
		if err := picker.Parse(t.JSONPath); err != nil {
			return err.Error()
		}
		var out bytes.Buffer
		if err := picker.Execute(&out, document); err != nil {
			return fmt.Sprintf("the answer has no %s: %s", t.JSONPath, shorten(part))
		}
		part = out.String()
	}
	matches, err := regexp.Compile(t.Matches)
	if err != nil {
		return err.Error()
	}
	if !matches.MatchString(part) {
		return fmt.Sprintf("%s does not match %q", shorten(part), t.Matches)
	}
	return ""
}

func shorten(text string) string {
	if len(text) <= maxAnswer {
		return strings.ToValidUTF8(text, "?")
	}
	return strings.ToValidUTF8(text[:maxAnswer], "") + "…"
}
