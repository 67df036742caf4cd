package kind

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
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
	ReadAs: map[string]string{
		"LifecycleConfigName": "NotebookInstanceLifecycleConfigName",
		"SecurityGroupIds":    "SecurityGroups",
	},
	Reading:  disassociations,
	Changing: disassociations,
	Retained: true,
	Console:  reconcile.Page{Path: "notebook-instances"},
}

// disassociations asks for what the spec leaves out to be taken away: AWS gives
// none of these by itself.
func disassociations(request, described shape.Tree) {
	for member, has := range map[string]string{
		"LifecycleConfigName":        "NotebookInstanceLifecycleConfigName",
		"AcceleratorTypes":           "AcceleratorTypes",
		"DefaultCodeRepository":      "DefaultCodeRepository",
		"AdditionalCodeRepositories": "AdditionalCodeRepositories",
	} {
		_, wanted := request[member]
		_, there := shape.Compact(described)[has]
		if !wanted && there {
			request["Disassociate"+strings.TrimSuffix(member, "Name")] = true
		}
	}
}
