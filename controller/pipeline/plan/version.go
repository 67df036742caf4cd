package plan

import "slices"

// choose makes one plan of those that versions of hash make, that of new plans first:
// what is known by an older version stays as that has named it.
//
// A plan that is known as a whole stays as it is, by the newest version that knows it. Else each step that makes a job or a
// revision has its digest of the version by which it is known. The digests of the other
// steps are nowhere in AWS, so they are of the version of all jobs and revisions that
// come before them: a cluster that is built anew then has the same.
func choose(plans []*Plan, known func(digest string) bool) *Plan {
	newest := *plans[0]
	newest.older = plans[1:]
	if known == nil {
		return &newest
	}
	for _, older := range newest.older {
		whole := known(older.Digest) && !known(newest.Digest)
		if whole || newest.named() && older.knownBy(known) && !newest.knownBy(known) {
			made := *older
			made.older = newest.older
			return &made
		}
	}
	newest.Steps = slices.Clone(newest.Steps)
	for i, step := range newest.Steps {
		for _, older := range newest.older {
			was := older.Step(step.Spec.Name)
			if step.named() && known(was.Digest) && !known(step.Digest) || !step.named() && newest.follows(step, older) {
				newest.Steps[i] = was
				break
			}
		}
	}
	return &newest
}

// named tells whether the step's digest is in a name in AWS.
func (s *Step) named() bool { return s.template != nil && !s.Kind.Service }

func (p *Plan) named() bool { return slices.ContainsFunc(p.Steps, (*Step).named) }

// knownBy tells whether all jobs and revisions of a plan are known.
func (p *Plan) knownBy(known func(digest string) bool) bool {
	return !slices.ContainsFunc(p.Steps, func(s *Step) bool { return s.named() && !known(s.Digest) })
}

// follows tells whether a step comes after jobs and revisions that are all of another
// plan.
func (p *Plan) follows(step *Step, other *Plan) bool {
	found := false
	for _, name := range p.graph.Upstream(step.Spec.Name) {
		if is := p.Step(name); is.named() {
			found = true
			if is != other.Step(name) {
				return false
			}
		}
	}
	return found
}

// Unknown are the digests that jobs and revisions of the plan could have by older versions
// of hash, of those that are known by none: before anything is made, AWS is to be asked
// for each.
func (p *Plan) Unknown(known func(digest string) bool) []Candidate {
	var all []Candidate
	for _, step := range p.Steps {
		if !step.named() || known(step.Digest) {
			continue
		}
		for _, older := range p.older {
			if was := older.Step(step.Spec.Name); was.Digest != step.Digest {
				all = append(all, Candidate{older, was})
			}
		}
	}
	return all
}

// Candidate is a step as an older version of hash would have named it.
type Candidate struct {
	Plan *Plan
	Step *Step
}

// Versions are the plan as each version of hash makes it, all of its steps by that one.
func Versions(in Input) ([]*Plan, error) {
	var all []*Plan
	for _, hash := range in.Hashes.Versions() {
		p, err := in.by(hash)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
