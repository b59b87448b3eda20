package definition

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/carpel/carpel"
)

// FromYAML turns one YAML document into compact JSON with the keys in the order written. Numbers keep their digits.
// The error is a *[carpel.Error] whose message names line and column, and whose pointer is that of the value at fault.
func FromYAML(data []byte) ([]byte, error) {
	if err := checkBytes(data); err != nil {
		return nil, err
	}
	root, err := parse(string(data))
	if err != nil {
		return nil, err
	}
	c := &converter{}
	c.node(root, place{}, 1)
	if c.err != nil {
		return nil, c.err
	}
	return c.out.Bytes(), nil
}

// checkBytes refuses what no YAML file may hold, before the parser sees it.
func checkBytes(data []byte) error {
	if len(data) > MaxBytes {
		return &carpel.Error{Code: carpel.CodeTooLarge, Limit: MaxBytes, Actual: int64(len(data)), Message: carpel.TooLarge("a definition's file", int64(len(data)), MaxBytes)}
	}
	line := 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return place{line: line, column: 1}.fault(carpel.CodeEncoding, "the file is not UTF-8")
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r' || r == 0x7f || r > 0x7f && r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff:
			return place{line: line, column: 1}.fault(carpel.CodeEncoding, "the file holds the control character %U", r)
		case r == 0xfeff && i > 0:
			return place{line: line, column: 1}.fault(carpel.CodeEncoding, "the file holds a byte order mark in its middle")
		}
		i += size
	}
	return nil
}

// parse returns the document's root. The parser works quadratically in the depth and recursively, so the depth is
// bounded on the tokens before it starts.
func parse(text string) (root ast.Node, err error) {
	defer func() { // the parser has panicked on malformed input before; here it is a fault of the input
		if r := recover(); r != nil {
			root, err = nil, carpel.Errorf(carpel.CodeInvalid, "the YAML cannot be read")
		}
	}()
	tokens := lexer.Tokenize(strings.TrimPrefix(text, "\ufeff"))
	if err := checkTokens(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxFault(err)
	}
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil:
			continue
		case *ast.DirectiveNode:
			return nil, at(doc.Body, "").fault(carpel.CodeInvalid, "a directive (%%) has no meaning here")
		}
		if root != nil {
			return nil, at(doc.Body, "").fault(carpel.CodeInvalid, "a second document begins here; a file holds one")
		}
		root = doc.Body
	}
	if root == nil {
		return nil, carpel.Errorf(carpel.CodeInvalid, "the file holds nothing")
	}
	return root, nil
}

// syntaxFault turns a fault of the parser into ours.
func syntaxFault(err error) error {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		p := syntax.Token.Position
		return place{line: p.Line, column: p.Column}.fault(carpel.CodeInvalid, "the YAML cannot be read: %s", syntax.Message)
	}
	return carpel.Errorf(carpel.CodeInvalid, "the YAML cannot be read")
}

// checkTokens refuses anchors, aliases, tags and merge keys, and nesting that is too deep. A level is open as long as
// what follows stands to the right of where it began, or until its bracket closes.
func checkTokens(tokens token.Tokens) error {
	var columns []int // where the open block levels began
	flow := 0
	for i, t := range tokens {
		if t.Position == nil {
			continue
		}
		here := place{line: t.Position.Line, column: t.Position.Column}
		column := 0
		switch t.Type {
		case token.AnchorType:
			return here.fault(carpel.CodeInvalid, "an anchor (&): write the value out where it is used")
		case token.AliasType:
			return here.fault(carpel.CodeInvalid, "an alias (*): write the value out; a text that begins with * stands in quotes")
		case token.TagType:
			return here.fault(carpel.CodeInvalid, "a tag (!): quotes make a text, their absence a number; a text that begins with ! stands in quotes")
		case token.MergeKeyType:
			return here.fault(carpel.CodeInvalid, "a merge key (<<): write the keys out")
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			column = t.Position.Column
		case token.MappingValueType:
			column = t.Position.Column
			if i > 0 && tokens[i-1].Position != nil && tokens[i-1].Position.Line == t.Position.Line {
				column = tokens[i-1].Position.Column
			}
		}
		if column > 0 && flow <= 0 {
			for len(columns) > 0 && columns[len(columns)-1] >= column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, column)
		}
		if depth := len(columns) + max(flow, 0); depth > MaxDepth {
			return tooDeep(here)
		}
	}
	return nil
}

func tooDeep(p place) *carpel.Error {
	e := p.fault(carpel.CodeLimit, "lists and mappings are nested at most %d deep", MaxDepth)
	e.Limit, e.Actual = MaxDepth, MaxDepth+1
	return e
}

// at returns where a node begins.
func at(n ast.Node, pointer string) place {
	p := place{pointer: pointer}
	if n != nil {
		if t := n.GetToken(); t != nil && t.Position != nil {
			p.line, p.column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

// converter writes nodes as JSON. The first fault stays.
type converter struct {
	out bytes.Buffer
	err *carpel.Error
}

func (c *converter) fail(e *carpel.Error) {
	if c.err == nil {
		c.err = e
	}
}

func (c *converter) text(s string) {
	enc := json.NewEncoder(&c.out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	c.out.Truncate(c.out.Len() - 1)
}

// node writes one node; outer is where it is, for nodes that have no place of their own.
func (c *converter) node(n ast.Node, outer place, depth int) {
	if c.err != nil {
		return
	}
	here := at(n, outer.pointer)
	if here.line == 0 {
		here = outer
	}
	if depth > MaxDepth {
		c.fail(tooDeep(here))
		return
	}
	switch n := n.(type) {
	case nil:
		c.out.WriteString("null")
	case *ast.MappingNode:
		c.mapping(n.Values, here, depth)
	case *ast.MappingValueNode:
		c.mapping([]*ast.MappingValueNode{n}, here, depth)
	case *ast.SequenceNode:
		c.out.WriteByte('[')
		for i, item := range n.Values {
			if i > 0 {
				c.out.WriteByte(',')
			}
			c.node(item, place{here.line, here.column, fmt.Sprintf("%s/%d", here.pointer, i)}, depth+1)
		}
		c.out.WriteByte(']')
	case *ast.LiteralNode:
		c.text(n.Value.Value)
	case ast.ScalarNode:
		c.scalar(n, here)
	default:
		c.fail(here.fault(carpel.CodeInvalid, "a %s has no place in a definition", strings.ToLower(n.Type().String())))
	}
}

func (c *converter) mapping(values []*ast.MappingValueNode, here place, depth int) {
	c.out.WriteByte('{')
	seen := make(map[string]bool, len(values))
	for i, v := range values {
		key, ok := c.key(v.Key, here.pointer)
		if !ok {
			return
		}
		inner := at(v.Key, here.pointer+"/"+escape(key))
		if seen[key] {
			c.fail(inner.fault(carpel.CodeDuplicateKey, "the key %.60q is there twice", key))
			return
		}
		seen[key] = true
		if i > 0 {
			c.out.WriteByte(',')
		}
		c.text(key)
		c.out.WriteByte(':')
		c.node(v.Value, inner, depth+1)
	}
	c.out.WriteByte('}')
}

// key returns a key's text as written: JSON has no other keys.
func (c *converter) key(n ast.MapKeyNode, pointer string) (string, bool) {
	if explicit, ok := n.(*ast.MappingKeyNode); ok {
		c.fail(at(n, pointer).fault(carpel.CodeInvalid, "a key is a plain or quoted text, not %s", strings.ToLower(explicit.Type().String())))
		return "", false
	}
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value, true
	}
	if _, ok := n.(ast.ScalarNode); !ok || n.GetToken() == nil {
		c.fail(at(n, pointer).fault(carpel.CodeInvalid, "a key is a plain or quoted text"))
		return "", false
	}
	return n.GetToken().Value, true
}

func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

// scalar writes a scalar: quoted ones are text, plain ones as the core schema reads them.
func (c *converter) scalar(n ast.ScalarNode, here place) {
	t := n.GetToken()
	if s, ok := n.(*ast.StringNode); ok && (t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType) {
		c.text(s.Value)
		return
	}
	plain := t.Value
	if s, ok := n.(*ast.StringNode); ok {
		plain = s.Value
	}
	if t.Type == token.ImplicitNullType {
		plain = ""
	}
	json, kind := resolve(plain)
	switch kind {
	case plainText:
		c.text(plain)
	case notFinite:
		c.fail(here.fault(carpel.CodeNumberRange, "%.40s is no number that can be compared; a text stands in quotes", plain))
	default:
		c.out.WriteString(json)
	}
}
