package render

import (
	"slices"

	"github.com/osteele/liquid/expressions"

	"github.com/carpel/carpel"
)

// program is one text of a template, compiled. It is immutable.
type program struct {
	pointer string
	nodes   []node
	uses    []path // every variable that it names, its own left out
	writes  bool   // it has variables of its own
}

// node is a step of a program.
type node interface{ render(r *run) error }

// compiler makes a program of tokens. It goes through them once; the depth of its recursion is bounded.
type compiler struct {
	pointer string
	html    *htmlPlace // of HTML: where the next token stands; nil for plain text
	tokens  []token
	next    int
	depth   int
	out     program
	own     map[string]*own // variables that the text makes itself
}

// own is a variable that a text makes itself.
type own struct {
	of []path // what it was made from, if by one assign that has no default
}

// compile makes a program of tokens; html says that values are written into HTML.
func compile(pointer string, tokens []token, html bool) (*program, error) {
	c := &compiler{pointer: pointer, tokens: tokens, own: map[string]*own{}, out: program{pointer: pointer}}
	if html {
		c.html = &htmlPlace{}
	}
	nodes, end, err := c.block()
	if err != nil {
		return nil, err
	}
	if end.name != "" {
		return nil, end.at.fault(pointer, "{%% %s %%} has nothing to end or to continue", end.name)
	}
	c.out.nodes, c.out.writes = nodes, len(c.own) > 0
	return &c.out, nil
}

// block compiles up to a tag that ends or continues a block, and returns that tag; the zero token at the end.
func (c *compiler) block(ends ...string) (nodes []node, end token, err error) {
	if c.depth++; c.depth > carpel.MaxTemplateNesting {
		return nil, end, c.tokens[c.next-1].at.of(c.pointer, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxTemplateNesting, Actual: int64(c.depth),
			Message: "this block is nested too deeply"})
	}
	defer func() { c.depth-- }()
	for c.next < len(c.tokens) {
		t := c.tokens[c.next]
		c.next++
		var n node
		switch t.kind {
		case textToken:
			n = literal(t.text)
			if c.html != nil {
				c.html.pass(t.text)
			}
		case outputToken:
			n, err = c.output(t)
		case insertToken:
			n = insertion{t.part}
			c.out.uses = append(c.out.uses, t.part.uses...)
		case tagToken:
			if isEnd(t.name) {
				return nodes, t, nil
			}
			n, err = c.tag(t)
		}
		if err != nil {
			return nil, end, err
		}
		nodes = append(nodes, n)
	}
	return nodes, token{}, nil
}

// ends are the tags that end or continue a block.
var ends = []string{"else", "elsif", "when", "endif", "endunless", "endcase", "endfor", "endtablerow", "endcapture", "endraw", "endcomment"}

func isEnd(name string) bool { return slices.Contains(ends, name) }

// tag compiles a tag, with its block if it has one.
func (c *compiler) tag(t token) (node, error) {
	switch t.name {
	case "if", "unless":
		return c.condition(t)
	case "case":
		return c.choice(t)
	case "for", "tablerow":
		return c.loop(t)
	case "assign":
		return c.assign(t)
	case "capture":
		return c.capture(t)
	case "cycle":
		return c.cycle(t)
	case "increment", "decrement":
		return c.counter(t)
	case "echo":
		return c.output(t)
	case "break":
		return jump{errBreak}, nil
	case "continue":
		return jump{errContinue}, nil
	case "include", "render", "layout", "section":
		return nil, t.at.fault(c.pointer, "{%% %s %%} is not available: a template holds all of its text itself", t.name)
	}
	e := t.at.fault(c.pointer, "there is no tag %q", shorten(t.name))
	e.Suggestion = carpel.Nearest(t.name, []string{"if", "unless", "case", "for", "tablerow", "assign", "capture", "cycle", "increment", "decrement", "echo", "break", "continue", "raw", "comment"})
	return nil, e
}

func (c *compiler) output(t token) (node, error) {
	e, err := c.expression(t.text, t.at)
	if err != nil {
		return nil, err
	}
	c.use(e)
	o := &output{expression: e, pointer: c.pointer, backup: c.watch(e.backup)}
	if !e.spared {
		o.watched = c.watch(e.uses)
	}
	if c.html != nil {
		o.escape = c.html.escaping()
	}
	return o, nil
}

// use keeps the variables of an expression, apart from the text's own.
func (c *compiler) use(e *expression) {
	for _, p := range slices.Concat(e.uses, e.backup) {
		if _, ok := c.own[p[0]]; !ok && p[0] != "forloop" {
			c.out.uses = append(c.out.uses, p)
		}
	}
}

// watched is a variable whose absence counts.
type watched struct {
	value path
	names []string // under which it is told: of an assigned one, what it was assigned
}

// watch says under which names the absence of variables is told. One that the text makes itself counts when an assign
// made it, or when it goes through a list.
func (c *compiler) watch(paths []path) (all []watched) {
	for _, p := range paths {
		w := watched{value: p, names: []string{p.String()}}
		if p[0] == "forloop" || p[0] == "tablerowloop" {
			continue
		}
		if o, ok := c.own[p[0]]; ok && len(p) == 1 {
			w.names = nil
			for _, of := range o.of {
				w.names = append(w.names, of.String())
			}
		}
		if len(w.names) > 0 {
			all = append(all, w)
		}
	}
	return all
}

// closed fails unless a block was ended by its own end.
func (c *compiler) closed(t, end token) error {
	switch end.name {
	case "end" + t.name:
		return nil
	case "":
		return t.at.fault(c.pointer, "{%% %s %%} is never closed by {%% end%s %%}", t.name, t.name)
	}
	return end.at.fault(c.pointer, "{%% %s %%} does not fit to the {%% %s %%} of line %d", end.name, t.name, t.at.line)
}

func (c *compiler) condition(t token) (node, error) {
	out := &condition{pointer: c.pointer}
	end := t
	for {
		b := branch{}
		if end.name != "else" {
			e, err := c.expression(end.text, end.at)
			if err != nil {
				return nil, err
			}
			c.use(e)
			b.test, b.negated = e, end.name == "unless"
		}
		nodes, next, err := c.block()
		if err != nil {
			return nil, err
		}
		b.nodes = nodes
		out.branches = append(out.branches, b)
		if next.name != "elsif" && next.name != "else" || end.name == "else" {
			return out, c.closed(t, next)
		}
		end = next
	}
}

func (c *compiler) choice(t token) (node, error) {
	e, err := c.expression(t.text, t.at)
	if err != nil {
		return nil, err
	}
	c.use(e)
	out := &choice{pointer: c.pointer, of: e}
	_, end, err := c.block() // what stands before the first when is nothing
	for ; err == nil && (end.name == "when" || end.name == "else"); _ = end {
		var w when
		if end.name == "when" {
			st, err := c.statement(expressions.WhenStatementSelector, "when", end.text, end.at)
			if err != nil {
				return nil, err
			}
			names := c.names(end.text, end.at)
			c.use(names)
			for _, x := range st.When.Exprs {
				w.values = append(w.values, &expression{parsed: x, source: end.text, at: end.at})
			}
		} else {
			w.otherwise = true
		}
		w.nodes, end, err = c.block()
		out.whens = append(out.whens, w)
	}
	if err != nil {
		return nil, err
	}
	return out, c.closed(t, end)
}

func (c *compiler) loop(t token) (node, error) {
	st, err := c.statement(expressions.LoopStatementSelector, t.name, t.text, t.at)
	if err != nil {
		return nil, err
	}
	l := &loop{pointer: c.pointer, variable: st.Loop.Variable, reversed: st.Loop.Reversed, table: t.name == "tablerow"}
	wrap := func(x expressions.Expression) *expression {
		if x == nil {
			return nil
		}
		return &expression{parsed: x, source: t.text, at: t.at}
	}
	l.of, l.limit, l.offset, l.cols = wrap(st.Loop.Expr), wrap(st.Loop.Limit), wrap(st.Loop.Offset), wrap(st.Loop.Cols)
	names := c.names(t.text, t.at)
	if len(names.uses) > 0 {
		names.uses = names.uses[1:] // the first is the loop's own
	}
	c.use(names)
	before, had := c.own[l.variable]
	c.own[l.variable] = &own{}
	var end token
	if l.nodes, end, err = c.block(); err != nil {
		return nil, err
	}
	if end.name == "else" && !l.table {
		if l.otherwise, end, err = c.block(); err != nil {
			return nil, err
		}
	}
	if had {
		c.own[l.variable] = before
	} else {
		delete(c.own, l.variable)
		c.out.writes = true
	}
	return l, c.closed(t, end)
}

func (c *compiler) assign(t token) (node, error) {
	st, err := c.statement(expressions.AssignStatementSelector, "assign", t.text, t.at)
	if err != nil {
		return nil, err
	}
	name := st.Assignment.Variable
	if name == "" || reservedName(name) {
		return nil, t.at.fault(c.pointer, "%q cannot be assigned to: take a plain name of your own", shorten(t.text))
	}
	names := c.names(t.text, t.at)
	if len(names.uses) > 0 {
		names.uses = names.uses[1:] // the first is the one assigned to
	}
	c.use(names)
	o := &own{}
	if !names.spared {
		for _, p := range names.uses {
			if of, ok := c.own[p[0]]; ok && len(p) == 1 {
				o.of = append(o.of, of.of...)
			} else {
				o.of = append(o.of, p)
			}
		}
	}
	c.own[name] = o
	return &assign{pointer: c.pointer, name: name, value: &expression{parsed: st.Assignment.ValueFn, source: t.text, at: t.at}}, nil
}

// reservedName reports whether a variable is ours.
func reservedName(name string) bool {
	return name == "forloop" || slices.Contains(Roots(), name)
}

func (c *compiler) capture(t token) (node, error) {
	if !plainName(t.text) || reservedName(t.text) {
		return nil, t.at.fault(c.pointer, "{%% capture %%} takes a plain name of your own")
	}
	nodes, end, err := c.block()
	if err != nil {
		return nil, err
	}
	c.own[t.text] = &own{}
	return &capture{name: t.text, nodes: nodes, html: c.html != nil}, c.closed(t, end)
}

func (c *compiler) cycle(t token) (node, error) {
	st, err := c.statement(expressions.CycleStatementSelector, "cycle", t.text, t.at)
	if err != nil {
		return nil, err
	}
	return &cycle{key: t.text, group: st.Cycle.Group, values: st.Cycle.Values}, nil
}

func (c *compiler) counter(t token) (node, error) {
	if !plainName(t.text) {
		return nil, t.at.fault(c.pointer, "{%% %s %%} takes a plain name", t.name)
	}
	return &counter{name: t.text, down: t.name == "decrement"}, nil
}
