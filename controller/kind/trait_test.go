package kind_test

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/kind"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/script"
	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator"
)

// find follows a dotted path of member names through structures and lists, and
// fails the test if it leads nowhere.
func find(t *testing.T, in reflect.Type, path string) reflect.Type {
	t.Helper()
	for name := range strings.SplitSeq(path, ".") {
		f, ok := element(in).FieldByName(name)
		require.True(t, ok && f.IsExported(), "%s: %s has no member %s", path, element(in), name)
		in = f.Type
	}
	return in
}

func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

func TestTraitsAreMembers(t *testing.T) {
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			input, output := k.Create.Input(), k.Describe.Output()
			require.Equal(t, reflect.String, element(find(t, input, k.Name)).Kind())
			require.Equal(t, reflect.String, element(find(t, output, k.Name)).Kind())
			arn := cmp.Or(k.ARN, k.Kind()+"Arn")
			require.Equal(t, reflect.TypeFor[*string](), find(t, output, arn), "the loop finds the ARN there")
			if !mute[k.Kind()] {
				require.Equal(t, reflect.TypeFor[*string](), find(t, k.Create.Output(), arn), "and there")
			}
			require.NotEqual(t, k.Kind()+"Arn", k.ARN, "which needs no mention")
			if !ageless[k.Kind()] {
				require.Equal(t, reflect.TypeFor[*time.Time](), find(t, output, "CreationTime"), "new tags are waited for from there on")
			}
			for _, member := range k.Within {
				require.True(t, k.Create.HasInput(member) && k.Describe.HasInput(member) && k.Delete.HasInput(member), member)
			}
			if k.ID != "" {
				require.Equal(t, reflect.TypeFor[*string](), find(t, output, k.ID))
				require.Equal(t, reflect.TypeFor[*string](), find(t, k.Create.Output(), k.ID), "the loop learns it there")
				require.NotNil(t, k.Find)
			}
			if k.Token != "" {
				require.Equal(t, reflect.TypeFor[*string](), find(t, input, k.Token))
			}
			for _, path := range slices.Concat(k.Mutable, k.Fixed, compared(k.Compare), unset(k.Reset)) {
				require.True(t, takes(k, path), "%s is a member of no operation", path)
			}
			for path, key := range k.Compare.Unordered {
				if key != "" {
					require.True(t, takes(k, path+"."+key), "%s has no member %s", path, key)
				}
			}
			for _, member := range slices.Concat(slices.Collect(maps.Values(k.Reset.Flags)), slices.Collect(maps.Values(k.Reset.Keys))) {
				require.True(t, k.Update.HasInput(member), "%s is no member of the update", member)
			}
			for name, paths := range k.Yields {
				require.Contains(t, kinds(), name)
				for _, path := range paths {
					require.True(t, takes(k, path), "%s is a member of no operation", path)
				}
			}
			for _, as := range k.Compare.ReadAs {
				find(t, output, as)
			}
			for _, path := range []string{k.Progress, k.Failure} {
				if path != "" {
					find(t, output, path)
				}
			}
			for path, target := range k.Serves {
				require.Equal(t, reflect.TypeFor[*string](), find(t, output, path))
				require.Equal(t, reconcile.Revision, kinds()[target].Lifecycle, "%s is kept while it is served", target)
			}
			if k.EndTime != "" {
				require.Equal(t, reflect.TypeFor[*time.Time](), find(t, output, k.EndTime))
			}
			if k.Billable != "" {
				require.Contains(t, []reflect.Type{reflect.TypeFor[*int32](), reflect.TypeFor[*int64]()}, find(t, output, k.Billable))
			}
		})
	}
}

// compared are all paths that rules of comparison are about, unset those that a kind says
// how to unset.
func compared(r shape.Rules) []string {
	return slices.Concat(r.Unread, r.WriteOnly, r.NeverShown, r.JSON, r.Base64, r.NameOrARN,
		slices.Collect(maps.Keys(r.ReadAs)), slices.Collect(maps.Keys(r.Unordered)), slices.Collect(maps.Keys(r.Defaults)))
}

func unset(r reconcile.Reset) []string {
	return slices.Concat(r.Whole, r.Omitted, r.Name, r.Never, r.Left,
		slices.Collect(maps.Keys(r.With)), slices.Collect(maps.Keys(r.Flags)), slices.Collect(maps.Keys(r.Keys)))
}

// mute are kinds whose Create answers nothing: the ARN is learnt when they are
// first described. ageless are those of which AWS does not tell since when they
// are there.
var mute, ageless = map[string]bool{"MetricAlarm": true, "ScheduledAction": true}, map[string]bool{"MetricAlarm": true}

// takes tells whether one of the operations that make or change an object has
// the member at a path.
func takes(k reconcile.Kind, path string) bool {
	for _, o := range []cloud.Operation{k.Create, k.Update, k.Adjust, k.Delete} {
		if o.Exists() && leads(o.Input(), path) {
			return true
		}
	}
	return false
}

func leads(in reflect.Type, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		f, ok := element(in).FieldByName(name)
		if !ok {
			return false
		}
		in = f.Type
	}
	return true
}

// takesName tells whether the spec may give an object of the kind any name: a
// scalable target has what it scales in that place.
func takesName(k reconcile.Kind) bool {
	name, _ := k.Create.Input().FieldByName(k.Name)
	return name.Type == reflect.TypeFor[*string]()
}

func kinds() map[string]reconcile.Kind {
	all := map[string]reconcile.Kind{}
	for _, k := range kind.All() {
		all[k.Kind()] = k
	}
	return all
}

// wordless are kinds of whose failure AWS tells no reason.
var wordless = map[string]bool{"ModelPackage": true, "ModelPackageGroup": true}

func TestTraitsFitTheLifecycle(t *testing.T) {
	require.Len(t, kinds(), len(kind.All()), "no kind twice")
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			require.True(t, k.Create.Exists() && k.Describe.Exists())
			one, two := k.Object(), k.Object()
			require.NotSame(t, one, two)
			switch k.Lifecycle {
			case reconcile.Job:
				require.True(t, k.Stop.Exists(), "a job that is superseded is stopped")
				require.NotEmpty(t, k.EndTime, "status.runs tells when a run ended")
				require.Contains(t, script.ActionsOf(k.Kind()).Discovery, strconv.Quote(k.NameField()), "Argo CD offers no second run of one name")
			case reconcile.Revision:
				require.True(t, k.Delete.Exists(), "history is pruned")
				require.Equal(t, k.Update.Exists(), len(k.Mutable) > 0, "a revision says what of it can be updated")
			case reconcile.Service:
				require.True(t, k.Delete.Exists())
				if k.Update.Exists() && k.States.Member != "" {
					require.Equal(t, reflect.TypeFor[*time.Time](), find(t, k.Describe.Output(), "LastModifiedTime"), "the end of an update is seen by it")
				}
			}
			if len(k.States.Failed) > 0 && k.Failure == "" && !wordless[k.Kind()] {
				require.Equal(t, reflect.TypeFor[*string](), find(t, k.Describe.Output(), "FailureReason"))
			}
			require.True(t, !k.Start.Exists() || k.Stop.Exists() && k.Update.Exists())
			if k.Lifecycle != reconcile.Job {
				require.False(t, k.KeepsRuns)
				require.Empty(t, k.EndTime+k.Billable+k.ModelData)
			}
			if !k.Update.Exists() {
				require.Empty(t, k.Mutable)
			}
		})
	}
}

// AWS's statuses and those of the table are the same: a new one in the SDK has
// to be put into a class before it is met.
func TestEveryStatusIsInOneClass(t *testing.T) {
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			require.Equal(t, health.Kinds()[k.Kind()], k.States)
			if k.States.Member == "" {
				require.Empty(t, k.States.Values())
				for f := range k.Describe.Output().Fields() {
					require.NotContains(t, []string{"Status", k.Kind() + "Status"}, f.Name, "AWS tells a status, the table does not know it")
				}
				return
			}
			values := enum(t, find(t, k.Describe.Output(), k.States.Member))
			require.ElementsMatch(t, values, k.States.Values())
			if k.States.Detail != "" {
				values = append(values, enum(t, find(t, k.Describe.Output(), k.States.Detail))...)
			}
			for value := range k.States.Reasons {
				require.Contains(t, values, value)
			}
		})
	}
}

// enum lists the values that the SDK knows of a type.
func enum(t *testing.T, of reflect.Type) []string {
	t.Helper()
	list := reflect.Zero(of).MethodByName("Values")
	require.True(t, list.IsValid(), "%s is no enum", of)
	var values []string
	for _, v := range list.Call(nil)[0].Seq2() {
		values = append(values, v.String())
	}
	require.NotEmpty(t, values)
	return values
}

// The loop has nothing but the name to describe, stop and delete by, and to
// update nothing but what Create took.
func TestOperationsNeedNothingButTheName(t *testing.T) {
	server, err := simulator.New(simulator.Options{})
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	config, err := server.AWSConfig(t.Context())
	require.NoError(t, err)
	client, err := cloud.NewClients(config, clock.RealClock{}, nil).For(t.Context(), cloud.Identity{})
	require.NoError(t, err)

	// required are the members that the SDK refuses to leave out.
	required := func(op cloud.Operation) []string {
		if !op.Exists() {
			return nil
		}
		_, err := op.Call(t.Context(), client, shape.Tree{})
		var missing smithy.InvalidParamsError
		if !errors.As(err, &missing) {
			return nil // the SDK lets everything pass
		}
		var names []string
		for _, one := range missing.Errs() {
			var param smithy.InvalidParamError
			require.ErrorAs(t, one, &param)
			names = append(names, strings.TrimPrefix(param.Field(), op.Input().Name()+"."))
		}
		return names
	}
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			address := append([]string{k.Name, k.ID}, k.Within...)
			for _, op := range []cloud.Operation{k.Describe, k.Stop, k.Delete} {
				if !op.Exists() {
					continue
				}
				require.Subset(t, address, required(op), op.Name)
				require.True(t, op.HasInput(k.Name) || op.HasInput(k.ID), op.Name)
			}
			given := required(k.Create)
			require.True(t, slices.Contains(given, k.Name) || k.ID != "")
			for _, op := range []cloud.Operation{k.Update, k.Adjust, k.Start} {
				for _, member := range required(op) {
					own := op.Name == k.Adjust.Name && !k.Update.HasInput(member) // a difference in it is why Adjust is called
					require.True(t, own || slices.Contains(append(given, address...), member), "%s.%s", op.Name, member)
				}
			}
		})
	}
	for _, op := range []cloud.Operation{cloud.AddTags, cloud.ListTags, cloud.DeleteTags} {
		require.Contains(t, required(op), "ResourceArn")
	}
}

// What AWS cannot tell cannot be compared; all else that is not compared has
// to be told in Unread.
func TestWhatDescribeDoesNotTellIsUnread(t *testing.T) {
	ignored := []string{"Tags", "ClientRequestToken", "ClientToken"}
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			made := shape.Tree{} // by the kind, of what Describe tells
			if k.Reading != nil {
				k.Reading(shape.Tree{}, made)
			}
			for f := range k.Create.Input().Fields() {
				if _, ok := made[f.Name]; !ok && f.IsExported() && !k.Describe.HasOutput(f.Name) && k.Compare.ReadAs[f.Name] == "" && !slices.Contains(ignored, f.Name) {
					require.True(t, k.Compare.Hides(f.Name), f.Name)
				}
			}
		})
	}
}

func TestModelDataCanBeTaken(t *testing.T) {
	makers := 0
	for _, k := range kind.All() {
		t.Run(k.Kind(), func(t *testing.T) {
			if k.ModelData == "" {
				return
			}
			makers++
			status, ok := reflect.TypeOf(k.Object()).Elem().FieldByName("Status")
			require.True(t, ok)
			at := status.Type
			for name := range strings.SplitSeq(k.ModelData, ".") {
				at = jsonField(t, element(at), name)
			}
			require.Equal(t, reflect.String, element(at).Kind())
		})
	}
	require.Positive(t, makers, "a model's data comes from a job")
}

func jsonField(t *testing.T, in reflect.Type, name string) reflect.Type {
	t.Helper()
	for f := range in.Fields() {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f.Type
		}
	}
	require.Fail(t, "no such field", "%s has no field %s", in, name)
	return nil
}
