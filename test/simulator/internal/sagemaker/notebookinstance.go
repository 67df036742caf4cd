package sagemaker

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// notebookInstance is a machine with notebooks. It is changed only while it is
// stopped.
var notebookInstance = &engine.Kind{
	Name: "NotebookInstance", Resource: "notebook-instance", Status: "NotebookInstanceStatus",
	NotFound: func(_, _ string) *wire.Error { return wire.Invalid("RecordNotFound") },
	Duplicate: func(arn string) *wire.Error {
		return wire.Invalid("Cannot create a duplicate Notebook Instance (%s)", arn)
	},
	Check: checkNotebook,
	First: "Pending",
	Fail: func(tx *engine.Tx, o *engine.Object, reason string) {
		o.Document["FailureReason"] = reason
		tx.Enter(o, "Failed")
	},
	Update: updateNotebook,
	Stop: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		return notebookGoes(tx, o, "Stopping", "InService")
	},
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		return notebookGoes(tx, o, "Deleting", "Stopped", "Failed")
	},
	More: map[string]engine.Verb{
		"StartNotebookInstance": func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
			return notebookGoes(tx, o, "Pending", "Stopped", "Failed")
		},
	},
	Usage: func(o *engine.Object) []engine.Usage {
		return []engine.Usage{{Quota: wire.String(o.Document, "InstanceType") + " for notebook instance usage", Count: 1}}
	},
	List: engine.List{
		Summaries: "NotebookInstances",
		Members: []string{
			"NotebookInstanceName", "NotebookInstanceArn", "NotebookInstanceStatus", "Url", "InstanceType", "CreationTime", "LastModifiedTime",
			"NotebookInstanceLifecycleConfigName", "DefaultCodeRepository", "AdditionalCodeRepositories",
		},
	},
	// Assumption: how long each takes.
	Stages: []engine.Stage{
		{Name: "Pending", Lasts: 4 * time.Minute, Next: engine.To("InService"), Enter: notebookStatus},
		{Name: "InService", Enter: notebookStatus},
		{Name: "Stopping", Lasts: 2 * time.Minute, Next: engine.To("Stopped"), Enter: notebookStatus},
		{Name: "Stopped", Enter: notebookStatus},
		{Name: "Updating", Lasts: time.Minute, Next: engine.To("Stopped"), Enter: notebookStatus},
		{Name: "Failed", Enter: notebookStatus},
		{Name: "Deleting", Lasts: 2 * time.Minute, Next: vanish, Enter: notebookStatus},
	},
}

func notebookStatus(_ *engine.Tx, o *engine.Object) {
	o.Document["NotebookInstanceStatus"] = o.Stage
	if o.Stage == "InService" {
		delete(o.Document, "FailureReason")
	}
}

// notebookGoes enters a stage, which only some stages lead to.
func notebookGoes(tx *engine.Tx, o *engine.Object, to string, from ...string) (wire.Body, *wire.Error) {
	if !slices.Contains(from, o.Stage) {
		return nil, wire.Invalid("Status (%s) not in ([%s]). Unable to transition to (%s) for Notebook Instance (%s)",
			o.Stage, strings.Join(from, ", "), to, o.ARN)
	}
	tx.Enter(o, to)
	return wire.Body{}, nil
}

func checkNotebook(tx *engine.Tx, o *engine.Object) *wire.Error {
	d := o.Document
	if err := tx.PassRole(wire.String(d, "RoleArn")); err != nil {
		return err
	}
	if groups := d["SecurityGroupIds"]; groups != nil {
		if d["SubnetId"] == nil {
			return missing("subnetId") // Assumption: the words.
		}
		d["SecurityGroups"] = groups
	}
	if err := nameLifecycle(tx, d); err != nil {
		return err
	}
	delete(d, "SecurityGroupIds")
	d["Url"] = o.Name + ".notebook." + tx.Caller.Region + ".sagemaker.aws"
	// Assumption: the platform, which changes with the years.
	wire.Default(d, wire.Body{
		"DirectInternetAccess": "Enabled", "RootAccess": "Enabled", "VolumeSizeInGB": engine.Number(5), "PlatformIdentifier": "notebook-al2-v3",
		"InstanceMetadataServiceConfiguration": wire.Body{"MinimumInstanceMetadataServiceVersion": "1"},
	})
	return nil
}

// nameLifecycle moves the name of a lifecycle configuration to where Describe
// tells it.
func nameLifecycle(tx *engine.Tx, d wire.Body) *wire.Error {
	name := wire.String(d, "LifecycleConfigName")
	if name == "" {
		return nil
	}
	if tx.See(notebookLifecycle, name) == nil {
		return tx.Missing(notebookLifecycle, "DescribeNotebookInstanceLifecycleConfig", name)
	}
	d["NotebookInstanceLifecycleConfigName"] = name
	delete(d, "LifecycleConfigName")
	return nil
}

// updateNotebook changes a stopped machine. Assumption: asking to set and to
// disassociate the same is refused, and the words.
func updateNotebook(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
	if o.Stage != "Stopped" && o.Stage != "Failed" {
		return notebookGoes(tx, o, "Updating", "Stopped", "Failed")
	}
	next, _ := wire.Clone(body).(wire.Body)
	for flag, pair := range map[string][2]string{
		"DisassociateLifecycleConfig":            {"LifecycleConfigName", "NotebookInstanceLifecycleConfigName"},
		"DisassociateAcceleratorTypes":           {"AcceleratorTypes", "AcceleratorTypes"},
		"DisassociateDefaultCodeRepository":      {"DefaultCodeRepository", "DefaultCodeRepository"},
		"DisassociateAdditionalCodeRepositories": {"AdditionalCodeRepositories", "AdditionalCodeRepositories"},
	} {
		if wire.Bool(body, flag) {
			if body[pair[0]] != nil {
				return nil, wire.Invalid("%s and %s cannot both be given.", pair[0], flag)
			}
			delete(o.Document, pair[1])
		}
		delete(next, flag)
	}
	if size := wire.Int(0, next, "VolumeSizeInGB"); size > 0 && size < wire.Int(0, o.Document, "VolumeSizeInGB") {
		// Assumption: the rule is documented, not the words.
		return nil, wire.Invalid("The volume of Notebook Instance (%s) cannot be made smaller.", o.ARN)
	}
	if err := tx.PassRole(wire.String(next, "RoleArn")); err != nil {
		return nil, err
	}
	if err := nameLifecycle(tx, next); err != nil {
		return nil, err
	}
	maps.Copy(o.Document, next)
	tx.Enter(o, "Updating")
	return wire.Body{}, nil
}
