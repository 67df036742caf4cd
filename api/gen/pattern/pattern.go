// Package pattern turns the regular expressions of AWS's models, written for
// Java, into ones the Kubernetes API server accepts (RE2).
//
// A rewritten pattern never refuses what the original accepts.
package pattern

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Change says what happened to a pattern.
type Change string

const (
	// Kept means that the pattern is used as it is.
	Kept Change = "kept"
	// Rewritten means that the same language is written in another way.
	Rewritten Change = "rewritten"
	// Loosened means that the pattern now accepts more than the original.
	Loosened Change = "loosened"
	// Dropped means that there is no pattern left.
	Dropped Change = "dropped"
	// Trivial means that the original accepts everything on one line, and
	// that nothing is left of it.
	Trivial Change = "trivial"
)

// maxRepeat is the largest repeat count that RE2 takes.
const maxRepeat = 1000

var (
	// astral is how the models write "any character beyond the first 65,536",
	// as UTF-16 surrogates.
	astral     = `\uD800\uDC00-\uDBFF\uDFFF`
	unicode    = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)
	repeat     = regexp.MustCompile(`\{(\d+),(\d+)\}`)
	trivial    = map[string]bool{`.*`: true, `[\s\S]*`: true, `[\S\s]*`: true}
	lookaround = regexp.MustCompile(`\(\?(=|!|<=|<!)`)
)

// Convert returns the pattern for a whole value, anchored, and what had to be
// done to it. It is empty where nothing useful is left.
func Convert(original string) (string, Change) {
	p := unanchor(original)
	if trivial[p] {
		return "", Trivial
	}
	if out, err := whole(p); err == nil {
		return out, Kept
	}
	p = strings.ReplaceAll(p, astral, `\x{10000}-\x{10FFFF}`)
	p = unicode.ReplaceAllString(p, `\x{$1}`)
	p = strings.ReplaceAll(p, `\p{Alnum}`, `0-9A-Za-z`)
	if out, err := whole(p); err == nil {
		return out, Rewritten
	}
	p = withoutLookaround(p)
	p = repeat.ReplaceAllStringFunc(p, openRepeat)
	p = unanchor(p)
	if trivial[p] {
		return "", Dropped
	}
	if out, err := whole(p); err == nil {
		return out, Loosened
	}
	return "", Dropped
}

// whole anchors a pattern, if RE2 accepts it.
func whole(p string) (string, error) {
	out := "^(?:" + p + ")$"
	if !hasAlternatives(p) {
		out = "^" + p + "$"
	}
	if _, err := regexp.Compile(out); err != nil {
		return "", fmt.Errorf("not a pattern for RE2: %w", err)
	}
	return out, nil
}

// unanchor removes a leading ^ and a trailing $. A pattern with alternatives
// is left alone: there they belong to one alternative.
func unanchor(p string) string {
	if hasAlternatives(p) {
		return p
	}
	p = strings.TrimPrefix(p, "^")
	if strings.HasSuffix(p, "$") && !strings.HasSuffix(p, `\$`) {
		p = strings.TrimSuffix(p, "$")
	}
	return p
}

// openRepeat removes the upper bound of a repeat that RE2 refuses.
func openRepeat(r string) string {
	bounds := strings.Split(strings.Trim(r, "{}"), ",")
	if highest, err := strconv.Atoi(bounds[1]); err == nil && highest <= maxRepeat {
		return r
	}
	switch bounds[0] {
	case "0":
		return "*"
	case "1":
		return "+"
	}
	return "{" + bounds[0] + ",}"
}

// withoutLookaround removes the assertions about what precedes or follows.
// Each only narrows what the rest accepts.
func withoutLookaround(p string) string {
	for {
		at := lookaround.FindStringIndex(p)
		if at == nil {
			return p
		}
		end := closing(p, at[0])
		if end < 0 {
			return p
		}
		p = p[:at[0]] + p[end+1:]
	}
}

// hasAlternatives says whether the whole pattern is a choice.
func hasAlternatives(p string) bool {
	found, depth := false, 0
	scan(p, func(_ int, c byte) bool {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			found = found || depth == 0
		}
		return !found
	})
	return found
}

// closing returns the index of the parenthesis that closes the one at open,
// or -1.
func closing(p string, open int) int {
	at, depth := -1, 0
	scan(p[open:], func(i int, c byte) bool {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
			if depth == 0 {
				at = open + i
			}
		}
		return at < 0
	})
	return at
}

// scan visits the bytes of a pattern that are neither escaped nor in a class,
// until told to stop.
func scan(p string, visit func(int, byte) bool) {
	class := false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		default:
			if !visit(i, c) {
				return
			}
		}
	}
}
