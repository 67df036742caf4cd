package kind_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// Templates are sent when they have changed, and their role never can.
func TestTemplatesOfAProject(t *testing.T) {
	w := newWorld(t, kind.Project)
	template := func(url, role string) []any {
		return []any{map[string]any{"cfnTemplateProvider": map[string]any{
			"templateName": "mlops", "templateURL": "https://acme.s3.amazonaws.com/" + url, "roleARN": "arn:aws:iam::123456789012:role/" + role,
		}}}
	}
	for _, row := range []struct {
		say, until string
		spec       map[string]any
		sent       []string
	}{
		{"created", reason.Created, map[string]any{"projectDescription": "snails", "templateProviders": template("v1", "sagemaker")}, nil},
		{"another text leaves the templates alone", reason.Created, map[string]any{"projectDescription": "sea snails"}, []string{"ProjectDescription"}},
		{"another template is sent", reason.Created, map[string]any{"templateProviders": template("v2", "sagemaker")}, []string{"TemplateProvidersToUpdate"}},
		{"another role cannot be", reason.ImmutableField, map[string]any{"templateProviders": template("v2", "other")}, nil},
	} {
		w.aws.Journal().Reset()
		w.push(step{Say: row.say, Until: row.until, Spec: row.spec})
		var sent []string
		for _, e := range w.aws.Journal().Mutations() {
			if e.Operation == kind.Project.Update.Name {
				for _, member := range []string{"ProjectDescription", "TemplateProvidersToUpdate"} {
					if _, ok := shape.Lookup(e.Request, member); ok {
						sent = append(sent, member)
					}
				}
			}
		}
		require.Equal(t, row.sent, sent, row.say)
	}
}
