package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// checkSpec refuses what no resource of the kind has, and what writes where another
// run may write too.
func (p *Plan) checkSpec(step *Step) error {
	if p.input.Spec.Artifacts == "" && step.template.Mentions("step", "path") {
		return errors.New("template.spec uses .step.path, which needs spec.artifacts")
	}
	spec, err := p.Placeholder(step)
	if err != nil {
		return errors.Unwrap(err)
	}
	step.outputs = step.Kind.Outputs(spec)
	slices.Sort(step.outputs)
	for _, field := range step.Kind.Refused {
		if _, set := spec[field]; set {
			return fmt.Errorf("template.spec.%s: the pipeline says that itself", field)
		}
	}
	if err := fits(spec, step.Kind.Spec); err != nil {
		return fmt.Errorf("template.spec.%w", err)
	}
	if neverCached(step.Spec) {
		return nil // nobody takes it for the output of another run
	}
	for _, path := range step.Kind.Foreign {
		for at := range values(spec, strings.Split(path, "."), "") {
			return fmt.Errorf(
				"template.spec.%s: what is outside of the pipeline may become something else without a new digest. Take it from a step, or name it as AWS does", at)
		}
	}
	for _, path := range step.Kind.Written {
		for at, value := range values(spec, strings.Split(path, "."), "") {
			uri, ok := value.(string)
			if ok && !strings.HasPrefix(uri+"/", step.Path+"/") {
				return &StepError{Step: step.Spec.Name, Shared: true, Err: fmt.Errorf(
					"template.spec.%s: another run of the step would write to %s too. Let it write below {{ .step.path }}", at, uri)}
			}
		}
	}
	return nil
}

// fits tells what is in a spec that its type has not, or of another type.
func fits(spec shape.Tree, as reflect.Type) error {
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(reflect.New(as).Interface()); err != nil {
		if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s: %s is not what stands there", bad.Field, bad.Value)
		}
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// values are those at a path of names in a tree, by the path with list indices.
func values(tree shape.Tree, path []string, at string) map[string]any {
	found := map[string]any{}
	value, there := tree[path[0]]
	at += path[0]
	if len(path) == 1 {
		if there {
			found[at] = value
		}
		return found
	}
	switch v := value.(type) {
	case map[string]any:
		maps.Copy(found, values(v, path[1:], at+"."))
	case []any:
		for i, item := range v {
			if inner, ok := item.(map[string]any); ok {
				maps.Copy(found, values(inner, path[1:], fmt.Sprintf("%s[%d].", at, i)))
			}
		}
	}
	return found
}
