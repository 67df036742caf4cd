// Package e2e_test runs what the documentation promises: the story of the demo
// on real Flux, what else Flux can do with our objects, what Argo CD makes of
// pushes and its own command of our settings, the commands of the playground, and
// those of README.md.
package e2e_test
