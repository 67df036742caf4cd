package deployment

import (
	"context"
	"errors"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/v1alpha1"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/child"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/reconcile"
)

// family are the children of a deployment that there are.
type family struct {
	child.Family

	models     v1alpha1.ModelList
	configs    v1alpha1.EndpointConfigList
	alarms     v1alpha1.MetricAlarmList
	components v1alpha1.InferenceComponentList
	targets    v1alpha1.ScalableTargetList
	policies   v1alpha1.ScalingPolicyList
	schedules  v1alpha1.ScheduledActionList
	// endpoint is nil if there is none, or it is somebody else's.
	endpoint *v1alpha1.Endpoint
	// other is whose the endpoint is instead.
	other *child.OtherOwnerError
}

func (r *Reconciler) family(d *v1alpha1.ModelDeployment) child.Family {
	return child.Family{Owner: d, Client: r.Client, Reader: r.Reader, FieldOwner: reconcile.FieldOwner}
}

// gather reads all children.
func (r *Reconciler) gather(ctx context.Context, d *v1alpha1.ModelDeployment) (*family, error) {
	f := &family{Family: r.family(d)}
	for _, list := range []client.ObjectList{&f.models, &f.configs, &f.alarms, &f.components, &f.targets, &f.policies, &f.schedules} {
		if err := f.List(ctx, list); err != nil {
			return nil, err
		}
	}
	endpoint := &v1alpha1.Endpoint{}
	exists, err := f.Get(ctx, endpoint, endpointResource(d))
	switch {
	case errors.As(err, &f.other):
	case err != nil:
		return nil, err
	case exists:
		f.endpoint = endpoint
	}
	return f, nil
}

// revisions are the names of all models and configurations.
func (f *family) revisions() []string {
	names := make([]string, 0, len(f.models.Items)+len(f.configs.Items))
	for i := range f.models.Items {
		names = append(names, f.models.Items[i].Name)
	}
	for i := range f.configs.Items {
		names = append(names, f.configs.Items[i].Name)
	}
	return names
}

// progress is how far children of one kind are on the way to what is wanted.
type progress struct {
	// complete says that all of them are what is wanted, and nothing else is
	// there.
	complete bool
	// stuck is the first that cannot become so.
	stuck reconcile.Object
}

// compare tells how far children of one kind are.
func compare[O any, P interface {
	*O
	reconcile.Object
}](have []O, want []P) (progress, error) {
	is := progress{complete: len(have) == len(want)}
	for _, w := range want {
		one := find[O, P](have, w.GetName())
		if one == nil {
			is.complete = false
			continue
		}
		same, err := child.Same(one, w)
		if err != nil {
			return is, err
		}
		if !same || !one.GetDeletionTimestamp().IsZero() {
			is.complete = false
			continue
		}
		is.complete = is.complete && reconcile.Settled(one) == ""
		if is.stuck == nil && isStuck(one) {
			is.stuck = one
		}
	}
	return is, nil
}

// keep makes children of one kind what is wanted: it makes those that lack,
// changes those that differ and deletes the others.
func keep[O any, P interface {
	*O
	reconcile.Object
}](ctx context.Context, f *family, have []O, want []P) error {
	for i := range have {
		is := P(&have[i])
		if slices.ContainsFunc(want, func(w P) bool { return w.GetName() == is.GetName() }) {
			continue
		}
		if err := f.Delete(ctx, is); err != nil {
			return err
		}
	}
	for _, w := range want {
		if err := ensure(ctx, f, have, w); err != nil {
			return err
		}
	}
	return nil
}

// ensure makes one child what is wanted. One that is being deleted is made again
// when it has gone.
func ensure[O any, P interface {
	*O
	reconcile.Object
}](ctx context.Context, f *family, have []O, want P) error {
	is := find[O, P](have, want.GetName())
	switch {
	case is == nil:
		return f.Create(ctx, want)
	case !is.GetDeletionTimestamp().IsZero():
		return nil
	default:
		return f.Update(ctx, is, want)
	}
}

// isStuck tells whether an object cannot become what its present spec asks for.
func isStuck(obj reconcile.Object) bool {
	is := reconcile.Judged(obj)
	return is != nil && is.Status == metav1.ConditionFalse
}

// find picks an object by its name; nil if there is none.
func find[O any, P interface {
	*O
	client.Object
}](list []O, name string) P {
	for i := range list {
		if P(&list[i]).GetName() == name {
			return &list[i]
		}
	}
	return nil
}

func values[O any](pointers []*O) []O {
	all := make([]O, len(pointers))
	for i, p := range pointers {
		all[i] = *p
	}
	return all
}
