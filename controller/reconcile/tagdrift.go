package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// userTags are the tags of a spec over the default tags. An object of a kind
// whose tags AWS does not keep gets no default tags.
func (r *Reconciler) userTags(kind Kind, spec shape.Tree) (map[string]string, error) {
	tags := map[string]string{}
	if !kind.Untagged {
		maps.Copy(tags, r.DefaultTags)
	}
	given, _ := shape.Get(spec, "tags")
	switch given := given.(type) {
	case []any:
		for _, item := range given {
			t, _ := item.(map[string]any)
			tags[shape.String(t, "key")] = shape.String(t, "value")
		}
	case map[string]any: // some APIs take tags so
		for key, value := range given {
			tags[key], _ = value.(string)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if identity.Reserved(key) {
			return nil, &refusal{reason.ValidationFailed, fmt.Sprintf("tags: %q is reserved: keys under %s and aws: cannot be set", key, identity.TagPrefix)}
		}
	}
	if len(tags) > identity.MaxUserTags {
		return nil, &refusal{reason.ValidationFailed, fmt.Sprintf(
			"tags: cannot set %d tags, those of --default-tags included: AWS takes 50 and the controller needs 12 of them; leave out %d",
			len(tags), len(tags)-identity.MaxUserTags)}
	}
	return tags, nil
}

// wanted are all tags that a new AWS object gets.
func (s *scope) wanted() map[string]string {
	tags := s.owner.Tags(s.digest)
	maps.Copy(tags, s.tags)
	if plan := s.object.GetAnnotations()[v1alpha1.AnnotationPlan]; plan != "" && s.kind.Lifecycle == Service {
		tags[identity.TagPlan] = tagValue(plan)
	}
	return tags
}

// kept are the wanted tags of an AWS object that exists: without those that are
// ignored, and without the user's where AWS does not keep them.
func (s *scope) kept() map[string]string {
	tags := s.wanted()
	maps.DeleteFunc(tags, func(key, _ string) bool {
		return s.ignoreTags.Covers(key) || s.kind.Untagged && !identity.Reserved(key)
	})
	return tags
}

// appliedTags are the keys that status says were applied to the AWS object of
// that name.
func (s *scope) appliedTags(name string) []string {
	status := s.before.Common()
	if status.Applied == nil || status.Name != name {
		return nil // another run's or revision's, or nobody's
	}
	return status.Applied.TagKeys
}

// recordTags records the keys of the user's and default tags as applied, and
// with them those that are not removed yet.
func (s *scope) recordTags(remaining ...string) {
	keys := slices.Clone(remaining)
	for key := range s.kept() {
		if !identity.Reserved(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	status := s.object.Common()
	switch {
	case len(keys) > 0 && status.Applied == nil:
		status.Applied = &v1alpha1.Applied{TagKeys: keys}
	case len(keys) > 0:
		status.Applied.TagKeys = keys
	case status.Applied != nil:
		status.Applied.TagKeys = nil
	}
}

// syncTags makes the AWS object's tags those that are wanted. Tags appear some
// time after a new object, so that one which has none yet is left alone. A tag
// that AWS does not let us change is reported by an event and hides nothing else.
func (r *Reconciler) syncTags(ctx context.Context, s *scope, name string, described shape.Tree, have map[string]string) error {
	made := timeAt(described, "CreationTime")
	ownership := r.judge(s, name, described, have)
	if ownership == identity.Foreign || ownership == identity.Unowned && made != nil && r.Clock.Since(made.Time) < foreignWait {
		return nil
	}
	if have[identity.TagRetained] != "" && s.kind.Lifecycle == Service && s.control.DeletionPolicy != v1alpha1.DeletionRetain {
		if err := r.unretain(ctx, s, name, described); err != nil && !r.tagsRefused(ctx, s, name, err) {
			return err
		}
	}
	want := s.kept()
	if digest, ok := have[identity.TagDigest]; ok {
		want[identity.TagDigest] = digest // of what it was made from, which no update changes
	}
	applied := s.appliedTags(name)
	set, remove := identity.TagDrift(want, have, applied, r.IgnoreTags)
	history := r.memory.tagsOf(s.object.GetUID())
	s.recordTags(r.remaining(history, want, have, applied)...)
	if len(set) == 0 && len(remove) == 0 || !history.due(s.object.GetGeneration(), r.Clock.Now(), s.requested()) {
		return nil
	}
	if was := s.before.Common(); ownership == identity.Unowned && was.Name == name && was.ARN != "" {
		r.ownershipLost(ctx, s, name)
	}
	// Status tells what is applied before it is: a crash in between leaves no tag
	// that nobody remembers.
	if err := r.write(ctx, s); err != nil {
		return err
	}
	err := r.writeTags(ctx, s.kind.tags(), s.tagged(name, described), set, remove)
	if err != nil && !r.tagsRefused(ctx, s, name, err) {
		return err
	}
	times := r.memory.wroteTags(s.object.GetUID(), s.object.GetGeneration())
	if err == nil && times > 1 {
		r.warnf(ctx, s, reason.TagDrift, "tags of %s were changed by somebody else again: %s; set as in git for the %d. time, next after %s. "+
			"Put the keys into --ignore-tags, or take them out of the spec",
			name, describeTags(set, remove, have), times, tagPatience(times))
	}
	return nil
}

// remaining are the applied keys that are not wanted any more, and that AWS
// still shows or may not show yet.
func (r *Reconciler) remaining(history tagHistory, want, have map[string]string, applied []string) []string {
	return slices.DeleteFunc(slices.Clone(applied), func(key string) bool {
		_, wanted := want[key]
		_, there := have[key]
		return wanted || r.IgnoreTags.Covers(key) || !there && r.Clock.Since(history.written) >= foreignWait
	})
}

// writeTags sets and removes tags. Where AWS refuses a call because of one of
// several tags, each is tried by itself. The error is the first refusal.
func (r *Reconciler) writeTags(ctx context.Context, tags Tags, object Tagged, set map[string]string, remove []string) error {
	err := tags.Write(ctx, object, set, remove)
	if !permanent(err) || len(set)+len(remove) < 2 {
		return ignoreNoTags(err)
	}
	var refused error
	one := func(set map[string]string, remove []string) bool {
		err := ignoreNoTags(tags.Write(ctx, object, set, remove))
		if refused == nil || err != nil && !permanent(err) {
			refused = err
		}
		return err == nil || permanent(err)
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if !one(map[string]string{key: set[key]}, nil) {
			return refused
		}
	}
	for _, key := range remove {
		if !one(nil, []string{key}) {
			return refused
		}
	}
	return refused
}

func ignoreNoTags(err error) error {
	if errors.Is(err, ErrNoTags) {
		return nil
	}
	return err
}

// permanent tells whether AWS refuses a call for good: a permission, a policy or
// a limit is in the way.
func permanent(err error) bool {
	if errors.Is(err, ErrNoTags) {
		return false
	}
	switch cloud.Classify(err) {
	case cloud.Auth, cloud.Validation, cloud.Quota, cloud.QuotaZero:
		return true
	default:
		return false
	}
}

// tagsRefused tells whether AWS has refused to change tags for good. An event
// says so, once for the same words.
func (r *Reconciler) tagsRefused(ctx context.Context, s *scope, name string, err error) bool {
	if !permanent(err) {
		return false
	}
	message := fmt.Sprintf("could not change the tags of %s: %s; allow the call, or put the keys into --ignore-tags", name, cloud.Message(err))
	if r.memory.refusedTags(s.object.GetUID(), message) {
		r.warnf(ctx, s, reason.TagDrift, "%s", message)
	}
	return true
}

// describeTags says which tags differ, and how.
func describeTags(set map[string]string, remove []string, have map[string]string) string {
	texts := make([]string, 0, len(set)+len(remove))
	for _, key := range slices.Sorted(maps.Keys(set)) {
		was := "absent"
		if value, there := have[key]; there {
			was = fmt.Sprintf("%q", value)
		}
		texts = append(texts, fmt.Sprintf("%s is %s and not %q", key, was, set[key]))
	}
	for _, key := range remove {
		texts = append(texts, key+" is there")
	}
	return strings.Join(texts, ", ")
}

// tagHistory is what the loop remembers of the tags it has written.
type tagHistory struct {
	generation int64     // of the spec whose tags were written
	times      int       // how often for that generation
	written    time.Time // when last
	refused    string    // AWS's last refusal that an event told of
}

const (
	// firstTagWait is until a tag that somebody changes back is set once more; it
	// doubles every time, up to lastTagWait.
	firstTagWait = 10 * time.Minute
	lastTagWait  = 24 * time.Hour
)

// tagPatience is how long to wait after tags were written for so many times.
func tagPatience(times int) time.Duration {
	if times < 2 {
		return foreignWait // AWS may not show them yet
	}
	return min(firstTagWait<<min(times-2, 10), lastTagWait)
}

// due tells whether tags are to be written now: for a new spec and on request at
// once, otherwise with more and more time in between.
func (h tagHistory) due(generation int64, now time.Time, requested bool) bool {
	return h.generation != generation || now.Sub(h.written) >= tagPatience(h.times) || requested && now.Sub(h.written) >= foreignWait
}

func (m *memory) tagsOf(uid types.UID) tagHistory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(uid).tags
}

// wroteTags remembers that tags were written for a generation, or refused, and
// says how often they have been.
func (m *memory) wroteTags(uid types.UID, generation int64) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.of(uid)
	if n.tags.generation != generation {
		n.tags.generation, n.tags.times = generation, 0
	}
	n.tags.times++
	n.tags.written = m.clock.Now()
	return n.tags.times
}

// refusedTags remembers a refusal and tells whether it is a new one.
func (m *memory) refusedTags(uid types.UID, message string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.of(uid)
	fresh := n.tags.refused != message
	n.tags.refused = message
	return fresh
}
