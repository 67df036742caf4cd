package health

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// facts is what a verdict is made from.
type facts struct {
	generation int64
	// observed is nil when the status does not have the field.
	observed   *int64
	deleting   bool
	suspended  bool
	conditions []condition
}

type condition struct {
	kind, status, reason, message string
	// observed is the generation the condition speaks of; nil when not said.
	observed *int64
}

// read takes the facts out of an object. An absent or null field is no error,
// a field of the wrong type is.
func read(object map[string]any) (facts, error) {
	metadata, errMetadata := field[map[string]any](object, "metadata")
	annotations, errAnnotations := field[map[string]any](metadata, "annotations")
	spec, errSpec := field[map[string]any](object, "spec")
	status, errStatus := field[map[string]any](object, "status")
	deletion, errDeletion := field[string](metadata, "deletionTimestamp")
	generation, errGeneration := integer(metadata, "generation")
	annotation, errAnnotation := field[string](annotations, annotationSuspend)
	suspend, errSuspend := field[bool](spec, "suspend")
	observed, errObserved := integer(status, "observedGeneration")
	list, errList := field[[]any](status, "conditions")
	conditions, errConditions := readConditions(list)

	f := facts{
		observed:   observed,
		deleting:   deletion != "",
		suspended:  suspend || annotation == "true",
		conditions: conditions,
	}
	if generation != nil {
		f.generation = *generation
	}

	return f, errors.Join(
		errMetadata, errAnnotations, errSpec, errStatus, errDeletion, errGeneration,
		errAnnotation, errSuspend, errObserved, errList, errConditions)
}

func readConditions(list []any) ([]condition, error) {
	conditions := make([]condition, 0, len(list))

	for i, item := range list {
		fields, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("condition %d is not an object", i)
		}

		kind, errKind := field[string](fields, "type")
		status, errStatus := field[string](fields, "status")
		why, errReason := field[string](fields, "reason")
		message, errMessage := field[string](fields, "message")
		observed, errObserved := integer(fields, "observedGeneration")

		if err := errors.Join(errKind, errStatus, errReason, errMessage, errObserved); err != nil {
			return nil, fmt.Errorf("condition %d: %w", i, err)
		}

		conditions = append(conditions, condition{kind, status, why, message, observed})
	}

	return conditions, nil
}

// field reads an optional member of an object.
func field[T any](object map[string]any, name string) (T, error) {
	var zero T

	value, found := object[name]
	if !found || value == nil {
		return zero, nil
	}

	typed, ok := value.(T)
	if !ok {
		return zero, fmt.Errorf("%s is not %s", name, wanted(zero))
	}

	return typed, nil
}

// wanted says what a value is to be, in words that fit every language the
// table is written in.
func wanted(zero any) string {
	switch zero.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return "true or false"
	default:
		return "text"
	}
}

// integer reads an optional whole number, in whatever form a JSON or YAML
// decoder left it.
func integer(object map[string]any, name string) (*int64, error) {
	wrong := fmt.Errorf("%s is not a whole number", name)

	var number int64

	switch value := object[name].(type) {
	case nil:
		return nil, nil
	case int64:
		number = value
	case int:
		number = int64(value)
	case int32:
		number = int64(value)
	case float64:
		if value != math.Trunc(value) || math.Abs(value) > 1<<53 {
			return nil, wrong
		}

		number = int64(value)
	case json.Number:
		parsed, err := value.Int64()
		if err != nil {
			return nil, wrong
		}

		number = parsed
	default:
		return nil, wrong
	}

	return &number, nil
}
