package reconcile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
)

// names are those of all constants in an expression.
func names(n ast.Node) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			found[n.Sel.Name] = true
		case *ast.Ident:
			found[n.Name] = true
		}
		return true
	})
	return found
}

// source is the text of an expression, as far as it names things.
func source(n ast.Expr) string {
	switch n := n.(type) {
	case *ast.Ident:
		return n.Name
	case *ast.SelectorExpr:
		return source(n.X) + "." + n.Sel.Name
	case *ast.CallExpr:
		return source(n.Fun) + "()"
	}
	return ""
}

// inspect calls f with every node of the package's code.
func inspect(t *testing.T, f func(ast.Node) bool) {
	t.Helper()
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, f)
	}
}

// Every annotation that the code reads wakes the loop: it is in one of the lists. Every
// one in a list is read.
func TestEveryAnnotationThatIsReadWakesTheLoop(t *testing.T) {
	listed, read := map[string]bool{}, map[string]bool{}
	inspect(t, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if n.Names[0].Name == "objectAnnotations" || n.Names[0].Name == "namespaceAnnotations" {
				for _, value := range n.Values[0].(*ast.CompositeLit).Elts {
					for name := range names(value) {
						listed[name] = true
					}
				}
			}
		case *ast.CallExpr:
			if source(n.Fun) == "fluxmeta.ReconcileAnnotationValue" {
				read["ReconcileRequestAnnotation"] = true
			}
		case *ast.IndexExpr:
			of := source(n.X)
			if !strings.HasSuffix(of, "nnotations") && !strings.HasSuffix(of, "nnotations()") && of != "namespace" {
				return true
			}
			for name := range names(n.Index) {
				if strings.Contains(strings.ToLower(name), "annotation") || strings.HasPrefix(name, "ack") && name != "ackService" {
					read[name] = true
				}
			}
			require.NotEmpty(t, names(n.Index), "an annotation is a constant: %s", of)
		}
		return true
	})
	require.Greater(t, len(read), 12)
	for name := range read {
		require.True(t, listed[name], "%s is read, and wakes nobody: see objectAnnotations and namespaceAnnotations", name)
	}
	for name := range listed {
		if name != "fluxmeta" && name != "v1alpha1" {
			require.True(t, read[name], "%s wakes the loop, and is not read", name)
		}
	}
}

func TestAnnotatedPredicate(t *testing.T) {
	with := func(annotations map[string]string) *v1alpha1.Model {
		return &v1alpha1.Model{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}}
	}
	namespaces := defaultsChanged{annotated{read: namespaceAnnotations}}
	for _, row := range []struct {
		reason        string
		before, after map[string]string
		object, space bool
	}{
		{"nothing", nil, nil, false, false},
		{"what nobody reads", nil, map[string]string{"a": "b"}, false, false},
		{"one comes", nil, map[string]string{ackReadOnly: "true"}, true, false},
		{"one goes", map[string]string{ackReadOnly: "true"}, nil, true, false},
		{"one goes whose value is empty", map[string]string{ackReadOnly: ""}, nil, true, false},
		{"one changes", map[string]string{ackReadOnly: "true"}, map[string]string{ackReadOnly: "false"}, true, false},
		{"ours of the namespace", nil, map[string]string{annotationRegion: "us-east-1"}, false, true},
		{"ACK's of the namespace", nil, map[string]string{ackDefaultRegion: "us-east-1"}, false, true},
		{"that of any service", nil, map[string]string{"applicationautoscaling.services.k8s.aws/deletion-policy": "retain"}, false, true},
	} {
		update := event.UpdateEvent{ObjectOld: with(row.before), ObjectNew: with(row.after)}
		require.Equal(t, row.object, annotated{read: objectAnnotations}.Update(update), row.reason)
		require.Equal(t, row.space, namespaces.Update(update), row.reason)
	}
	require.False(t, namespaces.Create(event.CreateEvent{}), "every object is looked at when the controller starts")
	require.False(t, namespaces.Delete(event.DeleteEvent{}))
}
