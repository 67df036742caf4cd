package loop_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/fault"
)

const clusterNameRecord = "sagemaker-gitops-cluster-name"

// newGuarded is a world whose controller has a namespace of its own to record its cluster
// name in.
func newGuarded(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.runtime = w.namespace
	return w
}

// recordedName is the recorded cluster name; empty if there is none.
func (w *world) recordedName() string {
	w.t.Helper()
	var record corev1.ConfigMap
	err := w.kube.Get(w.ctx, client.ObjectKey{Namespace: w.runtime, Name: clusterNameRecord}, &record)
	require.NoError(w.t, client.IgnoreNotFound(err))
	require.Empty(w.t, record.Labels, "no GitOps tool takes it for its own")
	return record.Data["clusterName"]
}

// loseRecord makes the record vanish, as when a cluster is lost.
func (w *world) loseRecord() {
	w.t.Helper()
	record := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.runtime, Name: clusterNameRecord}}
	require.NoError(w.t, w.kube.Delete(w.ctx, record))
}

// refusesToStart is why a controller of that cluster name does not start. It changes
// nothing in AWS.
func (w *world) refusesToStart(cluster string) string {
	w.t.Helper()
	before, right := w.recordedName(), w.cluster
	w.aws.Journal().Reset()
	w.cluster = cluster
	err := w.tryStart(nil, nil)
	w.cluster = right
	require.Error(w.t, err)
	w.pass(time.Minute, step)
	require.Empty(w.t, w.aws.Journal().Mutations())
	require.Equal(w.t, before, w.recordedName())
	return err.Error()
}

// chainServes makes the chain serve under the right cluster name.
func (w *world) chainServes() {
	w.t.Helper()
	w.startController()
	w.apply(abalone())
	w.until("the chain is ready", w.chainReady)
	require.Equal(w.t, w.cluster, w.recordedName())
}

// TestClusterNameMistyped: with the record a controller of another name does not start,
// and one of the right name goes on and changes nothing.
func TestClusterNameMistyped(t *testing.T) {
	w := newGuarded(t)
	w.chainServes()
	w.stopController()
	message := w.refusesToStart("tset")
	require.Contains(t, message, `--cluster-name is "tset", but the ConfigMap `+w.runtime+"/"+clusterNameRecord+` records "test"; set --cluster-name=test`)
	require.Contains(t, message, "runs every job anew")

	w.renameFrom = "prod"
	require.Contains(t, w.refusesToStart("tset"), `--rename-cluster-from is "prod", but the ConfigMap `)
	w.renameFrom = ""
	w.aws.Journal().Reset()
	w.startController()
	w.pass(time.Hour, time.Minute)
	require.True(t, w.chainReady())
	require.Empty(t, w.aws.Journal().Mutations())
}

// TestClusterNameWithoutRecord: a cluster whose record is lost goes on under its name,
// and is refused under another one, be it rebuilt from git or upgraded.
func TestClusterNameWithoutRecord(t *testing.T) {
	for _, row := range []struct {
		reason  string
		rebuilt bool
	}{{"upgraded: status tells what is in AWS", false}, {"rebuilt: the specs tell it", true}} {
		t.Run(row.reason, func(t *testing.T) {
			w := newGuarded(t)
			w.chainServes()
			w.stopController()
			if row.rebuilt {
				w.forget()
				w.apply(abalone())
			}
			w.pass(time.Minute, step)
			w.loseRecord()
			message := w.refusesToStart("tset")
			require.Contains(t, message, `carries the tags of cluster "test"; set --cluster-name=test`)
			require.Contains(t, message, "kubectl create configmap "+clusterNameRecord+" --namespace="+w.runtime+" --from-literal=clusterName=tset")

			w.aws.Journal().Reset()
			w.startController()
			w.until("the chain is ready", w.chainReady)
			require.Equal(t, "test", w.recordedName())
			require.Empty(t, w.aws.Journal().Mutations(), "nothing runs anew")
		})
	}
}

// TestClusterRenamed: the flag renames, once, and the renamed cluster runs everything
// anew and touches nothing of what it was.
func TestClusterRenamed(t *testing.T) {
	w := newGuarded(t)
	w.startController()
	w.apply(trainingJob(100))
	w.until("it is completed", func() bool { return isReady(w.job()) })
	first := w.job().Status.Name
	w.stopController()

	w.cluster, w.renameFrom = "renamed", "test"
	w.startController()
	require.Equal(t, "renamed", w.recordedName())
	w.until("it runs anew", func() bool { return len(w.jobs("Completed")) == 2 && isReady(w.job()) })
	require.NotEqual(t, first, w.job().Status.Name)
	w.restartController() // the flag may stay
	require.Equal(t, "renamed", w.recordedName())

	w.stopController()
	w.renameFrom = ""
	require.Contains(t, w.refusesToStart("test"), `records "renamed"`)
}

// TestClusterNameNew: without resources, and with those of which AWS has nothing, the
// name is recorded as it is.
func TestClusterNameNew(t *testing.T) {
	w := newGuarded(t)
	w.apply(abalone())
	w.startController()
	require.Equal(t, "test", w.recordedName())
	w.until("the chain is ready", w.chainReady)

	w.stopController()
	w.loseRecord()
	record := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.runtime, Name: clusterNameRecord}, Data: map[string]string{"clusterName": "another"},
	}
	require.NoError(t, w.kube.Create(w.ctx, record))
	w.cluster = "another"
	w.startController() // a record made by hand is believed
}

// TestClusterNameUnread: what AWS does not tell is no reason to go on.
func TestClusterNameUnread(t *testing.T) {
	w := newGuarded(t)
	w.chainServes()
	w.stopController()
	w.loseRecord()
	w.fault(fault.Rule{Action: fault.Deny, Operation: "ListTags"})
	require.Contains(t, w.refusesToStart("test"), "could not find out whether --cluster-name is right: the tags of ")
}

// TestClusterNameIsPermitted: the installed roles allow the controller to record its name.
func TestClusterNameIsPermitted(t *testing.T) {
	w := newGuarded(t)
	w.confine()
	text, err := os.ReadFile("../../kustomize/rbac/cluster-name.yaml")
	require.NoError(t, err)
	text, _, _ = bytes.Cut(text, []byte("\n---\n"))
	var role rbacv1.Role
	require.NoError(t, yaml.UnmarshalStrict(text, &role))
	role.Namespace = w.namespace
	require.NoError(t, w.kube.Create(w.ctx, &role))
	require.NoError(t, w.kube.Create(w.ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: role.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "sagemaker-gitops-system", Name: "sagemaker-gitops"}},
	}))
	require.Eventually(t, func() bool { return w.tryStart(nil, nil) == nil }, time.Minute, time.Second, "roles count after a moment")
	require.Equal(t, "test", w.recordedName())
	w.stopController()
	w.cluster, w.renameFrom = "renamed", "test"
	w.startController()
	require.Equal(t, "renamed", w.recordedName())
}
