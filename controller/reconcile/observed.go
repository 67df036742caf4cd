package reconcile

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

const (
	// maxList is how many items of a list status keeps: the newest.
	maxList = 20
	// maxStatus is how long a status may be, in bytes of JSON, and reserve what
	// is kept free of that for conditions yet to come.
	maxStatus, reserve = 32 << 10, 4 << 10
)

// observed puts into status what AWS tells of the object.
func (s *scope) observed(described shape.Tree) {
	told, chosen := shape.Tree{}, shape.Tree{}
	for member, v := range s.kind.Compare.Settled(described) {
		if s.kind.Create.HasInput(member) {
			chosen[member] = v
		} else {
			told[member] = v
		}
	}
	status := s.object.Common()
	status.ARN = s.arn(described)
	status.ConsoleURL = s.kind.ConsoleURL(status)
	status.Defaults = nil
	status.Defaults = s.defaults(chosen, s.room()/2)
	fresh := s.kind.Object()
	if err := decode(fitting(told, s.room()), statusOf(fresh)); err != nil {
		return // a member that no longer has its type is better left as it was
	}
	*fresh.Common() = *status
	statusOf(s.object).Set(statusOf(fresh))
}

// warn tells what people should know of items that were not told of before; of a
// list that is seen for the first time, of the newest.
func (r *Reconciler) warn(ctx context.Context, s *scope, described shape.Tree) {
	for member, detail := range s.kind.Details {
		list, _ := described[member].([]any)
		if detail.Warning == nil || len(list) == 0 {
			continue
		}
		told := map[string]bool{}
		before, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s.before)
		if err != nil {
			continue
		}
		was, _ := shape.Lookup(before, "status."+jsonName(member))
		items, _ := was.([]any)
		for _, item := range items {
			t, _ := item.(map[string]any)
			told[detail.Warning(t)] = true
		}
		if len(items) == 0 {
			list = list[len(list)-1:]
		}
		for _, item := range list {
			t, _ := item.(map[string]any)
			if text := detail.Warning(t); text != "" && !told[text] {
				r.event(ctx, s.object, corev1.EventTypeWarning, detail.Reason, text)
			}
		}
	}
}

// room is how much longer the status may become.
func (s *scope) room() int { return maxStatus - reserve - size(s.object.Common()) }

// fitting is what of the told fits into a status: all, or shorter lists, or
// without the longest members.
func fitting(told shape.Tree, room int) shape.Tree {
	for most := maxList; ; most /= 2 {
		cut := shape.Clone(told)
		for k := range cut {
			cut[k] = newest(cut[k], most)
		}
		if most == 0 || size(cut) <= room {
			return within(cut, room)
		}
	}
}

// within leaves out the longest members, until the rest fits.
func within(t shape.Tree, room int) shape.Tree {
	longestFirst := slices.SortedFunc(maps.Keys(t), func(a, b string) int { return size(t[b]) - size(t[a]) })
	for _, member := range longestFirst {
		if size(t) <= room {
			break
		}
		delete(t, member)
	}
	return t
}

func size(v any) int {
	data, err := json.Marshal(v)
	if err != nil {
		return maxStatus
	}
	return len(data)
}

// newest keeps the last items of every list: AWS appends.
func newest(v any, most int) any {
	switch v := v.(type) {
	case []any:
		if len(v) > most {
			v = v[len(v)-most:]
		}
		for i := range v {
			v[i] = newest(v[i], most)
		}
		return v
	case map[string]any:
		for k := range v {
			v[k] = newest(v[k], most)
		}
	}
	return v
}

// defaults is what AWS has chosen for fields that the spec leaves open, under
// the spec's field names: all of it, or what there is room for.
func (s *scope) defaults(chosen shape.Tree, room int) *runtime.RawExtension {
	extra := beyond(s.request, shape.Compact(chosen))
	delete(extra, s.kind.Name)
	if len(extra) == 0 {
		return nil
	}
	spec := specOf(s.kind.Object())
	if err := decode(extra, spec); err != nil {
		return nil
	}
	data, err := json.Marshal(spec.Interface())
	if err != nil {
		return nil
	}
	var named shape.Tree
	if err := json.Unmarshal(data, &named); err != nil {
		return nil
	}
	if data, err = json.Marshal(within(shape.Compact(named), room)); err != nil || len(named) == 0 {
		return nil
	}
	return &runtime.RawExtension{Raw: data}
}

// beyond is what have has and want has not. Lists count as a whole.
func beyond(want, have shape.Tree) shape.Tree {
	extra := shape.Tree{}
	for k, h := range have {
		w, ok := want[k]
		if !ok {
			extra[k] = h
			continue
		}
		wt, wok := w.(map[string]any)
		ht, hok := h.(map[string]any)
		if wok && hok {
			if deeper := beyond(wt, ht); len(deeper) > 0 {
				extra[k] = deeper
			}
		}
	}
	return extra
}

// look tells the observer what was seen and returns when to look again.
func (r *Reconciler) look(s *scope, described shape.Tree) time.Duration {
	settled := s.interval()
	if s.kind.Approval && shape.String(described, "ModelApprovalStatus") == approvalPending {
		settled = min(settled, approvalInterval)
	}
	return r.Observer.Saw(s.object.GetUID(), s.state(described), settled)
}

// approvalInterval is how often AWS is asked about a version that a person may decide
// on at any time.
const approvalInterval = 5 * time.Minute

// tell is a sentence about the object: its name and AWS's own word for how it
// is. It moves when AWS's status does.
func (s *scope) tell(described shape.Tree) string {
	text := s.object.Common().Name
	if text == "" {
		text = shape.String(described, s.kind.Name)
	}
	status := shape.String(described, s.kind.States.Member)
	if s.kind.States.Member == "" {
		status = "exists"
	}
	text += " " + status
	if detail := s.detail(described); detail != "" && detail != status {
		text += ": " + detail
	}
	return text
}

func (s *scope) detail(described shape.Tree) string {
	if s.kind.States.Detail == "" {
		return ""
	}
	return shape.String(described, s.kind.States.Detail)
}

func (s *scope) reasonOf(described shape.Tree) string {
	why := s.kind.States.Reason(shape.String(described, s.kind.States.Member), s.detail(described))
	if why == s.kind.States.Ready && s.state(described) == health.StateUpdating {
		return reason.Updating // of which the status says nothing
	}
	if why == reason.Failed {
		return health.FailureReason(s.whyFailed(described))
	}
	return why
}

func (s *scope) whyFailed(described shape.Tree) string {
	return strings.TrimSpace(cmp.Or(shape.String(described, s.kind.Failure), shape.String(described, "FailureReason")))
}

// failure is what AWS says about a failure, its words first.
func (s *scope) failure(described shape.Tree) string {
	words := s.whyFailed(described)
	if words == "" {
		return s.tell(described)
	}
	return fmt.Sprintf("%s (%s)", words, s.tell(described))
}

func (s *scope) rolledBack(described shape.Tree) string {
	words := s.whyFailed(described)
	if words == "" {
		words = "AWS went back to the earlier configuration"
	}
	return fmt.Sprintf("%s (%s; not tried again until the spec changes or forceAt asks for it)", words, s.tell(described))
}
