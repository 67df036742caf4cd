// Package script holds the truth table of package health in the languages of others:
// Lua for Argo CD, CEL for the healthCheckExprs of Flux. It also has both for the
// custom resources of the ACK controllers for SageMaker and Application Auto Scaling,
// and resource actions for Argo CD. The kustomize components of this repository are
// made from it.
//
//	Lua, CEL        objects of sagemaker.gitops.dev, as [health.Of] judges them
//	ACKLua, ACKCEL  objects of sagemaker.services.k8s.aws and
//	                applicationautoscaling.services.k8s.aws
//	ActionsOf       what people can do to an object of sagemaker.gitops.dev
//
// # Lua
//
// A script reads the global obj and returns {status, message}. It needs no library
// but base and table, which is all that Argo CD gives to scripts of its ConfigMap
// argocd-cm; actions also require os, of which it leaves them the date.
//
// # CEL
//
// Flux asks inProgress, failed and current in this order, and takes an object of
// which none is true for one in progress. An object that is suspended is judged as
// without it, for Flux has no word for that.
//
// # ACK
//
// ACK reports a job that has failed as synchronised, and as Ready. What counts here is
// the status that AWS gives, sorted as in [health.Kinds]:
//
//	case, the first that fits                 Argo CD      Flux
//	metadata.deletionTimestamp is set         Progressing  InProgress
//	ACK.Terminal True                         Degraded     Failed
//	failed; a job that was stopped; gone      Degraded     Failed
//	ACK.Recoverable True                      Progressing  InProgress
//	a service that was stopped, synchronised  Suspended    Current
//	done, ACK.ResourceSynced True             Healthy      Current
//	any other                                 Progressing  InProgress
//
// ACK does not say which generation its status speaks of: between a change of the spec
// and ACK's first look at it an object can pass for healthy, which no script can know.
package script
