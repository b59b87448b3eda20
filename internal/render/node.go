package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/osteele/liquid/values"
)

// literal is text.
type literal string

func (n literal) render(r *run) error { return r.write(string(n)) }

// insertion is another program, at this place.
type insertion struct{ part *program }

func (n insertion) render(r *run) error { return r.all(n.part.nodes) }

// output writes a value.
type output struct {
	*expression
	pointer         string
	escape          escaping
	watched, backup []watched
}

func (n *output) render(r *run) error {
	v, err := r.eval(n.expression, n.pointer)
	if err != nil {
		return err
	}
	r.check(n.watched)
	if len(n.backup) > 0 && blank(v) {
		r.check(n.backup)
	}
	if err := r.put(v, n.escape); err != nil {
		return n.place(err, n.pointer)
	}
	return nil
}

// put writes a value as text: escaped, unless it is markup and there is markup around it.
func (r *run) put(v any, escape escaping) error {
	if m, ok := v.(markup); ok {
		switch {
		case r.flat:
			text, err := r.flatten(string(m))
			if err != nil {
				return err
			}
			return r.write(text)
		case escape != escapeTag: // between attributes nothing is markup
			return r.write(string(m))
		}
		v = string(m)
	}
	s, err := r.str(v)
	if err != nil {
		return err
	}
	if escape == escapeNothing || r.flat {
		return r.write(s)
	}
	return r.writeEscaped(s, escape)
}

// flatten makes plain text of markup that a value holds.
func (r *run) flatten(m string) (string, error) {
	if err := r.grow(2 * len(m)); err != nil {
		return "", err
	}
	return toText(m), nil
}

// condition is if, elsif, else and unless.
type condition struct {
	pointer  string
	branches []branch
}

type branch struct {
	test    *expression // nil: else
	negated bool
	nodes   []node
}

func (n *condition) render(r *run) error {
	for _, b := range n.branches {
		if b.test == nil {
			return r.all(b.nodes)
		}
		v, err := r.eval(b.test, n.pointer)
		if err != nil {
			return err
		}
		if (v != nil && v != false) != b.negated {
			return r.all(b.nodes)
		}
	}
	return nil
}

// choice is case.
type choice struct {
	pointer string
	of      *expression
	whens   []when
}

type when struct {
	values    []*expression
	otherwise bool
	nodes     []node
}

func (n *choice) render(r *run) error {
	v, err := r.eval(n.of, n.pointer)
	if err != nil {
		return err
	}
	for _, w := range n.whens {
		fits := w.otherwise
		for _, e := range w.values {
			x, err := r.eval(e, n.pointer)
			if err != nil {
				return err
			}
			fits = fits || equal(v, x)
		}
		if fits {
			return r.all(w.nodes)
		}
	}
	return nil
}

// equal compares two values; those that cannot be compared are not equal.
func equal(a, b any) (same bool) {
	defer func() {
		if recover() != nil {
			same = false
		}
	}()
	return values.Equal(plain(a), plain(b))
}

// The jumps out of a loop.
var (
	errBreak    = errors.New("break outside of a loop")
	errContinue = errors.New("continue outside of a loop")
)

type jump struct{ err error }

func (n jump) render(*run) error { return n.err }

// loop is for and tablerow.
type loop struct {
	pointer             string
	variable            string
	of                  *expression
	limit, offset, cols *expression // nil: none
	reversed, table     bool
	nodes, otherwise    []node
}

func (n *loop) render(r *run) error {
	v, err := r.eval(n.of, n.pointer)
	if err != nil {
		return err
	}
	list := sequenceOf(v)
	from, to := 0, list.length
	if offset, err := n.number(r, n.offset, 0); err != nil {
		return err
	} else if offset > 0 {
		from = min(offset, to)
	}
	if limit, err := n.number(r, n.limit, -1); err != nil {
		return err
	} else if limit >= 0 {
		to = from + min(limit, to-from)
	}
	cols, err := n.number(r, n.cols, to-from)
	if err != nil {
		return err
	}
	if from == to {
		return r.all(n.otherwise)
	}
	outer, variable := r.vars["forloop"], r.vars[n.variable]
	defer func() { r.vars["forloop"], r.vars[n.variable] = outer, variable }()
	about := map[string]any{"length": to - from, "parentloop": outer}
	r.vars["forloop"] = about
	for i := from; i < to; i++ {
		if err := r.turn(); err != nil {
			return n.of.place(err, n.pointer)
		}
		at := i
		if n.reversed {
			at = from + to - 1 - i
		}
		r.vars[n.variable] = list.at(at)
		about["index"], about["index0"], about["rindex"], about["rindex0"] = i-from+1, i-from, to-i, to-i-1
		about["first"], about["last"] = i == from, i == to-1
		err := n.cell(r, i-from, to-from, max(cols, 1))
		if errors.Is(err, errBreak) {
			break
		}
		if err != nil && !errors.Is(err, errContinue) {
			return err
		}
	}
	return nil
}

// cell renders one turn: of tablerow with the cell and the row around it.
func (n *loop) cell(r *run, i, length, cols int) error {
	if !n.table {
		return r.all(n.nodes)
	}
	open := ""
	if i%cols == 0 {
		open = fmt.Sprintf(`<tr class="row%d">`, i/cols+1)
	}
	if err := r.write(open + fmt.Sprintf(`<td class="col%d">`, i%cols+1)); err != nil {
		return err
	}
	jumped := r.all(n.nodes)
	if jumped != nil && !errors.Is(jumped, errBreak) && !errors.Is(jumped, errContinue) {
		return jumped
	}
	shut := "</td>"
	if (i+1)%cols == 0 || i+1 == length || errors.Is(jumped, errBreak) {
		shut = "</td></tr>"
	}
	if err := r.write(shut); err != nil {
		return err
	}
	return jumped
}

// number evaluates what limit, offset and cols take.
func (n *loop) number(r *run, e *expression, otherwise int) (int, error) {
	if e == nil {
		return otherwise, nil
	}
	v, err := r.eval(e, n.pointer)
	if err != nil || v == nil {
		return otherwise, err
	}
	f, ok := number(v)
	if !ok {
		return 0, e.at.fault(n.pointer, "limit, offset and cols take a number")
	}
	return toInt(f), nil
}

// sequence is what a loop goes over.
type sequence struct {
	length int
	at     func(int) any
}

// sequenceOf returns the items of a list, the numbers of a range, or the pairs of an object by name; of anything else
// nothing.
func sequenceOf(v any) sequence {
	switch v := v.(type) {
	case []any:
		return sequence{len(v), func(i int) any { return v[i] }}
	case []string:
		return sequence{len(v), func(i int) any { return v[i] }}
	case span:
		return sequenceOf(v.of)
	case values.Range:
		first, last := bounds(v)
		if last < first {
			return sequence{}
		}
		if n := last - first + 1; n > 0 {
			return sequence{n, v.Index}
		}
		return sequence{1<<63 - 1, v.Index} // longer than can be counted
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		return sequence{len(names), func(i int) any { return []any{names[i], v[names[i]]} }}
	}
	return sequence{}
}

// bounds returns the first and the last number of a range.
func bounds(v values.Range) (first, last int) {
	first = v.Index(0).(int)
	return first, v.Len() - 1 + first // as wrapped around as Len is, so right
}

// assign gives a variable a value.
type assign struct {
	pointer string
	name    string
	value   *expression
}

func (n *assign) render(r *run) error {
	v, err := r.eval(n.value, n.pointer)
	if err != nil {
		return err
	}
	if long, ok := v.(values.Range); ok {
		v = span{long}
	}
	r.vars[n.name] = v
	return nil
}

// capture gives a variable what a block renders to.
type capture struct {
	name  string
	nodes []node
	html  bool
}

func (n *capture) render(r *run) error {
	begin := len(r.out)
	err := r.all(n.nodes)
	made := string(r.out[begin:])
	r.out = r.out[:begin]
	if err != nil {
		return err
	}
	if err := r.grow(len(made)); err != nil {
		r.fault = nil
		return err
	}
	if n.html && !r.flat {
		r.vars[n.name] = markup(made) // its values were escaped when they were written
	} else {
		r.vars[n.name] = made
	}
	return nil
}

// cycle writes its values in turn.
type cycle struct {
	key, group string
	values     []string
}

func (n *cycle) render(r *run) error {
	i := r.count("cycle "+n.group+n.key, 1) - 1
	return r.write(n.values[i%len(n.values)])
}

// counter is increment and decrement.
type counter struct {
	name string
	down bool
}

func (n *counter) render(r *run) error {
	if n.down {
		return r.write(strconv.Itoa(r.count("counter "+n.name, -1)))
	}
	return r.write(strconv.Itoa(r.count("counter "+n.name, 1) - 1))
}

// count adds to a counter and returns what it is then.
func (r *run) count(name string, by int) int {
	if r.counters == nil {
		r.counters = map[string]int{}
	}
	r.counters[name] += by
	return r.counters[name]
}
