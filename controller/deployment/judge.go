package deployment

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Stage is what a deployment is at, and so the one thing that is to be done.
type Stage int

const (
	// Claimed means that the endpoint belongs to somebody else.
	Claimed Stage = iota
	// HandedOver means that it was given to another deployment.
	HandedOver
	// Sourcing waits for what models are made of.
	Sourcing
	// Preparing makes models and the configuration.
	Preparing
	// Unfit means that one of those was refused.
	Unfit
	// Incompatible means that AWS cannot change the endpoint to it in place.
	Incompatible
	// Replacing deletes the endpoint, to make it anew.
	Replacing
	// Arming makes alarms, and looks at those that are named.
	Arming
	// RollingOut gives the endpoint the configuration, and waits for it.
	RollingOut
	// Adjusting gives the endpoint other settings for the same configuration.
	Adjusting
	// RolledBack means that AWS took the roll-out back.
	RolledBack
	// Broken means that the endpoint failed in another way.
	Broken
	// Placing makes components, and waits for them.
	Placing
	// Verifying asks a smoke test.
	Verifying
	// GoingBack gives the endpoint the last good configuration again.
	GoingBack
	// Untested means that a smoke test failed, and nothing more is to be done.
	Untested
	// Disarming takes the alarms of the roll-out out of the endpoint.
	Disarming
	// Scaling makes what scales the endpoint, and waits for it.
	Scaling
	// Serving is all that was asked for.
	Serving
)

// facts are all that a stage depends on.
type facts struct {
	// claimed says that the endpoint resource is somebody else's, handedOver
	// that it is so because we gave it away.
	claimed, handedOver bool
	// waiting says that a source has not been found yet.
	waiting bool
	// unfit and prepared say that a model or the configuration was refused, and
	// that all of them exist in AWS.
	unfit, prepared bool

	// exists says that there is an endpoint resource that is not being deleted,
	// leaving that there is one which is.
	exists, leaving bool
	// asked, served, desired and good are configurations: what the endpoint
	// resource asks for, what AWS serves, what the spec stands for, and what was
	// served and tested last.
	asked, served, desired, good string
	// converts says that served and desired cannot follow each other, replace
	// that the endpoint may be made anew.
	converts, replace bool
	// armed says that all alarms are there.
	armed bool
	// outdated says that the endpoint resource differs from what it is to be in
	// more than the alarms of the roll-out.
	outdated bool
	// settled says that the endpoint is what its resource asks for, failed why
	// it cannot be.
	settled bool
	failed  string

	// refused says that the desired configuration failed its smoke tests before.
	refused bool
	// goBack says that the last good one is to take its place then.
	goBack bool
	// placed says that components are in service; stuck that one, or what scales
	// the endpoint, was refused.
	placed, stuck bool
	// tested and failing say that all smoke tests have passed, and that one has
	// not.
	tested, failing bool
	// disarmed says that the endpoint resource names no alarm made for a
	// roll-out.
	disarmed bool
	// scaled says that what scales the endpoint is there.
	scaled bool
}

// target is the configuration the endpoint is to serve now.
func (f facts) target() string {
	if f.refused && f.goBack && f.good != "" && f.good != f.desired {
		return f.good
	}
	return f.desired
}

// judge decides which stage the facts are.
func judge(f facts) Stage {
	switch {
	case f.handedOver:
		return HandedOver
	case f.claimed:
		return Claimed
	case f.waiting:
		return Sourcing
	case f.unfit:
		return Unfit
	case !f.prepared:
		return Preparing
	case f.leaving:
		return Replacing
	case f.target() != f.desired:
		return judgeRefused(f)
	case f.exists && f.converts && f.replace:
		return Replacing
	case f.exists && f.converts:
		return Incompatible
	case f.asked != f.desired && !f.armed:
		return Arming
	}
	return judgeRollout(f)
}

// judgeRefused is about a configuration that failed its smoke tests and has to
// go again.
func judgeRefused(f facts) Stage {
	switch {
	case f.asked == f.target() && f.settled:
		return Untested
	case f.asked == f.target() && f.failed != "":
		return Broken
	default:
		return GoingBack
	}
}

// judgeRollout is about an endpoint that may be touched.
func judgeRollout(f facts) Stage {
	switch {
	case f.asked != f.desired:
		return RollingOut
	case f.outdated:
		return Adjusting
	case f.failed == reason.RolledBack:
		return RolledBack
	case f.failed != "":
		return Broken
	case !f.settled || f.served != f.desired:
		return RollingOut
	case f.stuck:
		return Broken
	case !f.placed:
		return Placing
	case f.failing || f.refused:
		return Untested
	case !f.tested:
		return Verifying
	case !f.disarmed:
		return Disarming
	case !f.scaled:
		return Scaling
	default:
		return Serving
	}
}

// phases are what status calls the stages.
var phases = map[Stage]v1alpha1.DeploymentPhase{
	Claimed:      v1alpha1.DeploymentRefused,
	HandedOver:   v1alpha1.DeploymentHandedOver,
	Sourcing:     v1alpha1.DeploymentWaiting,
	Preparing:    v1alpha1.DeploymentPreparing,
	Unfit:        v1alpha1.DeploymentRefused,
	Incompatible: v1alpha1.DeploymentRefused,
	Replacing:    v1alpha1.DeploymentRollingOut,
	Arming:       v1alpha1.DeploymentPreparing,
	RollingOut:   v1alpha1.DeploymentRollingOut,
	Adjusting:    v1alpha1.DeploymentRollingOut,
	RolledBack:   v1alpha1.DeploymentRolledBack,
	Broken:       v1alpha1.DeploymentRefused,
	Placing:      v1alpha1.DeploymentRollingOut,
	Verifying:    v1alpha1.DeploymentVerifying,
	GoingBack:    v1alpha1.DeploymentRollingOut,
	Untested:     v1alpha1.DeploymentRolledBack,
	Disarming:    v1alpha1.DeploymentVerifying,
	Scaling:      v1alpha1.DeploymentScaling,
	Serving:      v1alpha1.DeploymentServing,
}
