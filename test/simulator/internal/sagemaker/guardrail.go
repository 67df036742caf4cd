package sagemaker

import (
	"fmt"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// alarmCheck is an assumption: how often the alarms of a deployment are looked
// at.
const alarmCheck = 10 * time.Second

// alarmsOf are the names of the alarms by which a deployment is taken back.
func alarmsOf(config wire.Body) []string {
	alarms := wire.List(config, "AutoRollbackConfiguration", "Alarms")
	names := make([]string, 0, len(alarms))
	for _, alarm := range alarms {
		names = append(names, wire.String(alarm, "AlarmName"))
	}
	return names
}

// checkAlarms refuses alarms that CloudWatch does not have. Assumption: it is
// documented that they must exist, not the words.
func checkAlarms(tx *engine.Tx, config wire.Body) *wire.Error {
	for _, name := range alarmsOf(config) {
		if alarmNamed(tx, name) == nil {
			return wire.Invalid("Could not find CloudWatch alarm %q.", name)
		}
	}
	return nil
}

func alarmNamed(tx *engine.Tx, name string) *engine.Object {
	var found *engine.Object
	tx.Each("MetricAlarm", func(o *engine.Object) {
		if o.Name == name {
			found = o
		}
	})
	return found
}

// red says why a deployment is taken back, "" if none of its alarms is in ALARM.
// Assumption: the words, and that an alarm deleted meanwhile does no harm.
func red(tx *engine.Tx, names []string) string {
	for _, name := range names {
		if o := alarmNamed(tx, name); o != nil && o.Status() == "ALARM" {
			return fmt.Sprintf("The deployment was rolled back because the CloudWatch alarm %q is in the ALARM state.", name)
		}
	}
	return ""
}

// watch takes a deployment back as soon as one of its alarms is seen in ALARM,
// as long as it goes on. Assumption: one that is in ALARM when the deployment
// begins ends it at once.
func watch(tx *engine.Tx, o *engine.Object, names []string, goesOn func() bool, takeBack func(tx *engine.Tx, why string)) {
	if len(names) == 0 || !goesOn() {
		return
	}
	if why := red(tx, names); why != "" {
		takeBack(tx, why)
		return
	}
	tx.At(o, tx.Now.Add(alarmCheck), func(later *engine.Tx) { watch(later, o, names, goesOn, takeBack) })
}

// watchUpdate watches the alarms of an endpoint's update.
func watchUpdate(tx *engine.Tx, o *engine.Object) {
	s := stateOf(o)
	deployed := s.pending
	watch(tx, o, s.alarms, func() bool { return s.pending == deployed && o.Status() == "Updating" }, func(tx *engine.Tx, why string) {
		s.failure = why
		tx.Enter(o, "RollingBack")
	})
}
