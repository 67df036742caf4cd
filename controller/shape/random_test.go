package shape_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// schemaReader learns an input's schema: it is the first thing an input writes.
type schemaReader struct {
	smithy.ShapeSerializer
	schema *smithy.Schema
}

func (r *schemaReader) WriteStruct(s *smithy.Schema) { r.schema = s }
func (r *schemaReader) CloseStruct()                 {}

func schemaOf(tb testing.TB, input any) *smithy.Schema {
	tb.Helper()
	serializable, ok := input.(smithy.Serializable)
	if !ok {
		return inferred(tb, reflect.TypeOf(input).Elem())
	}
	r := &schemaReader{}
	serializable.Serialize(r)
	require.NotNil(tb, r.schema)
	return r.schema
}

// inferred is the schema of a Go type of an SDK that ships none.
func inferred(tb testing.TB, t reflect.Type) *smithy.Schema {
	tb.Helper()
	var id smithy.ShapeID
	switch {
	case t.Kind() == reflect.Pointer:
		return inferred(tb, t.Elem())
	case t == reflect.TypeFor[time.Time]():
		return smithy.NewSchema(id, smithy.ShapeTypeTimestamp, 0)
	case t.Kind() == reflect.Struct:
		s := smithy.NewSchema(id, smithy.ShapeTypeStructure, t.NumField())
		for f := range t.Fields() {
			if f.IsExported() && f.Name != "ResultMetadata" {
				s.AddMember(f.Name, inferred(tb, f.Type))
			}
		}
		return s
	case t.Kind() == reflect.Slice:
		s := smithy.NewSchema(id, smithy.ShapeTypeList, 1)
		s.AddMember("member", inferred(tb, t.Elem()))
		return s
	case t.Kind() == reflect.Map:
		s := smithy.NewSchema(id, smithy.ShapeTypeMap, 2)
		s.AddMember("key", inferred(tb, t.Key()))
		s.AddMember("value", inferred(tb, t.Elem()))
		return s
	}
	scalar, ok := map[reflect.Kind]smithy.ShapeType{
		reflect.String: smithy.ShapeTypeString, reflect.Bool: smithy.ShapeTypeBoolean, reflect.Int32: smithy.ShapeTypeInteger,
		reflect.Int64: smithy.ShapeTypeLong, reflect.Float32: smithy.ShapeTypeFloat, reflect.Float64: smithy.ShapeTypeDouble,
	}[t.Kind()]
	require.True(tb, ok, "a member of a Go type without a shape: %v", t)
	return smithy.NewSchema(id, scalar, 0)
}

// random makes trees of a schema's shape with no member left out.
type random struct {
	*rand.Rand
	// seen counts the shapes made, by type.
	seen map[smithy.ShapeType]int
}

func newRandom(seed uint64) *random {
	return &random{Rand: rand.New(rand.NewPCG(seed, seed)), seen: map[smithy.ShapeType]int{}}
}

// tree leaves out unions at its root, which Fill refuses and no spec has.
func (r *random) tree(tb testing.TB, s *smithy.Schema) shape.Tree {
	tb.Helper()
	tree, ok := r.value(tb, s).(map[string]any)
	require.True(tb, ok)
	for _, name := range members(s) {
		if s.Member(name).Type() == smithy.ShapeTypeUnion {
			delete(tree, name)
		}
	}
	return tree
}

func (r *random) value(tb testing.TB, s *smithy.Schema) any {
	tb.Helper()
	r.seen[s.Type()]++
	switch s.Type() {
	case smithy.ShapeTypeStructure:
		m := map[string]any{}
		for _, name := range members(s) {
			m[name] = r.value(tb, s.Member(name))
		}
		return m
	case smithy.ShapeTypeUnion:
		names := members(s)
		name := names[r.IntN(len(names))]
		return map[string]any{name: r.value(tb, s.Member(name))}
	case smithy.ShapeTypeList:
		l := make([]any, 1+r.IntN(2))
		for i := range l {
			l[i] = r.value(tb, s.ListMember())
		}
		return l
	case smithy.ShapeTypeMap:
		m := map[string]any{}
		for range 1 + r.IntN(2) {
			m[r.text()] = r.value(tb, s.MapValue())
		}
		return m
	case smithy.ShapeTypeString, smithy.ShapeTypeEnum:
		return r.text()
	case smithy.ShapeTypeBoolean:
		return true
	case smithy.ShapeTypeInteger, smithy.ShapeTypeIntEnum:
		return int64(r.Int32N(1<<30)) + 1
	case smithy.ShapeTypeLong:
		return r.Int64()>>1 + 1
	case smithy.ShapeTypeFloat:
		return float64(1+r.IntN(1_000_000)) / 1_000
	case smithy.ShapeTypeDouble:
		return r.NormFloat64()
	case smithy.ShapeTypeTimestamp:
		return time.Unix(r.Int64N(4e9), r.Int64N(1e9)).UTC().Format(time.RFC3339Nano)
	case smithy.ShapeTypeBlob:
		return base64.StdEncoding.EncodeToString([]byte(r.text()))
	default:
		require.FailNow(tb, "a shape that the converter was never tried on", "%v of %s", s.Type(), s.MemberName())
		return nil
	}
}

func (r *random) text() string {
	pieces := []string{"a", "Z9", "s3://b/k", "é", "\"", "\\", "<&>", "\n", " ", "{}", "\u65e5\u672c", "😀", "null", "0"}
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return fmt.Sprintf("%s%d", b.String(), r.IntN(1e6))
}

func members(s *smithy.Schema) []string {
	names := make([]string, 0, len(s.Members()))
	for name := range s.Members() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
