// Package render fills the templates in a pipeline's steps.
//
// A template is a tree as it stands in a spec, whose texts are Go templates with
// the functions of sprig that always answer the same. What a template needs of
// other steps is known before any of them has run, since outputs may be inserted
// into a text and nothing else. So the same template can be filled with digests in
// place of outputs, with placeholders, and at last with what the steps have made.
package render
