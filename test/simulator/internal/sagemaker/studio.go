package sagemaker

import (
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// studioKind is what a domain, its users and its spaces have in common: they
// are made, changed and deleted in some minutes, and tell how that went.
func studioKind(name, resource string, changeable ...string) *engine.Kind {
	return &engine.Kind{
		Name: name, Resource: resource, Status: "Status",
		NotFound: func(_, arn string) *wire.Error {
			// Assumption: the code is documented, not the words.
			return wire.Errorf("ResourceNotFound", "%s [%s] does not exist.", name, arn)
		},
		Duplicate: func(arn string) *wire.Error {
			return wire.Errorf("ResourceInUse", "Resource Already Exists: %s with name %s already exists. Choose a different name.", name, lastPart(arn))
		},
		First: "Creating",
		Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
			o.Document["FailureReason"] = reason
			tx.Enter(o, map[string]string{"Creating": "Failed", "Updating": "UpdateFailed", "Deleting": "DeleteFailed"}[o.Stage])
		},
		Update: func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
			if err := settledStudio(o); err != nil {
				return nil, err
			}
			for _, member := range changeable {
				if body[member] != nil {
					o.Document[member] = merged(o.Document[member], body[member])
				}
			}
			tx.Enter(o, "Updating")
			return wire.Body{name + "Arn": o.ARN}, nil
		},
		// Assumption: how long each takes.
		Stages: []engine.Stage{
			{Name: "Creating", Lasts: 3 * time.Minute, Next: engine.To("InService"), Enter: studioStatus("Pending")},
			{Name: "InService", Enter: func(_ *engine.Tx, o *engine.Object) {
				delete(o.Document, "FailureReason")
				o.Document["Status"] = "InService"
			}},
			{Name: "Updating", Lasts: time.Minute, Next: engine.To("InService"), Enter: studioStatus("Updating")},
			{Name: "Deleting", Lasts: 2 * time.Minute, Next: vanish, Enter: studioStatus("Deleting")},
			{Name: "Failed", Enter: studioStatus("Failed")},
			{Name: "UpdateFailed", Enter: studioStatus("Update_Failed")},
			{Name: "DeleteFailed", Enter: studioStatus("Delete_Failed")},
		},
	}
}

func studioStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["Status"] = status }
}

// settledStudio refuses what AWS refuses while it is at work. Assumption: the
// words.
func settledStudio(o *engine.Object) *wire.Error {
	switch o.Status() {
	case "Pending", "Updating", "Deleting":
		return wire.Errorf("ResourceInUse", "%s [%s] is in status %s and cannot be changed now.", o.Kind.Name, o.ARN, o.Status())
	default:
		return nil
	}
}

// merged is a structure with the members of another set in it. Assumption: an
// update leaves alone what it does not name, as far as structures go.
func merged(have, want any) any {
	into, ok := have.(map[string]any)
	from, ok2 := want.(map[string]any)
	if !ok || !ok2 {
		return wire.Clone(want)
	}
	for member, value := range from {
		if value == "None" { // the API model's patterns of what can be detached take the word
			delete(into, member)
			continue
		}
		into[member] = merged(into[member], value)
	}
	return into
}

// inside counts the objects of a kind in a domain, or of a user or space in it,
// that have not failed.
func inside(tx *engine.Tx, kind string, members wire.Body) int {
	n := 0
	tx.Each(kind, func(o *engine.Object) {
		for member, want := range members {
			if o.Document[member] != want {
				return
			}
		}
		if o.Status() != "Failed" && o.Status() != "Deleted" {
			n++
		}
	})
	return n
}

// blocked is AWS's refusal to delete what others depend on.
func blocked(o *engine.Object, others string) *wire.Error {
	return wire.Errorf("ResourceInUse", "Unable to delete %s [%s] because %s are associated with it.", o.Kind.Name, o.ARN, others)
}

// theDomain checks that the domain a new object names is in service.
func theDomain(tx *engine.Tx, operation string, o *engine.Object) *wire.Error {
	id := wire.String(o.Document, "DomainId")
	d := tx.See(domain, id)
	if d == nil {
		return tx.Missing(domain, operation, id)
	}
	if d.Status() != "InService" {
		// Assumption: the words.
		return wire.Errorf("ResourceInUse", "Domain [%s] is in status %s.", d.ARN, d.Status())
	}
	return nil
}

func byDomain(member string) func(*engine.Object, wire.Body) bool {
	return func(o *engine.Object, request wire.Body) bool {
		for filter, own := range map[string]string{
			"DomainIdEquals": "DomainId", "UserProfileNameEquals": "UserProfileName", "SpaceNameEquals": "SpaceName",
		} {
			if want := wire.String(request, filter); want != "" && want != wire.String(o.Document, own) {
				return false
			}
		}
		contains := wire.String(request, member+"Contains")
		return contains == "" || containsFold(wire.String(o.Document, member), contains)
	}
}
