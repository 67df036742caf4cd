package reason_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// conditionReason is what the API server accepts as a condition's reason.
var conditionReason = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

func TestReasons(t *testing.T) {
	t.Parallel()

	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, parser.ParseComments)
	require.NoError(t, err)

	seen := map[string]bool{}

	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.GenDecl)
		if !ok || spec.Tok != token.CONST {
			return true
		}

		for _, s := range spec.Specs {
			value, ok := s.(*ast.ValueSpec)
			require.True(t, ok)
			require.Len(t, value.Names, 1, "one reason per line, so that each has a comment")

			name := value.Names[0].Name
			literal, ok := value.Values[0].(*ast.BasicLit)
			require.True(t, ok, "%s is written out", name)
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)

			doc := value.Doc
			if doc == nil {
				doc = spec.Doc
			}

			require.Equal(t, name, text, "constant and reason have one name")
			require.Regexp(t, conditionReason, text, "the API server accepts it")
			require.True(t, strings.HasPrefix(doc.Text(), name+" "), "%s is documented", name)
			require.False(t, seen[text], "%s stands once", text)
			seen[text] = true
		}

		return true
	})
	require.Greater(t, len(seen), 30, "the constants were found")
}
