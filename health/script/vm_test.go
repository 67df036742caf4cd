package script_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	kjson "k8s.io/apimachinery/pkg/util/json"
	luajson "layeh.com/gopher-json"
	"sigs.k8s.io/yaml"
)

// run carries out a script with the libraries that Argo CD gives one of argocd-cm: base,
// table, and time and date of os for those that require it. No string, no math. It decodes
// what the script returns.
func run(script string, object map[string]any, params map[string]string, result any) error {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l.SetContext(ctx)

	for name, open := range map[string]lua.LGFunction{lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return err
		}
	}
	l.PreloadModule(lua.OsLibName, safeOS)

	l.SetGlobal("obj", toLua(l, object))
	given := l.NewTable()
	for name, value := range params {
		given.RawSetString(name, lua.LString(value))
	}
	l.SetGlobal("actionParams", given)
	if err := l.DoString(script); err != nil {
		return err
	}
	text, err := luajson.Encode(l.Get(-1))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, result)
}

// safeOS is what is left of the library os.
func safeOS(l *lua.LState) int {
	lua.OpenOs(l)
	whole, safe := l.Get(-1), l.NewTable()
	for _, name := range []string{"time", "date"} {
		safe.RawSetString(name, l.GetField(whole, name))
	}
	l.SetGlobal(lua.OsLibName, lua.LNil)
	l.Push(safe)
	return 1
}

func toLua(l *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case map[string]any:
		table := l.NewTable()
		for name, member := range value {
			table.RawSetString(name, toLua(l, member))
		}
		return table
	case []any:
		table := l.NewTable()
		for _, item := range value {
			table.Append(toLua(l, item))
		}
		return table
	case string:
		return lua.LString(value)
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	default:
		return lua.LNil
	}
}

func load(t *testing.T, file string) map[string]any {
	t.Helper()

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	document, err := yaml.YAMLToJSON(text)
	require.NoError(t, err)

	var object map[string]any
	require.NoError(t, kjson.Unmarshal(document, &object))

	return object
}

func rows[T any](t *testing.T, file string) []T {
	t.Helper()

	text, err := os.ReadFile(file)
	require.NoError(t, err)

	var all []T
	require.NoError(t, yaml.UnmarshalStrict(text, &all))
	require.NotEmpty(t, all)

	return all
}
