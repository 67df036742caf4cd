// Package observed changes the simulator's answers the way that AWS was seen to
// change them: it fills in defaults, leaves members out, reorders lists, rewrites
// and coerces values.
//
// The facts stand in table/*.yaml, one for each answer that somebody published or
// that the API model documents. Each has an id, a source and a confidence:
//
//   - live: somebody published an answer of AWS, or code that works around one;
//   - schema: the API model or CloudFormation's schema says so;
//   - inference: it follows from code or reports, and no answer shows it.
//
// Sources are abbreviated: ack is aws-controllers-k8s/sagemaker-controller, tf is
// hashicorp/terraform-provider-aws, custodian is cloud-custodian's recorded answers,
// examples is aws/amazon-sagemaker-examples, operator is the original
// aws/amazon-sagemaker-operator-for-k8s, api model is AWS's service model of 2026-08.
//
// Facts that contradict each other, and defaults that are only documented, hold or
// do not hold by coin: a coin falls the same way for the same seed. Facts that the
// simulator cannot show say why they are left out; left-out.yaml lists those about
// operations that it does not have.
//
// The package is pure: it makes a changed copy of an answer and keeps nothing.
package observed
