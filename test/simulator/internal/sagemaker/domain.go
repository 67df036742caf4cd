package sagemaker

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// domain is where Studio's users work. AWS makes its id.
var domain = func() *engine.Kind {
	k := studioKind("Domain", "domain",
		"DefaultUserSettings", "DefaultSpaceSettings", "SubnetIds", "VpcId", "AppNetworkAccessType", "AppSecurityGroupManagement", "TagPropagation")
	k.Identify = func(body wire.Body) string { return wire.String(body, "DomainId") }
	k.Assign = func(tx *engine.Tx, _ wire.Body) string { return "d-" + tx.NewID() }
	k.Answer = func(o *engine.Object) wire.Body { return wire.Body{"DomainId": o.Name, "Url": o.Document["Url"]} }
	k.Check = func(tx *engine.Tx, o *engine.Object) *wire.Error {
		d := o.Document
		taken := 0
		tx.Each(o.Kind.Name, func(other *engine.Object) {
			if other.Document["DomainName"] == d["DomainName"] {
				taken++
			}
		})
		if taken > 0 {
			return o.Kind.Duplicate("/" + wire.String(d, "DomainName"))
		}
		if err := tx.PassRole(wire.String(d, "DefaultUserSettings", "ExecutionRole")); err != nil {
			return err
		}
		wire.Default(d, wire.Body{"AppNetworkAccessType": "PublicInternetOnly", "TagPropagation": "DISABLED"})
		d["DomainId"] = o.Name
		d["Url"] = "https://" + o.Name + ".studio." + tx.Caller.Region + ".sagemaker.aws"
		d["HomeEfsFileSystemId"] = "fs-" + engine.Reference(o.ARN)
		return nil
	}
	update := k.Update
	k.Update = func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
		answer, err := update(tx, o, body)
		if settings := wire.Object(body, "DomainSettingsForUpdate"); err == nil && settings != nil {
			o.Document["DomainSettings"] = merged(o.Document["DomainSettings"], settings)
		}
		return answer, err
	}
	k.Delete = func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		if err := settledStudio(o); err != nil {
			return nil, err
		}
		within := wire.Body{"DomainId": o.Name}
		switch {
		case inside(tx, "UserProfile", within) > 0:
			return nil, blocked(o, "UserProfile(s)")
		case inside(tx, "Space", within) > 0:
			return nil, blocked(o, "Space(s)")
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	}
	k.List = engine.List{
		Summaries: "Domains", Members: []string{"DomainArn", "DomainId", "DomainName", "Status", "CreationTime", "LastModifiedTime", "Url"},
	}
	return k
}()
