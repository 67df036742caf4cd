// Package argocd lets programs that embed the gitops-engine of Argo CD judge our objects
// as package health does, and wait for them as Argo CD does.
//
// [Override] is the engine's HealthOverride; give it to the engine's cluster cache and to
// each of its syncs. [Syncer] carries out a sync to its end: the engine's own Sync takes
// live objects from its cache once and never again, so that it waits for ever for what it
// has just created, and judges what it has just changed by what it was before.
//
// The engine lives at github.com/argoproj/argo-cd/gitops-engine; the module at the old
// path, github.com/argoproj/gitops-engine, does not compile with Kubernetes 1.36. It
// brings 700 packages, k8s.io/kubernetes among them, which only those link who import
// this package. They build and tidy without a replace directive. `go list -m all` fails in
// their module, because k8s.io/kubernetes requires versions of its parts that were never
// published: a module that needs it copies the replace directives of Argo CD's own go.mod
// for k8s.io/*. Modules that import other packages of this project need none.
package argocd
