package sagemaker

import (
	"cmp"
	"maps"
	"strconv"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// modelPackage is a version in a group, which AWS numbers, or a package of its
// own, which has a name.
var modelPackage = &engine.Kind{
	Name: "ModelPackage", Resource: "model-package", Status: "ModelPackageStatus", Token: "ClientToken", Immutable: true,
	NotFound: func(_, arn string) *wire.Error { return wire.Invalid("ModelPackage %s does not exist.", arn) },
	Duplicate: func(arn string) *wire.Error {
		return wire.Errorf("ConflictException", "ModelPackage %s already exists.", arn) // Assumption: the words.
	},
	Identify: func(body wire.Body) string {
		name := cmp.Or(wire.String(body, "ModelPackageArn"), wire.String(body, "ModelPackageName"))
		if _, after, isARN := strings.Cut(name, ":model-package/"); isARN {
			return after
		}
		return name
	},
	Assign: func(tx *engine.Tx, body wire.Body) string {
		group := lastPart(wire.String(body, "ModelPackageGroupName")) // a name or an ARN
		if group == "" {
			return wire.String(body, "ModelPackageName")
		}
		return group + "/" + strconv.Itoa(nextVersion(tx, group))
	},
	Untagged: func(o *engine.Object) bool { return o.Document["ModelPackageGroupName"] != nil },
	Check:    checkPackage,
	First:    "Pending",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Document["ModelPackageStatusDetails"] = packageDetails("Failed", reason)
		tx.Enter(o, "Failed")
	},
	Update: updatePackage,
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Stage {
		case "Pending", "InProgress", "Deleting":
			return nil, wire.Errorf("ConflictException", "ModelPackage %s is in status %s.", o.ARN, o.Stage) // Assumption: the words.
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	},
	List: engine.List{
		Summaries: "ModelPackageSummaryList", Filter: listedPackage,
		Members: []string{
			"ModelPackageName", "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelPackageDescription", "CreationTime",
			"ModelPackageStatus", "ModelApprovalStatus", "ModelLifeCycle", "ModelPackageRegistrationType",
		},
	},
	Stages: packageStages("ModelPackageStatus"),
}

// nextVersion is one more than the group ever had. Assumption: AWS gives no
// number twice, unless the group was made anew.
func nextVersion(tx *engine.Tx, group string) int {
	last := 0
	if o := tx.Find(modelPackageGroup, group); o != nil {
		last, _ = o.Private.(int)
	}
	return last + 1
}

func checkPackage(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	group, name := lastPart(wire.String(d, "ModelPackageGroupName")), wire.String(d, "ModelPackageName")
	switch {
	case (group == "") == (name == ""):
		// Assumption: the rule is documented, not the words.
		return wire.Invalid("Specify either ModelPackageName or ModelPackageGroupName, and not both.")
	case group == "" && d["ModelApprovalStatus"] != nil:
		return wire.Invalid("ModelApprovalStatus is only for versioned model packages.") // Assumption: the words.
	case group != "" && o.Request["Tags"] != nil:
		return wire.Invalid("Tags cannot be given to a versioned model package; they are those of its group.") // Assumption: the words.
	}
	if group != "" {
		g := tx.Find(modelPackageGroup, group)
		if g == nil {
			return tx.Missing(modelPackageGroup, "CreateModelPackage", group)
		}
		version := nextVersion(tx, group)
		g.Private = version
		d["ModelPackageGroupName"], d["ModelPackageVersion"] = group, engine.Number(version)
		wire.Default(d, wire.Body{"ModelApprovalStatus": "PendingManualApproval"})
	}
	for _, container := range wire.List(d, "InferenceSpecification", "Containers") {
		if uri, found := modelData(tx, wire.Object(container)); !found {
			// Assumption: the words are those of CreateModel.
			return wire.Invalid("Could not access model data at %s. Please ensure that the object is located in %s.", uri, tx.Caller.Region)
		}
	}
	wire.Default(d, wire.Body{"CertifyForMarketplace": false, "ModelPackageStatusDetails": packageDetails("Completed", "")})
	return nil
}

// packageDetails tells of the only check there is.
func packageDetails(status, reason string) wire.Body {
	scan := wire.Body{"Name": "ImageScan", "Status": status}
	if reason != "" {
		scan["FailureReason"] = reason
	}
	return wire.Body{"ValidationStatuses": []any{}, "ImageScanStatuses": []any{scan}}
}

func updatePackage(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	d := o.Document
	if o.Stage == "Deleting" {
		return nil, wire.Errorf("ConflictException", "ModelPackage %s is in status %s.", o.ARN, o.Stage) // Assumption: the words.
	}
	if d["ModelPackageGroupName"] == nil && body["ModelApprovalStatus"] != nil {
		return nil, wire.Invalid("ModelApprovalStatus is only for versioned model packages.")
	}
	metadata := wire.Body{}
	maps.Copy(metadata, wire.Object(d, "CustomerMetadataProperties"))
	for _, key := range wire.List(body, "CustomerMetadataPropertiesToRemove") {
		delete(metadata, wire.String(key))
	}
	maps.Copy(metadata, wire.Object(body, "CustomerMetadataProperties"))
	d["CustomerMetadataProperties"] = metadata
	for _, member := range []string{
		"ModelApprovalStatus", "ApprovalDescription", "InferenceSpecification", "SourceUri", "ModelCard", "ModelLifeCycle",
		"ModelPackageRegistrationType",
	} {
		if body[member] != nil {
			d[member] = wire.Clone(body[member])
		}
	}
	if more := wire.List(body, "AdditionalInferenceSpecificationsToAdd"); more != nil {
		d["AdditionalInferenceSpecifications"] = append(wire.List(d, "AdditionalInferenceSpecifications"), more...)
	}
	d["LastModifiedTime"] = tx.Now
	return wire.Body{"ModelPackageArn": o.ARN}, nil
}

func listedPackage(o *engine.Object, request wire.Body) bool {
	group := wire.String(o.Document, "ModelPackageGroupName")
	if want := wire.String(request, "ModelPackageGroupName"); want != "" {
		if lastPart(want) != group {
			return false
		}
	} else if kind := cmp.Or(wire.String(request, "ModelPackageType"), "Unversioned"); kind != "Both" && (kind == "Versioned") != (group != "") {
		return false
	}
	approval := wire.String(request, "ModelApprovalStatus")
	return approval == "" || approval == wire.String(o.Document, "ModelApprovalStatus")
}
