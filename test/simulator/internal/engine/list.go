package engine

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sagemaker-gitops/sagemaker-gitops/test/simulator/internal/wire"
)

const (
	defaultPage = 10
	// tokenLife is an assumption: AWS only says that tokens expire.
	tokenLife = 24 * time.Hour
)

// cursor is what a NextToken hides.
type cursor struct {
	kind   string
	query  string
	after  string // sort key of the page's last object
	issued time.Time
}

func list(kind *Kind) Operation {
	return Operation{kind, func(tx *Tx, body wire.Body) (wire.Body, *wire.Error) {
		query := query(body)
		var from cursor
		if token := wire.String(body, "NextToken"); token != "" {
			var err *wire.Error
			if from, err = readToken(tx, kind, query, token); err != nil {
				return nil, err
			}
		}
		rows := sorted(tx, kind, body, from.after)
		size := min(len(rows), wire.Int(defaultPage, body, "MaxResults"))
		answer := wire.Body{}
		if size < len(rows) {
			answer["NextToken"] = writeToken(cursor{kind: kind.Name, query: query, after: rows[size-1].key, issued: tx.Now})
		}
		page := make([]any, 0, size)
		for _, row := range rows[:size] {
			if !kind.List.FilterAfterPaging || hasStatus(row.object, body) {
				page = append(page, row.object.summary())
			}
		}
		answer[kind.List.Summaries] = page
		return answer, nil
	}}
}

// Page answers a List of rows that belong to an object, in the order they are in.
func (tx *Tx) Page(o *Object, member string, rows []any, body wire.Body) (wire.Body, *wire.Error) {
	first, query := 0, query(body)
	if token := wire.String(body, "NextToken"); token != "" {
		from, err := readToken(tx, o.Kind, query, token)
		if err != nil {
			return nil, err
		}
		if first, _ = strconv.Atoi(from.after); first > len(rows) {
			return nil, badToken()
		}
	}
	end := min(len(rows), first+wire.Int(defaultPage, body, "MaxResults"))
	answer := wire.Body{member: rows[first:end]}
	if end < len(rows) {
		answer["NextToken"] = writeToken(cursor{kind: o.Kind.Name, query: query, after: strconv.Itoa(end), issued: tx.Now})
	}
	return answer, nil
}

// summary is what lists show of an object.
func (o *Object) summary() wire.Body {
	if o.Kind.List.Summary != nil {
		return o.Kind.List.Summary(o)
	}
	summary := wire.Body{}
	for _, member := range o.Kind.List.Members {
		if value := o.Document[member]; value != nil {
			summary[member] = value
		}
	}
	return summary
}

// row is an object with what it is sorted by.
type row struct {
	key    string
	object *Object
}

// sorted lists the objects a request asks for, in the order it asks for, from
// after a key on.
func sorted(tx *Tx, kind *Kind, body wire.Body, after string) []row {
	direction := -1
	if ascending(kind, body) {
		direction = 1
	}
	var rows []row
	for _, o := range tx.objects {
		if o.Kind != kind || o.Scope != tx.Caller.Scope || tx.Now.Before(o.visible) || !matches(o, body) {
			continue
		}
		key := sortKey(o, body)
		if after == "" || direction*strings.Compare(key, after) > 0 {
			rows = append(rows, row{key, o})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return direction * strings.Compare(a.key, b.key) })
	return rows
}

// matches applies the filters that all Lists share. Assumption: the times are
// exclusive.
func matches(o *Object, body wire.Body) bool {
	if part := wire.String(body, "NameContains"); part != "" && !strings.Contains(strings.ToLower(o.title()), strings.ToLower(part)) {
		return false
	}
	if !o.Kind.List.FilterAfterPaging && !hasStatus(o, body) {
		return false
	}
	if filter := o.Kind.List.Filter; filter != nil && !filter(o, body) {
		return false
	}
	if want := wire.String(body, "WarmPoolStatusEquals"); want != "" && wire.String(o.Document, "WarmPoolStatus", "Status") != want {
		return false
	}
	for member, keep := range map[string]func(bound time.Time) bool{
		"CreationTimeAfter":      func(bound time.Time) bool { return o.created.After(bound) },
		"CreationTimeBefore":     func(bound time.Time) bool { return o.created.Before(bound) },
		"LastModifiedTimeAfter":  func(bound time.Time) bool { return o.modified().After(bound) },
		"LastModifiedTimeBefore": func(bound time.Time) bool { return o.modified().Before(bound) },
	} {
		if bound, given := wire.Time(body[member]); given && !keep(bound) {
			return false
		}
	}
	return true
}

func hasStatus(o *Object, body wire.Body) bool {
	want := wire.String(body, "StatusEquals")
	return want == "" || o.Status() == want
}

func sortKey(o *Object, body wire.Body) string {
	created := o.created.Format("2006-01-02T15:04:05.000") + "\x00" + o.Name
	switch wire.String(body, "SortBy") {
	case "Name":
		return o.title() + "\x00" + o.Name
	case "Status":
		return o.Status() + "\x00" + created
	default:
		return created
	}
}

func ascending(kind *Kind, body wire.Body) bool {
	switch wire.String(body, "SortOrder") {
	case "Ascending":
		return true
	case "Descending":
		return false
	default:
		return kind.List.Ascending
	}
}

// query is all of a List request that a token must agree with.
func query(body wire.Body) string {
	rest := wire.Body{}
	for member, value := range body {
		if member != "NextToken" && member != "MaxResults" {
			rest[member] = value
		}
	}
	return fmt.Sprint(rest) // maps print in the order of their keys
}

func writeToken(c cursor) string {
	text := strings.Join([]string{c.kind, c.query, c.after, strconv.FormatInt(c.issued.UnixMilli(), 10)}, "\x01")
	return base64.StdEncoding.EncodeToString([]byte(text))
}

func readToken(tx *Tx, kind *Kind, query, token string) (cursor, *wire.Error) {
	text, err := base64.StdEncoding.DecodeString(token)
	parts := strings.Split(string(text), "\x01")
	if err != nil || len(parts) != 4 {
		return cursor{}, badToken()
	}
	milliseconds, err := strconv.ParseInt(parts[3], 10, 64)
	c := cursor{kind: parts[0], query: parts[1], after: parts[2], issued: time.UnixMilli(milliseconds)}
	if err != nil || c.kind != kind.Name || c.query != query || tx.Now.Sub(c.issued) > tokenLife {
		return cursor{}, badToken()
	}
	return c, nil
}

// badToken is an assumption: the wording is not documented.
func badToken() *wire.Error {
	return wire.Invalid("The pagination token is invalid: it has expired or belongs to another request.")
}
