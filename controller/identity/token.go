package identity

import "strings"

// What stands around a token at the end of a description.
const (
	tokenBegins = "[" + TagPrefix + "owner="
	tokenEnds   = "]"
)

// Sign is a description with an owner token at its end, for AWS objects that can
// carry no tags and whose names are not unique.
func Sign(description, token string) string {
	mark := tokenBegins + token + tokenEnds
	if description == "" {
		return mark
	}
	return description + " " + mark
}

// Unsign takes a description apart into the text and the owner token at its end;
// the token is empty if there is none.
func Unsign(description string) (text, token string) {
	text, mark, found := cutLast(description, tokenBegins)
	token, ends := strings.CutSuffix(mark, tokenEnds)
	if !found || !ends || token == "" {
		return description, ""
	}
	return strings.TrimSuffix(text, " "), token
}

func cutLast(text, at string) (before, after string, found bool) {
	i := strings.LastIndex(text, at)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(at):], true
}
