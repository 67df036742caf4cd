package deployment

import (
	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// Kind is what other loops have to know of ModelDeployments: what they refer to
// is not ready before they have taken note of it, and is kept while they use it.
var Kind = reconcile.Kind{
	Object:     func() reconcile.Object { return new(v1alpha1.ModelDeployment) },
	Lifecycle:  reconcile.Service,
	Composite:  true,
	Name:       "EndpointName",
	References: references(),
}

// references are the fields of a spec that name other resources and are looked
// up here. Those of components are looked up by their children.
func references() []v1alpha1.ReferenceField {
	var fields []v1alpha1.ReferenceField
	for _, list := range []string{"components", "shadowVariants", "variants"} {
		at := list + "[].model."
		for _, field := range v1alpha1.References[kind.Model.Kind()] {
			field.Path, field.Fills = at+field.Path, at+field.Fills
			fields = append(fields, field)
		}
		fields = append(fields, v1alpha1.ReferenceField{
			Path: at + "packageGroup.modelPackageGroupRef", Fills: at + "packageGroup.modelPackageGroupName",
			Kind: kind.ModelPackageGroup.Kind(), Value: v1alpha1.ReferenceName,
		})
		if list != "components" {
			fields = append(fields, v1alpha1.ReferenceField{
				Path: list + "[].modelRef", Fills: list + "[].modelName", Kind: kind.Model.Kind(), Value: v1alpha1.ReferenceName,
			})
		}
	}
	return fields
}
