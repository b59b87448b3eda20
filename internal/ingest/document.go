package ingest

import (
	"iter"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// Document is one JSON text, checked by [Scan]: the grammar, the limits, and everything that other decoders repair or
// pass over in silence. It refers to the bytes it was scanned from, which must not change while it is used. Not safe
// for concurrent use.
//
// Only what the wire formats look into has nodes: objects to a depth of nodeDepth, and the elements of the one array
// that holds the items. Everything below is part of a value, and is read as one.
type Document struct {
	data   []byte
	nodes  []node
	faults []itemFault
	names  map[string]string // names of properties seen, so that a batch allocates each once
}

// node is a value, or the key before a field's value.
type node struct {
	start, end uint32 // of its text
	next       uint32 // the node behind it and all that is below it
	kind       byte   // '{' '[' '"' '0' 't' 'f' 'n', and 'k' for a key
	plain      bool   // a text without escapes; a list or object whose text is canonical
}

// itemFault is the first fault of an item, or of what is outside of items (item -1).
type itemFault struct {
	item int
	err  *carpel.Error
}

// nodeDepth is how deep objects have nodes of their own: a batch, its list, an item, its device, the device's
// attributes, one of them.
const nodeDepth = 6

// Root is the whole document.
func (d *Document) Root() Node { return Node{d, 0} }

// Size is the memory that the document holds besides its text, in bytes.
func (d *Document) Size() int { return cap(d.nodes) * 16 }

// Fault returns the first fault outside of the items: what makes a document unusable as a whole.
func (d *Document) Fault() *carpel.Error { return d.faultOf(-1) }

// ItemFault returns the first fault of the i-th item, its pointer from the item on. Nil when there is none.
func (d *Document) ItemFault(i int) *carpel.Error { return d.faultOf(i) }

func (d *Document) faultOf(item int) *carpel.Error {
	for _, f := range d.faults {
		if f.item == item {
			return f.err
		}
	}
	return nil
}

// Node is one value of a [Document]. The zero Node is a value that is not there.
type Node struct {
	doc *Document
	i   uint32
}

// IsSet reports whether the value is there and not null.
func (n Node) IsSet() bool { return n.doc != nil && n.node().kind != 'n' }

// Exists reports whether the value is there, null included.
func (n Node) Exists() bool { return n.doc != nil }

// IsObject reports whether the value is an object.
func (n Node) IsObject() bool { return n.doc != nil && n.node().kind == '{' }

// IsList reports whether the value is a list.
func (n Node) IsList() bool { return n.doc != nil && n.node().kind == '[' }

// IsText reports whether the value is a text.
func (n Node) IsText() bool { return n.doc != nil && n.node().kind == '"' }

// IsNumber reports whether the value is a number.
func (n Node) IsNumber() bool { return n.doc != nil && n.node().kind == '0' }

// IsTrue reports whether the value is true.
func (n Node) IsTrue() bool { return n.doc != nil && n.node().kind == 't' }

func (n Node) node() *node { return &n.doc.nodes[n.i] }

// Raw returns the value's text as it came. It is part of the document's bytes; nil for a value that is not there.
func (n Node) Raw() []byte {
	if n.doc == nil {
		return nil
	}
	nd := n.node()
	return n.doc.data[nd.start:nd.end]
}

// Fields yields an object's fields in order. The key is valid until the next one. Nothing for any other value.
func (n Node) Fields() iter.Seq2[[]byte, Node] {
	return func(yield func([]byte, Node) bool) {
		if !n.IsObject() {
			return
		}
		end := n.node().next
		for i := n.i + 1; i < end; {
			key := &n.doc.nodes[i]
			text := n.doc.data[key.start:key.end]
			if !key.plain {
				text = appendUnescaped(nil, text)
			}
			value := Node{n.doc, i + 1}
			if !yield(text, value) {
				return
			}
			i = value.node().next
		}
	}
}

// Get returns a field of an object; the zero Node when there is none.
func (n Node) Get(key string) Node {
	for k, v := range n.Fields() {
		if string(k) == key {
			return v
		}
	}
	return Node{}
}

// Items yields the elements of the document's array of items. Nothing for any other value.
func (n Node) Items() iter.Seq2[int, Node] {
	return func(yield func(int, Node) bool) {
		if !n.IsList() {
			return
		}
		end := n.node().next
		for at, i := 0, n.i+1; i < end; at++ {
			item := Node{n.doc, i}
			if !yield(at, item) {
				return
			}
			i = item.node().next
		}
	}
}

// Text returns a text's characters, "" for any other value. The string is the caller's.
func (n Node) Text() string {
	if !n.IsText() {
		return ""
	}
	nd := n.node()
	text := n.doc.data[nd.start+1 : nd.end-1]
	if nd.plain {
		return string(text)
	}
	return string(appendUnescaped(nil, text))
}

// Value returns the value as Carpel keeps it: lists and objects as canonical JSON. It shares no memory with the
// document. Unset for null and for a value that is not there.
func (n Node) Value() carpel.Value {
	if n.doc == nil {
		return carpel.Value{}
	}
	nd := n.node()
	switch nd.kind {
	case '"':
		return carpel.TextValue(n.Text())
	case '0':
		return numberValue(n.Raw())
	case 't':
		return carpel.BoolValue(true)
	case 'f':
		return carpel.BoolValue(false)
	case '{', '[':
		kind := carpel.List
		if nd.kind == '{' {
			kind = carpel.Object
		}
		if nd.plain {
			return carpel.RestoreValue(kind, 0, string(n.Raw()))
		}
		return carpel.RestoreValue(kind, 0, canonical(n.Raw()))
	}
	return carpel.Value{}
}

// name returns a key as a string, the same one for the same key of one document.
func (d *Document) name(key []byte) string {
	if s, ok := d.names[string(key)]; ok {
		return s
	}
	s := string(key)
	if d.names == nil {
		d.names = make(map[string]string, 32)
	}
	if len(d.names) < 1000 {
		d.names[s] = s
	}
	return s
}

// numberValue reads a number that Scan has checked.
func numberValue(raw []byte) carpel.Value {
	if len(raw) <= 15 {
		n, ok := int64(0), true
		digits := raw
		if digits[0] == '-' {
			digits = digits[1:]
		}
		for _, c := range digits {
			if c < '0' || c > '9' {
				ok = false
				break
			}
			n = n*10 + int64(c-'0')
		}
		if ok {
			if raw[0] == '-' {
				n = -n
			}
			return carpel.NumberValue(float64(n))
		}
		if f, err := strconv.ParseFloat(string(raw), 64); err == nil && f > -1<<53 && f < 1<<53 {
			return carpel.NumberValue(f)
		}
	}
	v, _ := carpel.ParseNumber(string(raw)) // Scan has refused what is out of range
	return v
}

// appendUnescaped appends the characters of a text whose escapes Scan has checked.
func appendUnescaped(b, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' {
			b = append(b, c)
			continue
		}
		i++
		switch text[i] {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r := rune(hex4(text[i+1:]))
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(text) && text[i+1] == '\\' && text[i+2] == 'u' {
				r = utf16.DecodeRune(r, rune(hex4(text[i+3:])))
				i += 6
			}
			b = utf8.AppendRune(b, r)
		default: // ", \ and /
			b = append(b, text[i])
		}
	}
	return b
}

// hex4 reads four hexadecimal digits; -1 when they are none.
func hex4(b []byte) int32 {
	if len(b) < 4 {
		return -1
	}
	var n int32
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		n = n<<4 | int32(c)
	}
	return n
}
