package sdk

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"strconv"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

var shapeTypes = map[string]string{
	"ShapeTypeBlob":      model.Blob,
	"ShapeTypeBoolean":   model.Boolean,
	"ShapeTypeDouble":    model.Double,
	"ShapeTypeEnum":      model.String,
	"ShapeTypeFloat":     model.Float,
	"ShapeTypeInteger":   model.Integer,
	"ShapeTypeIntEnum":   model.Integer,
	"ShapeTypeList":      model.List,
	"ShapeTypeLong":      model.Long,
	"ShapeTypeMap":       model.Map,
	"ShapeTypeString":    model.String,
	"ShapeTypeStructure": model.Structure,
	"ShapeTypeTimestamp": model.Timestamp,
	"ShapeTypeUnion":     model.Structure,
}

// preludeTypes are the shapes every API shares.
var preludeTypes = map[string]string{
	"Boolean": model.Boolean,
	"Integer": model.Integer,
	"Long":    model.Long,
	"String":  model.String,
}

// readShapes collects `var X = smithy.NewSchema(smithy.ShapeID{Name: "X"}, smithy.ShapeTypeY, …)`.
func (r *reader) readShapes(file *ast.File) error {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			continue
		}
		for _, spec := range gen.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				continue
			}
			call, ok := callOf(v.Values[0], "NewSchema")
			if !ok {
				continue
			}
			if err := r.addShape(v.Names[0].Name, call.Args); err != nil {
				return fmt.Errorf("%s: %w", v.Names[0].Name, err)
			}
		}
	}
	return nil
}

func (r *reader) addShape(variable string, args []ast.Expr) error {
	if len(args) < 2 {
		return errors.New("a schema without id and type")
	}
	name, err := shapeName(args[0])
	if err != nil {
		return err
	}
	kind, ok := args[1].(*ast.SelectorExpr)
	if !ok {
		return fmt.Errorf("shape %s has no type", name)
	}
	switch kind.Sel.Name {
	case "ShapeTypeOperation", "ShapeTypeService", "ShapeTypeResource":
		return nil
	}
	typ, ok := shapeTypes[kind.Sel.Name]
	if !ok {
		return fmt.Errorf("shape %s has the unknown type %s", name, kind.Sel.Name)
	}
	if _, ok := r.api.Shapes[name]; ok {
		return fmt.Errorf("two shapes are named %s", name)
	}
	r.shapes[variable] = name
	r.api.Shapes[name] = &model.Shape{
		Type:      typ,
		Union:     kind.Sel.Name == "ShapeTypeUnion",
		Sensitive: hasTrait(args[2:], "Sensitive"),
		Exception: hasTrait(args[2:], "Error"),
	}
	return nil
}

// readMembers collects `X.AddMember("M", Y, …)`. The members of enumerations
// are left to readEnums.
func (r *reader) readMembers(file *ast.File) error {
	var failed error
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || failed != nil {
			return failed == nil
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "AddMember" || len(call.Args) < 2 {
			return true
		}
		owner, ok := r.shapeOf(sel.X)
		if !ok {
			failed = errors.New("a member is added to an unknown shape")
			return false
		}
		failed = r.addMember(owner, call.Args)
		return failed == nil
	})
	return failed
}

func (r *reader) addMember(owner string, args []ast.Expr) error {
	literal, ok := args[0].(*ast.BasicLit)
	if !ok {
		return fmt.Errorf("shape %s has a member without a name", owner)
	}
	name, err := strconv.Unquote(literal.Value)
	if err != nil {
		return fmt.Errorf("shape %s has the member %s: %w", owner, literal.Value, err)
	}
	target, ok := r.shapeOf(args[1])
	if !ok {
		return fmt.Errorf("member %s.%s has an unknown target", owner, name)
	}
	s := r.api.Shapes[owner]
	ref := model.Ref{Shape: target}
	if target == "Unit" {
		return nil
	}
	if _, ok := r.api.Shapes[target]; !ok {
		typ, ok := preludeTypes[target]
		if !ok {
			return fmt.Errorf("member %s.%s has the unknown target %s", owner, name, target)
		}
		r.api.Shapes[target] = &model.Shape{Type: typ}
	}
	switch s.Type {
	case model.List:
		s.Member = &ref
	case model.Map:
		if name == "key" {
			s.Key = &ref
		} else {
			s.Value = &ref
		}
	case model.Structure:
		if s.Members == nil {
			s.Members = map[string]model.Ref{}
		}
		s.Members[name] = ref
	default:
		return fmt.Errorf("shape %s of type %s has a member", owner, s.Type)
	}
	return nil
}

func shapeName(e ast.Expr) (string, error) {
	id, ok := e.(*ast.CompositeLit)
	if !ok {
		return "", errors.New("a schema without an id")
	}
	for _, element := range id.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, isName := pair.Key.(*ast.Ident)
		value, isText := pair.Value.(*ast.BasicLit)
		if isName && isText && key.Name == "Name" {
			return strconv.Unquote(value.Value)
		}
	}
	return "", errors.New("a schema id without a name")
}

// callOf returns the expression as a call of a function with that name,
// whatever its package.
func callOf(e ast.Expr, function string) (*ast.CallExpr, bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return nil, false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return call, ok && sel.Sel.Name == function
}

// hasTrait says whether one of the arguments is &pkg.Name{…}.
func hasTrait(args []ast.Expr, name string) bool {
	for _, arg := range args {
		if address, ok := arg.(*ast.UnaryExpr); ok {
			arg = address.X
		}
		if literal, ok := arg.(*ast.CompositeLit); ok {
			if sel, ok := literal.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
				return true
			}
		}
	}
	return false
}
