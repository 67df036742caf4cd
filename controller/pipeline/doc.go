// Package pipeline is the loop of ModelPipelines. It makes a plan of the spec, looks
// at what there is, and does what the plan decides. It creates custom resources and no
// AWS objects: the loop of each kind does that. AWS it asks for content in S3, for
// metrics that a gate measures, and, of a pipeline that is new here, for what an earlier
// cluster has left.
//
//	graph      orders steps                                            (pure)
//	render     fills templates                                         (pure)
//	when       decides by an expression whether a step is wanted       (pure)
//	gate       judges numbers, and makes the evidence of an approval   (pure)
//	trigger    says when jobs run again without a commit               (pure)
//	plan       makes the plan and decides what is due                  (pure)
//	kind       says of each kind what is in a digest, and its outputs
//	source     finds the content of sources, and delivers it
//	archive    finds sources as hash version a knew them, by the bytes of their archives
//	record     keeps in S3 what data of a plan looked like, for a cluster built anew
//	claim      refuses endpoints that are somebody else's
//	recover    finds in AWS what status does not tell
//	revision   keeps plans that were carried out, to go back to
//	look, child, act, status: what there is, what is wanted, what is done, what is told
//
// Another output, another field that is no part of a digest: kind.go. Another thing to
// judge by: a field beside metric in the API, and check.go and judge.go of package plan.
// Another trigger: package trigger, and trigger.go for what it needs to know. Another
// kind of step is nothing to do here: every kind of the loop is one.
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
//   - A trigger is a token in the digest of every job, as rerun is, and in a tag of what
//     serves: a cluster that is built anew goes on with it. What was made of the same by an
//     earlier trigger counts again when git goes back.
//   - What served before was judged and approved: going back within the window asks
//     nobody.
package pipeline
