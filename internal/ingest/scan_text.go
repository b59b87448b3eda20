package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// The classes of bytes within a text.
const (
	plainByte  = iota
	highByte   // begins or continues a character beyond ASCII
	quoteByte  // ends the text
	escapeByte // begins an escape
	badByte    // a control character, which must be escaped
)

func byteClass(c byte) int {
	switch {
	case c == '"':
		return quoteByte
	case c == '\\':
		return escapeByte
	case c < ' ':
		return badByte
	case c >= utf8.RuneSelf:
		return highByte
	}
	return plainByte
}

// allPlain reports whether eight bytes are all plain: no quote, no backslash, nothing below a blank or beyond ASCII.
func allPlain(x uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quotes, escapes := x^(ones*'"'), x^(ones*'\\')
	return (x|(x-ones*' ')&^x|(quotes-ones)&^quotes|(escapes-ones)&^escapes)&highs == 0
}

// text scans a text from its quote to behind the closing one.
func (s *scanner) text(depth int) {
	s.pos++
	start, high := s.pos, false
	data := s.data
	for i := s.pos; i < len(data); i++ {
		for i+8 <= len(data) && allPlain(binary.LittleEndian.Uint64(data[i:])) {
			i += 8
		}
		if i == len(data) {
			break
		}
		switch byteClass(data[i]) {
		case plainByte:
		case highByte:
			high = true
		case quoteByte:
			s.pos = i + 1
			if high {
				s.characters(depth, data[start:i])
			}
			return
		case escapeByte:
			s.pos = i
			s.escape(depth)
			if s.err != nil {
				return
			}
			i = s.pos - 1
		case badByte:
			s.pos = i
			s.syntax("the control character %#02x in a text must be escaped", data[i])
			return
		}
	}
	s.pos = len(data)
	s.syntax("a text has no end")
}

// characters checks the characters beyond ASCII of a text.
func (s *scanner) characters(depth int, text []byte) {
	if !utf8.Valid(text) {
		s.rough++
		s.fault(depth, carpel.Error{Code: carpel.CodeEncoding, Message: "the text is not valid UTF-8"})
	}
	// Canonical JSON writes the two line separators as escapes.
	if bytes.Contains(text, []byte("\u2028")) || bytes.Contains(text, []byte("\u2029")) {
		s.rough++
	}
}

// escape scans one escape; a pair of surrogates is one.
func (s *scanner) escape(depth int) {
	s.rough++
	rest := s.data[s.pos+1:]
	if len(rest) == 0 {
		s.syntax("a text has no end")
		return
	}
	switch rest[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return
	case 'u':
	default:
		s.syntax("there is no escape \\%c", rune(rest[0]))
		return
	}
	r := hex4(rest[1:])
	if r < 0 {
		s.syntax("\\u takes four hexadecimal digits")
		return
	}
	s.pos += 6
	switch {
	case r == 0:
		s.fault(depth, carpel.Error{Code: carpel.CodeEncoding, Message: "a text holds the character NUL"})
	case r >= 0xdc00 && r < 0xe000:
		s.fault(depth, carpel.Error{Code: carpel.CodeEncoding, Message: fmt.Sprintf("a text holds the lone surrogate \\u%04x", r)})
	case r >= 0xd800 && r < 0xdc00:
		next := s.data[s.pos:]
		if len(next) >= 6 && next[0] == '\\' && next[1] == 'u' {
			if low := hex4(next[2:]); low >= 0xdc00 && low < 0xe000 {
				s.pos += 6
				return
			}
		}
		s.fault(depth, carpel.Error{Code: carpel.CodeEncoding, Message: fmt.Sprintf("a text holds the lone surrogate \\u%04x", r)})
	}
}

// number scans a number and refuses one that no float64 can hold.
func (s *scanner) number(depth int) {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	whole := s.pos
	s.digits()
	if s.err == nil && s.data[whole] == '0' && s.pos > whole+1 {
		s.pos = whole
		s.syntax("a number cannot begin with 0 and go on")
	}
	point, exponent := s.peek() == '.', false
	if point {
		s.pos++
		s.digits()
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		exponent = true
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		s.digits()
	}
	if s.err != nil {
		return
	}
	raw := s.data[start:s.pos]
	if exponent || len(raw) > 15 || point && raw[len(raw)-1] == '0' || string(raw) == "-0" {
		s.rough++ // not surely as carpel writes it
	}
	if !exponent && len(raw) < 300 {
		return
	}
	if _, err := strconv.ParseFloat(string(raw), 64); err != nil {
		s.fault(depth, carpel.Error{Code: carpel.CodeNumberRange, Message: fmt.Sprintf("the number %.40s is out of range", raw)})
	}
}

// digits scans one digit or more.
func (s *scanner) digits() {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	if s.pos == start {
		s.syntax("a digit is due")
	}
}
