package shape

import (
	"encoding/base64"
	"math/big"
	"strconv"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/document"
)

// ToTree turns an input, an output or any structure of the SDK into a tree.
func ToTree(v smithy.Serializable) Tree {
	w := &treeWriter{}
	v.Serialize(w)
	if w.root == nil {
		return Tree{}
	}
	return w.root
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
