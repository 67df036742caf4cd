package observed

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

// Moment is where and when an answer is given.
type Moment struct {
	wire.Scope
	Now time.Time
}

// Changer changes answers by the facts that hold under one seed.
type Changer struct {
	seed  uint64
	rules map[string][]rule
}

// rule is a fact that holds, with what carries it out.
type rule struct {
	Fact
	paths [][]string
	fresh time.Duration
	apply func(*Changer, *rule, *place)
}

// New reads the facts and throws the seed's coins.
func New(seed uint64) (*Changer, error) {
	facts, err := Facts()
	if err != nil {
		return nil, err
	}
	c := &Changer{seed: seed, rules: map[string][]rule{}}
	for _, fact := range facts {
		apply, changes := appliers[fact.Change]
		if !changes || !c.Holds(fact) {
			continue
		}
		r := rule{Fact: fact, apply: apply}
		for _, path := range fact.Path {
			r.paths = append(r.paths, strings.Split(path, "."))
		}
		if fact.When != nil && fact.When.Fresh != "" {
			if r.fresh, err = time.ParseDuration(fact.When.Fresh); err != nil {
				return nil, fmt.Errorf("observed fact %s: %w", fact.ID, err)
			}
		}
		for _, operation := range fact.Operations {
			c.rules[operation] = append(c.rules[operation], r)
		}
	}
	return c, nil
}

// Holds tells whether a fact holds under the seed.
func (c *Changer) Holds(fact Fact) bool {
	return (fact.Either == "" || c.coin(fact.Either)) && (fact.Unless == "" || !c.coin(fact.Unless))
}

// Change makes of an answer what AWS was seen to answer. The answer itself stays as
// it is.
func (c *Changer) Change(operation string, answer wire.Body, at Moment) wire.Body {
	rules := slices.Concat(c.rules[operation], c.rules["*"])
	if len(rules) == 0 || answer == nil {
		return answer
	}
	changed, _ := wire.Clone(answer).(wire.Body)
	for i := range rules {
		r := &rules[i]
		for _, path := range r.paths {
			visit(&place{moment: at, within: []wire.Body{changed}}, path, func(p *place) {
				if r.applies(p) {
					r.apply(c, r, p)
				}
			})
		}
	}
	return changed
}

// applies tells whether the fact is about an answer like this one.
func (r *rule) applies(p *place) bool {
	w := r.When
	if w == nil {
		return true
	}
	is := func(members map[string][]any, want bool) bool {
		for member, values := range members {
			if have, _ := p.lookup(member); slices.Contains(values, have) != want {
				return false
			}
		}
		return true
	}
	_, has := p.lookup(w.Has)
	_, lacks := p.lookup(w.Lacks)
	return (w.Has == "" || has) && (w.Lacks == "" || !lacks) && is(w.Is, true) && is(w.IsNot, false) && (r.fresh == 0 || p.age("LastModifiedTime") < r.fresh)
}

// coin falls on one side or the other, the same for the same seed and name.
func (c *Changer) coin(name string) bool { return c.draw(name)%2 == 0 }

func (c *Changer) draw(words ...string) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(strings.Join(words, "\x00") + "\x00" + strconv.FormatUint(c.seed, 10)))
	n := hash.Sum64() // the last bits of FNV hardly mix
	n ^= n >> 33
	n *= 0xff51afd7ed558ccd
	return n ^ n>>33
}
