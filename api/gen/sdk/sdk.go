// Package sdk reads the structure of an AWS API from the source of its
// aws-sdk-go-v2 client: operations, shapes, members, which of them are
// required, and the values of enumerations.
//
// The client's schemas package says all that is on the wire; that a member is
// required stands in the comments of the Go structs, and the values of an
// enumeration in its Values method. Constraints are in neither.
package sdk

import (
	"fmt"
	"go/ast"
	"slices"

	"golang.org/x/tools/go/packages"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// Read loads the packages of the client with the given import path and
// returns its API. Dir is a directory of the module that requires the client.
func Read(dir, path string) (*model.API, error) {
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedSyntax,
		Dir:  dir,
	}
	found, err := packages.Load(config, path, path+"/types", path+"/schemas")
	if err != nil {
		return nil, fmt.Errorf("failed to load %s: %w", path, err)
	}
	r := &reader{
		api:    &model.API{Operations: map[string]*model.Operation{}, Shapes: map[string]*model.Shape{}},
		shapes: map[string]string{},
	}
	byPath := map[string]*packages.Package{}
	for _, p := range found {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("failed to load %s: %w", p.PkgPath, p.Errors[0])
		}
		byPath[p.PkgPath] = p
	}
	steps := []struct {
		path string
		read func(*ast.File) error
	}{
		{path + "/schemas", r.readShapes},
		{path + "/schemas", r.readMembers},
		{path, r.readRequired},
		{path + "/types", r.readRequired},
		{path + "/types", r.readEnums},
		{path, r.readOperations},
	}
	for _, step := range steps {
		p, ok := byPath[step.path]
		if !ok {
			return nil, fmt.Errorf("failed to load %s: no such package", step.path)
		}
		for _, file := range p.Syntax {
			if err := step.read(file); err != nil {
				return nil, fmt.Errorf("%s: %w", p.Fset.Position(file.Pos()).Filename, err)
			}
		}
	}
	for _, s := range r.api.Shapes {
		slices.Sort(s.Required)
	}
	return r.api, nil
}

type reader struct {
	api *model.API
	// shapes maps a variable of the schemas package to the shape's name.
	shapes map[string]string
}

// shapeOf returns the name of the shape that an expression like X or
// schemas.X stands for.
func (r *reader) shapeOf(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.Ident:
		name, ok := r.shapes[e.Name]
		return name, ok
	case *ast.SelectorExpr:
		if pkg, ok := e.X.(*ast.Ident); ok && pkg.Name == "smithyprelude" {
			return e.Sel.Name, true
		}
		name, ok := r.shapes[e.Sel.Name]
		return name, ok
	}
	return "", false
}
