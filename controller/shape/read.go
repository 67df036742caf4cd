package shape

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/document"
)

// treeReader is a smithy.ShapeDeserializer over a tree. The value to be read
// next is in next; containers push a cursor and hand out their parts through
// next.
type treeReader struct {
	next    any
	pending bool // next has not been read yet
	cursors []*cursor
	lenient bool // members the schema does not have are passed over
	taken   int  // how many members there were a place for
}

type cursor struct {
	fields Tree
	keys   []string
	items  []any
	at     int
	schema *smithy.Schema
}

func (r *treeReader) offer(v any)  { r.next, r.pending = v, true }
func (r *treeReader) take() any    { r.pending = false; return r.next }
func (r *treeReader) top() *cursor { return r.cursors[len(r.cursors)-1] }
func (r *treeReader) pop()         { r.cursors = r.cursors[:len(r.cursors)-1] }

func (r *treeReader) open(s *smithy.Schema) error {
	v := r.take()
	m, ok := v.(map[string]any)
	if !ok {
		return mismatch(s, "a structure", v)
	}
	r.cursors = append(r.cursors, &cursor{fields: m, keys: sortedKeys(m), schema: s})
	return nil
}

// member moves the top cursor to its next member that the schema knows.
func (r *treeReader) member(s *smithy.Schema) (*smithy.Schema, error) {
	c := r.top()
	for c.at < len(c.keys) {
		key := c.keys[c.at]
		c.at++
		if c.fields[key] == nil {
			continue
		}
		m := memberFold(s, key)
		if r.lenient && (m == nil || foreign(m, c.fields[key])) {
			continue
		}
		if m == nil {
			return nil, fmt.Errorf("%s has no member %q", s.ID().Name+s.MemberName(), key)
		}
		r.offer(c.fields[key])
		r.taken++
		return m, nil
	}
	r.pop()
	return nil, nil
}

// foreign tells whether a structure has members, and the schema none of them:
// what is left of it would be empty, and lack what is required of it.
func foreign(s *smithy.Schema, v any) bool {
	fields, ok := v.(map[string]any)
	if !ok || len(fields) == 0 || s.Type() != smithy.ShapeTypeStructure {
		return false
	}
	for key, field := range fields {
		if m := memberFold(s, key); m != nil && field != nil && !foreign(m, field) {
			return false
		}
	}
	return true
}

func memberFold(s *smithy.Schema, name string) *smithy.Schema {
	if m := s.Member(name); m != nil {
		return m
	}
	for k, m := range s.Members() {
		if strings.EqualFold(k, name) {
			return m
		}
	}
	return nil
}

func (r *treeReader) ReadStruct(s *smithy.Schema) error { return r.open(s) }

func (r *treeReader) ReadStructMember() (*smithy.Schema, error) { return r.member(r.top().schema) }

// ReadUnion is called once to open the union and once more to see its end.
func (r *treeReader) ReadUnion(s *smithy.Schema) (*smithy.Schema, error) {
	if r.pending {
		if err := r.open(s); err != nil {
			return nil, err
		}
	}
	return r.member(s)
}

func (r *treeReader) ReadList(s *smithy.Schema) error {
	v := r.take()
	l, ok := v.([]any)
	if !ok {
		return mismatch(s, "a list", v)
	}
	r.cursors = append(r.cursors, &cursor{items: l, schema: s})
	return nil
}

func (r *treeReader) ReadListItem(*smithy.Schema) (bool, error) {
	c := r.top()
	if c.at == len(c.items) {
		r.pop()
		return false, nil
	}
	r.offer(c.items[c.at])
	c.at++
	return true, nil
}

func (r *treeReader) ReadMap(s *smithy.Schema) error { return r.open(s) }

func (r *treeReader) ReadMapKey(*smithy.Schema) (string, bool, error) {
	c := r.top()
	if c.at == len(c.keys) {
		r.pop()
		return "", false, nil
	}
	key := c.keys[c.at]
	c.at++
	r.offer(c.fields[key])
	return key, true, nil
}

func (r *treeReader) ReadNil(*smithy.Schema) (bool, error) {
	if r.next == nil {
		r.pending = false
		return true, nil
	}
	return false, nil
}

func (r *treeReader) integer(s *smithy.Schema, low, high int64) (int64, error) {
	v := r.take()
	n, ok := int64(0), false
	switch v := v.(type) {
	case int64:
		n, ok = v, true
	case int:
		n, ok = int64(v), true
	case int32:
		n, ok = int64(v), true
	case float64:
		n, ok = int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	}
	if !ok || n < low || n > high {
		return 0, mismatch(s, "an integer in range", v)
	}
	return n, nil
}

func (r *treeReader) number(s *smithy.Schema) (float64, error) {
	switch v := r.take().(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case int:
		return float64(v), nil
	default:
		return 0, mismatch(s, "a number", v)
	}
}

func (r *treeReader) text(s *smithy.Schema, want string) (string, error) {
	v := r.take()
	t, ok := v.(string)
	if !ok {
		return "", mismatch(s, want, v)
	}
	return t, nil
}

func (r *treeReader) ReadInt8(s *smithy.Schema, v *int8) error {
	n, err := r.integer(s, math.MinInt8, math.MaxInt8)
	*v = int8(n) //nolint:gosec // integer has checked the range
	return err
}

func (r *treeReader) ReadInt16(s *smithy.Schema, v *int16) error {
	n, err := r.integer(s, math.MinInt16, math.MaxInt16)
	*v = int16(n) //nolint:gosec // integer has checked the range
	return err
}

func (r *treeReader) ReadInt32(s *smithy.Schema, v *int32) error {
	n, err := r.integer(s, math.MinInt32, math.MaxInt32)
	*v = int32(n) //nolint:gosec // integer has checked the range
	return err
}

func (r *treeReader) ReadInt64(s *smithy.Schema, v *int64) error {
	n, err := r.integer(s, math.MinInt64, math.MaxInt64)
	*v = n
	return err
}

func (r *treeReader) ReadFloat32(s *smithy.Schema, v *float32) error {
	f, err := r.number(s)
	*v = float32(f)
	return err
}

func (r *treeReader) ReadFloat64(s *smithy.Schema, v *float64) error {
	f, err := r.number(s)
	*v = f
	return err
}

func (r *treeReader) ReadBool(s *smithy.Schema, v *bool) error {
	b, ok := r.take().(bool)
	if !ok {
		return mismatch(s, "a boolean", r.next)
	}
	*v = b
	return nil
}

func (r *treeReader) ReadString(s *smithy.Schema, v *string) error {
	t, err := r.text(s, "a string")
	*v = t
	return err
}

func (r *treeReader) ReadBlob(s *smithy.Schema, v *[]byte) error {
	t, err := r.text(s, "a base64 string")
	if err != nil {
		return err
	}
	if *v, err = base64.StdEncoding.DecodeString(t); err != nil {
		return named(s, err)
	}
	return nil
}

func (r *treeReader) ReadTime(s *smithy.Schema, v *time.Time) error {
	t, err := r.text(s, "an RFC 3339 time")
	if err != nil {
		return err
	}
	if *v, err = time.Parse(time.RFC3339, t); err != nil {
		return named(s, err)
	}
	return nil
}

var errNoSuchType = errors.New("no SageMaker member has this type")

func (r *treeReader) ReadBigInt(*smithy.Schema, *big.Int) error          { return errNoSuchType }
func (r *treeReader) ReadBigFloat(*smithy.Schema, *big.Float) error      { return errNoSuchType }
func (r *treeReader) ReadDocument(*smithy.Schema, *document.Value) error { return errNoSuchType }

func mismatch(s *smithy.Schema, want string, got any) error {
	return named(s, fmt.Errorf("want %s, got %T %v", want, got, got))
}

// named puts the member's name before an error. At the root of an input fill
// does.
func named(s *smithy.Schema, err error) error {
	if s.MemberName() == "" {
		return err
	}
	return fmt.Errorf("%s: %w", s.MemberName(), err)
}
