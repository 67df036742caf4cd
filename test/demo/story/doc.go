// Package story tells what happens between git pushes and a model that answers,
// on a running bench, and checks every line that it tells.
package story
