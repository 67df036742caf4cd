// Package cluster runs a real Kubernetes control plane and real Flux
// controllers as child processes, for tests, demonstrations and benchmarks.
//
// Nothing is simulated: etcd, kube-apiserver, kube-controller-manager,
// source-controller and kustomize-controller are built from their Go modules
// (see modules/) and kept in the user's cache directory. A [GitServer] serves
// repositories to them. Every child dies with this process, whatever kills it.
//
// The bench runs on Linux only. The ambient KUBECONFIG is not read unless
// USE_EXISTING_CLUSTER=true and CLUSTER_CONTEXT name a cluster to be used.
package cluster
