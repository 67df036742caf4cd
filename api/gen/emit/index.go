package emit

import (
	"bytes"
	"fmt"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/field"
)

func (f Field) write(out *bytes.Buffer) {
	fmt.Fprintf(out, "// %s\n", f.Doc)
	for _, m := range f.Markers {
		fmt.Fprintf(out, "// %s\n", m)
	}
	if len(f.Markers) == 0 {
		out.WriteString("// +optional\n")
	}
	fmt.Fprintf(out, "%s %s `json:\"%s,omitempty\"`\n", field.Go(f.JSON), f.Type, f.JSON)
}

// registerFile lists the kinds for a scheme.
func (p *Package) registerFile() string {
	var out bytes.Buffer
	out.WriteString(header)
	fmt.Fprintf(&out, `import (
		metav1 %q
		"k8s.io/apimachinery/pkg/runtime"
	)

	var (
		// SchemeBuilder adds all kinds to a scheme.
		SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes, addComposites)
		// AddToScheme adds all kinds to a scheme.
		AddToScheme = SchemeBuilder.AddToScheme
	)

	func addKnownTypes(scheme *runtime.Scheme) error {
		scheme.AddKnownTypes(GroupVersion,
	`, metav1Path)
	for _, r := range p.Resources {
		fmt.Fprintf(&out, "&%s{}, &%sList{},\n", r.Kind.Name, r.Kind.Name)
	}
	out.WriteString(`)
		metav1.AddToGroupVersion(scheme, GroupVersion)
		return nil
	}
	`)
	return out.String()
}

// referencesFile lists the references of every kind.
func (p *Package) referencesFile() (string, error) {
	var out bytes.Buffer
	out.WriteString(header)
	out.WriteString(`// References lists the fields of each kind that name another custom resource,
	// by kind, in the order of their paths.
	var References = map[string][]ReferenceField{
	`)
	for _, r := range p.Resources {
		references, err := p.References(r)
		if err != nil {
			return "", err
		}
		if len(references) == 0 {
			continue
		}
		fmt.Fprintf(&out, "%q: {\n", r.Kind.Name)
		for _, ref := range references {
			fmt.Fprintf(&out, "{Path: %q, Fills: %q, Kind: %q, Value: Reference%s},\n",
				ref.Path, ref.Fills, ref.Target.Kind, ref.Target.Value)
		}
		out.WriteString("},\n")
	}
	out.WriteString("}\n")
	return out.String(), nil
}
