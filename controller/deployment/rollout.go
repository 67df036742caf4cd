package deployment

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

const (
	defaultBake   = 5 * time.Minute
	longestWait   = time.Hour
	shortestLimit = 10 * time.Minute
	longestLimit  = 8 * time.Hour
	// maxAlarms is how many alarms SageMaker watches during a roll-out.
	maxAlarms = 10
)

// bounds are the sizes SageMaker takes of a step, in percent.
type bounds struct{ least, most, usual int32 }

var stepBounds = map[v1alpha1.RolloutStrategy]bounds{
	v1alpha1.RolloutCanary:  {1, 50, 10},
	v1alpha1.RolloutLinear:  {10, 50, 20},
	v1alpha1.RolloutRolling: {5, 50, 20},
}

// deploymentConfig is a roll-out in SageMaker's terms. It is nil where nothing
// differs from what SageMaker does by itself.
func deploymentConfig(r *v1alpha1.Rollout, alarms []string) *v1alpha1.DeploymentConfig {
	if r == nil {
		return nil
	}
	config := &v1alpha1.DeploymentConfig{}
	if r.Strategy == v1alpha1.RolloutRolling {
		config.RollingUpdatePolicy = &v1alpha1.RollingUpdatePolicy{
			MaximumBatchSize:                 step(r),
			WaitIntervalInSeconds:            seconds(bake(r)),
			MaximumExecutionTimeoutInSeconds: seconds(r.Timeout),
		}
		if r.RollbackStepSize != nil {
			config.RollingUpdatePolicy.RollbackMaximumBatchSize = capacity(*r.RollbackStepSize)
		}
	} else {
		config.BlueGreenUpdatePolicy = &v1alpha1.BlueGreenUpdatePolicy{
			TrafficRoutingConfiguration:      traffic(r),
			TerminationWaitInSeconds:         seconds(r.TerminationWait),
			MaximumExecutionTimeoutInSeconds: seconds(r.Timeout),
		}
	}
	if len(alarms) > 0 {
		config.AutoRollbackConfiguration = &v1alpha1.AutoRollbackConfig{}
		for _, name := range alarms {
			config.AutoRollbackConfiguration.Alarms = append(config.AutoRollbackConfiguration.Alarms, v1alpha1.Alarm{AlarmName: &name})
		}
	}
	return config
}

func traffic(r *v1alpha1.Rollout) *v1alpha1.TrafficRoutingConfig {
	routing := &v1alpha1.TrafficRoutingConfig{Type: new("ALL_AT_ONCE"), WaitIntervalInSeconds: seconds(bake(r))}
	switch r.Strategy {
	case v1alpha1.RolloutCanary:
		routing.Type, routing.CanarySize = new("CANARY"), step(r)
	case v1alpha1.RolloutLinear:
		routing.Type, routing.LinearStepSize = new("LINEAR"), step(r)
	case v1alpha1.RolloutAllAtOnce, v1alpha1.RolloutRolling:
	}
	return routing
}

// bake is how long alarms are watched after a step.
func bake(r *v1alpha1.Rollout) *metav1.Duration {
	switch {
	case r.BakeTime != nil:
		return r.BakeTime
	case stepBounds[r.Strategy].usual > 0:
		return &metav1.Duration{Duration: defaultBake}
	default:
		return &metav1.Duration{}
	}
}

func step(r *v1alpha1.Rollout) *v1alpha1.CapacitySize {
	if r.StepSize != nil {
		return capacity(*r.StepSize)
	}
	return capacity(intstr.FromString(fmt.Sprintf("%d%%", stepBounds[r.Strategy].usual)))
}

func capacity(size intstr.IntOrString) *v1alpha1.CapacitySize {
	if size.Type == intstr.Int {
		return &v1alpha1.CapacitySize{Type: new("INSTANCE_COUNT"), Value: new(size.IntVal)}
	}
	n, _ := percent(size)
	return &v1alpha1.CapacitySize{Type: new("CAPACITY_PERCENT"), Value: &n}
}

// percent is a size such as "10%"; a number of instances is none.
func percent(size intstr.IntOrString) (int32, bool) {
	digits, is := strings.CutSuffix(size.StrVal, "%")
	n, err := strconv.ParseInt(digits, 10, 32)
	return int32(n), size.Type == intstr.String && is && err == nil
}

// checkRollout says which numbers SageMaker would refuse.
func checkRollout(r *v1alpha1.Rollout) error {
	if r == nil {
		return nil
	}
	limits, stepped := stepBounds[r.Strategy]
	if !stepped && r.StepSize != nil {
		return refuse("rollout.stepSize", "is for Canary, Linear and Rolling")
	}
	if err := checkSize("rollout.stepSize", r.StepSize, limits); err != nil {
		return err
	}
	if r.RollbackStepSize != nil && r.Strategy != v1alpha1.RolloutRolling {
		return refuse("rollout.rollbackStepSize", "is for Rolling")
	}
	if err := checkSize("rollout.rollbackStepSize", r.RollbackStepSize, bounds{5, 100, 0}); err != nil {
		return err
	}
	if r.TerminationWait != nil && r.Strategy == v1alpha1.RolloutRolling {
		return refuse("rollout.terminationWait", "is not for Rolling, which has no second fleet")
	}
	waits := bake(r).Duration
	if waits > longestWait {
		return refuse("rollout.bakeTime", "is %s: SageMaker takes at most %s", waits, longestWait)
	}
	if w := r.TerminationWait; w != nil {
		if w.Duration > longestWait {
			return refuse("rollout.terminationWait", "is %s: SageMaker takes at most %s", w.Duration, longestWait)
		}
		waits += w.Duration
	}
	if t := r.Timeout; t != nil && (t.Duration < shortestLimit || t.Duration > longestLimit || t.Duration <= waits) {
		return refuse("rollout.timeout", "is %s: SageMaker takes %s to %s, and it has to be longer than the waits (%s)", t.Duration, shortestLimit, longestLimit, waits)
	}
	return checkAlarms(r.Alarms)
}

func checkSize(field string, size *intstr.IntOrString, limits bounds) error {
	if size == nil {
		return nil
	}
	if size.Type == intstr.Int {
		if size.IntVal < 1 {
			return refuse(field, "is %d: at least one instance", size.IntVal)
		}
		return nil
	}
	n, ok := percent(*size)
	if !ok || n < limits.least || n > limits.most {
		return refuse(field, "is %q: a number of instances, or %d%% to %d%%", size.StrVal, limits.least, limits.most)
	}
	return nil
}

func checkAlarms(a *v1alpha1.RolloutAlarms) error {
	if a == nil {
		return nil
	}
	if a.ErrorRate != "" {
		if _, err := rate(a.ErrorRate); err != nil {
			return refuse("rollout.alarms.errorRate", "is %q: a share such as 1%%", a.ErrorRate)
		}
	}
	if l := a.Latency; l != nil && l.Threshold.Duration < time.Microsecond {
		return refuse("rollout.alarms.latency.threshold", "is %s: no model answers within it", l.Threshold.Duration)
	}
	if a.Period == nil {
		return nil
	}
	if p := a.Period.Duration; p < time.Minute || p%time.Minute != 0 || p > longestWait {
		return refuse("rollout.alarms.period", "is %s: whole minutes, at most %s", p, longestWait)
	}
	return nil
}

// namedAlarms are the alarms that the spec names.
func namedAlarms(r *v1alpha1.Rollout) []string {
	if r == nil || r.Alarms == nil {
		return nil
	}
	return r.Alarms.Names
}

// generates tells whether alarms are to be made for roll-outs.
func generates(r *v1alpha1.Rollout) bool {
	return r != nil && r.Alarms != nil && (r.Alarms.ErrorRate != "" || r.Alarms.Latency != nil)
}

// statistic of a latency alarm.
func statistic(l *v1alpha1.LatencyAlarm) string { return cmp.Or(l.Statistic, "p95") }

// rate is a share such as "1%", as a number of percent.
func rate(text string) (float64, error) {
	return strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
}
