package sagemaker

import (
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// ended tells of an app that is no more, though AWS goes on telling of it.
func ended(o *engine.Object) bool { return o.Status() == "Deleted" || o.Status() == "Failed" }

// app runs for a user or in a space. A deleted one is told of for a while.
var app = func() *engine.Kind {
	k := studioKind("App", "app")
	k.Update = nil
	k.Immutable = true
	k.Over = ended
	k.Unlisted = func(o *engine.Object) *wire.Error {
		if !ended(o) {
			return nil
		}
		return wire.Invalid("") // hashicorp/terraform-provider-aws issue 27265
	}
	k.Identify = func(body wire.Body) string {
		owner := wire.String(body, "UserProfileName")
		if owner == "" {
			owner = wire.String(body, "SpaceName")
		}
		return strings.Join([]string{wire.String(body, "DomainId"), owner, strings.ToLower(wire.String(body, "AppType")), wire.String(body, "AppName")}, "/")
	}
	k.Check = func(tx *engine.Tx, o *engine.Object) *wire.Error {
		d := o.Document
		if err := theDomain(tx, "CreateApp", o); err != nil {
			return err
		}
		owner, name := userProfile, wire.String(d, "UserProfileName")
		if in := wire.String(d, "SpaceName"); in != "" {
			if name != "" {
				// Assumption: the rule is documented, not the words.
				return wire.Invalid("Specify either UserProfileName or SpaceName, and not both.")
			}
			owner, name = space, in
		}
		if id := wire.String(d, "DomainId") + "/" + name; tx.See(owner, id) == nil {
			return tx.Missing(owner, "CreateApp", id)
		}
		wire.Default(d, wire.Body{"ResourceSpec": wire.Body{"InstanceType": "system"}})
		return nil
	}
	k.Usage = func(o *engine.Object) []engine.Usage { // Assumption: that only apps on instances count, and how the quota is called.
		instance := wire.String(o.Document, "ResourceSpec", "InstanceType")
		if ended(o) || instance == "system" {
			return nil
		}
		return []engine.Usage{{Quota: "Studio " + wire.String(o.Document, "AppType") + " Apps running on " + instance + " instance", Count: 1}}
	}
	k.Delete = func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Status() {
		// The words by which terraform-provider-aws takes an app for gone
		// (internal/service/sagemaker/app.go).
		case "Failed":
			return nil, wire.Invalid("App [%s] previously failed and was automatically deleted.", o.ARN)
		case "Deleted":
			return nil, wire.Invalid("App [%s] has already been deleted.", o.ARN)
		}
		if o.Status() != "InService" {
			// Assumption: that only these can be deleted is documented, not the words.
			return nil, wire.Errorf("ResourceInUse", "App [%s] is in status %s and cannot be deleted now.", o.ARN, o.Status())
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	}
	// Assumption: how long each takes, and how long a deleted one is told of.
	k.Stages = []engine.Stage{
		{Name: "Creating", Lasts: 3 * time.Minute, Next: engine.To("InService"), Enter: studioStatus("Pending")},
		{Name: "InService", Enter: studioStatus("InService")},
		{Name: "Deleting", Lasts: 2 * time.Minute, Next: engine.To("Deleted"), Enter: studioStatus("Deleting")},
		{Name: "Deleted", Lasts: 10 * time.Minute, Next: vanish, Enter: studioStatus("Deleted")},
		{Name: "Failed", Enter: studioStatus("Failed")},
		{Name: "DeleteFailed", Enter: studioStatus("Failed")},
	}
	k.List = engine.List{
		Summaries: "Apps", Ascending: true, Filter: byDomain("AppName"),
		Members: []string{"DomainId", "UserProfileName", "SpaceName", "AppType", "AppName", "Status", "CreationTime", "ResourceSpec"},
	}
	return k
}()
