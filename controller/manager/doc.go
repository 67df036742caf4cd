// Package manager wires the controller together: options, the list of kinds
// and one Run.
package manager
