// Package deployment makes of one ModelDeployment the models, endpoint
// configurations, endpoint, components, scaling and alarms that it stands for,
// and takes changes to the endpoint step by step. It creates custom resources
// and no AWS objects: the loop of each kind does that.
//
//	check      says what is wrong with a spec                          (pure)
//	render     makes the wanted custom resources of a spec             (pure)
//	judge      decides from what there is what is the case, a Stage    (pure)
//	source     finds what references and package groups stand for
//	Kind       tells the other loops what a deployment refers to
//	Reconciler looks, judges, does the one thing the stage asks for
//
// # Decisions
//
//   - Models and configurations are named by the digest of what they ask of AWS
//     and are never changed: a spec that comes back finds them again, and its
//     roll-out needs no new model.
//   - The Endpoint resource has the endpoint's name. Whose an endpoint is in AWS
//     goes by the custom resource's name, so another ModelDeployment can take the
//     endpoint over without AWS noticing.
//   - What a roll-out needs is there before the endpoint is touched: models, the
//     configuration, alarms that exist and are quiet. Anything missing leaves
//     the endpoint as it is.
//   - A configuration that did not stay stands in status.refused and is not tried
//     again: its name is made from its content, so any change that matters is
//     another configuration. A smoke test that has changed is asked again.
//   - What a deployment refers to is not ready before the deployment has taken note
//     of its change: a job that a revert finds finished would otherwise be ready
//     together with a deployment that still serves the later model.
package deployment
