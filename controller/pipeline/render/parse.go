package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/sagemaker-gitops/sagemaker-gitops/controller/shape"
)

// Use is an output of another step that a template needs.
type Use struct{ Step, Output string }

// Template is a tree with templates in its texts.
type Template struct {
	tree     shape.Tree
	uses     []Use
	mentions []string
}

// Error says what is wrong with the text at a path of the tree.
type Error struct {
	// Path is that of the text, such as hyperParameters.num_round.
	Path string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// text is a string of a tree that has a template in it.
type text struct {
	path     string
	template *template.Template
	// whole says that the text is one action and nothing else, so that what it
	// gives may be of another type than text.
	whole bool
}

// Parse reads the templates of a tree. The error is an *Error: a text that is no
// template, or does something with an output that cannot be done before it is
// there.
func Parse(tree shape.Tree) (*Template, error) {
	t := &Template{}
	read, err := t.parse("", tree)
	if err != nil {
		return nil, err
	}
	t.tree, _ = read.(map[string]any)
	return t, nil
}

// Uses are the outputs that the template needs, each once, in the order in which
// they stand in it.
func (t *Template) Uses() []Use { return slices.Clone(t.uses) }

// Mentions tells whether the template speaks of a value that it sees, such as step,
// path.
func (t *Template) Mentions(path ...string) bool {
	return slices.Contains(t.mentions, strings.Join(path, "."))
}

// parse copies a value with the strings that have templates as *text.
func (t *Template) parse(path string, value any) (any, error) {
	switch v := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(v))
		for _, key := range keys(v) {
			inner, err := t.parse(join(path, key), v[key])
			if err != nil {
				return nil, err
			}
			copied[key] = inner
		}
		return copied, nil
	case []any:
		copied := make([]any, len(v))
		for i, item := range v {
			inner, err := t.parse(fmt.Sprintf("%s[%d]", path, i), item)
			if err != nil {
				return nil, err
			}
			copied[i] = inner
		}
		return copied, nil
	case string:
		if !strings.Contains(v, "{{") {
			return v, nil
		}
		parsed, err := t.parseText(path, v)
		if err != nil {
			return nil, &Error{path, err}
		}
		return parsed, nil
	default:
		return value, nil
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (t *Template) parseText(path, source string) (*text, error) {
	trees, err := parse.Parse("", source, "", "", functions(), known)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "template: :"))
	}
	main := trees[""]
	if main == nil || main.Root == nil {
		return nil, errors.New("the text only defines templates")
	}
	w := walker{template: t, calls: template.FuncMap{}}
	set := template.New("").Option("missingkey=error")
	whole := len(main.Root.Nodes) == 1 && main.Root.Nodes[0].Type() == parse.NodeAction
	for _, tree := range trees {
		if err := w.list(tree.Root); err != nil {
			return nil, err
		}
		tree.Root.Nodes = slices.Insert(tree.Root.Nodes, 0, tick())
	}
	set.Funcs(w.calls) // and no others: they are copied for every text
	for name, tree := range trees {
		if _, err := set.AddParseTree(name, tree); err != nil {
			return nil, err
		}
	}
	return &text{path: path, template: set, whole: whole}, nil
}

// known are functions that there are beside sprig's: those of text/template and our
// own.
var known = map[string]any{
	"and": true, "call": true, "html": true, "index": true, "slice": true, "js": true, "len": true, "not": true, "or": true, "print": true, "printf": true,
	"println": true, "urlquery": true, "eq": true, "ge": true, "gt": true, "le": true, "lt": true, "ne": true, nameOutput: true,
}

const (
	// nameOutput is the function that stands for .steps.<step>.outputs.<output>.
	nameOutput = "output"
	// nameTick is called wherever a template may go round. No text can call it, since
	// the parser does not know it.
	nameTick = "__tick"
)

// tick is an action that gives nothing, and fails when a template goes round for
// too long.
func tick() parse.Node {
	call := &parse.CommandNode{NodeType: parse.NodeCommand, Args: []parse.Node{parse.NewIdentifier(nameTick)}}
	return &parse.ActionNode{NodeType: parse.NodeAction, Pipe: &parse.PipeNode{NodeType: parse.NodePipe, Cmds: []*parse.CommandNode{call}}}
}

// walker finds the outputs that a template needs and refuses those of which the
// use cannot be known.
type walker struct {
	template *Template
	// calls are the functions of sprig that the text calls.
	calls template.FuncMap
}

func (w walker) list(list *parse.ListNode) error {
	if list == nil {
		return nil
	}
	for _, node := range list.Nodes {
		if err := w.node(node); err != nil {
			return err
		}
	}
	return nil
}

func (w walker) node(node parse.Node) error {
	switch n := node.(type) {
	case *parse.ActionNode:
		if use, ok := lone(n.Pipe); ok {
			if !slices.Contains(w.template.uses, use) {
				w.template.uses = append(w.template.uses, use)
			}
			n.Pipe.Cmds[0].Args = []parse.Node{parse.NewIdentifier(nameOutput), quoted(use.Step), quoted(use.Output)}
			return nil
		}
		return w.pipe(n.Pipe)
	case *parse.IfNode:
		return w.branch(&n.BranchNode, false)
	case *parse.WithNode:
		return w.branch(&n.BranchNode, false)
	case *parse.RangeNode:
		return w.branch(&n.BranchNode, true)
	case *parse.TemplateNode:
		return w.pipe(n.Pipe)
	default:
		return nil
	}
}

func (w walker) branch(n *parse.BranchNode, round bool) error {
	if err := w.pipe(n.Pipe); err != nil {
		return err
	}
	if err := w.list(n.List); err != nil {
		return err
	}
	if round {
		n.List.Nodes = slices.Insert(n.List.Nodes, 0, tick())
	}
	return w.list(n.ElseList)
}

func quoted(s string) *parse.StringNode {
	return &parse.StringNode{NodeType: parse.NodeString, Quoted: fmt.Sprintf("%q", s), Text: s}
}

// lone is the output that an action inserts, if it does nothing else.
func lone(pipe *parse.PipeNode) (Use, bool) {
	if len(pipe.Decl) > 0 || len(pipe.Cmds) != 1 {
		return Use{}, false
	}
	args := pipe.Cmds[0].Args
	if len(args) == 1 {
		path := chain(args[0])
		if len(path) == 4 && path[0] == "steps" && path[2] == "outputs" {
			return Use{path[1], path[3]}, true
		}
		return Use{}, false
	}
	name, ok := args[0].(*parse.IdentifierNode)
	if !ok || name.Ident != nameOutput || len(args) != 3 {
		return Use{}, false
	}
	step, ok := args[1].(*parse.StringNode)
	output, ok2 := args[2].(*parse.StringNode)
	if !ok || !ok2 {
		return Use{}, false
	}
	return Use{step.Text, output.Text}, true
}

// chain is a path of names from the root, if a node is one.
func chain(node parse.Node) []string {
	switch n := node.(type) {
	case *parse.FieldNode:
		return n.Ident
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return n.Ident[1:]
		}
	}
	return nil
}

var errOpaque = errors.New(`an output of a step can be inserted into a text, as {{ .steps.<step>.outputs.<output> }} or {{ output "<step>" "<output>" }}, ` +
	"and nothing else can be done with it: nobody knows it before the step has run")

// pipe refuses outputs within anything but a lone action.
func (w walker) pipe(pipe *parse.PipeNode) error {
	if pipe == nil {
		return nil
	}
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			if err := w.arg(arg); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w walker) arg(arg parse.Node) error {
	switch n := arg.(type) {
	case *parse.PipeNode:
		return w.pipe(n)
	case *parse.ChainNode:
		return w.arg(n.Node)
	case *parse.IdentifierNode:
		if n.Ident == nameOutput {
			return errOpaque
		}
		if function, ok := functions()[n.Ident]; ok {
			w.calls[n.Ident] = function
		}
	default:
		path := chain(arg)
		if len(path) > 0 && path[0] == "steps" {
			return errOpaque
		}
		w.template.mentions = append(w.template.mentions, strings.Join(path, "."))
	}
	return nil
}
