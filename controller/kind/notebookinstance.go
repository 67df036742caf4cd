package kind

import (
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
)

// NotebookInstance is a machine that AWS changes only while it is stopped.
var NotebookInstance = reconcile.Kind{
	Object:    func() reconcile.Object { return new(v1alpha1.NotebookInstance) },
	Lifecycle: reconcile.Service,
	Create:    cloud.Op((*sagemaker.Client).CreateNotebookInstance),
	Describe:  cloud.Op((*sagemaker.Client).DescribeNotebookInstance),
	Update:    cloud.Op((*sagemaker.Client).UpdateNotebookInstance),
	Start:     cloud.Op((*sagemaker.Client).StartNotebookInstance),
	Stop:      cloud.Op((*sagemaker.Client).StopNotebookInstance),
	Delete:    cloud.Op((*sagemaker.Client).DeleteNotebookInstance),
	Name:      "NotebookInstanceName",
	States:    health.NotebookInstance,
	Compare:   notebookInstanceCompare,
	Reset:     notebookInstanceReset,
	Retained:  true,
	Console:   reconcile.Page{Path: "notebook-instances"},
}
