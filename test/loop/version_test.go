package loop_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

var modelData = regexp.MustCompile(`modelDataUrl:\S+`)

// upgraded is a controller that makes digests in another way than the present one, and
// still knows that.
func upgraded() identity.Hashes {
	newer := identity.Hash{Version: "c", Sum: func(owner identity.Owner, request shape.Tree, rerun string, except ...string) (string, error) {
		digest, err := identity.Digest(owner, request, rerun+"c", except...)
		return strings.Replace(digest, identity.HashVersion, "c", 1), err
	}}
	return append(identity.Hashes{newer}, identity.Supported()...)
}

// TestHashVersions: a controller with another version of hash does nothing about what
// the one before has made, even in a cluster that is built anew; what changes from then
// on is named by it.
func TestHashVersions(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		t.Run(map[bool]string{false: "upgraded", true: "upgraded and built anew"}[lost], func(t *testing.T) {
			w := newWorld(t)
			w.startController()
			w.apply(abalone())
			w.until("the chain is ready", w.chainReady)
			w.stopController()
			if lost {
				w.forget()
			}
			w.aws.Journal().Reset()
			w.hashes = upgraded()
			w.startController()
			w.apply(abalone())
			w.until("the chain is ready again", w.chainReady)
			w.pass(7*time.Hour, time.Minute)
			require.Empty(t, w.mutations())
			w.apply(trainingJob(200))
			w.until("the next model serves", func() bool { return w.ran(200) && w.chainReady() })
			require.Regexp(t, "^abalone-c", w.job().Status.Name)
			require.Equal(t, 1, w.mutations()["CreateTrainingJob"])
		})
	}
}

// TestPipelineHashVersions: nor does it about pipelines, whose gates and approvals are
// still what they were.
func TestPipelineHashVersions(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(map[bool]string{false: "upgraded", true: "upgraded and built anew"}[lost], func(t *testing.T) {
			w := newPipelineWorld(t)
			w.apply(pipeline(nil))
			evidence := w.awaits()
			w.apply(pipeline(nil, approved(evidence)))
			plan := w.completed().Status.PlanDigest
			served := w.served()
			w.stopController()
			if lost {
				w.forgetAll()
			}
			w.aws.Journal().Reset()
			w.hashes = upgraded()
			w.startController()
			w.apply(pipeline(nil)) // the approval is asked for no more
			require.Equal(t, plan, w.completed().Status.PlanDigest)
			w.pass(time.Hour, time.Minute)
			require.Equal(t, modelData.FindString(served), modelData.FindString(w.served()))
			require.Empty(t, w.mutations())
			w.apply(pipeline(map[string]string{"rounds": "200"}))
			w.awaits()
			require.Regexp(t, "^abalone-train-c", w.stepOf("train").Child)
			require.Equal(t, 1, w.created()["CreateTrainingJob"])
		})
	}
}
