package kind_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// because are sources of rules of comparison that no observed fact has.
var because = map[string]string{
	"Space Unordered SpaceSettings.KernelGatewayAppSettings.CustomImages":                                            "as in Domain's DefaultSpaceSettings, of the same shape",
	"Endpoint Unordered DesiredWeightsAndCapacities":                                                                 "they are the variants of Describe, by name",
	"NotebookInstance Unordered AdditionalCodeRepositories":                                                          "Terraform keeps them as a set",
	"NotebookInstance Unordered AcceleratorTypes":                                                                    "they are a set of types",
	"Project Unordered ServiceCatalogProvisioningDetails.ProvisioningParameters":                                     "they are parameters, by key",
	"Domain NeverShown DefaultUserSettings.RStudioServerProAppSettings.AccessStatus":                                 "Terraform's issue 35382",
	"UserProfile NeverShown UserSettings.RStudioServerProAppSettings.AccessStatus":                                   "Terraform's issue 35382",
	"Domain Defaults DefaultUserSettings.RStudioServerProAppSettings.AccessStatus":                                   "Terraform's issue 35382",
	"UserProfile Defaults UserSettings.RStudioServerProAppSettings.AccessStatus":                                     "Terraform's issue 35382",
	"UserProfile Defaults UserSettings.StudioWebPortal":                                                              "as in Domain's DefaultUserSettings, of the same shape",
	"UserProfile Defaults UserSettings.DefaultLandingUri":                                                            "as in Domain's DefaultUserSettings, of the same shape",
	"UserProfile Unordered UserSettings.RSessionAppSettings.CustomImages":                                            "as in Domain's DefaultUserSettings, of the same shape",
	"Domain Unordered DefaultUserSettings.StudioWebPortalSettings.HiddenSageMakerImageVersionAliases.VersionAliases": "CloudFormation's schema",
	"UserProfile Unordered UserSettings.StudioWebPortalSettings.HiddenSageMakerImageVersionAliases.VersionAliases":   "CloudFormation's schema",
}

// TestRulesOfComparisonHaveASource: each rule by which a kind is compared with what AWS
// describes rests on an observed fact, on the API's shapes or on a named source.
func TestRulesOfComparisonHaveASource(t *testing.T) {
	t.Parallel()
	facts, err := simulator.Observed()
	require.NoError(t, err)
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			t.Parallel()
			e := evidence{k, facts}
			var without []string
			for _, group := range []struct {
				name    string
				paths   []string
				changes []string
			}{
				{"Unread", k.Compare.Unread, []string{"omit", "drop", "put", "coerce", "kinds"}},
				{"WriteOnly", k.Compare.WriteOnly, []string{"omit", "drop", "put", "kinds"}},
				{"NeverShown", k.Compare.NeverShown, []string{"omit", "drop"}},
				{"ReadAs", slices.Sorted(maps.Keys(k.Compare.ReadAs)), []string{"kinds"}},
				{"Unordered", slices.Sorted(maps.Keys(k.Compare.Unordered)), []string{"reorder"}},
				{"JSON", k.Compare.JSON, []string{"coerce"}},
				{"Base64", k.Compare.Base64, []string{"coerce"}},
				{"NameOrARN", k.Compare.NameOrARN, []string{"coerce", "arn"}},
				{"Defaults", slices.Sorted(maps.Keys(k.Compare.Defaults)), []string{"fill", "complete", "one of", "absent", "omit"}},
			} {
				for _, path := range group.paths {
					rule := fmt.Sprintf("%s %s %s", k.Kind(), group.name, path)
					if because[rule] == "" && !e.observed(path, group.changes) && !e.notDescribed(path) {
						without = append(without, rule)
					}
				}
			}
			require.Empty(t, without, "say where these come from: in test/simulator/internal/observed/table, or above")
		})
	}
}

// evidence is what is known of the answers to a kind's Describe.
type evidence struct {
	kind  reconcile.Kind
	facts []simulator.ObservedFact
}

// observed tells whether AWS was seen to change a member, or one around it or in it.
func (e evidence) observed(path string, changes []string) bool {
	described := path
	if as, ok := e.kind.Compare.ReadAs[path]; ok {
		described = as
	}
	return slices.ContainsFunc(e.facts, func(fact simulator.ObservedFact) bool {
		return slices.Contains(fact.Operations, e.kind.Describe.Name) && slices.Contains(changes, fact.Change) &&
			slices.ContainsFunc(fact.Members, func(member string) bool {
				if list, inner, ok := strings.Cut(member, "."); ok && neighbours[list] { // the answer is a list of such objects
					member = inner
				}
				return within(described, member) || within(member, described)
			})
	})
}

var neighbours = map[string]bool{"ScalableTargets": true, "ScalingPolicies": true, "ScheduledActions": true, "MetricAlarms": true}

func within(path, above string) bool { return path == above || strings.HasPrefix(path, above+".") }

// notDescribed tells whether the answer has no such member at all.
func (e evidence) notDescribed(path string) bool {
	at := e.kind.Describe.Output()
	for name := range strings.SplitSeq(path, ".") {
		for at.Kind() == reflect.Pointer || at.Kind() == reflect.Slice {
			at = at.Elem()
		}
		if at.Kind() != reflect.Struct {
			return false
		}
		field, ok := at.FieldByNameFunc(func(member string) bool { return strings.EqualFold(member, name) })
		if !ok {
			return true
		}
		at = field.Type
	}
	return false
}
