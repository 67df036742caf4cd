// Package e2e_test runs what the documentation promises: the story of the demo
// on real Flux, the same and more on real Argo CD, what else Flux can do with our
// objects, the commands of the playground, and those of README.md.
package e2e_test
