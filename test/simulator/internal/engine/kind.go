// Package engine is what all SageMaker kinds have in common: names and ARNs,
// create, describe, list, tags, life cycles on a clock, eventual consistency,
// quotas and roles. It knows no kind of its own.
package engine

import (
	"cmp"
	"slices"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Kind is one kind of SageMaker resource: an entry of a table. The operations
// Create, Describe and List come with it; Update, Stop and Delete exist when
// their verb does.
type Kind struct {
	// Name as in the operations: TrainingJob.
	Name string
	// Resource is the part of the ARN before the name: training-job.
	Resource string
	// ARN makes an object's ARN, where it is not SageMaker's for resource and
	// name.
	ARN func(scope wire.Scope, name string) string
	// Status is the member of Describe that holds the status; empty for kinds
	// without one.
	Status string
	// NameMember and ARNMember are the members with name and ARN, where they are
	// not the kind's name followed by Name or Arn.
	NameMember, ARNMember string
	// Creation is the operation that makes an object, where it is not the
	// kind's name after Create.
	Creation string
	// Identify reads from a request which object it is about: what stands in
	// its ARN after Resource, "" for none. Nil: the name member.
	Identify func(wire.Body) string
	// Assign gives a new object its identifier, for kinds where AWS makes it.
	Assign func(*Tx, wire.Body) string
	// Answer is what the creation answers besides the ARN.
	Answer func(*Object) wire.Body
	// Token is the member of the creation that makes it idempotent: the same
	// token again answers with the object that was made.
	Token string
	// Untagged tells which objects cannot be tagged. Nil: all can.
	Untagged func(*Object) bool
	// Unlisted refuses to list the tags of an object that is still described. Nil: no
	// such thing.
	Unlisted func(*Object) *wire.Error
	// Over tells of an object that its name is free, although it is still told
	// of. Nil: no such thing.
	Over func(*Object) bool
	// FoldCase is set for kinds whose names differ only by more than case.
	FoldCase bool
	// Immutable kinds have no LastModifiedTime.
	Immutable bool
	// WriteOnly members of Create are in no answer of Describe.
	WriteOnly []string

	// NotFound and Duplicate are AWS's answers, which differ by kind.
	NotFound  func(operation, arn string) *wire.Error
	Duplicate func(arn string) *wire.Error

	// Check judges a new object before it exists, beyond the API model, and
	// may complete its document.
	Check func(*Tx, *Object) *wire.Error
	// First is the stage a new object enters; empty for kinds without stages.
	First string
	// Stages of the kind's life.
	Stages []Stage
	// Fail ends an object as failed; used by scripted faults.
	Fail func(tx *Tx, o *Object, reason string)

	Update Verb
	Stop   Verb
	Delete Verb
	// More operations on one object, by their full name.
	More map[string]Verb

	List List
	// Usage is what an object takes from the account's quotas right now.
	Usage func(*Object) []Usage
}

// Stage is one state of an object's life. Scripted faults and configured
// durations refer to it by name.
type Stage struct {
	Name string
	// Lasts is the default duration; 0 with a nil Next means for ever.
	Lasts time.Duration
	// For, when set, gives the duration in place of Lasts; configured durations
	// do not apply.
	For func(*Object) time.Duration
	// Enter changes the object's document when the stage begins.
	Enter func(*Tx, *Object)
	// Next names the stage that follows when the time is over; nil: none.
	Next func(*Tx, *Object) string
}

// Verb changes an object that exists.
type Verb func(tx *Tx, o *Object, body wire.Body) (wire.Body, *wire.Error)

// List says how a kind is listed.
type List struct {
	// Summaries is the member of the answer that holds the page.
	Summaries string
	// Members of the object's document that a summary shows.
	Members []string
	// Summary makes a summary, where Members do not say it all.
	Summary func(*Object) wire.Body
	// Filter applies filters that are the kind's own. Nil: none.
	Filter func(o *Object, request wire.Body) bool
	// Ascending is the default order of the kind, by creation time.
	Ascending bool
	// FilterAfterPaging applies StatusEquals to a page already cut, so that
	// pages may be short or empty and still have a successor.
	FilterAfterPaging bool
}

// To is a Next that always goes to the same stage.
func To(stage string) func(*Tx, *Object) string {
	return func(*Tx, *Object) string { return stage }
}

func (k *Kind) nameMember() string { return cmp.Or(k.NameMember, k.Name+"Name") }
func (k *Kind) arnMember() string  { return cmp.Or(k.ARNMember, k.Name+"Arn") }
func (k *Kind) creation() string   { return cmp.Or(k.Creation, "Create"+k.Name) }

func (k *Kind) arn(scope wire.Scope, name string) string {
	if k.ARN != nil {
		return k.ARN(scope, name)
	}
	return scope.ARN(k.Resource, name)
}

func (k *Kind) identify(body wire.Body) string {
	if k.Identify != nil {
		return k.Identify(body)
	}
	return wire.String(body, k.nameMember())
}

// HasStage tells whether objects of the kind can be in a stage.
func (k *Kind) HasStage(name string) bool {
	return slices.ContainsFunc(k.Stages, func(stage Stage) bool { return stage.Name == name })
}

func (k *Kind) stage(name string) Stage {
	for _, stage := range k.Stages {
		if stage.Name == name {
			return stage
		}
	}
	panic("simulator: kind " + k.Name + " has no stage " + name) // a mistake in the table
}
