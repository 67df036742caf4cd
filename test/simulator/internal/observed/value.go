package observed

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

var braces = regexp.MustCompile(`\{[A-Za-z][\w.]*\}`)

// expand makes a value of one in a fact, with what its braces stand for; nil if one
// of them stands for nothing.
func (c *Changer) expand(value any, p *place) any {
	switch v := value.(type) {
	case string:
		return c.text(v, p)
	case map[string]any:
		out := wire.Body{}
		for name, member := range v {
			if out[name] = c.expand(member, p); out[name] == nil {
				return nil
			}
		}
		return out
	default:
		return wire.Clone(value)
	}
}

func (c *Changer) text(text string, p *place) any {
	if text == "{age}" {
		return json.Number(strconv.Itoa(max(0, int(p.age("CreationTime")/time.Second))))
	}
	complete := true
	text = braces.ReplaceAllStringFunc(text, func(brace string) string {
		name := strings.Trim(brace, "{}")
		if known, ok := c.known(name, p); ok {
			return known
		}
		value, found := p.lookup(name)
		complete = complete && found
		return strings.TrimSuffix(fmt.Sprint(value), "/")
	})
	if !complete {
		return nil
	}
	return text
}

// known is what a name in braces stands for that is no member.
func (c *Changer) known(name string, p *place) (text string, ok bool) {
	created, _ := p.lookup("CreationTime")
	at, _ := created.(time.Time)
	switch name {
	case "account":
		return p.moment.Account, true
	case "region":
		return p.moment.Region, true
	case "partition":
		return p.moment.Partition(), true
	case "created":
		return strconv.FormatInt(at.Unix(), 10), true
	case "createdms":
		return strconv.FormatInt(at.UnixMilli(), 10), true
	case "hex17":
		return c.hex(17, p.owner(), p.name), true
	case "hex64":
		return c.hex(64, p.owner(), p.name), true
	default:
		return "", false
	}
}

// owner is the ARN of what the answer is about.
func (p *place) owner() string {
	for _, member := range slices.Sorted(maps.Keys(p.within[0])) {
		if strings.HasSuffix(member, "Arn") {
			return fmt.Sprint(p.within[0][member])
		}
	}
	return ""
}

// hex is so many digits, the same for the same words.
func (c *Changer) hex(digits int, words ...string) string {
	var b strings.Builder
	for i := 0; b.Len() < digits; i++ {
		fmt.Fprintf(&b, "%016x", c.draw(slices.Concat(words, []string{strconv.Itoa(i)})...))
	}
	return b.String()[:digits]
}

// mostReason is about where AWS cuts a reason.
const mostReason = 1024

// coercions are the ways in which AWS writes a value otherwise.
var coercions = map[string]func(*place, any) any{
	"float32": func(_ *place, value any) any {
		if f, ok := float(value); ok {
			return json.Number(strconv.FormatFloat(float64(float32(f)), 'f', -1, 64))
		}
		return value
	},
	"double": func(_ *place, value any) any {
		if f, ok := float(value); ok && f == float64(int64(f)) {
			return json.Number(strconv.FormatFloat(f, 'f', 1, 64))
		}
		return value
	},
	"string": func(_ *place, value any) any { return fmt.Sprint(value) },
	"cut": func(_ *place, value any) any {
		text := fmt.Sprint(value)
		return text[:min(len(text), mostReason)]
	},
	"blank before": func(_ *place, value any) any { return " " + fmt.Sprint(value) },
	"bare name": func(_ *place, value any) any {
		text := fmt.Sprint(value)
		if strings.HasPrefix(text, "arn:") {
			return text[strings.LastIndex(text, "/")+1:]
		}
		return value
	},
	"algorithm arn": func(p *place, value any) any {
		if text := fmt.Sprint(value); !strings.HasPrefix(text, "arn:") {
			return p.moment.ServiceARN("sagemaker", "algorithm", text)
		}
		return value
	},
	"one line": oneLine,
	"document": document,
}

func float(value any) (number float64, ok bool) {
	switch n := value.(type) {
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	case float64:
		return n, true
	default:
		return 0, false
	}
}

// oneLine writes base64 without line ends.
func oneLine(_ *place, value any) any {
	text := strings.Join(strings.Fields(fmt.Sprint(value)), "")
	if _, err := base64.StdEncoding.DecodeString(text); err != nil {
		return value
	}
	return text
}

// document writes a text of JSON with other white space and the members of objects
// in another order.
func document(_ *place, value any) any {
	decoder := json.NewDecoder(strings.NewReader(fmt.Sprint(value)))
	decoder.UseNumber()
	var parsed any
	if err := decoder.Decode(&parsed); err != nil {
		return value
	}
	text, err := json.MarshalIndent(parsed, "", "  ")
	if err != nil {
		return value
	}
	return string(text)
}
