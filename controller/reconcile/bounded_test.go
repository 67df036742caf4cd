package reconcile_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	smithydocument "github.com/aws/smithy-go/document"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// TestStatusIsBounded: every watcher gets every status at each change, and etcd
// keeps them. However much AWS tells, one stays within its bound, and what tells
// how the object is stays in it.
func TestStatusIsBounded(t *testing.T) {
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			told, _ := endless(k.Describe.Output(), 0).(map[string]any)
			for member, detail := range k.Details {
				list, _ := endless(detail.Operation.Output(), 0).(map[string]any)
				told[member], _ = shape.Lookup(list, detail.Member)
			}
			for _, references := range []int{1, 10} {
				text, err := json.Marshal(reconcile.StatusOf(k, told, references, strings.Repeat("x", 1024)))
				require.NoError(t, err)
				require.LessOrEqual(t, len(text), reconcile.MaxStatus, "made from %d references", references)
				require.Greater(t, len(text), 200, "something is told")
			}
		})
	}
}

// endless is the longest answer of a type: lists of a hundred items, and every
// text a reason for a failure.
func endless(t reflect.Type, depth int) any {
	switch {
	case t.Kind() == reflect.Pointer:
		return endless(t.Elem(), depth)
	case t == reflect.TypeFor[time.Time]():
		return "2026-03-01T12:00:00Z"
	case t.Kind() == reflect.Struct:
		m := map[string]any{}
		for f := range t.Fields() {
			if !f.IsExported() || f.Name == "ResultMetadata" || depth > 12 {
				continue
			}
			if v := endless(f.Type, depth+1); v != nil {
				m[f.Name] = v
			}
		}
		return m
	case t.Kind() == reflect.Slice:
		l := make([]any, max(1, 100>>(3*min(depth, 3)-3)))
		for i := range l {
			l[i] = endless(t.Elem(), depth+1)
		}
		return l
	case t.Kind() == reflect.Map:
		return map[string]any{"key": endless(t.Elem(), depth+1)}
	case t.Kind() == reflect.String:
		if t.Name() != "string" {
			return "Enum" // one of a list of words
		}
		if depth > 1 {
			return strings.Repeat("x", 256)
		}
		return strings.Repeat("x", 1024)
	case t.Kind() == reflect.Bool:
		return true
	case t.Implements(reflect.TypeFor[smithydocument.Marshaler]()), t.Kind() == reflect.Interface:
		return nil // unions: one of the others is told
	default:
		return int64(1 << 30)
	}
}
