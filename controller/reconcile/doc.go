// Package reconcile is the one loop that makes AWS follow a custom resource,
// the same for every SageMaker kind.
//
// A round reads the object, resolves its references, builds the request it
// stands for, looks at AWS, decides which situation that is (situate, a pure
// function) and does one thing about it. It never waits for AWS: what takes
// time is looked at again in a later round. Whatever a round found out is
// written once, at its end, by the only code that sets conditions (finish).
//
// Two rules make a crash at any point harmless. What is about to be created or
// changed in AWS is written to status first, so that the next round knows
// about it even if this one never hears the answer. And names are derived from
// what is asked for, so that asking twice is asking once.
package reconcile
