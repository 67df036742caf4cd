package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// models says where the current client and the older model differ.
func models(out *bytes.Buffer, in Input) {
	fmt.Fprint(out, `
## The two models

What is required and what an enumeration holds is taken from the current client. Where the older model says otherwise:

`)
	for _, name := range sorted(in.API.Shapes) {
		old, ok := in.Older.Shapes[name]
		if !ok || in.API.Shapes[name].Docs != "" {
			continue
		}
		if dropped := missing(old.Required, in.API.Shapes[name].Required); len(dropped) > 0 {
			fmt.Fprintf(out, "- %s no longer requires %s.\n", name, strings.Join(dropped, ", "))
		}
		if added := missing(in.API.Shapes[name].Required, old.Required); len(added) > 0 {
			fmt.Fprintf(out, "- %s now requires %s.\n", name, strings.Join(added, ", "))
		}
	}
	fmt.Fprintf(out, "\nThe overlay corrects or adds the constraints of %d shapes: %s.\n",
		len(in.Overlay), strings.Join(sorted(in.Overlay), ", "))
	fmt.Fprintf(out, "\nThese shapes of requests are newer than the older model and have no known constraint; AWS alone judges them: %s.\n",
		strings.Join(unknown(in), ", "))
}

// unknown lists the shapes of requests that might have a constraint, and of
// which neither model nor overlay knows one.
func unknown(in Input) []string {
	requests := map[string]bool{}
	for _, op := range in.API.Operations {
		if op.Input != nil {
			reach(in.API, op.Input.Shape, requests)
		}
	}
	var names []string
	for _, name := range sorted(requests) {
		s := in.API.Shapes[name]
		_, old := in.Older.Shapes[name]
		if old || s.Docs != "" || s.Constraint != (model.Constraint{}) || len(s.Enum) > 0 {
			continue
		}
		switch s.Type {
		case model.Structure, model.Boolean, model.Timestamp:
		default:
			names = append(names, name)
		}
	}
	return names
}

func reach(api *model.API, name string, seen map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, ref := range api.Shapes[name].Refs() {
		reach(api, ref.Shape, seen)
	}
}

// missing returns the names that are not among the others.
func missing(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.Contains(others, name)
	})
}
