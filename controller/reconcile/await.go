package reconcile

import (
	"context"
	"fmt"
	"strings"
	"time"

	fluxmeta "github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
	"github.com/sagemaker-gitops/sagemaker-gitops/health"
	"github.com/sagemaker-gitops/sagemaker-gitops/health/reason"
)

// obstacle is an AWS object that a spec names and that cannot be used yet.
type obstacle struct {
	// title says which object, is how it is.
	title, is string
	// own is our object that is to become it, and how that one is; empty if there is none.
	own string
	// lacking says that nothing is at work that would end this: the object is absent,
	// or has failed.
	lacking bool
}

// key tells obstacles apart, and one from itself when something about it has changed.
func (o obstacle) key() string { return o.title + " " + o.is }

// awaiting is AWS's refusal of a request that names what cannot be used yet, in whatever
// words.
type awaiting struct {
	refusal  error
	obstacle obstacle
	after    time.Duration // until the next look
}

func (e *awaiting) Error() string {
	text := fmt.Sprintf("%s; waiting for %s, which %s", cloud.Message(e.refusal), e.obstacle.title, e.obstacle.is)
	if e.obstacle.own != "" {
		text += " (" + e.obstacle.own + ")"
	}
	return text
}

func (e *awaiting) Unwrap() error { return e.refusal }

// requestCall is the call, in memory, that makes or changes an object as it is asked for.
func (s *scope) requestCall() string { return "request " + s.asked }

// explain looks for what a refused request may be waiting for: AWS says in many words,
// and not always by the right code, that an object which is named is not there or busy.
func (r *Reconciler) explain(ctx context.Context, s *scope, refusal error) error {
	switch cloud.Classify(refusal) {
	case cloud.Validation, cloud.NotFound, cloud.Dependency, cloud.Busy:
	default:
		return refusal
	}
	if cloud.Malformed(refusal) {
		return refusal
	}
	uid := s.object.GetUID()
	o, err := r.obstacle(ctx, s)
	if err != nil {
		return err
	}
	if o == nil {
		r.memory.lift(uid, s.requestCall())
		return refusal
	}
	own, err := r.ownStates(ctx, s)
	if err != nil {
		return err
	}
	h := r.memory.refuse(uid, s.requestCall(), o.key(), own, refusal)
	return &awaiting{refusal, *o, h.look(r.Clock.Now())}
}

// awaits tells what a request still waits for that AWS has refused before: it is not sent
// again for nothing. Nil means that it is to be sent.
func (r *Reconciler) awaits(ctx context.Context, s *scope) error {
	uid := s.object.GetUID()
	if _, ok := r.memory.held(uid, s.requestCall()); !ok || s.requested() {
		return nil
	}
	o, err := r.obstacle(ctx, s)
	if err != nil {
		return err
	}
	if o == nil {
		r.memory.lift(uid, s.requestCall())
		return nil
	}
	own, err := r.ownStates(ctx, s)
	if err != nil {
		return err
	}
	h := r.memory.moved(uid, s.requestCall(), o.key(), own)
	if h.due(r.Clock.Now()) {
		return nil
	}
	return &awaiting{h.why, *o, h.look(r.Clock.Now())}
}

// wakes tells whether one of our objects that a refused request names has changed since.
func (r *Reconciler) wakes(ctx context.Context, s *scope) (bool, error) {
	h, ok := r.memory.held(s.object.GetUID(), s.requestCall())
	if !ok {
		return false, nil
	}
	own, err := r.ownStates(ctx, s)
	return own != h.own, err
}

// obstacle is the first AWS object that the spec names and that cannot be used yet; nil
// if there is none, as far as can be found. Errors are those that pass by themselves.
func (r *Reconciler) obstacle(ctx context.Context, s *scope) (*obstacle, error) {
	for _, n := range namedIn(s.kind, s.spec) {
		kind, enabled := r.Kinds[n.kind]
		if !enabled {
			continue
		}
		own, err := r.ownOf(ctx, s.object, n)
		if err != nil {
			return nil, err
		}
		is, lacking, err := stateOf(ctx, s, kind, n)
		if err != nil {
			return nil, err
		}
		if is == "" {
			continue
		}
		found := &obstacle{title: n.title(), is: is, lacking: lacking}
		for _, o := range own {
			_, why := settledSince(o)
			found.own = label(n.kind, o) + " " + firstLine(why)
			if lacking && underWay(o) {
				found.lacking = false
				break
			}
		}
		return found, nil
	}
	return nil, nil
}

// stateOf asks AWS how an object is that the spec names, if that keeps it from being used.
func stateOf(ctx context.Context, s *scope, kind Kind, n named) (is string, lacking bool, err error) {
	address := n.address(kind, s.request)
	if address == nil {
		return "", false, nil
	}
	described, err := kind.Describe.Call(ctx, s.client, address)
	switch cloud.Classify(err) {
	case cloud.None:
	case cloud.NotFound:
		return "does not exist", true, nil
	case cloud.Throttle, cloud.Server:
		return "", false, err
	default:
		return "", false, nil // who may not look does not know
	}
	as := scope{kind: kind}
	status := shape.String(described, kind.States.Member)
	switch state := as.state(described); {
	case state == health.StateGone:
		return "does not exist", true, nil
	case state.Broken():
		return "is " + status, true, nil
	case state.Busy():
		return "is " + status, false, nil
	default:
		return "", false, nil
	}
}

// underWay tells whether one of our objects is on its way to what its spec asks for.
func underWay(o Object) bool {
	is := meta.FindStatusCondition(o.GetConditions(), fluxmeta.ReadyCondition)
	return o.GetDeletionTimestamp().IsZero() && !isSuspended(o) &&
		(is == nil || is.Status == metav1.ConditionUnknown || is.ObservedGeneration != o.GetGeneration())
}

// ownStates is how our objects are that the spec names: a request that AWS has refused may
// be worth another try when that changes.
func (r *Reconciler) ownStates(ctx context.Context, s *scope) (string, error) {
	var states []string
	for _, n := range namedIn(s.kind, s.spec) {
		own, err := r.ownOf(ctx, s.object, n)
		if err != nil {
			return "", err
		}
		for _, o := range own {
			since, why := settledSince(o)
			states = append(states, fmt.Sprint(label(n.kind, o), " ", o.Common().ARN, " ", since.Unix(), " ", why != "", " ", underWay(o)))
		}
	}
	return strings.Join(states, "\n"), nil
}

// waitsFor is the verdict on a request that names what cannot be used yet. It goes on for
// as long as something is at work there.
func (r *Reconciler) waitsFor(s *scope, e *awaiting) verdict {
	mark := dependency + s.asked
	if !e.obstacle.lacking {
		r.memory.drop(s.object.GetUID(), mark)
		return progressing(reason.DependencyNotReady, e.Error(), e.after)
	}
	if r.memory.since(s.object.GetUID(), mark) > dependencyPatience {
		return stalled(reason.DependencyNotReady, e.Error(), e.after)
	}
	return progressing(reason.DependencyNotReady, e.Error(), e.after)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return shorten(line)
}
