package sagemaker

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// userProfile is one user of a domain.
var userProfile = member("UserProfile", "user-profile", "UserProfiles", "UserSettings")

// space is a place in a domain where applications run.
var space = member("Space", "space", "Spaces", "SpaceSettings", "SpaceDisplayName")

// member is a kind of which a domain has several, known by the domain and a
// name.
func member(kind, resource, summaries string, changeable ...string) *engine.Kind {
	name := kind + "Name"
	k := studioKind(kind, resource, changeable...)
	k.Identify = func(body wire.Body) string { return wire.String(body, "DomainId") + "/" + wire.String(body, name) }
	k.Check = func(tx *engine.Tx, o *engine.Object) *wire.Error {
		if err := theDomain(tx, "Create"+kind, o); err != nil {
			return err
		}
		o.Document["HomeEfsFileSystemUid"] = "200005"
		return tx.PassRole(wire.String(o.Document, "UserSettings", "ExecutionRole"))
	}
	k.Delete = func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		if err := settledStudio(o); err != nil {
			return nil, err
		}
		if inside(tx, "App", wire.Body{"DomainId": o.Document["DomainId"], name: o.Document[name]}) > 0 {
			return nil, blocked(o, "App(s)")
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	}
	k.List = engine.List{
		Summaries: summaries, Ascending: true, Filter: byDomain(name),
		Members: []string{"DomainId", name, "Status", "CreationTime", "LastModifiedTime", "SpaceDisplayName"},
	}
	return k
}
