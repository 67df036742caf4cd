package story

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// inARow is how many answers show that an endpoint serves one model alone: where
// two share the requests, each answers more often.
const inARow = 5

// UntrueError is a line of the story that did not come true.
type UntrueError struct {
	// Line is what the story says, Expected and Seen are what that means and
	// what there was instead.
	Line, Expected, Seen string
}

func (u *UntrueError) Error() string {
	return fmt.Sprintf("not true: %s\n  expected: %s\n  seen:     %s", u.Line, u.Expected, strings.ReplaceAll(u.Seen, "\n", "\n            "))
}

func (s *Story) expectTrue(line string, holds bool, expected, seen string) error {
	if !holds {
		return &UntrueError{line, expected, seen}
	}
	s.log.OKf("%s", line)
	return nil
}

func (s *Story) expect(line, expected, seen string) error {
	return s.expectTrue(line, expected == seen, expected, seen)
}

// made counts jobs.
type made struct{ processing, training int }

func (m made) String() string {
	return fmt.Sprintf("%d processing and %d training jobs in all", m.processing, m.training)
}

// made is how many jobs AWS has ever started.
func (s *Story) made() made {
	return made{s.started("CreateProcessingJob"), s.started("CreateTrainingJob")}
}

// asked is how many AWS was asked for, refused ones too.
func (s *Story) asked() made {
	return made{s.count("CreateProcessingJob"), s.count("CreateTrainingJob")}
}

// expectRan holds the number of jobs that AWS has ever started.
func (s *Story) expectRan(all made, line string) error {
	return s.expect(line, all.String(), s.made().String())
}

// expectNothingRan holds that AWS was not even asked for a job.
func (s *Story) expectNothingRan(asked made) error {
	return s.expect("no job ran: AWS was not even asked for one", asked.String(), s.asked().String())
}

// trained is what the training job of a commit made; it holds that the job was of so
// many rounds, and that AWS knows the commit.
func (s *Story) trained(ctx context.Context, name, commit, rounds string) (model, error) {
	var job v1alpha1.TrainingJob
	if err := s.bench.Kube.Get(ctx, client.ObjectKey{Namespace: Namespace, Name: name}, &job); err != nil {
		return model{}, err
	}
	found, _ := s.bench.AWS.Object("TrainingJob", job.Status.Name)
	parameters, _ := found.Document["HyperParameters"].(map[string]any)
	if err := s.expect(fmt.Sprintf("AWS trained %s for %s rounds", job.Status.Name, rounds),
		fmt.Sprintf("Completed with num_round=%s", rounds),
		fmt.Sprintf("%s with num_round=%v", found.Status, parameters["num_round"])); err != nil {
		return model{}, err
	}
	revision := found.Tags["sagemaker.gitops.dev/git-revision"]
	if err := s.expectTrue(fmt.Sprintf("its tags in AWS tell the commit, %s", revision), strings.HasSuffix(revision, ":"+commit),
		"a revision that ends in "+commit, revision); err != nil {
		return model{}, err
	}
	if job.Status.ModelArtifacts == nil || job.Status.ModelArtifacts.S3ModelArtifacts == nil {
		return model{}, &UntrueError{
			"the TrainingJob says where its model is", "status.modelArtifacts.s3ModelArtifacts", told(job.Status.Conditions),
		}
	}
	return model{job.Status.Name, *job.Status.ModelArtifacts.S3ModelArtifacts}, nil
}

// expectStalled holds an object to be given up at its present spec for a reason, with
// words that come first.
func (s *Story) expectStalled(what string, object judged, why, words string) error {
	conditions := object.GetConditions()
	ready := meta.FindStatusCondition(conditions, "Ready")
	if ready == nil {
		ready = new(metav1.Condition)
	}
	if err := s.expectTrue(fmt.Sprintf("%s is Ready=False and Stalled at this push (%s)", what, why),
		ready.Status == metav1.ConditionFalse && ready.Reason == why && ready.ObservedGeneration == object.GetGeneration() &&
			meta.IsStatusConditionTrue(conditions, "Stalled"),
		fmt.Sprintf("Ready=False, Stalled (%s) at generation %d", why, object.GetGeneration()),
		fmt.Sprintf("%s at generation %d", told(conditions), ready.ObservedGeneration)); err != nil {
		return err
	}
	return s.expectTrue("its message begins: "+words, strings.HasPrefix(ready.Message, words), words, ready.Message)
}

// expectMovedByTurns holds that the endpoint went from one model to another since so
// many answers, by a canary.
func (s *Story) expectMovedByTurns(ctx context.Context, since int, from, to model) error {
	if err := s.expectAnswers(ctx, to); err != nil {
		return err
	}
	seen := models(s.prober.Answers()[since:])
	return s.expectTrue(fmt.Sprintf("since the push answered %s, then both by turns, at last %s alone", from.job, to.job),
		movedByTurns(seen, from.data, to.data), from.data+", both by turns, "+to.data, strings.Join(seen, ", "))
}

// expectSoon holds that a model was among those that answered soon after a push.
func (s *Story) expectSoon(answers []Answer, pushed time.Time, by model) error {
	line := fmt.Sprintf("the model of %s answered again soon after the push", by.job)
	for _, answer := range answers {
		if answer.Model == by.data {
			took := answer.Asked.Sub(pushed)
			return s.expectTrue(fmt.Sprintf("%s: %.1fs", line, took.Seconds()), took < soon, "less than "+soon.String(), took.String())
		}
	}
	return &UntrueError{line, by.data, "it never did"}
}

// expectServed holds who answered since so many answers: these models, one
// after the other, the last of them from now on, and no invocation failed.
func (s *Story) expectServed(ctx context.Context, since int, served ...model) error {
	if err := s.expectAnswers(ctx, served[len(served)-1]); err != nil {
		return err
	}
	expected := make([]string, 0, len(served))
	names := make([]string, 0, len(served))
	for _, m := range served {
		expected, names = append(expected, m.data), append(names, m.job)
	}
	seen := models(s.prober.Answers()[since:])
	return s.expectTrue("since the push answered, in this order: "+strings.Join(names, ", "), slices.Equal(expected, seen),
		strings.Join(expected, ", "), strings.Join(seen, ", "))
}

// expectAnswers holds who answers from now on, several times, and that no
// invocation failed since the first.
func (s *Story) expectAnswers(ctx context.Context, by model) error {
	line := fmt.Sprintf("the endpoint answers with the model of %s, %d times in a row", by.job, inARow)
	for range inARow {
		next, err := s.prober.Next(ctx)
		if err != nil {
			return err
		}
		if next.Err != nil || next.Model != by.data {
			return &UntrueError{line, by.data, fmt.Sprint(next.Model, errText(next.Err))}
		}
	}
	s.log.OKf("%s", line)
	answers := s.prober.Answers()
	failed, first := failures(answers)
	return s.expectTrue(fmt.Sprintf("all %d invocations so far were answered", len(answers)), failed == 0,
		"no failure", fmt.Sprintf("%d failures, the first: %v", failed, first))
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// count is how often AWS was asked for an operation, refused or not.
func (s *Story) count(operation string) int { return s.bench.AWS.Journal().Counts()[operation] }

// started is how often AWS did what an operation asks for.
func (s *Story) started(operation string) int {
	n := 0
	for _, entry := range s.bench.AWS.Journal().Mutations() {
		if entry.Operation == operation && entry.Succeeded() {
			n++
		}
	}
	return n
}
