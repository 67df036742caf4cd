// Package emit turns the model of an API into the Go types of custom
// resources, with the markers from which controller-gen makes CRDs.
package emit

import (
	"fmt"
	"sort"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/handwritten"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// Struct is a Go struct to write.
type Struct struct {
	Name    string
	Doc     []string
	Markers []string
	// Embedded are the inlined structs.
	Embedded []string
	Fields   []Field
}

// Field is a field of a Struct. Every field is optional in Go: a nil field is
// absent everywhere, whatever its markers say.
type Field struct {
	// Member is the AWS name. Empty for references.
	Member string
	// JSON name.
	JSON string
	// Type in Go.
	Type string
	// Doc is one line.
	Doc     string
	Markers []string
	// Shape is the name of the Struct the field holds, directly or in lists
	// and maps.
	Shape string
	// Lists is how many lists stand around the value.
	Lists int
	// Map says that the field is a map.
	Map bool
	// Values constrains the values of a map. No marker can say it.
	Values model.Constraint
	// Target is set for references.
	Target *kind.Target
	// Fills is the JSON name of the field a reference is for.
	Fills string
}

// Resource is a kind with its structs.
type Resource struct {
	Kind         kind.Kind
	Spec, Status *Struct
	// State is the JSON name of the status field that tells AWS's state.
	State string
	// Required says that a spec cannot be empty.
	Required bool
	// Link leads to the operation that makes the AWS object.
	Link string
}

// Package is everything there is to write.
type Package struct {
	Resources []*Resource
	// Shapes are the structs that resources share, by name.
	Shapes map[string]*Struct
	// Patterns and Enums say what became of the model's.
	Patterns map[string]Pattern
	Enums    map[string]Enum
}

// Build plans the types of a service's kinds. It refuses what could not be told apart
// or sent to AWS: names that collide with each other, with hand-written types
// or with control fields, references that the tables do not explain, and table
// entries that match nothing.
func Build(api *model.API, service kind.API, hand handwritten.Types) (*Package, error) {
	b := &builder{
		api:      api,
		service:  service,
		suspect:  suspects(service.Kinds),
		hand:     hand,
		used:     map[string]bool{},
		identity: map[string]bool{},
		pkg: &Package{
			Shapes:   map[string]*Struct{},
			Patterns: map[string]Pattern{},
			Enums:    map[string]Enum{},
		},
	}
	for _, k := range service.Kinds {
		if err := b.identify(k); err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
	}
	for _, k := range service.Kinds {
		r, err := b.spec(k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.Name, err)
		}
		b.pkg.Resources = append(b.pkg.Resources, r)
	}
	b.inSpec = make(map[string]bool, len(b.pkg.Shapes))
	for name := range b.pkg.Shapes {
		b.inSpec[name] = true
	}
	for _, r := range b.pkg.Resources {
		if err := b.status(r); err != nil {
			return nil, fmt.Errorf("%s: %w", r.Kind.Name, err)
		}
	}
	return b.pkg, b.check()
}

// check refuses what only the whole shows.
func (b *builder) check() error {
	kinds := b.service.Kinds
	names := map[string]bool{}
	for _, k := range kinds {
		for _, name := range []string{k.Name, k.Name + "List", k.Name + "Spec", k.Name + "Status"} {
			if names[name] {
				return fmt.Errorf("two types are named %s", name)
			}
			names[name] = true
		}
	}
	for name := range b.pkg.Shapes {
		if names[name] {
			return fmt.Errorf("shape %s has the name of a kind's type", name)
		}
		names[name] = true
	}
	for name := range b.hand {
		if names[name] {
			return fmt.Errorf("generated type %s has the name of a hand-written one", name)
		}
	}
	shorts := map[string]string{}
	for _, k := range kinds {
		for _, name := range []string{k.Short, k.Plural} {
			if other, ok := shorts[name]; ok {
				return fmt.Errorf("kinds %s and %s are both called %s", other, k.Name, name)
			}
			shorts[name] = k.Name
		}
	}
	return b.checkTables()
}

func (b *builder) checkTables() error {
	for _, name := range sortedKeys(b.service.References) {
		if !b.used[name] {
			return fmt.Errorf("the table of references has %s, which no kind has", name)
		}
	}
	for _, name := range sortedKeys(b.service.NotReferences) {
		if !b.used[name] {
			return fmt.Errorf("the table of what is no reference has %s, which no kind has", name)
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
