package sdk

import (
	"fmt"
	"go/ast"
	"strconv"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
)

// requiredMark is the last line of the comment of a required member.
const requiredMark = "This member is required."

// readRequired marks the required members of every struct that writes or
// reads a schema.
func (r *reader) readRequired(file *ast.File) error {
	structs := structsOf(file)
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != "Serialize" {
			continue
		}
		s, ok := structs[receiver(f)]
		if !ok {
			continue
		}
		name, ok := r.written(f)
		if !ok {
			continue
		}
		if err := r.require(name, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) require(name string, s *ast.StructType) error {
	shape := r.api.Shapes[name]
	for _, field := range s.Fields.List {
		if !strings.HasSuffix(strings.TrimSpace(field.Doc.Text()), requiredMark) {
			continue
		}
		member := field.Names[0].Name
		if _, ok := shape.Members[member]; !ok {
			return fmt.Errorf("shape %s lacks the required member %s", name, member)
		}
		shape.Required = append(shape.Required, member)
	}
	return nil
}

func structsOf(file *ast.File) map[string]*ast.StructType {
	structs := map[string]*ast.StructType{}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			if s, ok := t.Type.(*ast.StructType); ok {
				structs[t.Name.Name] = s
			}
		}
	}
	return structs
}

// written returns the shape that a Serialize method writes: the argument of
// its WriteStruct statement. A union's variant writes a member, no shape.
func (r *reader) written(f *ast.FuncDecl) (string, bool) {
	for _, statement := range f.Body.List {
		expr, ok := statement.(*ast.ExprStmt)
		if !ok {
			continue
		}
		if call, ok := callOf(expr.X, "WriteStruct"); ok && len(call.Args) == 1 {
			return r.shapeOf(call.Args[0])
		}
	}
	return "", false
}

// readEnums collects `func (X) Values() []X { return []X{"a", "b"} }`.
func (r *reader) readEnums(file *ast.File) error {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != "Values" || f.Recv == nil {
			continue
		}
		shape, ok := r.api.Shapes[receiver(f)]
		if !ok || shape.Type != model.String {
			continue
		}
		var failed error
		ast.Inspect(f.Body, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok {
				return true
			}
			value, err := strconv.Unquote(literal.Value)
			if err != nil {
				failed = fmt.Errorf("enum %s has the value %s: %w", receiver(f), literal.Value, err)
			}
			shape.Enum = append(shape.Enum, value)
			return true
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// readOperations collects `smithy.NewOperationSchema(schemas.Op, schemas.In, schemas.Out)`.
func (r *reader) readOperations(file *ast.File) error {
	ast.Inspect(file, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		call, ok := callOf(e, "NewOperationSchema")
		if !ok || len(call.Args) != 3 {
			return true
		}
		name, ok := call.Args[0].(*ast.SelectorExpr)
		if !ok {
			return true
		}
		op := &model.Operation{Name: name.Sel.Name}
		if shape, ok := r.shapeOf(call.Args[1]); ok {
			op.Input = &model.Ref{Shape: shape}
		}
		if shape, ok := r.shapeOf(call.Args[2]); ok {
			op.Output = &model.Ref{Shape: shape}
		}
		r.api.Operations[op.Name] = op
		return false
	})
	return nil
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return ""
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
