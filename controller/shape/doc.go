// Package shape converts between trees (nested maps, lists and scalars, as
// Kubernetes and JSON have them) and the typed inputs and outputs of
// aws-sdk-go-v2, for every operation alike.
//
// It rests on one rule: a member is a member by its name, whatever the case.
// So `roleARN` in a custom resource is RoleArn in CreateTrainingJobInput, and
// no kind needs conversion code. Below the top level of an input the SDK's own
// schema (de)serialisers do the work, unions included; only the fields of an
// input itself are set by reflection, because inputs cannot deserialise
// themselves.
//
// Trees made from SDK values carry AWS's member names, RFC 3339 strings for
// times and base64 strings for blobs; members that are absent in the SDK value
// are absent in the tree.
package shape
