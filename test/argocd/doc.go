// Package argocd has nothing but tests: they run what the kustomize components give to
// Argo CD through Argo CD's own code, which reads its ConfigMap, has its own Lua machine
// and patches objects. It is a module of its own, for Argo CD brings 1,200 packages, and
// a directory in place of a module that was never published.
package argocd
