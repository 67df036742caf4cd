// Package handwritten reads the part of the API package that is written by
// hand, so that what is generated cannot collide with it.
package handwritten

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
)

// GeneratedPrefix begins the name of every generated file.
const GeneratedPrefix = "zz_generated."

// foreign are the JSON names of the structs of other packages that the
// hand-written ones embed.
var foreign = map[string][]string{
	"meta.ReconcileRequestStatus": {"lastHandledReconcileAt"},
	"meta.ForceRequestStatus":     {"lastHandledForceAt"},
}

// Types holds the hand-written types by name, and for structs their fields.
type Types map[string]*ast.StructType

// Read parses the hand-written files of the directory, tests left out.
func Read(dir string) (Types, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	types := Types{}
	for _, path := range paths {
		base := filepath.Base(path)
		if strings.HasPrefix(base, GeneratedPrefix) || strings.HasSuffix(base, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if err := types.add(base, text); err != nil {
			return nil, err
		}
	}
	return types, nil
}

func (t Types) add(name string, text []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("failed to parse the hand-written API: %w", err)
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			if spec, ok := spec.(*ast.TypeSpec); ok {
				s, _ := spec.Type.(*ast.StructType)
				t[spec.Name.Name] = s
			}
		}
	}
	return nil
}

// JSONNames lists the JSON names of a struct's fields, those of embedded
// structs included.
func (t Types) JSONNames(name string) ([]string, error) {
	s := t[name]
	if s == nil {
		return nil, fmt.Errorf("the hand-written API has no struct %s", name)
	}
	var names []string
	for _, field := range s.Fields.List {
		more, err := t.fieldNames(name, field)
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	return names, nil
}

func (t Types) fieldNames(owner string, field *ast.Field) ([]string, error) {
	if len(field.Names) == 0 {
		switch embedded := field.Type.(type) {
		case *ast.Ident:
			return t.JSONNames(embedded.Name)
		case *ast.SelectorExpr:
			pkg, ok := embedded.X.(*ast.Ident)
			if !ok {
				break
			}
			if names, ok := foreign[pkg.Name+"."+embedded.Sel.Name]; ok {
				return names, nil
			}
			return nil, fmt.Errorf("%s embeds %s.%s, whose fields the generator does not know", owner, pkg.Name, embedded.Sel.Name)
		}
	}
	if field.Tag == nil {
		return nil, fmt.Errorf("%s has a field without a JSON tag", owner)
	}
	tag, err := strconv.Unquote(field.Tag.Value)
	if err != nil {
		return nil, fmt.Errorf("%s has the tag %s: %w", owner, field.Tag.Value, err)
	}
	json, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	return []string{json}, nil
}
