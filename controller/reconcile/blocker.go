package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/cloud"
	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Blocker lists AWS objects because of which AWS does not delete one of a kind. Git may
// know nothing of them.
type Blocker struct {
	// Kind is how messages call them.
	Kind string
	// List is called with By: its filters, and which member of the blocked object's
	// Describe each takes.
	List cloud.Operation
	By   map[string]string
	// Where are paths in a summary that must have the value of a member of the blocked
	// object's Describe, where the List has no filter for that.
	Where map[string]string
	// Member of the answer with the summaries, and the members in these that name an
	// object and tell its status.
	Member string
	Name   []string
	Status string
	// Over are the statuses in which one is in nobody's way.
	Over []string
}

// mostBlockers is how many of those that are in the way a message names.
const mostBlockers = 3

// find says which of them are in the way of the described object; empty if none is, or
// nobody may look.
func (b Blocker) find(ctx context.Context, c *cloud.Client, described shape.Tree) ([]string, error) {
	request := shape.Tree{"MaxResults": int64(100)}
	for filter, member := range b.By {
		request[filter] = shape.String(described, member)
	}
	var found []string
	for range maxBlockerPages {
		page, err := b.List.Call(ctx, c, request)
		switch cloud.Classify(err) {
		case cloud.None:
		case cloud.Throttle, cloud.Server:
			return nil, err
		default:
			return found, nil // AWS has said that something is in the way, and who may not look does not know what
		}
		summaries, _ := page[b.Member].([]any)
		for _, item := range summaries {
			if summary, _ := item.(map[string]any); b.blocks(summary, described) {
				found = append(found, b.title(summary))
			}
		}
		next := shape.String(page, "NextToken")
		if next == "" || len(found) > 0 {
			break
		}
		request["NextToken"] = next
	}
	return found, nil
}

// maxBlockerPages is how many pages of a List are looked through.
const maxBlockerPages = 10

func (b Blocker) blocks(summary, described shape.Tree) bool {
	for path, member := range b.Where {
		if shape.String(summary, path) != shape.String(described, member) {
			return false
		}
	}
	return !slices.Contains(b.Over, shape.String(summary, b.Status))
}

func (b Blocker) title(summary shape.Tree) string {
	parts := make([]string, 0, len(b.Name))
	for _, member := range b.Name {
		if v, ok := shape.Lookup(summary, member); ok {
			parts = append(parts, fmt.Sprint(v))
		}
	}
	title := b.Kind + " " + strings.Join(parts, "/")
	if status := shape.String(summary, b.Status); status != "" {
		title += ", which is " + status
	}
	return title
}

// blockers says what is in the way of the deletion of an AWS object: as Describe and Lists
// of AWS tell, or else which of our objects use it.
func (r *Reconciler) blockers(ctx context.Context, s *scope, described shape.Tree) (string, error) {
	if s.state(described).Busy() {
		return "", nil // it is itself in the way
	}
	var found []string
	if s.kind.AtWork != nil {
		if what := s.kind.AtWork(described); what != "" {
			found = append(found, what)
		}
	}
	for _, b := range s.kind.Blockers {
		more, err := b.find(ctx, s.client, described)
		if err != nil {
			return "", err
		}
		found = append(found, more...)
	}
	if len(found) == 0 {
		users, err := r.usersIn(ctx, s)
		if err != nil {
			return "", err
		}
		found = users
	}
	if len(found) > mostBlockers {
		found = append(found[:mostBlockers:mostBlockers], fmt.Sprintf("%d more", len(found)-mostBlockers))
	}
	return strings.Join(found, ", and "), nil
}

// usersIn are our objects that have something in AWS which is made with the object, or
// stands in it.
func (r *Reconciler) usersIn(ctx context.Context, s *scope) ([]string, error) {
	var found []string
	for _, kind := range r.Kinds {
		if kind.Composite || !refers(kind, s.kind) {
			continue
		}
		users, err := r.usersOfKind(ctx, kind, s)
		if err != nil {
			return nil, err
		}
		for _, u := range users {
			if title := label(kind.Kind(), u); u.Common().ARN != "" && !ended(u) && !slices.Contains(found, title) {
				found = append(found, title)
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

func (r *Reconciler) usersOfKind(ctx context.Context, kind Kind, s *scope) ([]Object, error) {
	users, err := r.dependents(ctx, kind, s.kind.Kind(), s.object)
	if err != nil {
		return nil, err
	}
	naming, err := r.naming(ctx, kind, s.kind, s.object)
	if err != nil {
		return nil, err
	}
	return slices.Concat(users, naming), nil
}
