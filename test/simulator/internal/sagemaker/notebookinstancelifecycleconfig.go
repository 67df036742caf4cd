package sagemaker

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/engine"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// notebookLifecycle holds scripts for notebook instances.
var notebookLifecycle = &engine.Kind{
	Name: "NotebookInstanceLifecycleConfig", Resource: "notebook-instance-lifecycle-config",
	NotFound: func(operation, arn string) *wire.Error {
		verb := map[string]string{
			"UpdateNotebookInstanceLifecycleConfig": "update", "DeleteNotebookInstanceLifecycleConfig": "delete",
		}[operation]
		if verb == "" {
			verb = "describe"
		}
		// Assumption: the verbs besides describe.
		return wire.Invalid("Unable to %s Notebook Instance Lifecycle Config '%s'. (Details: Notebook Instance Lifecycle Config does not exist.)", verb, arn)
	},
	Duplicate: func(arn string) *wire.Error {
		return wire.Invalid("Unable to create Notebook Instance Lifecycle Config '%s'. (Details: Notebook Instance Lifecycle Config already exists.)", arn)
	},
	Update: func(tx *engine.Tx, o *engine.Object, body wire.Body) (wire.Body, *wire.Error) {
		for _, member := range []string{"OnCreate", "OnStart"} {
			if body[member] != nil {
				o.Document[member] = wire.Clone(body[member])
			}
		}
		o.Touch(tx.Now)
		return wire.Body{}, nil
	},
	Delete: func(tx *engine.Tx, o *engine.Object, _ wire.Body) (wire.Body, *wire.Error) {
		used := false
		tx.Each("NotebookInstance", func(n *engine.Object) {
			used = used || n.Document["NotebookInstanceLifecycleConfigName"] == o.Name
		})
		if used {
			// Assumption: that it is refused, and the words.
			return nil, wire.Invalid("Unable to delete Notebook Instance Lifecycle Config '%s'. (Details: It is in use by a Notebook Instance.)", o.ARN)
		}
		tx.Remove(o)
		return wire.Body{}, nil
	},
	List: engine.List{
		Summaries: "NotebookInstanceLifecycleConfigs",
		Members: []string{
			"NotebookInstanceLifecycleConfigName", "NotebookInstanceLifecycleConfigArn", "CreationTime", "LastModifiedTime",
		},
	},
}
