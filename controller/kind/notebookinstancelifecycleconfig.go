package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// NotebookInstanceLifecycleConfig holds scripts for notebook instances.
var NotebookInstanceLifecycleConfig = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.NotebookInstanceLifecycleConfig) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateNotebookInstanceLifecycleConfig),
	Describe:  cloud.Op((*sagemaker.Client).DescribeNotebookInstanceLifecycleConfig),
	Update:    cloud.Op((*sagemaker.Client).UpdateNotebookInstanceLifecycleConfig),
	Delete:    cloud.Op((*sagemaker.Client).DeleteNotebookInstanceLifecycleConfig),
	Name:      "NotebookInstanceLifecycleConfigName",
	States:    health.Existence,
	Compare:   notebookInstanceLifecycleConfigCompare,
	Reset:     notebookInstanceLifecycleConfigReset,
}
