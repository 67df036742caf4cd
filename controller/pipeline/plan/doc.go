// Package plan makes of a pipeline's spec an exact plan, before anything runs, and
// decides of each step what is due. It touches nothing: what it depends on is
// given to it.
package plan
