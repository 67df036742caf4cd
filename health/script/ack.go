package script

import (
	_ "embed" // for the script
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// API groups of ACK.
const (
	ACKSageMaker   = "sagemaker.services.k8s.aws"
	ACKAutoScaling = "applicationautoscaling.services.k8s.aws"
)

// ACKKinds are the kinds of the ACK controllers that are judged, by API group, each
// list sorted. They have the names of ours.
func ACKKinds() map[string][]string {
	scaling := []string{"ScalableTarget", "ScalingPolicy"}
	notACK := slices.Concat(scaling, []string{"MetricAlarm", "ScheduledAction"})
	sagemaker := slices.DeleteFunc(slices.Sorted(maps.Keys(health.Kinds())), func(kind string) bool { return slices.Contains(notACK, kind) })

	return map[string][]string{ACKSageMaker: sagemaker, ACKAutoScaling: scaling}
}

//go:embed ack.lua
var ack string

// ACKLua is the health script of Argo CD for one kind of ACK. One that is not among
// [ACKKinds] is judged by its conditions alone.
func ACKLua(kind string) string {
	return "local kind = " + luaOf(classesOf(kind)) + "\n" + ack
}

// ACKLuaOfGroup is the health script for every kind of an ACK group, which looks the
// kind up when it runs.
func ACKLuaOfGroup(group string) string {
	var b strings.Builder

	b.WriteString("local kinds = {\n")

	for _, kind := range ACKKinds()[group] {
		if c := classesOf(kind); c.member != "" {
			fmt.Fprintf(&b, "  %s = %s,\n", kind, luaOf(c))
		}
	}

	b.WriteString("}\nlocal kind = kinds[obj.kind] or {}\n" + ack)

	return b.String()
}

// ACKCEL are the expressions for one kind of ACK. One that is not among [ACKKinds] is
// judged by its conditions alone.
func ACKCEL(kind string) Expressions {
	c := classesOf(kind)
	stands := func(condition string) string {
		return "status.?conditions.orValue([]).exists(c, c.type == 'ACK." + condition + "' && c.status == 'True')"
	}
	current := stands("ResourceSynced") + " &&\n!" + stands("Recoverable")
	failed := stands("Terminal")

	if c.member != "" {
		in := func(values []string) string {
			return "status.?" + c.member + ".orValue('') in ['" + strings.Join(values, "', '") + "']"
		}
		failed = lines(failed, in(c.failed))
		current = in(slices.Concat(c.done, c.stopped)) + " &&\n" + current
	}

	return Expressions{InProgress: "has(metadata.deletionTimestamp)", Failed: failed, Current: current}
}

// classes are what the values of an AWS status mean under ACK.
type classes struct {
	// member is the field of ACK's status; empty for kinds that AWS gives none.
	member                string
	done, stopped, failed []string
}

func classesOf(kind string) classes {
	states := health.Kinds()[kind]
	if states.Member == "" {
		return classes{}
	}

	c := classes{
		member: strings.ToLower(states.Member[:1]) + states.Member[1:],
		done:   states.Done,
		failed: slices.Concat(states.Failed, states.UpdateFailed, states.RollbackFailed, states.DeleteFailed, states.Gone),
	}
	// ACK has no way to ask for a stop, so nobody who wrote the manifest did.
	if states.Ready == reason.Completed {
		c.failed = append(c.failed, states.Stopped...)
	} else {
		c.stopped = states.Stopped
	}

	return c
}

// luaOf writes classes as a table.
func luaOf(c classes) string {
	if c.member == "" {
		return "{}"
	}

	set := func(values []string) string {
		members := make([]string, len(values))
		for i, value := range values {
			members[i] = value + " = true"
		}

		return "{" + strings.Join(members, ", ") + "}"
	}

	return fmt.Sprintf("{member = %q, done = %s, failed = %s, stopped = %s}", c.member, set(c.done), set(c.failed), set(c.stopped))
}
