// Package bench runs everything between a git push and a model that answers:
// a real Kubernetes API and the real Flux controllers or a real Argo CD (package
// cluster), the built controller under the permissions it is installed with, a git
// server, and the simulated SageMaker. The demo and the end-to-end tests run on it.
package bench
