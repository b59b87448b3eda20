package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// Scan checks a JSON text in one pass and makes a [Document] of it. It is what every ingestion path reads with.
//
// A violation of the grammar, of the depth, of the number or the size of the items ends the scan with an error. What
// is wrong inside one item does not spoil the others: the same key twice, invalid UTF-8, a lone surrogate, NUL, a
// number beyond a float64, too many keys become the item's fault (see [Document.ItemFault]).
//
// items names the field of the root object whose array holds the items; "" when the document itself is the item.
func Scan(data []byte, items string) (*Document, *carpel.Error) {
	d := &Document{}
	if err := d.Scan(data, items); err != nil {
		return nil, err
	}
	return d, nil
}

// Scan is the function of that name, into d, whose memory it uses again.
func (d *Document) Scan(data []byte, items string) *carpel.Error {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if items == "" && len(data) > carpel.MaxItem {
		return itemTooLarge("", len(data))
	}
	d.data, d.nodes, d.faults = data, d.nodes[:0], d.faults[:0]
	clear(d.names)
	s := scanner{data: data, doc: d, items: items, item: -1}
	s.space()
	s.value(1, true)
	if s.err == nil {
		s.space()
		if s.pos != len(data) {
			s.syntax("there is something behind the JSON value")
		}
	}
	return s.err
}

// scanner is one pass over a text. The first error stays, and ends the pass.
type scanner struct {
	data  []byte
	pos   int
	doc   *Document
	items string
	item  int // the item the scan is in; -1 outside of items
	err   *carpel.Error

	// rough counts what keeps a text from being canonical: blanks, escapes, keys out of order. A list or an object
	// over which it did not move is canonical as it stands.
	rough int
	path  [carpel.MaxDepth + 1]step
	keys  []key // of the open objects, the innermost last
}

// step is where the scan is at one depth: a key's text, or an index.
type step struct {
	start, end int
	index      int // -1 for a key
}

// key is a key seen in an open object.
type key struct {
	start, end int
	plain      bool
}

func (s *scanner) syntax(format string, args ...any) {
	if s.err == nil {
		s.err = &carpel.Error{Code: carpel.CodeInvalid, Message: "bad JSON at byte " + strconv.Itoa(s.pos) + ": " + fmt.Sprintf(format, args...)}
	}
}

// fault notes what is wrong with the item the scan is in; the first per item counts. A text with more faults than a
// batch may have items has no chance, and ends the scan.
func (s *scanner) fault(depth int, e carpel.Error) {
	faults := s.doc.faults
	if n := len(faults); n > 0 && faults[n-1].item == s.item {
		return
	}
	e.Pointer = s.pointer(depth)
	s.doc.faults = append(faults, itemFault{s.item, &e})
	if len(faults) > carpel.MaxItems && s.err == nil {
		s.err = &e
	}
}

// pointer is the JSON pointer of the place at depth, from the item on.
func (s *scanner) pointer(depth int) string {
	var b []byte
	from := 1
	if s.item >= 0 {
		from = 3 // the field that holds the items, and the item's index, are the batch's
	}
	for _, at := range s.path[min(from, depth):depth] {
		b = append(b, '/')
		if at.index >= 0 {
			b = strconv.AppendInt(b, int64(at.index), 10)
			continue
		}
		text := appendUnescaped(nil, s.data[at.start:at.end])
		if !utf8.Valid(text) {
			text = bytes.ToValidUTF8(text, []byte("\ufffd"))
		}
		text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("~"), []byte("~0")), []byte("/"), []byte("~1"))
		b = append(b, text[:min(len(text), carpel.MaxNameBytes)]...)
	}
	return string(b)
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
			s.rough++
		default:
			return
		}
	}
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// open appends a node for the value that begins here, if values at the depth have one.
func (s *scanner) open(kind byte, wanted bool) int {
	if !wanted {
		return -1
	}
	s.doc.nodes = append(s.doc.nodes, node{start: uint32(s.pos), kind: kind})
	return len(s.doc.nodes) - 1
}

// close ends a node that open began; rough is what it was then.
func (s *scanner) close(i, rough int) {
	if i >= 0 {
		n := &s.doc.nodes[i]
		n.end, n.next, n.plain = uint32(s.pos), uint32(len(s.doc.nodes)), rough == s.rough
	}
}

// value scans one value at a depth: the root has 1. wanted says whether it gets a node.
func (s *scanner) value(depth int, wanted bool) {
	c, rough := s.peek(), s.rough
	switch {
	case c == '{' || c == '[':
		if depth > carpel.MaxDepth {
			s.item = -1 // the whole is refused: the pointer is from the root
			s.err = &carpel.Error{Code: carpel.CodeLimit, Pointer: s.pointer(carpel.MaxDepth), Limit: carpel.MaxDepth, Actual: carpel.MaxDepth + 1,
				Message: fmt.Sprintf("the JSON is nested deeper than %d levels", carpel.MaxDepth)}
			return
		}
		i := s.open(c, wanted)
		if c == '{' {
			s.object(depth, wanted && depth < nodeDepth)
		} else {
			s.list(depth)
		}
		s.close(i, rough)
	case c == '"':
		i := s.open(c, wanted)
		s.text(depth)
		s.close(i, rough)
	case c == '-' || c >= '0' && c <= '9':
		i := s.open('0', wanted)
		s.number(depth)
		s.close(i, rough)
	case c == 't' || c == 'f' || c == 'n':
		i := s.open(c, wanted)
		s.word(c)
		s.close(i, rough)
	case s.pos >= len(s.data):
		s.syntax("the text ends where a value is due")
	default:
		s.syntax("a value cannot begin with %q", c)
	}
}

func (s *scanner) word(c byte) {
	word := "true"
	switch c {
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	}
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		s.syntax("a value cannot begin with %q", c)
		return
	}
	s.pos += len(word)
}

// object scans an object; wanted says whether its fields get nodes.
func (s *scanner) object(depth int, wanted bool) {
	base := len(s.keys)
	sorted := true
	s.pos++
	for count := 0; ; count++ {
		s.space()
		if count == 0 && s.peek() == '}' {
			break
		}
		if s.peek() != '"' {
			s.syntax("an object's key is due")
			return
		}
		sorted = s.key(depth, base, sorted, wanted)
		s.space()
		if s.peek() != ':' {
			s.syntax("a colon is due behind a key")
		}
		s.pos++
		s.space()
		if s.err == nil {
			s.value(depth+1, wanted)
		}
		if s.err != nil {
			return
		}
		s.space()
		if s.peek() != ',' {
			break
		}
		s.pos++
	}
	if s.peek() != '}' {
		s.syntax("a comma or the object's end is due")
		return
	}
	s.pos++
	if !sorted {
		s.rough++
		s.duplicates(depth, base)
	}
	if n := len(s.keys) - base; n > carpel.MaxKeys {
		s.fault(depth, carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxKeys, Actual: int64(n), Message: fmt.Sprintf("an object has %d keys; the limit is %d", n, carpel.MaxKeys)})
	}
	s.keys = s.keys[:base]
}

// key scans a key and reports whether the object's keys are in order so far: such keys cannot repeat.
func (s *scanner) key(depth, base int, sorted, wanted bool) bool {
	i, rough := s.open('k', wanted), s.rough
	s.path[depth] = step{start: s.pos + 1, end: s.pos + 1, index: -1}
	start := s.pos + 1
	s.text(depth)
	if s.err != nil {
		return false
	}
	k := key{start: start, end: s.pos - 1, plain: rough == s.rough}
	s.path[depth].end = k.end
	if i >= 0 { // a key's node is its text without the quotes
		n := &s.doc.nodes[i]
		n.start, n.end, n.next, n.plain = uint32(k.start), uint32(k.end), uint32(i+1), k.plain
	}
	if n := len(s.keys); sorted && n > base {
		last := s.keys[n-1]
		sorted = k.plain && last.plain && bytes.Compare(s.data[last.start:last.end], s.data[k.start:k.end]) < 0
	}
	s.keys = append(s.keys, k)
	return sorted
}

// duplicates finds a key that an object has twice.
func (s *scanner) duplicates(depth, base int) {
	keys := s.keys[base:]
	const few = 40 // up to here comparing all with all is faster than hashing
	if len(keys) > few {
		seen := make(map[string]struct{}, len(keys))
		for _, k := range keys {
			text := string(s.keyText(k))
			if _, ok := seen[text]; ok {
				s.duplicate(depth, k)
				return
			}
			seen[text] = struct{}{}
		}
		return
	}
	var signs [few]uint64
	for i, k := range keys {
		text := s.keyText(k)
		signs[i] = sign(text)
		for j, other := range signs[:i] {
			if other == signs[i] && bytes.Equal(text, s.keyText(keys[j])) {
				s.duplicate(depth, k)
				return
			}
		}
	}
}

func (s *scanner) duplicate(depth int, k key) {
	s.path[depth] = step{start: k.start, end: k.end, index: -1}
	s.fault(depth+1, carpel.Error{Code: carpel.CodeDuplicateKey, Message: fmt.Sprintf("the key %.60q is there twice", s.keyText(k))})
}

func (s *scanner) keyText(k key) []byte {
	text := s.data[k.start:k.end]
	if k.plain {
		return text
	}
	return appendUnescaped(nil, text)
}

// sign tells most different keys apart: by the length and the last eight bytes.
func sign(text []byte) uint64 {
	n := uint64(len(text)) << 56
	if len(text) >= 8 {
		return n ^ binary.LittleEndian.Uint64(text[len(text)-8:])
	}
	for i, c := range text {
		n ^= uint64(c) << (8 * i)
	}
	return n
}

// list scans an array. The elements of the one that holds the items get nodes, and the limits of items.
func (s *scanner) list(depth int) {
	items := depth == 2 && s.items != "" && string(s.data[s.path[1].start:s.path[1].end]) == s.items
	s.pos++
	for count := 0; ; count++ {
		s.space()
		if count == 0 && s.peek() == ']' {
			break
		}
		s.path[depth] = step{index: count}
		start := s.pos
		if items {
			s.item = count
		}
		s.value(depth+1, items)
		if items && s.err == nil {
			s.itemLimits(count, s.pos-start)
		}
		if s.err != nil {
			return
		}
		s.space()
		if s.peek() != ',' {
			break
		}
		s.pos++
	}
	if items {
		s.item = -1
	}
	if s.peek() != ']' {
		s.syntax("a comma or the list's end is due")
		return
	}
	s.pos++
}

// itemLimits ends the scan for an item that is too large, or one too many.
func (s *scanner) itemLimits(i, size int) {
	if i >= carpel.MaxItems {
		s.err = &carpel.Error{Code: carpel.CodeLimit, Pointer: "/" + s.items, Limit: carpel.MaxItems, Actual: int64(i) + 1,
			Message: fmt.Sprintf("a batch has at most %d items", carpel.MaxItems)}
		return
	}
	if size > carpel.MaxItem {
		s.err = itemTooLarge(fmt.Sprintf("/%s/%d", s.items, i), size)
	}
}

// itemTooLarge is the refusal of an item by its size.
func itemTooLarge(pointer string, size int) *carpel.Error {
	return &carpel.Error{Code: carpel.CodeTooLarge, Pointer: pointer, Limit: carpel.MaxItem, Actual: int64(size),
		Message: carpel.TooLarge("an item", int64(size), carpel.MaxItem)}
}
