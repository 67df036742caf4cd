package reconcile

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/identity"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

func TestSplit(t *testing.T) {
	var job v1alpha1.TrainingJob
	require.NoError(t, yaml.UnmarshalStrict([]byte(`
spec:
  suspend: true
  region: eu-west-1
  serviceAccountName: sa
  assumeRole: {roleARN: r, externalID: e}
  managementPolicy: Observe
  deletionPolicy: Retain
  adoptionPolicy: Never
  rerun: "1"
  readiness: Submitted
  roleARN: arn
  hyperParameters: {eta: "0.2"}
  resourceConfig: {instanceCount: 2}
  enableManagedSpotTraining: false
  tags: [{key: k, value: v}]
`), &job))
	before := job.DeepCopy()
	c, spec, err := split(&job)
	require.NoError(t, err)
	require.Equal(t, before, &job, "the object is left alone")
	require.Equal(t, control{
		Control: v1alpha1.Control{
			Suspend: true, Region: "eu-west-1", ServiceAccountName: "sa", AssumeRole: &v1alpha1.AssumeRole{RoleARN: "r", ExternalID: "e"},
			ManagementPolicy: v1alpha1.ManageObserve, DeletionPolicy: v1alpha1.DeletionRetain, AdoptionPolicy: v1alpha1.AdoptNever,
		},
		JobControl: v1alpha1.JobControl{Rerun: "1", Readiness: v1alpha1.ReadyWhenSubmitted},
	}, c)
	require.Equal(t, shape.Tree{
		"roleARN": "arn", "hyperParameters": map[string]any{"eta": "0.2"}, "resourceConfig": map[string]any{"instanceCount": int64(2)},
		"enableManagedSpotTraining": false, "tags": []any{map[string]any{"key": "k", "value": "v"}},
	}, spec, "what is left speaks of AWS")

	for value, suspends := range map[string]bool{"true": true, "false": false, "": false, "yes": false} {
		annotated := &v1alpha1.Model{}
		annotated.Annotations = map[string]string{v1alpha1.AnnotationSuspend: value}
		c, _, err = split(annotated)
		require.NoError(t, err)
		require.Equal(t, suspends, c.Suspend, "%q", value)
		require.Equal(t, suspends, c.BesideGit, "%q", value)
		annotated.Spec.Suspend = true
		c, _, err = split(annotated)
		require.NoError(t, err)
		require.True(t, c.Suspend, "the annotation %q does not undo what the spec says", value)
		require.False(t, c.BesideGit, "git knows")
	}

	c, spec, err = split(new(v1alpha1.Model))
	require.NoError(t, err)
	require.Equal(t, control{}, c)
	require.Empty(t, spec)
}

// A control field of one kind must not be an AWS field of another: split takes
// all of them out of every spec.
func TestControlFieldsAreAllKnown(t *testing.T) {
	names := controlFields(reflect.TypeFor[control]())
	for _, name := range []string{
		"suspend", "region", "serviceAccountName", "assumeRole", "managementPolicy", "deletionPolicy", "adoptionPolicy",
		"rerun", "readiness", "interval", "revisionHistoryLimit", "externalID", "progressDeadline",
	} {
		require.True(t, names[name], name)
		delete(names, name)
	}
	require.Empty(t, names, "a new control field has to be added here")
}

func TestDefaults(t *testing.T) {
	owner := identity.Owner{Cluster: "prod", Namespace: "ml"}
	everywhere := map[string]string{annotationRegion: "eu-west-1", annotationDeletionPolicy: "Retain"}
	role := v1alpha1.AssumeRole{RoleARN: "r"}
	for _, row := range []struct {
		reason    string
		given     v1alpha1.Control
		namespace map[string]string
		flag      v1alpha1.DeletionPolicy
		retained  bool
		want      v1alpha1.Control
	}{
		{
			reason: "what git cannot make again is retained, whatever the flag says", flag: v1alpha1.DeletionDelete, retained: true,
			want: v1alpha1.Control{DeletionPolicy: v1alpha1.DeletionRetain, AdoptionPolicy: v1alpha1.AdoptIfOwned},
		},
		{
			reason: "but not against the namespace", namespace: map[string]string{annotationDeletionPolicy: "Delete"}, retained: true,
			want: v1alpha1.Control{DeletionPolicy: v1alpha1.DeletionDelete, AdoptionPolicy: v1alpha1.AdoptIfOwned},
		},
		{
			reason:    "an identity of the namespace is for objects that name none",
			namespace: map[string]string{annotationServiceAccount: "team"},
			want:      v1alpha1.Control{ServiceAccountName: "team", DeletionPolicy: v1alpha1.DeletionDelete, AdoptionPolicy: v1alpha1.AdoptIfOwned},
		},
		{
			reason: "and not mixed with one of theirs", given: v1alpha1.Control{ServiceAccountName: "own"},
			namespace: map[string]string{annotationAssumeRole: "r"},
			want:      v1alpha1.Control{ServiceAccountName: "own", DeletionPolicy: v1alpha1.DeletionDelete, AdoptionPolicy: v1alpha1.AdoptIfOwned},
		},
		{
			reason: "nothing says anything",
			want:   v1alpha1.Control{DeletionPolicy: v1alpha1.DeletionDelete, AdoptionPolicy: v1alpha1.AdoptIfOwned},
		},
		{
			reason: "the controller's flag does", flag: v1alpha1.DeletionPurge,
			want: v1alpha1.Control{DeletionPolicy: v1alpha1.DeletionPurge, AdoptionPolicy: v1alpha1.AdoptIfOwned},
		},
		{
			reason: "the namespace goes before the flag", namespace: everywhere, flag: v1alpha1.DeletionPurge,
			want: v1alpha1.Control{Region: "eu-west-1", DeletionPolicy: v1alpha1.DeletionRetain, AdoptionPolicy: v1alpha1.AdoptIfOwned},
		},
		{
			reason: "the spec goes first", namespace: everywhere, flag: v1alpha1.DeletionRetain,
			given: v1alpha1.Control{Region: "us-east-1", DeletionPolicy: v1alpha1.DeletionPurge, AdoptionPolicy: v1alpha1.AdoptNever},
			want:  v1alpha1.Control{Region: "us-east-1", DeletionPolicy: v1alpha1.DeletionPurge, AdoptionPolicy: v1alpha1.AdoptNever},
		},
		{
			reason: "a role is assumed with an external id that no other namespace has", given: v1alpha1.Control{AssumeRole: &role},
			want: v1alpha1.Control{
				AssumeRole:     &v1alpha1.AssumeRole{RoleARN: "r", ExternalID: "prod/ml"},
				DeletionPolicy: v1alpha1.DeletionDelete, AdoptionPolicy: v1alpha1.AdoptIfOwned,
			},
		},
		{
			reason: "unless the spec gives one", given: v1alpha1.Control{AssumeRole: &v1alpha1.AssumeRole{RoleARN: "r", ExternalID: "e"}},
			want: v1alpha1.Control{
				AssumeRole:     &v1alpha1.AssumeRole{RoleARN: "r", ExternalID: "e"},
				DeletionPolicy: v1alpha1.DeletionDelete, AdoptionPolicy: v1alpha1.AdoptIfOwned,
			},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			given := row.given.DeepCopy()
			require.Equal(t, row.want, control{Control: row.given}.withDefaults(row.namespace, owner, Kind{Retained: row.retained}, Options{DeletionPolicy: row.flag}).Control)
			require.Equal(t, *given, row.given, "the object's own role is left alone")
		})
	}
}

func TestACKsAnnotationsAreDefaults(t *testing.T) {
	for _, row := range []struct {
		reason      string
		given       v1alpha1.Control
		annotations map[string]string
		want        v1alpha1.Control
		hints       []string
	}{
		{"there are none", v1alpha1.Control{Region: "us-east-1"}, map[string]string{"team": "ml"}, v1alpha1.Control{Region: "us-east-1"}, nil},
		{
			"all of them",
			v1alpha1.Control{},
			map[string]string{
				"services.k8s.aws/region": "eu-west-1", "services.k8s.aws/deletion-policy": "retain",
				"services.k8s.aws/adoption-policy": "adopt", "services.k8s.aws/read-only": "true",
			},
			v1alpha1.Control{
				Region: "eu-west-1", DeletionPolicy: v1alpha1.DeletionRetain, AdoptionPolicy: v1alpha1.AdoptUnowned, ManagementPolicy: v1alpha1.ManageObserve,
			},
			[]string{"spec.region: eu-west-1", "spec.deletionPolicy: Retain", "spec.adoptionPolicy: Unowned", "spec.managementPolicy: Observe"},
		},
		{
			"the spec goes first, and then there is nothing to hint at",
			v1alpha1.Control{Region: "us-east-1", DeletionPolicy: v1alpha1.DeletionPurge, AdoptionPolicy: v1alpha1.AdoptNever, ManagementPolicy: v1alpha1.ManageFull},
			map[string]string{
				"services.k8s.aws/region": "eu-west-1", "services.k8s.aws/deletion-policy": "retain",
				"services.k8s.aws/adoption-policy": "adopt-or-create", "services.k8s.aws/read-only": "true",
			},
			v1alpha1.Control{Region: "us-east-1", DeletionPolicy: v1alpha1.DeletionPurge, AdoptionPolicy: v1alpha1.AdoptNever, ManagementPolicy: v1alpha1.ManageFull},
			nil,
		},
		{
			"values that ACK does not know: nothing is deleted until somebody says what is meant",
			v1alpha1.Control{},
			map[string]string{"services.k8s.aws/deletion-policy": "keep", "services.k8s.aws/read-only": "false", "services.k8s.aws/adoption-policy": "never"},
			v1alpha1.Control{DeletionPolicy: v1alpha1.DeletionRetain},
			nil,
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			c, hints := control{Control: row.given}.withACK(row.annotations)
			require.Equal(t, row.want, c.Control)
			require.Len(t, hints, len(row.hints))
			for i, want := range row.hints {
				require.Contains(t, hints[i], want)
			}
		})
	}
}

func TestIntervalAndHistory(t *testing.T) {
	given := control{DriftControl: v1alpha1.DriftControl{Interval: &metav1.Duration{Duration: time.Minute}}}
	require.Equal(t, time.Minute, given.interval(Service))
	require.Equal(t, 10*time.Minute, control{}.interval(Service))
	require.Equal(t, time.Hour, control{}.interval(Revision), "an immutable object is only missed")
	zero := control{DriftControl: v1alpha1.DriftControl{Interval: &metav1.Duration{}}}
	require.Equal(t, 10*time.Minute, zero.interval(Service), "0 is no interval")

	require.Equal(t, 10, control{}.history())
	none := int32(0)
	require.Equal(t, 0, control{RevisionControl: v1alpha1.RevisionControl{RevisionHistoryLimit: &none}}.history())
}
