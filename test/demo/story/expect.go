package story

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// expectJobs holds the number of training jobs that AWS has ever started.
func (s *Story) expectJobs(n int, line string) error {
	return s.expect(line, fmt.Sprint(n, " started in all"), fmt.Sprint(s.jobs(), " started in all"))
}

// expectNothingTrained holds that AWS was not even asked for a training job.
func (s *Story) expectNothingTrained(asked int) error {
	return s.expect("nothing was trained: no CreateTrainingJob at all",
		fmt.Sprint(asked, " CreateTrainingJob in all"), fmt.Sprint(s.count("CreateTrainingJob"), " CreateTrainingJob in all"))
}

// trained is what the training job of the present commit made; it holds that
// the job was of so many rounds, and that AWS knows the commit.
func (s *Story) trained(ctx context.Context, commit, rounds string) (model, error) {
	var job v1alpha1.TrainingJob
	if err := s.bench.Kube.Get(ctx, key, &job); err != nil {
		return model{}, err
	}
	made, _ := s.bench.AWS.Object("TrainingJob", job.Status.Name)
	parameters, _ := made.Document["HyperParameters"].(map[string]any)
	if err := s.expect(fmt.Sprintf("AWS trained %s for %s rounds", job.Status.Name, rounds),
		fmt.Sprintf("Completed with num_round=%s", rounds),
		fmt.Sprintf("%s with num_round=%v", made.Status, parameters["num_round"])); err != nil {
		return model{}, err
	}
	revision := made.Tags["sagemaker.gitops.dev/git-revision"]
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

// expectMoved holds that the endpoint went from one model to another since so
// many answers: at once, or by turns where the example has a canary.
func (s *Story) expectMoved(ctx context.Context, since int, from, to model) error {
	canary, err := s.hasCanary(ctx)
	if err != nil {
		return err
	}
	if !canary {
		return s.expectServed(ctx, since, from, to)
	}
	if err := s.expectAnswers(ctx, to); err != nil {
		return err
	}
	seen := models(s.prober.Answers()[since:])
	return s.expectTrue(fmt.Sprintf("since the push answered %s, then both by turns, at last %s alone", from.job, to.job),
		movedByTurns(seen, from.data, to.data), from.data+", both by turns, "+to.data, strings.Join(seen, ", "))
}

// hasCanary tells whether the example rolls out by a canary.
func (s *Story) hasCanary(ctx context.Context) (bool, error) {
	var deployment v1alpha1.ModelDeployment
	if err := s.bench.Kube.Get(ctx, key, &deployment); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	rollout := deployment.Spec.Rollout
	return rollout != nil && rollout.Strategy == v1alpha1.RolloutCanary, nil
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

// jobs is how many training jobs AWS has ever started.
func (s *Story) jobs() int {
	n := 0
	for _, entry := range s.bench.AWS.Journal().Mutations() {
		if entry.Operation == "CreateTrainingJob" && entry.Succeeded() {
			n++
		}
	}
	return n
}

// count is how often AWS was asked for an operation, refused or not.
func (s *Story) count(operation string) int { return s.bench.AWS.Journal().Counts()[operation] }
