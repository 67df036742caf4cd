package emit

import "strings"

// Counts describes a resource in numbers. Fields are counted at every depth.
type Counts struct {
	Spec, Status, References, Enums, Patterns int
}

// Count counts the fields of a resource.
func (p *Package) Count(r *Resource) Counts {
	var c Counts
	p.walk(r.Spec, place{}, func(_ place, f Field) {
		c.Spec++
		if f.Target != nil {
			c.References++
		}
		for _, m := range f.Markers {
			switch {
			case strings.Contains(m, ":Enum="):
				c.Enums++
			case strings.Contains(m, ":Pattern="):
				c.Patterns++
			}
		}
	})
	p.walk(r.Status, place{}, func(place, Field) { c.Status++ })
	return c
}
