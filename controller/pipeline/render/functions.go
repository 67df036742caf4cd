package render

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// changing are functions of sprig beyond those that it calls not hermetic itself,
// which answer otherwise another time or on another machine, or depend on secrets.
var changing = []string{
	"ago", "bcrypt", "buildCustomCert", "decryptAES", "derivePassword", "encryptAES", "genCA", "genCAWithKey", "genPrivateKey",
	"genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey", "htpasswd", "mustToDate",
	"osBase", "osClean", "osDir", "osExt", "osIsAbs", "randBytes", "randInt", "shuffle", "toDate", "unixEpoch",
}

// most is how many items or repetitions a function makes at once.
const most = 10_000

// functions are those that templates may call. They are deterministic, and none
// makes much of little.
var functions = sync.OnceValue(func() template.FuncMap {
	all := sprig.HermeticTxtFuncMap()
	for _, name := range changing {
		delete(all, name)
	}
	all["keys"] = keys
	all["values"] = values
	for _, name := range []string{"until", "untilStep", "seq"} {
		delete(all, name)
	}
	all["until"] = until
	repeat, _ := all["repeat"].(func(int, string) string)
	all["repeat"] = func(count int, text string) (string, error) {
		if count < 0 || count > most || count*len(text) > maxOutput {
			return "", fmt.Errorf("repeat %d times is too much", count)
		}
		return repeat(count, text), nil
	}
	return all
})

func until(count int) ([]int, error) {
	if count < 0 || count > most {
		return nil, fmt.Errorf("until %d is too much: at most %d", count, most)
	}
	list := make([]int, count)
	for i := range list {
		list[i] = i
	}
	return list, nil
}

// keys are those of maps, in order: sprig gives them in any.
func keys(dicts ...map[string]any) []string {
	lists := make([][]string, len(dicts))
	for i, dict := range dicts {
		lists[i] = slices.Sorted(maps.Keys(dict))
	}
	return slices.Concat(lists...)
}

// values are those of a map, in the order of its keys.
func values(dict map[string]any) []any {
	all := make([]any, 0, len(dict))
	for _, key := range slices.Sorted(maps.Keys(dict)) {
		all = append(all, dict[key])
	}
	return all
}
