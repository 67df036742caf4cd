// Package pipeline is the loop of ModelPipelines. It makes a plan of the spec, looks
// at what there is, and does what the plan decides. It creates custom resources and no
// AWS objects: the loop of each kind does that. AWS it asks for nothing but content in
// S3.
//
//	graph      orders steps                                            (pure)
//	render     fills templates                                         (pure)
//	when       decides by an expression whether a step is wanted       (pure)
//	gate       judges numbers, and makes the evidence of an approval   (pure)
//	plan       makes the plan and decides what is due                  (pure)
//	kind       says of each kind what is in a digest, and its outputs
//	source     finds the content of sources, and delivers it
//	revision   keeps plans that were carried out, to go back to
//	Reconciler looks, decides, acts
//
// Another output, another field that is no part of a digest: kind.go. Another thing to
// judge by: a field beside metric and s3JSON in the API, and measure in package plan.
// Another kind of step is nothing to do here: every kind of the loop is one.
//
// # Decisions
//
//   - A digest covers a template with the digests of other steps in place of what they
//     make, so that the whole plan is known before anything runs. Who runs a job, where
//     and for how long is no part of it: another machine comes to the same.
//   - Jobs and revisions are named by their digest, through a label that the loop of
//     kinds takes in place of its own: attempts, superseded runs and a cluster that is
//     built anew are that loop's to deal with, as for any object.
//   - A job at work that the plan has no more is deleted as a resource, which stops it in
//     AWS and marks it there; the record stays, so that nothing is taken for it later.
//   - An output can be inserted and nothing else, since a decision on it could not be
//     known when the plan is made.
//   - Approvals are bound to evidence and not to commits: to commit one changes no digest.
//   - What served before was judged and approved: going back within the window asks
//     nobody.
package pipeline
