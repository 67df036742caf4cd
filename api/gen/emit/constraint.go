package emit

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/model"
	"github.com/sagemaker-gitops/sagemaker-gitops/api/gen/pattern"
)

const (
	// tagList is the shape of tags of every service. AWS takes 50; 10 are kept
	// for ours.
	tagList = "TagList"
	maxTags = "40"
	// maxEnum is the number of values beyond which an enumeration is taken to
	// be open.
	maxEnum = 40
)

// Pattern is what became of a shape's pattern.
type Pattern struct {
	Original, Used string
	Change         pattern.Change
}

// Enum is what became of a shape's enumeration.
type Enum struct {
	Values int
	Kept   bool
}

// constraints are the markers of a shape. The prefix is "items:" for the
// elements of a list.
func (b *builder) constraints(shape, prefix string) ([]string, error) {
	s, err := b.api.Shape(shape)
	if err != nil {
		return nil, err
	}
	m := marker{prefix: "+kubebuilder:validation:" + prefix}
	switch s.Type {
	case model.String:
		err = b.text(&m, shape, s)
	case model.Integer, model.Long, model.Float, model.Double:
		m.add("Minimum", s.Min.String())
		m.add("Maximum", s.Max.String())
	case model.Map:
		m.bounds("Properties", s.Constraint)
	case model.List:
		c, title := s.Constraint, cmp.Or(s.Title, shape)
		if title == tagList {
			c.Max = maxTags
		}
		m.bounds("Items", c)
		if key, ok := b.service.Keys[title]; ok {
			m.list = append(m.list, "+listType=map", "+listMapKey="+key)
		}
		var more []string
		more, err = b.constraints(s.Member.Shape, prefix+"items:")
		m.list = append(m.list, more...)
	}
	return m.list, err
}

func (b *builder) text(m *marker, shape string, s *model.Shape) error {
	if len(s.Enum) > 0 {
		kept := len(s.Enum) <= maxEnum && !b.open(shape)
		b.pkg.Enums[shape] = Enum{Values: len(s.Enum), Kept: kept}
		if kept {
			values := make([]string, 0, len(s.Enum))
			for _, value := range s.Enum {
				values = append(values, fmt.Sprintf("%q", value))
			}
			m.add("Enum", strings.Join(values, ";"))
		}
		return nil
	}
	m.bounds("Length", s.Constraint)
	used := b.pattern(shape, s)
	if strings.Contains(used, "`") {
		return fmt.Errorf("the pattern of %s cannot stand in a marker: %s", shape, used)
	}
	if used != "" {
		m.add("Pattern", "`"+used+"`")
	}
	return nil
}

// pattern is the pattern of a string shape as the API server takes it.
func (b *builder) pattern(shape string, s *model.Shape) string {
	if s.Pattern == "" {
		return ""
	}
	used, change := pattern.Convert(s.Pattern)
	if b.open(shape) {
		used, change = "", pattern.Dropped
	}
	b.pkg.Patterns[shape] = Pattern{Original: s.Pattern, Used: used, Change: change}
	return used
}

// values is the constraint on the values of a map of strings.
func (b *builder) values(shape string) (model.Constraint, error) {
	s, err := b.api.Shape(shape)
	if err != nil || s.Value == nil {
		return model.Constraint{}, err
	}
	value, err := b.api.Shape(s.Value.Shape)
	if err != nil || value.Type != model.String {
		return model.Constraint{}, err
	}
	c := value.Constraint
	c.Pattern = b.pattern(s.Value.Shape, value)
	return c, nil
}

// open says whether AWS adds values to the shape all the time.
func (b *builder) open(shape string) bool {
	for _, suffix := range b.service.OpenValues {
		if strings.HasSuffix(shape, suffix) {
			return true
		}
	}
	return false
}

type marker struct {
	prefix string
	list   []string
}

func (m *marker) add(name, value string) {
	if value != "" {
		m.list = append(m.list, m.prefix+name+"="+value)
	}
}

// bounds adds a lower bound, unless it is 0 and says nothing, and an upper one.
func (m *marker) bounds(of string, c model.Constraint) {
	if c.Min != "0" {
		m.add("Min"+of, c.Min.String())
	}
	m.add("Max"+of, c.Max.String())
}
