package sagemaker

import (
	"strconv"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// featureGroup is a table to which columns can be added.
var featureGroup = &engine.Kind{
	Name: "FeatureGroup", Resource: "feature-group", Status: "FeatureGroupStatus",
	NotFound: func(_, arn string) *wire.Error {
		// Assumption: the code is documented, not the words.
		return wire.Errorf("ResourceNotFound", "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name %s", lastPart(arn))
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Errorf("ResourceInUse", "Resource Already Exists: FeatureGroup with name %s already exists. Choose a different name.", lastPart(arn))
	},
	Check: checkFeatures,
	First: "Creating",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		if o.Stage == "Updating" {
			o.Document["LastUpdateStatus"] = wire.Body{"Status": "Failed", "FailureReason": reason}
			tx.Enter(o, "Created")
			return
		}
		o.Document["FailureReason"] = reason
		tx.Enter(o, map[string]string{"Creating": "CreateFailed", "Deleting": "DeleteFailed"}[o.Stage])
	},
	Update: updateFeatures,
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		switch o.Stage {
		case "Creating", "Updating", "Deleting":
			return nil, busyFeatures(o)
		}
		tx.Enter(o, "Deleting")
		return wire.Body{}, nil
	},
	List: engine.List{
		Summaries: "FeatureGroupSummaries", Ascending: true,
		Filter: func(o *engine.Object, request wire.Body) bool {
			want := wire.String(request, "FeatureGroupStatusEquals")
			return want == "" || want == o.Status()
		},
		Members: []string{"FeatureGroupName", "FeatureGroupArn", "CreationTime", "FeatureGroupStatus", "OfflineStoreStatus"},
	},
	// Assumption: how long each takes, with a standard store.
	Stages: []engine.Stage{
		{Name: "Creating", Lasts: 2 * time.Minute, Next: engine.To("Created"), Enter: featureStatus("Creating")},
		{Name: "Created", Enter: func(_ *engine.Tx, o *engine.Object) {
			o.Document["FeatureGroupStatus"] = "Created"
			if o.Document["OfflineStoreConfig"] != nil {
				o.Document["OfflineStoreStatus"] = wire.Body{"Status": "Active"}
			}
		}},
		{Name: "Updating", Lasts: time.Minute, Enter: func(_ *engine.Tx, o *engine.Object) {
			o.Document["LastUpdateStatus"] = wire.Body{"Status": "InProgress"}
		}, Next: func(_ *engine.Tx, o *engine.Object) string {
			o.Document["LastUpdateStatus"] = wire.Body{"Status": "Successful"}
			return "Created"
		}},
		{Name: "CreateFailed", Enter: featureStatus("CreateFailed")},
		{Name: "Deleting", Lasts: time.Minute, Next: vanish, Enter: featureStatus("Deleting")},
		{Name: "DeleteFailed", Enter: featureStatus("DeleteFailed")},
	},
}

func featureStatus(status string) func(*engine.Tx, *engine.Object) {
	return func(_ *engine.Tx, o *engine.Object) { o.Document["FeatureGroupStatus"] = status }
}

// busyFeatures is AWS's refusal while a group changes. Assumption: the words.
func busyFeatures(o *engine.Object) *wire.Error {
	return wire.Errorf("ResourceInUse", "FeatureGroup %s is in status %s and cannot be changed now.", o.Name, o.Stage)
}

// checkFeatures judges and completes a new group. Assumption: the words.
func checkFeatures(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	known := map[string]bool{}
	for _, feature := range wire.List(d, "FeatureDefinitions") {
		known[wire.String(feature, "FeatureName")] = true
	}
	for _, member := range []string{"RecordIdentifierFeatureName", "EventTimeFeatureName"} {
		if name := wire.String(d, member); !known[name] {
			return wire.Invalid("Validation Error: %s %s is not among the FeatureDefinitions.", member, name)
		}
	}
	if err := tx.PassRole(wire.String(d, "RoleArn")); err != nil {
		return err
	}
	if offline := wire.Object(d, "OfflineStoreConfig"); offline != nil {
		wire.Default(offline, wire.Body{"DisableGlueTableCreation": false, "TableFormat": "Glue"})
		store := wire.Object(offline, "S3StorageConfig")
		wire.Default(store, wire.Body{"ResolvedOutputS3Uri": joinURI(wire.String(store, "S3Uri"),
			tx.Caller.Account, "sagemaker", tx.Caller.Region, "offline-store", o.Name, "data")})
		if !wire.Bool(offline, "DisableGlueTableCreation") {
			wire.Default(offline, wire.Body{"DataCatalogConfig": wire.Body{
				"Catalog": "AwsDataCatalog", "Database": "sagemaker_featurestore", "TableName": o.Name + "_" + strconv.FormatInt(o.Created().Unix(), 10),
			}})
		}
	}
	if wire.Object(d, "OnlineStoreConfig") != nil {
		d["OnlineStoreTotalSizeBytes"] = engine.Number(0)
	}
	wire.Default(d, wire.Body{"ThroughputConfig": wire.Body{"ThroughputMode": "OnDemand"}})
	return nil
}

// updateFeatures adds columns or changes the online store, one of them at a time.
// Assumption: the words, and that a change takes a minute.
func updateFeatures(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	if o.Stage != "Created" {
		return nil, busyFeatures(o)
	}
	parameters := 0
	for _, member := range []string{"FeatureAdditions", "OnlineStoreConfig", "ThroughputConfig"} {
		if body[member] != nil {
			parameters++
		}
	}
	if parameters != 1 {
		return nil, wire.Invalid("Validation Error: exactly one of FeatureAdditions, OnlineStoreConfig and ThroughputConfig must be given.")
	}
	features := wire.List(o.Document, "FeatureDefinitions")
	for _, added := range wire.List(body, "FeatureAdditions") {
		name := wire.String(added, "FeatureName")
		for _, feature := range features {
			if wire.String(feature, "FeatureName") == name {
				return nil, wire.Invalid("Validation Error: feature %s is there already.", name)
			}
		}
		features = append(features, wire.Clone(added))
	}
	o.Document["FeatureDefinitions"] = features
	for _, member := range []string{"OnlineStoreConfig", "ThroughputConfig"} {
		if body[member] != nil {
			o.Document[member] = merged(o.Document[member], body[member])
		}
	}
	tx.Enter(o, "Updating")
	return wire.Body{"FeatureGroupArn": o.ARN}, nil
}
