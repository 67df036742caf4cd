package reconcile

import (
	"fmt"
	"path"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// The annotations of an object by which ACK says what control fields say. They are taken
// as defaults, so that manifests migrate by changing their apiVersion.
const (
	ackRegion         = "services.k8s.aws/region"
	ackDeletionPolicy = "services.k8s.aws/deletion-policy"
	ackAdoptionPolicy = "services.k8s.aws/adoption-policy"
	ackReadOnly       = "services.k8s.aws/read-only"
)

// The annotations of a namespace by which ACK says what ours say.
const (
	ackDefaultRegion = "services.k8s.aws/default-region"
	ackEndpoint      = "services.k8s.aws/endpoint-url"
	// ackOwnerAccount and ackTeam name entries of a ConfigMap of roles in ACK's own
	// namespace, which is not read.
	ackOwnerAccount = "services.k8s.aws/owner-account-id"
	ackTeam         = "services.k8s.aws/team-id"
	// ackServiceDeletionPolicy stands behind the name of an AWS service.
	ackServiceDeletionPolicy = ".services.k8s.aws/deletion-policy"
)

// ackService is what ACK calls the AWS service of a kind, such as sagemaker.
func (k Kind) ackService() string {
	if !k.Create.Exists() {
		return "sagemaker" // what is made of other kinds
	}
	return path.Base(k.Create.Input().PkgPath())
}

// withACK takes what ACK's annotations say for fields that the spec leaves
// open. It returns a hint for each one used.
func (c control) withACK(annotations map[string]string) (control, []string) {
	var hints []string
	used := func(annotation, field string) {
		hints = append(hints, fmt.Sprintf("the annotation %s is ACK's: use spec.%s", annotation, field))
	}
	if v := annotations[ackRegion]; v != "" && c.Region == "" {
		c.Region = v
		used(ackRegion, "region: "+v)
	}
	if c.DeletionPolicy == "" && takeACKPolicy(&c, annotations[ackDeletionPolicy], "annotation "+ackDeletionPolicy) && c.UnknownPolicy == "" {
		used(ackDeletionPolicy, "deletionPolicy: "+string(c.DeletionPolicy))
	}
	if v := annotations[ackAdoptionPolicy]; (v == "adopt" || v == "adopt-or-create") && c.AdoptionPolicy == "" {
		c.AdoptionPolicy = v1alpha1.AdoptUnowned
		used(ackAdoptionPolicy, "adoptionPolicy: "+string(v1alpha1.AdoptUnowned))
	}
	if annotations[ackReadOnly] == "true" && c.ManagementPolicy == "" {
		c.ManagementPolicy = v1alpha1.ManageObserve
		used(ackReadOnly, "managementPolicy: "+string(v1alpha1.ManageObserve))
	}
	return c, hints
}

// takeACKPolicy takes a deletion policy in ACK's words and tells whether there is one.
// Another word is refused: what is said of a deletion must not be guessed at.
func takeACKPolicy(c *control, said, where string) bool {
	switch said {
	case "":
		return false
	case "delete":
		c.DeletionPolicy = v1alpha1.DeletionDelete
	case "retain":
		c.DeletionPolicy = v1alpha1.DeletionRetain
	default:
		c.DeletionPolicy = v1alpha1.DeletionRetain // until somebody says what is meant
		c.UnknownPolicy = fmt.Sprintf("%s: %q is none of [delete retain]", where, said)
	}
	return true
}

// hintsOfACK name our field for each of ACK's annotations that a namespace has.
func hintsOfACK(namespace string, annotations map[string]string, kind Kind) []string {
	var hints []string
	for _, one := range []struct{ theirs, ours string }{
		{ackDefaultRegion, annotationRegion},
		{ackEndpoint, annotationEndpoint},
		{ackOwnerAccount, annotationAssumeRole},
		{ackTeam, annotationAssumeRole},
		{kind.ackService() + ackServiceDeletionPolicy, annotationDeletionPolicy},
	} {
		if annotations[one.theirs] != "" && annotations[one.ours] == "" {
			hints = append(hints, fmt.Sprintf("the annotation %s of namespace %s is ACK's: use %s", one.theirs, namespace, one.ours))
		}
	}
	return hints
}

// checkAccount refuses to act in another account than the one that ACK's annotation of the
// namespace asks for.
func (s *scope) checkAccount() error {
	if want := s.control.OwnerAccount; want != "" && want != s.client.Account {
		return &refusal{reason.ValidationFailed, fmt.Sprintf(
			"annotation %s of namespace %s asks for account %s, but AWS is called as account %s; "+
				"set the annotation %s to the role that ACK's ConfigMap ack-role-account-map has for that account",
			ackOwnerAccount, s.owner.Namespace, want, s.client.Account, annotationAssumeRole)}
	}
	return nil
}
