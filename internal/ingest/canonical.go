package ingest

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// canonical rewrites a list or an object that Scan has checked as carpel keeps it: no blanks, keys in order, escapes
// only where they must be, numbers as plain decimals. It is what carpel.ValueOf makes of the same text.
func canonical(raw []byte) string {
	c := canonicalWriter{in: raw, out: make([]byte, 0, len(raw)+8)}
	c.value()
	return string(c.out)
}

type canonicalWriter struct {
	in    []byte
	pos   int
	out   []byte
	moved []byte // what is being put into order
}

// skip passes over blanks and returns the next byte.
func (c *canonicalWriter) skip() byte {
	for c.in[c.pos] == ' ' || c.in[c.pos] == '\t' || c.in[c.pos] == '\n' || c.in[c.pos] == '\r' {
		c.pos++
	}
	return c.in[c.pos]
}

func (c *canonicalWriter) value() {
	switch c.skip() {
	case '{':
		c.object()
	case '[':
		c.list()
	case '"':
		c.out = appendText(c.out, c.text())
	default:
		start := c.pos
		for c.pos < len(c.in) && !endsWord(c.in[c.pos]) {
			c.pos++
		}
		word := c.in[start:c.pos]
		if b := word[0]; b == '-' || b >= '0' && b <= '9' {
			c.out = append(c.out, numberValue(word).Text()...)
			return
		}
		c.out = append(c.out, word...)
	}
}

func endsWord(b byte) bool {
	switch b {
	case ',', ']', '}', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

func (c *canonicalWriter) list() {
	c.pos++
	c.out = append(c.out, '[')
	for c.skip() != ']' {
		if c.in[c.pos] == ',' {
			c.pos++
			c.out = append(c.out, ',')
		}
		c.value()
	}
	c.pos++
	c.out = append(c.out, ']')
}

// field is one field of an object as it lies in out.
type field struct {
	key      []byte
	from, to int
}

// object writes the fields as they come, and moves them into order when they are not.
func (c *canonicalWriter) object() {
	c.pos++
	c.out = append(c.out, '{')
	var few [16]field
	fields, sorted := few[:0], true
	start := len(c.out)
	for c.skip() != '}' {
		if c.in[c.pos] == ',' {
			c.pos++
			c.skip()
		}
		f := field{key: c.text(), from: len(c.out)}
		c.out = append(appendText(c.out, f.key), ':')
		c.skip()
		c.pos++ // the colon
		c.value()
		c.out = append(c.out, ',')
		f.to = len(c.out)
		sorted = sorted && (len(fields) == 0 || bytes.Compare(fields[len(fields)-1].key, f.key) < 0)
		fields = append(fields, f)
	}
	c.pos++
	if !sorted {
		slices.SortFunc(fields, func(a, b field) int { return bytes.Compare(a.key, b.key) })
		c.moved = append(c.moved[:0], c.out[start:]...)
		c.out = c.out[:start]
		for _, f := range fields {
			c.out = append(c.out, c.moved[f.from-start:f.to-start]...)
		}
	}
	if len(fields) > 0 {
		c.out = c.out[:len(c.out)-1] // the comma behind the last
	}
	c.out = append(c.out, '}')
}

// text reads a text, from its quote to behind the closing one, and returns its characters.
func (c *canonicalWriter) text() []byte {
	c.pos++
	start := c.pos
	for c.in[c.pos] != '"' {
		if c.in[c.pos] == '\\' {
			c.pos++
		}
		c.pos++
	}
	text := c.in[start:c.pos]
	c.pos++
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	return appendUnescaped(nil, text)
}

// appendText appends a text as canonical JSON writes it.
func appendText(b, text []byte) []byte {
	simple := true
	for _, ch := range text {
		if ch < ' ' || ch == '"' || ch == '\\' || ch >= utf8.RuneSelf {
			simple = false
			break
		}
	}
	if simple {
		b = append(b, '"')
		b = append(b, text...)
		return append(b, '"')
	}
	var w bytes.Buffer
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(string(text)) // a string always encodes
	return append(b, bytes.TrimSuffix(w.Bytes(), []byte("\n"))...)
}
