package engine

import (
	"encoding/json"
	"maps"
	"strconv"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Operation is one call of the API.
type Operation struct {
	// Kind it is about; nil for those on tags.
	Kind *Kind
	// Do answers a request.
	Do func(tx *Tx, body wire.Body) (wire.Body, *wire.Error)
}

// ARN of the object a request is about, "*" if it is about none by name.
func (o Operation) ARN(scope wire.Scope, body wire.Body) string {
	if name := o.ObjectName(body); name != "" {
		return o.Kind.arn(scope, name)
	}
	if arn := wire.String(body, "ResourceArn"); arn != "" {
		return arn
	}
	return "*"
}

// ObjectName is the name of the object a request is about, "" if none.
func (o Operation) ObjectName(body wire.Body) string {
	if o.Kind == nil {
		return ""
	}
	return o.Kind.identify(body)
}

// Operations of all the world's kinds, by name, those on tags included.
func Operations(kinds []*Kind) map[string]Operation {
	operations := map[string]Operation{"AddTags": {Do: addTags}, "ListTags": {Do: listTags}, "DeleteTags": {Do: deleteTags}}
	for _, kind := range kinds {
		operations[kind.creation()] = create(kind)
		operations["Describe"+kind.Name] = describe(kind)
		operations["List"+kind.Name+"s"] = list(kind)
		for name, verb := range map[string]Verb{
			"Update" + kind.Name: kind.Update, "Stop" + kind.Name: kind.Stop, "Delete" + kind.Name: kind.Delete,
		} {
			if verb != nil {
				operations[name] = on(kind, name, verb)
			}
		}
		for name, verb := range kind.More {
			operations[name] = on(kind, name, verb)
		}
	}
	return operations
}

func create(kind *Kind) Operation {
	return Operation{kind, func(tx *Tx, body wire.Body) (wire.Body, *wire.Error) {
		o, err := tx.Create(kind, body)
		if err != nil {
			return nil, err
		}
		return o.answer(), nil
	}}
}

// Create makes an object as a request asks for, or finds the one that the same
// token made.
func (tx *Tx) Create(kind *Kind, body wire.Body) (*Object, *wire.Error) {
	if made := tx.repeated(kind, body); made != nil {
		return made, nil
	}
	o := tx.draw(kind, body)
	if other := tx.Find(kind, o.Name); other != nil {
		if kind.Over == nil || !kind.Over(other) {
			return nil, kind.Duplicate(o.ARN)
		}
		tx.Remove(other)
	}
	tags, err := readTags(body)
	if err != nil {
		return nil, err
	}
	if kind.Check != nil {
		if err := kind.Check(tx, o); err != nil {
			return nil, err
		}
	}
	if kind.Usage != nil {
		if err := tx.Reserve(o, kind.Usage(o)); err != nil {
			return nil, err
		}
	}
	o.visible = tx.Now.Add(tx.spread(tx.Consistency, o.ARN))
	o.tags.set(tags, o.visible.Add(tx.spread(tx.TagLag, o.ARN, "tags")))
	tx.insert(o)
	if kind.First != "" {
		tx.Enter(o, kind.First)
	}
	return o, nil
}

// draw makes an object of what its creation asks for, without keeping it.
func (tx *Tx) draw(kind *Kind, body wire.Body) *Object {
	name := kind.identify(body)
	if kind.Assign != nil {
		name = kind.Assign(tx, body)
	}
	arn := kind.arn(tx.Caller.Scope, name)
	o := &Object{Kind: kind, Scope: tx.Caller.Scope, Name: name, ARN: arn, Request: body, created: tx.Now}
	o.Document, _ = wire.Clone(body).(wire.Body)
	delete(o.Document, "Tags")
	delete(o.Document, kind.Token)
	for _, member := range kind.WriteOnly {
		delete(o.Document, member)
	}
	o.Document[kind.arnMember()], o.Document["CreationTime"] = arn, tx.Now
	o.Touch(tx.Now)
	return o
}

// answer is what the creation of an object answers.
func (o *Object) answer() wire.Body {
	answer := wire.Body{o.Kind.arnMember(): o.ARN}
	if o.Kind.Answer != nil {
		maps.Copy(answer, o.Kind.Answer(o))
	}
	return answer
}

// repeated is the object that a creation with the same token made.
func (tx *Tx) repeated(kind *Kind, body wire.Body) *Object {
	if kind.Token == "" || wire.String(body, kind.Token) == "" {
		return nil
	}
	for _, o := range tx.objects {
		if o.Kind == kind && o.Scope == tx.Caller.Scope && o.Request[kind.Token] == body[kind.Token] {
			return o
		}
	}
	return nil
}

func describe(kind *Kind) Operation {
	return Operation{kind, func(tx *Tx, body wire.Body) (wire.Body, *wire.Error) {
		name := kind.identify(body)
		o := tx.See(kind, name)
		if o == nil {
			return nil, tx.Missing(kind, "Describe"+kind.Name, name)
		}
		return o.Document, nil
	}}
}

func on(kind *Kind, operation string, verb Verb) Operation {
	return Operation{kind, func(tx *Tx, body wire.Body) (wire.Body, *wire.Error) {
		name := kind.identify(body)
		o := tx.Find(kind, name)
		if o == nil {
			return nil, tx.Missing(kind, operation, name)
		}
		return verb(tx, o, body)
	}}
}

// Number is a whole number for a document.
func Number(n int) json.Number {
	return json.Number(strconv.Itoa(n))
}
