// Package pipeline is the loop of ModelPipelines. It makes a plan of the spec
// (package plan), looks at what there is, and does what the plan decides.
package pipeline
