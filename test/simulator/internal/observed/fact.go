package observed

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"sync"

	"sigs.k8s.io/yaml"
)

// Fact is one thing that AWS was seen to do to an answer.
type Fact struct {
	// ID names the fact; it never changes.
	ID string `json:"id"`
	// Path are the members it is about, by AWS's names; * stands for every item of
	// a list.
	Path []string `json:"path"`
	// Change is what AWS does to them.
	Change Change `json:"change"`
	// Value is the value or the rule of the change. Names in braces in a text stand
	// for members of the answer and of the Moment.
	Value any `json:"value,omitempty"`
	// When narrows the fact to some answers.
	When *When `json:"when,omitempty"`
	// Either and Unless name a coin; the fact holds only when the coin falls on that
	// side.
	Either string `json:"either,omitempty"`
	Unless string `json:"unless,omitempty"`
	// Shown names the simulator's test that shows a fact of change Kinds.
	Shown string `json:"shown,omitempty"`
	// Left is why a fact of change Left is not carried out.
	Left string `json:"left,omitempty"`
	// Says adds what the other fields do not say.
	Says string `json:"says,omitempty"`
	// Source and Confidence are where the fact comes from; the package
	// documentation explains both.
	Source     string `json:"source"`
	Confidence string `json:"confidence"`

	// Operations that answer so; * is any.
	Operations []string `json:"-"`
}

// Change is what a fact does to a member.
type Change string

// Changes of a member that this package makes.
const (
	Fill     Change = "fill"     // set where it is absent; an object is completed
	Complete Change = "complete" // members of an object that is there are filled
	OneOf    Change = "one of"   // filled with one of the values, by seed
	Put      Change = "put"      // set, whatever was there
	Omit     Change = "omit"     // left out
	Drop     Change = "drop"     // left out where it has the value
	Reorder  Change = "reorder"  // a list in another order with every answer
	Sort     Change = "sort"     // a list sorted by the member that is the value
	Coerce   Change = "coerce"   // written otherwise, by the rule that is the value
	ARN      Change = "arn"      // the name in the ARN in lower case, or as it was given
)

// Changes that other parts of the simulator make, in the mode or always.
const (
	Absent Change = "absent" // stays absent when it was not sent
	Echo   Change = "echo"   // comes back as it was sent
	Adds   Change = "adds"   // is a member of the answer that the request does not have
	Kinds  Change = "kinds"  // the simulated kind does so, see Shown
	Lag    Change = "lag"    // reads lag behind writes by up to the value
	Left   Change = "left"   // not carried out, see Left
)

// When is what an answer must be like.
type When struct {
	// Has and Lacks name members beside the fact's, or of the whole answer.
	Has   string `json:"has,omitempty"`
	Lacks string `json:"lacks,omitempty"`
	// Is and IsNot give values of such members.
	Is    map[string][]any `json:"is,omitempty"`
	IsNot map[string][]any `json:"isNot,omitempty"`
	// Fresh is how long after LastModifiedTime the fact holds, as a duration.
	Fresh string `json:"fresh,omitempty"`
}

// LeftOut are facts about an operation that the simulator does not have.
type LeftOut struct {
	Operation string   `json:"operation"`
	Members   []string `json:"members"`
}

//go:embed table/*.yaml
var tables embed.FS

//go:embed left-out.yaml
var leftOut []byte

// Facts reads the table, once. Nobody may change it.
var Facts = sync.OnceValues(readFacts)

// Unsimulated lists the facts about operations that the simulator does not have.
func Unsimulated() ([]LeftOut, error) {
	var list []LeftOut
	return list, read("left-out.yaml", leftOut, &list)
}

func readFacts() ([]Fact, error) {
	names, err := fs.Glob(tables, "table/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the observed facts: %w", err)
	}
	var facts []Fact
	for _, name := range names {
		text, err := tables.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the observed facts: %w", err)
		}
		var groups []struct {
			Operations []string `json:"operations"`
			Facts      []Fact   `json:"facts"`
		}
		if err := read(name, text, &groups); err != nil {
			return nil, err
		}
		for _, group := range groups {
			for _, fact := range group.Facts {
				fact.Operations = group.Operations
				facts = append(facts, fact)
			}
		}
	}
	return facts, nil
}

// read decodes YAML with numbers as they are written.
func read(name string, text []byte, into any) error {
	data, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return fmt.Errorf("observed facts %s: %w", name, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("observed facts %s: %w", name, err)
	}
	return nil
}
