package observed

import (
	"slices"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// place is a member of an answer, there or absent.
type place struct {
	moment Moment
	// within are the objects that the member is in, the whole answer first.
	within []wire.Body
	name   string
}

// parent is the object that the member is or would be in.
func (p *place) parent() wire.Body { return p.within[len(p.within)-1] }

func (p *place) value() any { return p.parent()[p.name] }

func (p *place) set(value any) { p.parent()[p.name] = value }

func (p *place) omit() { delete(p.parent(), p.name) }

// visit calls found with every place that a path leads to.
func visit(p *place, path []string, found func(*place)) {
	if len(path) == 1 {
		if path[0] == "*" {
			each(p, found)
			return
		}
		found(&place{p.moment, p.within, path[0]})
		return
	}
	next := p.parent()[path[0]]
	if path[1] != "*" {
		if object, ok := next.(wire.Body); ok {
			visit(p.into(object), path[1:], found)
		}
		return
	}
	list, _ := next.([]any)
	for _, item := range list {
		if object, ok := item.(wire.Body); ok && len(path) > 2 {
			visit(p.into(object), path[2:], found)
		}
	}
}

// each calls found with every member of an object and of all objects in it.
func each(p *place, found func(*place)) {
	for name, value := range p.parent() {
		found(&place{p.moment, p.within, name})
		if object, ok := value.(wire.Body); ok {
			each(p.into(object), found)
		}
		list, _ := value.([]any)
		for _, item := range list {
			if object, ok := item.(wire.Body); ok {
				each(p.into(object), found)
			}
		}
	}
}

func (p *place) into(object wire.Body) *place {
	return &place{moment: p.moment, within: append(slices.Clip(p.within), object)}
}

// lookup finds a member by its path beside the place or in what is around it, the
// nearest first.
func (p *place) lookup(path string) (value any, found bool) {
	names := strings.Split(path, ".")
	for _, object := range slices.Backward(p.within) {
		if value := wire.At(object, names...); value != nil {
			return value, true
		}
	}
	return nil, false
}

// age is how long ago the time in a member was; a long time if there is none.
func (p *place) age(member string) time.Duration {
	at, _ := p.lookup(member)
	when, _ := at.(time.Time)
	return p.moment.Now.Sub(when)
}
