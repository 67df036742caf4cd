package reconcile

import (
	"context"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// outgrown lists where the spec of a run that has ended is another than the run was
// asked for. What AWS describes is only for the message.
func (s *scope) outgrown(run found, described shape.Tree) []shape.Difference {
	was := s.runNamed(run.name)
	if was == nil || was.Digest == "" || slices.Contains(s.digests, was.Digest) {
		return nil
	}
	list := s.sinceApplied(described)
	list = slices.DeleteFunc(list, func(d shape.Difference) bool { return s.kind.changes(d.Path) })
	if len(list) == 0 {
		list = append(list, shape.Difference{Path: "a job that has ended", Want: "digest " + s.digest, Have: was.Digest})
	}
	return list
}

// unapplied returns the end of a message about a completed run: which fields of the spec
// have changed since, although AWS changes them only while the run is at work. It is
// empty if none has. An event warns of them once per spec.
func (r *Reconciler) unapplied(ctx context.Context, s *scope) string {
	a := s.object.Common().Applied
	if s.observeOnly() || a == nil || a.Generation >= s.object.GetGeneration() {
		return ""
	}
	var paths []string
	for _, d := range s.sinceApplied(nil) {
		if s.kind.changes(d.Path) {
			paths = append(paths, d.Path)
		}
	}
	if len(paths) == 0 {
		return ""
	}
	why := "not applied, since AWS changes it only while the job runs: " + strings.Join(paths, ", ")
	if s.isNew() {
		r.warnf(ctx, s, reason.ImmutableField, "%s; the next run has it", why)
	}
	return "; " + why
}

// sinceApplied lists by path where the spec is another than the one that was applied
// last, as far as that is recorded. Have is what AWS describes there.
func (s *scope) sinceApplied(described shape.Tree) []shape.Difference {
	a := s.object.Common().Applied
	if a == nil {
		return nil
	}
	var list []shape.Difference
	desired := s.kind.Compare.Index(s.request)
	for path, hash := range a.Paths {
		value, stays := desired[path]
		if stays && s.kind.Compare.Fingerprint(path, value) == hash {
			continue
		}
		var have any = "another value"
		if is, ok := shape.Lookup(described, path); ok {
			have = is
		}
		list = append(list, shape.Difference{Path: path, Want: value, Have: have})
	}
	for path := range s.prints() {
		if _, known := a.Paths[path]; !known {
			list = append(list, shape.Difference{Path: path, Want: desired[path]})
		}
	}
	slices.SortFunc(list, func(a, b shape.Difference) int { return strings.Compare(a.Path, b.Path) })
	return list
}
