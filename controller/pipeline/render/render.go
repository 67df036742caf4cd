package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"text/template"

	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

const (
	// maxOutput is how long a text may become, in bytes.
	maxOutput = 64 << 10
	// maxTree is how long all texts of a tree may become together, in bytes.
	maxTree = 1 << 20
	// maxRounds is how often the parts of all templates of a tree may go round.
	maxRounds = 100_000
)

// Scope is what templates see.
type Scope struct {
	// Params are under .params.
	Params map[string]string
	// Sources are under .sources, with uri and digest.
	Sources map[string]Source
	// Step is under .step.
	Step Step
	// Pipeline is under .pipeline.
	Pipeline Pipeline
	// Output is the value of a step's output. An error of it ends the rendering.
	Output func(Use) (string, error)
}

// Source is where a source was delivered to, and the digest of its content.
type Source struct{ URI, Digest string }

// Step is the step whose template is filled. Path is where it may write.
type Step struct{ Name, Path string }

// Pipeline is whose step it is.
type Pipeline struct{ Name, Namespace string }

// data is a fresh copy of what templates see: functions may change what they get.
func (s Scope) data() map[string]any {
	params := make(map[string]any, len(s.Params))
	for name, value := range s.Params {
		params[name] = value
	}
	sources := make(map[string]any, len(s.Sources))
	for name, source := range s.Sources {
		sources[name] = map[string]any{"uri": source.URI, "digest": source.Digest}
	}
	return map[string]any{
		"params": params, "sources": sources,
		"step":     map[string]any{"name": s.Step.Name, "path": s.Step.Path},
		"pipeline": map[string]any{"name": s.Pipeline.Name, "namespace": s.Pipeline.Namespace},
	}
}

// Render fills the templates. Texts that are one action and nothing else become
// what the field at their place in a struct of the type takes: the value of
// {{ .params.count }} is a number where a number is wanted. as may be nil; then
// every text stays one. The error is an *Error.
func (t *Template) Render(scope Scope, as reflect.Type) (shape.Tree, error) {
	r := renderer{scope: scope, left: maxTree, rounds: maxRounds}
	filled, err := r.value(t.tree, as)
	if err != nil {
		return nil, err
	}
	tree, _ := filled.(map[string]any)
	return tree, nil
}

type renderer struct {
	scope        Scope
	left, rounds int
	// missing is why an output could not be told.
	missing error
}

func (r *renderer) value(value any, as reflect.Type) (any, error) {
	switch v := value.(type) {
	case map[string]any:
		filled := make(map[string]any, len(v))
		for _, key := range keys(v) {
			inner, err := r.value(v[key], member(as, key))
			if err != nil {
				return nil, err
			}
			filled[key] = inner
		}
		return filled, nil
	case []any:
		filled := make([]any, len(v))
		for i, item := range v {
			inner, err := r.value(item, itemOf(as))
			if err != nil {
				return nil, err
			}
			filled[i] = inner
		}
		return filled, nil
	case *text:
		filled, err := r.text(v, as)
		if err != nil {
			return nil, &Error{v.path, err}
		}
		return filled, nil
	default:
		return value, nil
	}
}

// member is the type of a struct's field by its name in JSON, or of a map's
// values; nil if it is not known.
func member(of reflect.Type, name string) reflect.Type {
	of = plain(of)
	if of == nil {
		return nil
	}
	if of.Kind() == reflect.Map {
		return of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	known, ok := members.Load(of)
	if !ok {
		known, _ = members.LoadOrStore(of, membersOf(of))
	}
	fields, _ := known.(map[string]reflect.Type)
	return fields[name]
}

// members are the types of structs' fields by their names in JSON, by the structs'
// types: to find them takes longer than all else.
var members sync.Map

func membersOf(of reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(of) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			fields[name] = f.Type
		}
	}
	return fields
}

func itemOf(of reflect.Type) reflect.Type {
	if of = plain(of); of == nil || of.Kind() != reflect.Slice {
		return nil
	}
	return of.Elem()
}

func plain(of reflect.Type) reflect.Type {
	for of != nil && of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return of
}

// position is where in a text text/template found a fault; texts have one line as a
// rule, and the path says which.
var position = regexp.MustCompile(`^template: :\d+(:\d+)?: executing "" at `)

func (r *renderer) text(t *text, as reflect.Type) (any, error) {
	filled, err := t.template.Clone()
	if err != nil {
		return nil, err
	}
	filled.Funcs(template.FuncMap{
		nameOutput: func(step, output string) (value string, err error) {
			value, r.missing = r.scope.Output(Use{step, output})
			return value, r.missing
		},
		nameTick: func() (string, error) {
			if r.rounds--; r.rounds < 0 {
				return "", fmt.Errorf("the template goes round for ever, or more than %d times", maxRounds)
			}
			return "", nil
		},
	})
	var out limited
	out.left = min(maxOutput, r.left)
	if err := filled.Execute(&out, r.scope.data()); err != nil {
		if r.missing != nil {
			return nil, r.missing
		}
		if exec, ok := errors.AsType[template.ExecError](err); ok && errors.Is(exec.Err, errTooLong) {
			return nil, errTooLong
		}
		return nil, errors.New(position.ReplaceAllString(err.Error(), ""))
	}
	r.left -= out.Len()
	if strings.Contains(out.String(), "<no value>") {
		return nil, errors.New("there is no such value")
	}
	return typed(t, out.String(), as)
}

// limited is a text that does not become too long.
type limited struct {
	strings.Builder
	left int
}

var errTooLong = errors.New("the text becomes too long")

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errTooLong
	}
	return l.Builder.Write(p)
}

// typed makes of a text what its place takes.
func typed(t *text, filled string, as reflect.Type) (any, error) {
	as = plain(as)
	if as == nil || !t.whole {
		return filled, nil
	}
	isText := as.Kind() == reflect.String || as.Kind() == reflect.Interface ||
		as.Kind() == reflect.Struct && !hasFields(as) // such as a time, or a number of instances or percent
	if isText {
		return filled, nil
	}
	var value any
	if err := yaml.Unmarshal([]byte(filled), &value); err != nil {
		return nil, fmt.Errorf("%q is no %s", filled, what(as))
	}
	if !fits(value, as) {
		return nil, fmt.Errorf("%q is no %s", filled, what(as))
	}
	return value, nil
}

// hasFields tells whether a struct is an object in JSON.
func hasFields(as reflect.Type) bool {
	return !reflect.PointerTo(as).Implements(reflect.TypeFor[json.Unmarshaler]())
}

func fits(value any, as reflect.Type) bool {
	switch as.Kind() {
	case reflect.Bool:
		_, ok := value.(bool)
		return ok
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, ok := value.(float64)
		return ok && n == float64(int64(n))
	case reflect.Float32, reflect.Float64:
		_, ok := value.(float64)
		return ok
	case reflect.Slice:
		_, ok := value.([]any)
		return ok
	case reflect.Map, reflect.Struct:
		_, ok := value.(map[string]any)
		return ok
	default:
		return false
	}
}

func what(as reflect.Type) string {
	switch as.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "whole number"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	default:
		return "object"
	}
}
