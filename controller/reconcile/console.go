package reconcile

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Page is a place in the AWS console.
type Page struct {
	// Path in SageMaker's console below which objects are shown; on another page,
	// <page>#<path>.
	Path string
	// Name is what stands for an object there, by the members that tell AWS which one is
	// meant; empty means that it is not shown. Nil means the object's name.
	Name func(address shape.Tree) string
}

// consoles are the AWS console's hosts by partition.
var consoles = map[string]string{
	"aws":        "console.aws.amazon.com",
	"aws-cn":     "console.amazonaws.cn",
	"aws-us-gov": "console.amazonaws-us-gov.com",
}

// ConsoleURL is where the AWS console shows the object that a status tells of; empty if it
// is not known to show it.
func (k Kind) ConsoleURL(status *v1alpha1.CommonStatus) string {
	arn := strings.SplitN(status.ARN, ":", 6)
	if k.Console.Path == "" || len(arn) != 6 || consoles[arn[1]] == "" {
		return ""
	}
	name := status.Name
	if k.Console.Name != nil {
		address := k.parts(name)
		if k.ID != "" {
			shape.Set(address, k.ID, status.ID)
		}
		name = k.Console.Name(address)
	}
	if name == "" {
		return ""
	}
	if k.AnyName {
		name = url.PathEscape(name)
	}
	page, at, elsewhere := strings.Cut(k.Console.Path, "#")
	if !elsewhere {
		page, at = "sagemaker/home", "/"+k.Console.Path
	}
	return fmt.Sprintf("https://%s.%s/%s?region=%s#%s/%s", status.Region, consoles[arn[1]], page, status.Region, at, name)
}
