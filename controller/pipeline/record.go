package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// record is what a plan was made of that neither git nor the names in AWS tell: how data
// in S3 looked, and which trigger counted. It is kept in S3 beside the artifacts, written
// before the first job of a plan, and read only by a pipeline without status. The
// format is an on-disk one.
type record struct {
	Token   string                  `json:"token,omitempty"`
	Sources []v1alpha1.SourceStatus `json:"sources"`
}

// maxRecord is how long a record may be, in bytes.
const maxRecord = 1 << 20

// recordURI is where the record of a pipeline is; empty if it has none.
func (r *Reconciler) recordURI(p *v1alpha1.ModelPipeline) string {
	ofS3 := func(source v1alpha1.PipelineSource) bool { return source.S3 != nil }
	if p.Spec.Artifacts == "" || !slices.ContainsFunc(p.Spec.Sources, ofS3) {
		return ""
	}
	return fmt.Sprintf("%s/.plans/%s/%s/%s.json", strings.TrimSuffix(p.Spec.Artifacts, "/"), r.ClusterName, p.Namespace, p.Name)
}

// readRecord is the record of a pipeline as it stands in S3; nil if there is none.
func readRecord(ctx context.Context, aws *cloud.Client, uri string) ([]byte, error) {
	text, err := aws.ReadObject(ctx, uri, maxRecord)
	if cloud.Classify(err) == cloud.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", uri, err)
	}
	return text, nil
}

// restore puts into the status of a pipeline that has none what the record tells of its
// last plan: data in S3 that has changed since is no reason to run anything again, unless
// it is one of the triggers.
func (r *Reconciler) restore(ctx context.Context, s *scene) (bool, error) {
	status, uri := &s.pipeline.Status, r.recordURI(s.pipeline)
	if status.PlanDigest != "" || uri == "" {
		return false, nil
	}
	aws, err := s.round.Client(ctx)
	if err != nil {
		return false, err
	}
	text, err := readRecord(ctx, aws, uri)
	if err != nil || text == nil {
		return false, err
	}
	var was record
	if err := json.Unmarshal(text, &was); err != nil {
		s.round.Warn(ctx, reason.ValidationFailed, fmt.Sprintf("%s cannot be read, so that data in S3 is looked at anew: %s", uri, err))
		return false, nil
	}
	status.Sources = was.Sources
	if was.Token != "" {
		s.count(was.Token)
	}
	return true, nil
}

// write writes the record of the present plan, unless S3 has it.
func (r *Reconciler) write(ctx context.Context, s *scene) error {
	uri := r.recordURI(s.pipeline)
	if uri == "" || s.back {
		return nil
	}
	is := record{Token: token(s.pipeline)}
	for i, source := range s.pipeline.Spec.Sources {
		if source.S3 != nil {
			is.Sources = append(is.Sources, s.sources[i])
		}
	}
	text, err := json.Marshal(is)
	if err != nil {
		return err
	}
	r.mu.Lock()
	known := r.recorded[s.pipeline.UID] == string(text)
	r.mu.Unlock()
	if known {
		return nil
	}
	aws, err := s.round.Client(ctx)
	if err != nil {
		return err
	}
	was, err := readRecord(ctx, aws, uri)
	if err == nil && !bytes.Equal(was, text) {
		err = aws.WriteObject(ctx, uri, text)
	}
	if cloud.Classify(err) == cloud.Auth {
		s.round.Warn(ctx, reason.AccessDenied, fmt.Sprintf(
			"%s cannot be written: %s; a cluster that is built anew runs jobs again if their data in S3 has changed", uri, cloud.Message(err)))
		err = nil
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recorded[s.pipeline.UID] = string(text)
	return nil
}
