package engine

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Tx is one moment in the world: a request, or something that became due.
type Tx struct {
	*World
	Caller wire.Caller
	// Now is the time of the moment, to the millisecond.
	Now time.Time
}

// Find gets an object as writes see it, at once after its creation.
func (tx *Tx) Find(kind *Kind, name string) *Object {
	return tx.objects[tx.key(tx.Caller.Scope, kind, name)]
}

// See gets an object as eventually consistent reads see it.
func (tx *Tx) See(kind *Kind, name string) *Object {
	o := tx.Find(kind, name)
	if o == nil || tx.Now.Before(o.visible) {
		return nil
	}
	return o
}

// NewID is an identifier of 12 letters and digits that nothing has yet.
func (tx *Tx) NewID() string {
	return Reference(tx.Caller.Account, tx.Caller.Region, strconv.Itoa(tx.serial))[:12]
}

// Each calls f with the caller's objects of a kind, by its name, in the order of
// creation.
func (tx *Tx) Each(kind string, f func(*Object)) {
	var all []*Object
	for _, o := range tx.objects {
		if o.Kind.Name == kind && o.Scope == tx.Caller.Scope {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b *Object) int { return a.serial - b.serial })
	for _, o := range all {
		f(o)
	}
}

// FindARN gets an object of the caller's by its ARN as writes see it. ARNs are
// lower-case: of two names that differ by case alone, the later has it.
func (tx *Tx) FindARN(arn string) *Object {
	o := tx.arns[strings.ToLower(arn)]
	if o == nil || o.Scope != tx.Caller.Scope {
		return nil
	}
	return o
}

// Missing is the answer to an operation on an object that is not there.
func (tx *Tx) Missing(kind *Kind, operation, name string) *wire.Error {
	return kind.NotFound(operation, kind.arn(tx.Caller.Scope, name))
}

// Enter puts an object into a stage: its document changes now, and the next
// stage follows when the time is over.
func (tx *Tx) Enter(o *Object, name string) {
	stage := o.Kind.stage(name)
	lasts, configured := tx.Durations[o.Kind.Name+"/"+name]
	if !configured {
		lasts = stage.Lasts
	}
	o.Stage, o.Entered = name, tx.Now
	o.Touch(tx.Now)
	if stage.Enter != nil {
		stage.Enter(tx, o)
	}
	if o.Stage != name || stage.Next == nil { // Enter may itself go on
		return
	}
	if stage.For != nil {
		lasts = stage.For(o)
	}
	o.turn++
	turn := o.turn
	tx.At(o, tx.Now.Add(lasts), func(later *Tx) {
		if o.turn == turn && o.Stage == name {
			later.leave(o, stage)
		}
	})
}

// leave ends a stage whose time is over: as a scripted fault wants, or by
// entering the next one.
func (tx *Tx) leave(o *Object, stage Stage) {
	event := fault.Event{Kind: o.Kind.Name, Name: o.Name, Stage: stage.Name}
	if o.Kind.Fail != nil {
		if rule, failing := tx.Faults.Take(fault.Fail, event); failing {
			o.Kind.Fail(tx, o, rule.Reason)
			return
		}
	}
	if next := stage.Next(tx, o); next != "" {
		tx.Enter(o, next)
	}
}

// At lets something happen to an object later, unless it is gone by then.
func (tx *Tx) At(o *Object, at time.Time, fire func(*Tx)) { tx.schedule(at, o, fire) }

// Remove takes an object out of the world; its name is free again.
func (tx *Tx) Remove(o *Object) {
	o.gone = true
	delete(tx.objects, tx.key(o.Scope, o.Kind, o.Name))
	if tx.arns[o.ARN] == o {
		delete(tx.arns, o.ARN)
	}
}

// PassRole checks that the caller may pass a role and SageMaker assume it.
func (tx *Tx) PassRole(arn string) *wire.Error {
	if arn == "" {
		return nil
	}
	event := fault.Event{Principal: tx.Caller.Principal, Role: arn}
	if _, denied := tx.Faults.Take(fault.DenyPassRole, event); denied {
		return Denied(tx.Caller.Principal, "iam:PassRole", arn)
	}
	if parts := strings.Split(arn, ":"); len(parts) > 4 && parts[4] != tx.Caller.Account {
		return wire.Errorf("AccessDeniedException", "Cross-account pass role is not allowed.")
	}
	_, unassumable := tx.Faults.Take(fault.Unassumable, event)
	created, isNew := tx.roles[arn]
	if unassumable || isNew && tx.Now.Sub(created) < tx.RolePropagation {
		return wire.Invalid("Could not assume role %s. Please ensure that the role exists and allows principal "+
			"'sagemaker.amazonaws.com' to assume the role.", arn)
	}
	return nil
}

// Denied is IAM's answer to a caller without permission.
func Denied(principal, action, resource string) *wire.Error {
	return wire.Errorf("AccessDeniedException",
		"User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action",
		principal, action, resource, action)
}
