package observed

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// appliers carry out the changes that this package makes.
var appliers = map[Change]func(*Changer, *rule, *place){
	Fill: func(c *Changer, r *rule, p *place) { fill(p, c.expand(r.Value, p)) },
	Complete: func(c *Changer, r *rule, p *place) {
		if p.value() != nil {
			fill(p, c.expand(r.Value, p))
		}
	},
	OneOf: func(c *Changer, r *rule, p *place) {
		values := wire.List(r.Value)
		fill(p, values[c.draw(r.ID)%uint64(len(values))])
	},
	Put: func(c *Changer, r *rule, p *place) {
		if value := c.expand(r.Value, p); value != nil {
			p.set(value)
		}
	},
	Omit: func(_ *Changer, _ *rule, p *place) { p.omit() },
	Drop: func(_ *Changer, r *rule, p *place) {
		if reflect.DeepEqual(p.value(), r.Value) {
			p.omit()
		}
	},
	Reorder: reorder,
	Sort: func(_ *Changer, r *rule, p *place) {
		by := wire.String(r.Value)
		slices.SortStableFunc(wire.List(p.value()), func(a, b any) int { return cmp.Compare(wire.String(a, by), wire.String(b, by)) })
	},
	Coerce: func(_ *Changer, r *rule, p *place) {
		if value := p.value(); value != nil {
			p.set(coercions[wire.String(r.Value)](p, value))
		}
	},
	ARN: func(_ *Changer, r *rule, p *place) {
		if wire.String(r.Value) == "as named" {
			asNamed(p)
		}
	},
}

// fill sets what is absent, also within an object that is there.
func fill(p *place, value any) {
	switch have := p.value().(type) {
	case nil:
		if value != nil {
			p.set(value)
		}
	case wire.Body:
		inner := p.into(have)
		for name, value := range wire.Object(value) {
			fill(&place{p.moment, inner.within, name}, value)
		}
	}
}

// reorder gives a list another order with every answer.
func reorder(c *Changer, r *rule, p *place) {
	list := wire.List(p.value())
	if len(list) < 2 {
		return
	}
	turn := strconv.FormatInt(p.moment.Now.UnixMilli(), 10)
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Compare(c.draw(r.ID, turn, strconv.Itoa(a)), c.draw(r.ID, turn, strconv.Itoa(b)))
	})
	next := make([]any, len(list))
	for i, from := range order {
		next[i] = list[from]
	}
	p.set(next)
}

// asNamed writes names in an ARN as they stand beside it.
func asNamed(p *place) {
	arn, _ := p.value().(string)
	if !strings.HasPrefix(arn, "arn:") || !strings.HasSuffix(p.name, "Arn") {
		return
	}
	head, resource, _ := strings.Cut(arn, "/")
	parts := strings.Split(resource, "/")
	for member, value := range p.parent() {
		name, isText := value.(string)
		if !isText || !strings.HasSuffix(member, "Name") {
			continue
		}
		for i, part := range parts {
			if part == strings.ToLower(name) {
				parts[i] = name
			}
		}
	}
	if resource != "" {
		p.set(head + "/" + strings.Join(parts, "/"))
	}
}
