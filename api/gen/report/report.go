// Package report writes down what the generator made of the API's model:
// numbers, and every constraint that it could not carry over as it is.
package report

import (
	"bytes"
	"fmt"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/emit"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/pattern"
)

// Input is what a report is about.
type Input struct {
	API, Older *model.API
	Overlay    map[string]model.Constraint
	Package    *emit.Package
	// CRDs are the files by name.
	CRDs map[string][]byte
	// Model is the compressed model.
	Model []byte
}

// Write returns the report as Markdown.
func Write(in Input) ([]byte, error) {
	out := bytes.NewBufferString("# What the generator did\n\nWritten by `make generate`; do not edit.\n")
	if err := kinds(out, in); err != nil {
		return nil, err
	}
	patterns(out, in)
	enums(out, in)
	models(out, in)
	return out.Bytes(), nil
}

func kinds(out *bytes.Buffer, in Input) error {
	fmt.Fprintf(out, `
## Kinds

Fields are counted at every depth; the control fields and the common part of the status are not. Size is that of the CRD as JSON.

| kind | spec fields | references | enumerations | patterns | status fields | bytes |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
`)
	total, bytes := emit.Counts{}, 0
	for _, r := range in.Package.Resources {
		size, err := crdSize(in.CRDs, r.Kind.Plural)
		if err != nil {
			return err
		}
		c := in.Package.Count(r)
		row(out, r.Kind.Name, c, size)
		total.Spec += c.Spec
		total.Status += c.Status
		total.References += c.References
		total.Enums += c.Enums
		total.Patterns += c.Patterns
		bytes += size
	}
	row(out, fmt.Sprintf("all %d", len(in.Package.Resources)), total, bytes)
	fmt.Fprintf(out, "\nThe model for the simulator has %d operations and %d shapes in %d compressed bytes.\n",
		len(in.API.Operations), len(in.API.Shapes), len(in.Model))
	return nil
}

func row(out *bytes.Buffer, name string, c emit.Counts, size int) {
	fmt.Fprintf(out, "| %s | %d | %d | %d | %d | %d | %d |\n", name, c.Spec, c.References, c.Enums, c.Patterns, c.Status, size)
}

func crdSize(crds map[string][]byte, plural string) (int, error) {
	for name, text := range crds {
		if strings.HasSuffix(name, "_"+plural+".yaml") {
			json, err := yaml.YAMLToJSON(text)
			return len(json), err
		}
	}
	return 0, fmt.Errorf("no CRD for %s", plural)
}

func patterns(out *bytes.Buffer, in Input) {
	byChange := map[pattern.Change][]string{}
	for _, shape := range sorted(in.Package.Patterns) {
		p := in.Package.Patterns[shape]
		byChange[p.Change] = append(byChange[p.Change], shape)
	}
	fmt.Fprintf(out, `
## Patterns

Of the %d patterns in specs

- %d are used as they are,
- %d are written in another way,
- %d are loosened,
- %d are dropped, because RE2 has no such thing or because AWS adds values to them all the time,
- %d accept everything and are left out.

The keys of maps have no patterns: OpenAPI has no place for them.

| shape | change | original | used |
| --- | --- | --- | --- |
`, len(in.Package.Patterns), len(byChange[pattern.Kept]), len(byChange[pattern.Rewritten]),
		len(byChange[pattern.Loosened]), len(byChange[pattern.Dropped]), len(byChange[pattern.Trivial]))
	for _, change := range []pattern.Change{pattern.Rewritten, pattern.Loosened, pattern.Dropped} {
		for _, shape := range byChange[change] {
			p := in.Package.Patterns[shape]
			fmt.Fprintf(out, "| %s | %s | %s | %s |\n", shape, change, code(p.Original), code(p.Used))
		}
	}
}

func enums(out *bytes.Buffer, in Input) {
	kept, open := 0, []string{}
	for _, shape := range sorted(in.Package.Enums) {
		e := in.Package.Enums[shape]
		if e.Kept {
			kept++
			continue
		}
		open = append(open, fmt.Sprintf("%s (%d values)", shape, e.Values))
	}
	fmt.Fprintf(out, `
## Enumerations

%d enumerations are validated. These are not, because AWS adds values to them all the time or they are long: %s.
`, kept, strings.Join(open, ", "))
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// code quotes a text for a cell of a table.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
}
