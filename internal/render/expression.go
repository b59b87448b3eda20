package render

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/osteele/liquid/expressions"

	"github.com/carpel/carpel"
)

// expression is a Liquid expression with the variables that it names.
type expression struct {
	parsed expressions.Expression
	source string
	at     position
	uses   []path // before a default filter: these count if there is none
	backup []path // in and after one: these count only when nothing came of the expression
	spared bool   // it has a default filter
}

// path is a variable: customer.address.city.
type path []string

func (p path) String() string {
	var b strings.Builder
	for i, name := range p {
		switch {
		case i == 0:
			b.WriteString(name)
		case plainName(name):
			b.WriteString("." + name)
		case digits(name):
			b.WriteString("[" + name + "]")
		default:
			fmt.Fprintf(&b, "[%q]", name)
		}
	}
	return b.String()
}

func plainName(s string) bool {
	for i := range len(s) {
		if !nameByte(s[i]) {
			return false
		}
	}
	return s != "" && !digit(s[0])
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func nameByte(c byte) bool {
	return c == '_' || c == '-' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || digit(c) || c >= 0x80
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// expression parses one, and says which variables and filters it names.
func (c *compiler) expression(source string, at position) (*expression, error) {
	if err := c.read(source, at); err != nil {
		return nil, err
	}
	e := c.names(source, at)
	parsed, err := guarded(source, expressions.Parse)
	if err != nil {
		return nil, at.fault(c.pointer, "%q is not an expression", shorten(source))
	}
	e.parsed = parsed
	return e, nil
}

// statement parses the arguments of a tag for which the library has a grammar of its own.
func (c *compiler) statement(selector, name, source string, at position) (*expressions.Statement, error) {
	if err := c.read(source, at); err != nil {
		return nil, err
	}
	st, err := guarded(source, func(s string) (*expressions.Statement, error) { return expressions.ParseStatement(selector, s) })
	if err != nil {
		return nil, at.fault(c.pointer, "%q is not what {%% %s %%} takes", shorten(source), name)
	}
	return st, nil
}

// guarded parses, and makes an error of what the library's parser panics with: numbers out of range.
func guarded[T any](source string, parse func(string) (T, error)) (parsed T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("not an expression")
		}
	}()
	return parse(source)
}

func shorten(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// read refuses what is no expression before the library sees it: nothing at all, what would select another of its
// grammars, properties of ranges, and filters that there are not.
func (c *compiler) read(source string, at position) error {
	if source == "" {
		return at.fault(c.pointer, "there is nothing between the braces")
	}
	for _, selector := range []string{"%assign ", "{%cycle ", "%loop ", "{%when "} {
		if strings.Contains(source, selector) {
			return at.fault(c.pointer, "%q is not an expression", shorten(source))
		}
	}
	if bracketed(source) {
		return at.fault(c.pointer, "a bracket has no properties: assign it to a name first")
	}
	for _, name := range c.names(source, at).filters() {
		if _, ok := filters[name]; !ok {
			e := at.fault(c.pointer, "there is no filter %q", shorten(name))
			e.Suggestion = carpel.Nearest(name, filterNames())
			return e
		}
	}
	return nil
}

// bracketed reports whether a property is asked of something in round brackets, which may be a range; see [span].
func bracketed(source string) bool {
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case '"', '\'':
			i = endOfString(source, i) - 1
		case ')':
			next := skipSpace(source, i+1)
			if next < len(source) && (source[next] == '[' || source[next] == '.' && !strings.HasPrefix(source[next:], "..")) {
				return true
			}
		}
	}
	return false
}

// words are read by the library as something else than variables.
var words = []string{"and", "or", "contains", "true", "false", "nil", "null", "blank", "empty", "in", "reversed"}

// names reads the variables of an expression, without its meaning: the library does not tell them.
func (c *compiler) names(source string, at position) *expression {
	e := &expression{source: source, at: at}
	for i := 0; i < len(source); {
		switch ch := source[i]; {
		case ch == '"' || ch == '\'':
			i = endOfString(source, i)
		case ch == '|':
			name, end := filterName(source, i+1)
			e.spared = e.spared || name == "default"
			i = end
		case nameByte(ch) && ch != '-' && !digit(ch):
			end := endOfName(source, i)
			name := source[i:end]
			if next := skipSpace(source, end); next < len(source) && source[next] == ':' || slices.Contains(words, name) {
				i = end // an argument by name, or no variable
				continue
			}
			var p path
			p, i = readPath(source, i, end)
			if e.spared {
				e.backup = append(e.backup, p)
			} else {
				e.uses = append(e.uses, p)
			}
		case digit(ch):
			for i < len(source) && digit(source[i]) {
				i++
			}
		case ch == '.' && i+1 < len(source) && source[i+1] != '.' && nameByte(source[i+1]) && (i == 0 || source[i-1] != '.'):
			i = endOfName(source, i+1) // a property of something that is not a plain path
		default:
			i++
		}
	}
	return e
}

// filters lists the names of the filters of an expression.
func (e *expression) filters() (names []string) {
	for i := 0; i < len(e.source); i++ {
		switch e.source[i] {
		case '"', '\'':
			i = endOfString(e.source, i) - 1
		case '|':
			name, end := filterName(e.source, i+1)
			names = append(names, name)
			i = end - 1
		}
	}
	return names
}

// filterName reads the name of a filter and returns where it ends.
func filterName(s string, i int) (string, int) {
	i = skipSpace(s, i)
	end := endOfName(s, i)
	return s[i:end], end
}

// readPath reads on behind the first name of a path, as far as its parts are known.
func readPath(s string, i, end int) (path, int) {
	p := path{s[i:end]}
	for end < len(s) {
		switch {
		case s[end] == '.' && end+1 < len(s) && nameByte(s[end+1]):
			next := endOfName(s, end+1)
			p = append(p, s[end+1:next])
			end = next
		case s[end] == '[':
			inner := skipSpace(s, end+1)
			if inner >= len(s) || s[inner] != '"' && s[inner] != '\'' && !digit(s[inner]) {
				return p, end // decided by a variable
			}
			next := inner
			if digit(s[inner]) {
				for next < len(s) && digit(s[next]) {
					next++
				}
				p = append(p, s[inner:next])
			} else {
				next = endOfString(s, inner)
				p = append(p, s[inner+1:max(inner+1, next-1)])
			}
			if end = skipSpace(s, next); end < len(s) && s[end] == ']' {
				end++
			}
		default:
			return p, end
		}
	}
	return p, end
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

func endOfName(s string, i int) int {
	for i < len(s) && nameByte(s[i]) {
		i++
	}
	if i < len(s) && s[i] == '?' {
		i++
	}
	return i
}

// endOfString returns where the text that begins at i with a quote ends, its last quote included.
func endOfString(s string, i int) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		if s[i] == '\\' && quote == '"' {
			i++
		} else if s[i] == quote {
			return i + 1
		}
	}
	return len(s)
}
