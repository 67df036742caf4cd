package engine

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Object is one SageMaker resource.
type Object struct {
	Kind  *Kind
	Scope wire.Scope
	Name  string
	ARN   string
	// Document is what Describe answers.
	Document wire.Body
	// Request is what Create was asked, write-only members included.
	Request wire.Body
	// Private is what a kind remembers beyond the document.
	Private any
	// Stage is where in its life the object is.
	Stage string
	// Entered is when it entered the stage.
	Entered time.Time

	created time.Time
	visible time.Time // from when on reads see it
	serial  int
	turn    int // counts stages, so that a stage left early never ends again
	gone    bool
	tags    tagHistory
}

// Status is the object's status, "" for kinds without one.
func (o *Object) Status() string { return wire.String(o.Document, o.Kind.Status) }

// Reference is an identifier of 16 letters and digits as AWS makes them, the
// same for the same words.
func Reference(words ...string) string {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(strings.Join(words, "\x00")))
	return fmt.Sprintf("%016x", hash.Sum64())
}

// title is the name people gave the object.
func (o *Object) title() string {
	return cmp.Or(wire.String(o.Document, o.Kind.nameMember()), o.Name)
}

// Created is when the object was created.
func (o *Object) Created() time.Time { return o.created }

// Tags are the object's tags as they will be once every read sees them.
func (o *Object) Tags() []Tag { return o.tags.now }

// Touch records a change at this time.
func (o *Object) Touch(now time.Time) {
	if !o.Kind.Immutable {
		o.Document["LastModifiedTime"] = now
	}
}

// modified is when the object changed last.
func (o *Object) modified() time.Time {
	if t, ok := o.Document["LastModifiedTime"].(time.Time); ok {
		return t
	}
	return o.created
}
