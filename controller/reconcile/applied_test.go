package reconcile

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// resettable is a kind with every way there is to unset a member.
var resettable = Kind{
	Object: func() Object { return new(v1alpha1.Pipeline) }, Lifecycle: Service,
	Create:   cloud.Op((*sagemaker.Client).CreatePipeline),
	Describe: cloud.Op((*sagemaker.Client).DescribePipeline),
	Update:   cloud.Op((*sagemaker.Client).UpdatePipeline),
	Name:     "PipelineName", States: health.Pipeline,
	Mutable: []string{"Whole", "Valued", "Flagged", "Map", "Own", "Default", "Omitted", "Stuck", "Lost", "List", "Secret", "Decision", "Volume"},
	Fixed:   []string{"Stuck.Fixed"},
	Compare: shape.Rules{WriteOnly: []string{"Secret"}, Defaults: map[string]any{"Default": "d", "Volume": int64(5)}},
	Reset: Reset{
		Whole: []string{"Whole"}, With: map[string]any{"Valued.List": []any{}, "Valued.Text": ""}, Flags: map[string]string{"Flagged": "DisassociateFlagged"},
		Keys: map[string]string{"Map": "MapKeysToRemove"}, Name: []string{"Own"}, Omitted: []string{"Omitted"}, Left: []string{"Decision"},
		Never: []string{"Volume"},
	},
}

// after is a scope in which a spec has followed on another, which was applied.
func after(kind Kind, was, is shape.Tree) *scope {
	s := newScope(kind)
	s.object.Common().Name = "abalone"
	s.request = was
	s.object.SetGeneration(1)
	s.record()
	s.object.SetGeneration(2)
	s.request, s.own = is, nil
	return s
}

func TestWhatGitNoLongerHas(t *testing.T) {
	type tree = map[string]any
	for _, row := range []struct {
		reason        string
		was, is, have shape.Tree
		sent          shape.Tree // beside what git has
		stuck         []string
		released      []string
		kept          []string // in applied
	}{
		{"nothing is removed", shape.Tree{"Valued": tree{"Text": "a"}}, shape.Tree{"Valued": tree{"Text": "b"}}, shape.Tree{"Valued": tree{"Text": "a"}}, shape.Tree{}, nil, nil, []string{"Valued.Text"}},
		{"an empty value", shape.Tree{"Valued": tree{"Text": "a"}}, shape.Tree{}, shape.Tree{"Valued": tree{"Text": "a"}}, shape.Tree{"Valued": tree{"Text": ""}}, nil, nil, []string{"Valued.Text"}},
		{"an empty list", shape.Tree{"Valued": tree{"List": []any{"a"}}}, shape.Tree{}, shape.Tree{"Valued": tree{"List": []any{"a"}}}, shape.Tree{"Valued": tree{"List": []any{}}}, nil, nil, []string{"Valued.List"}},
		{
			"the members beside it go along",
			shape.Tree{"Valued": tree{"List": []any{"a"}, "Text": "t"}},
			shape.Tree{"Valued": tree{"Text": "t"}},
			shape.Tree{"Valued": tree{"List": []any{"a"}, "Text": "t"}},
			shape.Tree{"Valued": tree{"List": []any{}, "Text": "t"}},
			nil, nil,
			[]string{"Valued.List", "Valued.Text"},
		},
		{"a flag", shape.Tree{"Flagged": "a"}, shape.Tree{}, shape.Tree{"Flagged": "a"}, shape.Tree{"DisassociateFlagged": true}, nil, nil, []string{"Flagged"}},
		{"a key of a map, whatever is in it", shape.Tree{"Map": tree{"a.b": "1", "c": "2"}}, shape.Tree{"Map": tree{"c": "2"}}, shape.Tree{"Map": tree{"a.b": "1", "c": "2"}}, shape.Tree{"MapKeysToRemove": []any{"a.b"}}, nil, nil, []string{"Map.a.b", "Map.c"}},
		{"the object's own name", shape.Tree{"Own": "a"}, shape.Tree{}, shape.Tree{"Own": "a"}, shape.Tree{"Own": "abalone"}, nil, nil, []string{"Own"}},
		{"a known default", shape.Tree{"Default": "a"}, shape.Tree{}, shape.Tree{"Default": "a"}, shape.Tree{"Default": "d"}, nil, nil, []string{"Default"}},
		{"by being left out of the whole", shape.Tree{"Whole": tree{"A": "a", "B": "b"}}, shape.Tree{"Whole": tree{"A": "a"}}, shape.Tree{"Whole": tree{"A": "a", "B": "b"}}, shape.Tree{"Whole": tree{"A": "a"}}, nil, nil, []string{"Whole.A", "Whole.B"}},
		{"by being left out", shape.Tree{"Omitted": "a"}, shape.Tree{}, shape.Tree{"Omitted": "a"}, shape.Tree{}, nil, nil, []string{"Omitted"}},
		{"a member of an item, with its list", shape.Tree{"List": []any{tree{"A": "a", "B": "b"}}}, shape.Tree{"List": []any{tree{"A": "a"}}}, shape.Tree{"List": []any{tree{"A": "a", "B": "b"}}}, shape.Tree{"List": []any{tree{"A": "a"}}}, nil, nil, []string{"List[0].A", "List[0].B"}},

		{"AWS has no way", shape.Tree{"Stuck": tree{"A": "a"}}, shape.Tree{}, shape.Tree{"Stuck": tree{"A": "a"}}, shape.Tree{}, []string{"Stuck.A"}, nil, []string{"Stuck.A"}},
		{"nor to go back to a default that it only makes larger", shape.Tree{"Volume": int64(20)}, shape.Tree{}, shape.Tree{"Volume": int64(20)}, shape.Tree{}, []string{"Volume"}, nil, []string{"Volume"}},
		{"nor to change it at all", shape.Tree{"RoleArn": "a"}, shape.Tree{}, shape.Tree{"RoleArn": "a"}, shape.Tree{}, []string{"RoleArn"}, nil, []string{"RoleArn"}},
		{"a whole that is removed itself", shape.Tree{"Whole": tree{"A": "a"}}, shape.Tree{}, shape.Tree{"Whole": tree{"A": "a"}}, shape.Tree{}, []string{"Whole.A"}, nil, []string{"Whole.A"}},

		{"AWS does not have it any more", shape.Tree{"Valued": tree{"Text": "a"}}, shape.Tree{}, shape.Tree{}, shape.Tree{}, nil, nil, nil},
		{"AWS has the default already", shape.Tree{"Default": "d"}, shape.Tree{}, shape.Tree{"Default": "d"}, shape.Tree{}, nil, nil, nil},
		{"what AWS cannot unset is at its default", shape.Tree{"Volume": int64(5)}, shape.Tree{}, shape.Tree{"Volume": int64(5)}, shape.Tree{}, nil, nil, nil},
		{"somebody else has set it since", shape.Tree{"Valued": tree{"Text": "a"}}, shape.Tree{}, shape.Tree{"Valued": tree{"Text": "theirs"}}, shape.Tree{}, nil, []string{"Valued.Text"}, nil},
		{"somebody else has set what AWS cannot unset", shape.Tree{"Stuck": tree{"A": "a"}}, shape.Tree{}, shape.Tree{"Stuck": tree{"A": "theirs"}}, shape.Tree{}, nil, []string{"Stuck.A"}, nil},
		{"a decision is left to people", shape.Tree{"Decision": "Approved"}, shape.Tree{}, shape.Tree{"Decision": "Approved"}, shape.Tree{}, nil, nil, nil},
		{"what AWS does not describe cannot be unset, or told of", shape.Tree{"Secret": "a"}, shape.Tree{}, shape.Tree{}, shape.Tree{}, nil, nil, nil},
		{"what git never had is left alone", shape.Tree{}, shape.Tree{}, shape.Tree{"Valued": tree{"Text": "theirs"}}, shape.Tree{}, nil, nil, nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := after(resettable, row.was, row.is)
			released := s.weighApplied(row.have)
			require.Equal(t, row.released, released)
			sent := shape.Tree{}
			s.kind.Reset.apply(sent, s.request, s.removed.reset)
			require.Equal(t, row.sent, sent)
			var stuck []string
			for _, one := range s.removed.stuck {
				stuck = append(stuck, one.path)
			}
			require.Equal(t, row.stuck, stuck)
			var kept []string
			if a := s.object.Common().Applied; a != nil {
				for path := range a.Paths {
					kept = append(kept, path)
				}
			}
			require.ElementsMatch(t, row.kept, kept)
		})
	}
}

// Some removals are none.
func TestWhatGitHasNotRemoved(t *testing.T) {
	was, have := shape.Tree{"Valued": map[string]any{"Text": "a"}}, shape.Tree{"Valued": map[string]any{"Text": "a"}}
	nothing := func(t *testing.T, s *scope) {
		t.Helper()
		require.Empty(t, s.weighApplied(have))
		require.Empty(t, s.removed.reset)
		require.Empty(t, s.removed.stuck)
	}
	t.Run("a CRD that has no such field any more resets nothing", func(t *testing.T) {
		s := after(resettable, was, shape.Tree{})
		s.object.SetGeneration(1)
		nothing(t, s)
		require.Empty(t, s.object.Common().Applied.Paths, "and is not taken for a removal later")
	})
	t.Run("nothing is known of what was applied before", func(t *testing.T) {
		s := after(resettable, was, shape.Tree{})
		s.object.Common().Applied = nil
		nothing(t, s)
		s.record()
		require.Nil(t, s.object.Common().Applied, "there is nothing to tell")
	})
	t.Run("what is left to autoscaling leaves without a reset", func(t *testing.T) {
		s := after(resettable, was, shape.Tree{})
		s.whole, s.yielded = shape.Tree{}, []string{"Valued"}
		nothing(t, s)
		require.Empty(t, s.object.Common().Applied.Paths)
	})
	t.Run("what is left to it while git has it is no removal, and no longer ours", func(t *testing.T) {
		s := after(resettable, was, was)
		s.whole, s.yielded, s.request = was, []string{"Valued"}, shape.Tree{}
		nothing(t, s)
		s.record()
		require.Empty(t, s.object.Common().Applied.Paths)
	})
	t.Run("who only looks resets nothing", func(t *testing.T) {
		s := after(resettable, was, shape.Tree{})
		s.control.ManagementPolicy = v1alpha1.ManageObserve
		nothing(t, s)
		require.NotEmpty(t, s.object.Common().Applied.Paths, "and forgets nothing")
	})
}

// What AWS does not describe is sent when it is another than the one before.
func TestWriteOnly(t *testing.T) {
	old, changed := shape.Tree{"Secret": "a"}, shape.Tree{"Secret": "b"}
	for _, row := range []struct {
		reason  string
		was, is shape.Tree
		change  func(*scope)
		unsent  bool
	}{
		{"the same", old, old, nil, false},
		{"another", old, changed, nil, true},
		{"one that there was not", shape.Tree{"Valued": map[string]any{"Text": "a"}}, old, nil, true},
		{"another, without a new spec", old, changed, func(s *scope) { s.object.SetGeneration(1) }, false},
		{"an upgrade", old, old, func(s *scope) { s.object.Common().Applied = nil }, false},
		{"an upgrade with a new spec", old, changed, func(s *scope) { s.object.Common().Applied, s.object.Common().ObservedGeneration = nil, 1 }, true},
		{"an upgrade while a new spec was being sent", old, changed, func(s *scope) {
			s.object.Common().Applied, s.object.Common().ObservedGeneration = nil, 1
			s.object.Common().Attempted = &v1alpha1.Attempt{Digest: "a", Generation: 2}
		}, false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := after(resettable, row.was, row.is)
			if row.change != nil {
				row.change(s)
			}
			s.weighApplied(shape.Tree{"Valued": map[string]any{"Text": "a"}})
			require.Equal(t, row.unsent, s.removed.unsent)
		})
	}
}

// A path stays until its reset was seen, across crashes and refusals, and what was
// applied counts only once AWS has accepted it.
func TestAppliedAcrossAnUpdate(t *testing.T) {
	s := after(resettable, shape.Tree{"Valued": map[string]any{"Text": "a"}, "Default": "x", "Omitted": "o"},
		shape.Tree{"Default": "y", "Flagged": "f", "Secret": "s"})
	have := shape.Tree{"Valued": map[string]any{"Text": "a"}, "Default": "x", "Omitted": "o"}
	before := s.object.Common().Applied.Paths["Default"]
	paths := func() map[string]string { return s.object.Common().Applied.Paths }

	s.weighApplied(have)
	s.intend()
	require.Equal(t, before, paths()["Default"], "AWS has the earlier value until it accepts the next")
	require.Contains(t, paths(), "Flagged", "it may be there from now on")
	require.NotContains(t, paths(), "Secret", "or it would pass for sent")
	require.Contains(t, paths(), "Valued.Text")
	require.EqualValues(t, 1, s.object.Common().Applied.Generation)

	s.weighApplied(have) // after a crash
	require.Len(t, s.removed.reset, 2)
	s.accepted(shape.Tree{"Default": "y"})
	require.NotEqual(t, before, paths()["Default"])
	require.NotContains(t, paths(), "Secret", "it was not sent")
	require.NotContains(t, paths(), "Omitted", "AWS unsets it, whatever it describes then")
	require.Contains(t, paths(), "Valued.Text", "nobody has seen it unset")
	require.EqualValues(t, 1, s.object.Common().Applied.Generation, "so that it still counts as removed")

	s.weighApplied(shape.Tree{"Default": "y", "Flagged": "f"})
	require.Empty(t, s.removed.reset)
	require.True(t, s.removed.unsent)
	s.accepted(shape.Tree{"Secret": "s"})
	require.Contains(t, paths(), "Secret")
	require.EqualValues(t, 2, s.object.Common().Applied.Generation)
	s.object.Common().Applied.TagKeys = []string{"team"}
	s.record()
	require.Equal(t, []string{"team"}, s.object.Common().Applied.TagKeys, "tags are somebody else's business")
}

// Of a job or revision without a name of its own, all but what can be updated is in
// its name.
func TestWhatIsRecorded(t *testing.T) {
	request := shape.Tree{"RoleArn": "r", "ProfilerConfig": map[string]any{"S3OutputPath": "p"}}
	for _, row := range []struct {
		reason string
		change func(*scope)
		want   []string
	}{
		{"without a name", func(*scope) {}, []string{"ProfilerConfig.S3OutputPath"}},
		{"with a name", func(s *scope) { s.named = "own" }, []string{"ProfilerConfig.S3OutputPath", "RoleArn"}},
		{"made by another resource", func(s *scope) {
			s.named = "own"
			s.object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "ModelPipeline", Controller: new(true)}})
		}, []string{"ProfilerConfig.S3OutputPath"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			s := newScope(jobKind)
			s.request = request
			row.change(s)
			require.ElementsMatch(t, row.want, slices.Collect(maps.Keys(s.prints())))
		})
	}
}

// The same update is tried again ever less often.
func TestResends(t *testing.T) {
	s := newScope(serviceKind)
	require.True(t, s.resendAt().IsZero(), "nothing was tried")
	tried, sent := epoch, 0
	for at := epoch; at.Before(epoch.Add(24 * time.Hour)); at = at.Add(time.Minute) {
		if sent > 0 && at.Before(s.resendAt()) {
			continue
		}
		sent++
		tried = at
		s.object.Common().Attempted = &v1alpha1.Attempt{Time: metav1.NewTime(tried), Accepted: int32(sent)}
	}
	require.Equal(t, 9, sent)
	require.LessOrEqual(t, s.resendAt().Sub(tried), lastResend)
	stopped := newScope(Kind{Object: serviceKind.Object, Start: serviceKind.Update})
	stopped.object.Common().Attempted = &v1alpha1.Attempt{Time: metav1.NewTime(epoch), Accepted: 1}
	require.True(t, stopped.resendAt().IsZero(), "what somebody works with is not stopped again and again")
}

func TestUnresolvedSaysBothValues(t *testing.T) {
	r, _ := newLoop(serviceKind)
	s := newScope(serviceKind)
	s.object.Common().Name = "abalone"
	s.object.Common().Attempted = &v1alpha1.Attempt{Time: metav1.NewTime(epoch), Accepted: 1}
	v := r.unresolved(s, shape.Tree{"EndpointStatus": "InService"}, []shape.Difference{{Path: "A.B", Want: "x", Have: "y"}})
	require.True(t, v.stalled)
	for _, word := range []string{"abalone", "A.B", "x", "y", "2026-03-01T12:10:00Z"} {
		require.Contains(t, v.message, word)
	}
	require.Positive(t, v.after)
}

// A job that has ended is what it was asked to be; another spec under its name is told
// by what it was asked.
func TestOutgrown(t *testing.T) {
	s := after(jobKind, shape.Tree{"RoleArn": "r", "OutputDataConfig": map[string]any{"S3OutputPath": "o"}}, shape.Tree{"RoleArn": "other"})
	s.named = "own"
	s.object.SetGeneration(1)
	s.request = shape.Tree{"RoleArn": "r", "OutputDataConfig": map[string]any{"S3OutputPath": "o"}}
	s.record()
	s.request, s.own = shape.Tree{"RoleArn": "other"}, nil
	s.digests = []string{"a2", "b2"}
	s.addRun(v1alpha1.Run{Name: "own", Digest: "b2"})
	require.Empty(t, s.outgrown(found{name: "own"}, shape.Tree{}), "by another version of hash it is the same")
	s.addRun(v1alpha1.Run{Name: "own", Digest: "a1"})
	outgrown := s.outgrown(found{name: "own"}, shape.Tree{})
	paths := make([]string, 0, len(outgrown))
	for _, d := range outgrown {
		paths = append(paths, d.Path)
	}
	require.Equal(t, []string{"OutputDataConfig.S3OutputPath", "RoleArn"}, paths)
	s.request = shape.Tree{"RoleArn": "r", "OutputDataConfig": map[string]any{"S3OutputPath": "o", "KmsKeyId": "k"}}
	require.Equal(t, []shape.Difference{{Path: "OutputDataConfig.KmsKeyId", Want: "k"}}, s.outgrown(found{name: "own"}, shape.Tree{}), "in the words of git")
	s.object.Common().Applied = nil
	require.Len(t, s.outgrown(found{name: "own"}, shape.Tree{}), 1, "without a record it is told all the same")
}
