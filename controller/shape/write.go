package shape

import (
	"encoding/base64"
	"math/big"
	"reflect"
	"strconv"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/document"
)

// ToTree turns an input, an output or any structure of the SDK into a tree. v is
// a pointer to it.
func ToTree(v any) Tree {
	serializable, ok := v.(smithy.Serializable)
	if !ok {
		t, _ := plain(reflect.ValueOf(v)).(map[string]any)
		if t == nil {
			return Tree{}
		}
		return t
	}
	w := &treeWriter{}
	serializable.Serialize(w)
	if w.root == nil {
		return Tree{}
	}
	return w.root
}

func plainStruct(v reflect.Value) Tree {
	t := Tree{}
	for f, value := range v.Fields() {
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		if member := plain(value); member != nil {
			t[f.Name] = member
		}
	}
	return t
}

// plain turns values of services whose structures do not serialise themselves
// into a tree. Unions and documents are in none of those that are used.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			return at.UTC().Format(time.RFC3339Nano)
		}
		return plainStruct(v)
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		t := Tree{}
		for key, value := range v.Seq2() {
			t[key.String()] = plain(value)
		}
		return t
	case reflect.String:
		if v.Type() != reflect.TypeFor[string]() && v.Len() == 0 {
			return nil // an enumeration that is not set
		}
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	default:
		return nil
	}
}

// treeWriter is a smithy.ShapeSerializer that builds a tree.
type treeWriter struct {
	root  Tree
	stack []*frame
}

// frame is a container that is being filled: fields or items is set.
type frame struct {
	schema *smithy.Schema
	fields Tree
	items  []any
	isList bool
	key    string // the name the next value gets, for maps and unions
	keyed  bool
}

func (w *treeWriter) put(s *smithy.Schema, v any) {
	if len(w.stack) == 0 {
		w.root, _ = v.(map[string]any)
		return
	}
	top := w.stack[len(w.stack)-1]
	switch {
	case top.isList:
		top.items = append(top.items, v)
	case top.keyed:
		top.fields[top.key] = v
	default:
		top.fields[s.MemberName()] = v
	}
}

func (w *treeWriter) push(f *frame) { w.stack = append(w.stack, f) }

func (w *treeWriter) pop() {
	top := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	if top.isList {
		w.put(top.schema, top.items)
		return
	}
	w.put(top.schema, top.fields)
}

func (w *treeWriter) Bytes() []byte { return nil }

func (w *treeWriter) WriteInt8(s *smithy.Schema, v int8)       { w.put(s, int64(v)) }
func (w *treeWriter) WriteInt16(s *smithy.Schema, v int16)     { w.put(s, int64(v)) }
func (w *treeWriter) WriteInt32(s *smithy.Schema, v int32)     { w.put(s, int64(v)) }
func (w *treeWriter) WriteInt64(s *smithy.Schema, v int64)     { w.put(s, v) }
func (w *treeWriter) WriteFloat64(s *smithy.Schema, v float64) { w.put(s, v) }
func (w *treeWriter) WriteBool(s *smithy.Schema, v bool)       { w.put(s, v) }
func (w *treeWriter) WriteString(s *smithy.Schema, v string)   { w.put(s, v) }

// WriteFloat32 keeps the shortest decimal, so that 0.1 stays 0.1.
func (w *treeWriter) WriteFloat32(s *smithy.Schema, v float32) {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	w.put(s, f)
}

func (w *treeWriter) WriteBigInt(s *smithy.Schema, v *big.Int)     { w.put(s, v.String()) }
func (w *treeWriter) WriteBigFloat(s *smithy.Schema, v *big.Float) { w.put(s, v.String()) }

func (w *treeWriter) WriteBlob(s *smithy.Schema, v []byte) {
	w.put(s, base64.StdEncoding.EncodeToString(v))
}

func (w *treeWriter) WriteTime(s *smithy.Schema, v time.Time) {
	w.put(s, v.UTC().Format(time.RFC3339Nano))
}

func (w *treeWriter) WriteDocument(s *smithy.Schema, v document.Value) { w.put(s, v) }
func (w *treeWriter) WriteNil(*smithy.Schema)                          {}

func (w *treeWriter) WriteUnion(s, variant *smithy.Schema) {
	w.push(&frame{schema: s, fields: Tree{}, key: variant.MemberName(), keyed: true})
}
func (w *treeWriter) CloseUnion() { w.pop() }

func (w *treeWriter) WriteStruct(s *smithy.Schema) { w.push(&frame{schema: s, fields: Tree{}}) }
func (w *treeWriter) CloseStruct()                 { w.pop() }

func (w *treeWriter) WriteList(s *smithy.Schema) {
	w.push(&frame{schema: s, items: []any{}, isList: true})
}
func (w *treeWriter) CloseList() { w.pop() }

func (w *treeWriter) WriteMap(s *smithy.Schema) { w.push(&frame{schema: s, fields: Tree{}}) }

func (w *treeWriter) WriteKey(_ *smithy.Schema, key string) {
	top := w.stack[len(w.stack)-1]
	top.key, top.keyed = key, true
}
func (w *treeWriter) CloseMap() { w.pop() }
