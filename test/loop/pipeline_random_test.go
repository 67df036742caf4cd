package loop_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

// histories is how many lives of a pipeline are played.
var histories = flag.Int("histories", 4, "how many histories TestPipelineHistories plays")

// TestPipelineHistories plays histories of pushes, approvals, failures and restarts, in
// which the cluster is lost at any time with all that it knew: no job runs twice that was
// not stopped for another, what serves was approved, and is what git asked for when it
// came to serve.
func TestPipelineHistories(t *testing.T) {
	for seed := range *histories {
		t.Run(strconv.Itoa(seed), func(t *testing.T) { newLife(t, uint64(seed)).play() })
	}
}

// life is one history.
type life struct {
	*world
	random   *rand.Rand
	rounds   string   // in git
	pushed   []string // from what serves on
	evidence []string // approved in git
	approved map[string]bool
	served   string
	losses   int
}

func newLife(t *testing.T, seed uint64) *life {
	t.Helper()
	return &life{world: newPipelineWorld(t), random: rand.New(rand.NewPCG(seed, 3)), approved: map[string]bool{}}
}

func (l *life) play() {
	l.push()
	for range 8 {
		l.wait()
		switch l.random.IntN(8) {
		case 0, 1:
			l.push()
		case 2, 3, 4:
			l.approve()
		case 5, 6:
			l.lose()
		case 7:
			l.fault(fault.Rule{Action: fault.LoseResponse, Operation: []string{"CreateTrainingJob", "UpdateEndpoint", "CreateEndpoint"}[l.random.IntN(3)], Times: 1})
			l.restartController()
		}
	}
	l.aws.Faults().Clear()
	l.measures(2.08)
	l.until("it is carried out", func() bool {
		l.look()
		if l.pipeline().Status.Phase == v1alpha1.PipelineAwaiting {
			l.approve()
		}
		return isReady(l.pipeline())
	})
	require.Equal(l.t, l.rounds, l.roundsServed())
	l.until("what it does not need any more has stopped", func() bool { return len(l.jobs("InProgress"))+len(l.jobs("Stopping")) == 0 })

	l.aws.Journal().Reset()
	l.lose()
	l.until("it is carried out again", func() bool { l.look(); return isReady(l.pipeline()) })
	require.Empty(l.t, l.mutations(), "nothing is done for a cluster that is built anew")
	l.once()
	l.t.Logf("%d losses", l.losses)
}

func (l *life) text() string {
	if len(l.evidence) == 0 {
		return pipeline(map[string]string{"rounds": l.rounds})
	}
	return pipeline(map[string]string{"rounds": l.rounds}, approved(l.evidence...))
}

func (l *life) push() {
	l.rounds = strconv.Itoa(100 * (1 + l.random.IntN(3)))
	l.pushed = append(l.pushed, l.rounds)
	l.apply(l.text())
}

// wait lets some time pass, in which what serves may become something else.
func (l *life) wait() {
	end := l.clock.Now().Add(time.Duration(l.random.IntN(300)) * time.Second)
	l.until("some time has passed", func() bool { l.look(); return l.clock.Now().After(end) })
}

// approve commits an approval of what waits for one.
func (l *life) approve() {
	step := l.stepOf("approve")
	if step.Phase != v1alpha1.StepAwaiting || slices.Contains(l.evidence, step.Evidence) {
		return
	}
	train, there := get(l.world, l.stepOf("train").Child, &v1alpha1.TrainingJob{})
	require.True(l.t, there)
	l.evidence = append(l.evidence, step.Evidence)
	l.approved[train.Spec.HyperParameters["num_round"]] = true
	l.apply(l.text())
}

// lose loses the cluster, and builds it anew from git.
func (l *life) lose() {
	l.losses++
	l.stopController()
	l.forgetAll()
	l.startController()
	l.apply(l.text())
}

// look holds what serves.
func (l *life) look() {
	now := l.roundsServed()
	if now == l.served {
		return
	}
	require.True(l.t, l.approved[now], "%s rounds serve, which nobody has approved", now)
	require.Contains(l.t, l.pushed, now, "%s rounds serve, for which nobody has asked since %s served", now, l.served)
	l.served, l.pushed = now, l.pushed[slices.Index(l.pushed, now):] // what was before does not come back by itself
}

var trainedBy = regexp.MustCompile(`abalone/train/[^/]+/([^/]+)/output`)

// roundsServed are the rounds that the model was trained for which serves.
func (l *life) roundsServed() string {
	found := trainedBy.FindStringSubmatch(l.world.served())
	if found == nil {
		return ""
	}
	job, _ := l.aws.Object("TrainingJob", found[1])
	parameters, _ := job.Document["HyperParameters"].(map[string]any)
	return fmt.Sprint(parameters["num_round"])
}

// once holds that no job ran again but for those that were stopped for another.
func (l *life) once() {
	for _, job := range l.aws.Objects("TrainingJob") {
		name, attempt, again := strings.Cut(job.Name, "-r")
		if !again {
			continue
		}
		if attempt != "2" {
			var n int
			_, err := fmt.Sscan(attempt, &n)
			require.NoError(l.t, err)
			name = fmt.Sprintf("%s-r%d", name, n-1)
		}
		before, there := l.aws.Object("TrainingJob", name)
		require.True(l.t, there)
		require.Equal(l.t, "Stopped", before.Status, "%s ran although %s had not been stopped", job.Name, name)
	}
}
