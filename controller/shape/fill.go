package shape

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	smithy "github.com/aws/smithy-go"
)

// Fill sets the fields of an SDK input (a pointer to a struct) from a tree.
// Every member of the tree, at any depth, must be a member of the input: the
// error names the first that is not, or whose value does not fit.
func Fill(t Tree, input any) error { return new(treeReader).fill(t, input) }

// Pick sets the fields of an SDK input (a pointer to a struct) from those
// members of the tree that the input has, at any depth, and passes over the
// rest, and over structures of which that leaves nothing. So one tree, what is
// wanted over what was observed, serves Describe, Update, Stop and Delete alike.
func Pick(t Tree, input any) error { return (&treeReader{lenient: true}).fill(t, input) }

func (r *treeReader) fill(t Tree, input any) error {
	v := reflect.ValueOf(input).Elem()
	for _, key := range sortedKeys(t) {
		if t[key] == nil {
			continue
		}
		f := v.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, key) })
		if !f.IsValid() || !f.CanSet() {
			if r.lenient {
				continue
			}
			return fmt.Errorf("%s has no member %q", v.Type().Name(), key)
		}
		before := r.taken
		if err := r.set(f, t[key]); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if fields, ok := t[key].(map[string]any); ok && len(fields) > 0 && r.lenient && r.taken == before && f.Kind() == reflect.Pointer {
			f.SetZero() // it had none of the members, and would lack those that are required
			continue
		}
		r.taken++
	}
	return nil
}

var (
	timeType          = reflect.TypeFor[time.Time]()
	deserializable    = reflect.TypeFor[smithy.Deserializable]()
	unnamed           = smithy.NewSchema(smithy.ShapeID{}, smithy.ShapeTypeString, 0)
	errUnionTopLevel  = errors.New("a union at the top level of an input is not supported")
	errUnknownGoField = errors.New("field of an unknown Go type")
)

// set gives a field of an input the value. Structures deserialise themselves.
func (r *treeReader) set(f reflect.Value, v any) error {
	if f.Kind() == reflect.Pointer {
		p := reflect.New(f.Type().Elem())
		if err := r.set(p.Elem(), v); err != nil {
			return err
		}
		f.Set(p)
		return nil
	}
	r.offer(v)
	if f.CanAddr() && f.Addr().Type().Implements(deserializable) {
		d, _ := reflect.TypeAssert[smithy.Deserializable](f.Addr())
		return d.Deserialize(r)
	}
	if f.Type() == timeType {
		t, _ := reflect.TypeAssert[*time.Time](f.Addr())
		return r.ReadTime(unnamed, t)
	}
	switch f.Kind() {
	case reflect.String:
		t, err := r.text(unnamed, "a string")
		f.SetString(t)
		return err
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return mismatch(unnamed, "a boolean", v)
		}
		f.SetBool(b)
		return nil
	case reflect.Int32:
		n, err := r.integer(unnamed, -1<<31, 1<<31-1)
		f.SetInt(n)
		return err
	case reflect.Int64:
		n, err := r.integer(unnamed, -1<<63, 1<<63-1)
		f.SetInt(n)
		return err
	case reflect.Float32, reflect.Float64:
		n, err := r.number(unnamed)
		f.SetFloat(n)
		return err
	case reflect.Slice:
		return r.setSlice(f, v)
	case reflect.Map:
		return r.setMap(f, v)
	case reflect.Struct:
		fields, ok := v.(map[string]any)
		if !ok {
			return mismatch(unnamed, "a structure", v)
		}
		return r.fill(fields, f.Addr().Interface())
	case reflect.Interface:
		return errUnionTopLevel
	default:
		return fmt.Errorf("%w %s", errUnknownGoField, f.Type())
	}
}

func (r *treeReader) setSlice(f reflect.Value, v any) error {
	if f.Type().Elem().Kind() == reflect.Uint8 {
		b, _ := reflect.TypeAssert[*[]byte](f.Addr())
		return r.ReadBlob(unnamed, b)
	}
	items, ok := v.([]any)
	if !ok {
		return mismatch(unnamed, "a list", v)
	}
	s := reflect.MakeSlice(f.Type(), len(items), len(items))
	for i, item := range items {
		if err := r.set(s.Index(i), item); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	f.Set(s)
	return nil
}

func (r *treeReader) setMap(f reflect.Value, v any) error {
	fields, ok := v.(map[string]any)
	if !ok {
		return mismatch(unnamed, "a map", v)
	}
	m := reflect.MakeMapWithSize(f.Type(), len(fields))
	for _, key := range sortedKeys(fields) {
		e := reflect.New(f.Type().Elem()).Elem()
		if err := r.set(e, fields[key]); err != nil {
			return fmt.Errorf("[%q]: %w", key, err)
		}
		m.SetMapIndex(reflect.ValueOf(key).Convert(f.Type().Key()), e)
	}
	f.Set(m)
	return nil
}
