// Package child makes, changes and removes custom resources that belong to
// another one: those of a ModelDeployment or a ModelPipeline.
//
// A child is controlled by its owner (Argo CD draws the tree, Kubernetes
// collects what is left), carries the owner's labels, so that a shard has a whole
// family, and none of the marks by which Argo CD, Flux and kustomize know what
// they have applied themselves: they would take it for theirs, and prune it.
package child
