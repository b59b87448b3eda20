package carpel

import (
	"strings"
	"unicode/utf8"
)

// Literal is a text to be compared with others, without regard to case unless that matters, and without folding them
// first: of a letter in ASCII it is one bit that does not count. Immutable; safe for concurrent use.
type Literal struct {
	text      string // folded unless the case matters
	bits      string // of each byte of text, the bits that count
	first     uint64 // the first eight bytes of text, or as many as there are
	firstBits uint64 // and of bits
	matchCase bool
	wide      bool // a text with more than ASCII may be equal to it though its bytes are not: it has such a letter, or a K or an S
}

// NewLiteral returns the literal of a text.
func NewLiteral(text string, matchCase bool) Literal {
	l := Literal{text: text, matchCase: matchCase}
	if matchCase {
		l.bits = strings.Repeat("\xff", len(text))
		return l.begin()
	}
	l.text = Fold(text)
	count := make([]byte, len(l.text))
	for i := range len(l.text) {
		c := l.text[i]
		count[i] = 0xff
		if 'A' <= c && c <= 'Z' {
			count[i] = 0xff &^ ('a' - 'A')
		}
		// The Kelvin sign folds to K, the long s to S: nothing else beyond ASCII folds into it.
		l.wide = l.wide || c >= utf8.RuneSelf || c == 'K' || c == 'S'
	}
	l.bits = string(count)
	return l.begin()
}

// begin sets the first bytes.
func (l Literal) begin() Literal {
	for i := range min(8, len(l.text)) {
		l.first |= uint64(l.text[i]) << (8 * i)
		l.firstBits |= uint64(l.bits[i]) << (8 * i)
	}
	return l
}

// Is reports whether a text is equal to the literal.
func (l *Literal) Is(s string) bool {
	if len(s) == len(l.text) && l.agrees(s, 0) == len(l.text) {
		return true
	}
	return l.mayFold(s) && Fold(s) == l.text
}

// Begins reports whether a text begins with the literal.
func (l *Literal) Begins(s string) bool {
	if len(s) >= len(l.text) && l.agrees(s, 0) == len(l.text) {
		return true
	}
	return l.mayFold(s) && strings.HasPrefix(Fold(s), l.text)
}

// Ends reports whether a text ends with the literal.
func (l *Literal) Ends(s string) bool {
	if at := len(s) - len(l.text); at >= 0 && l.agrees(s, at) == len(l.text) {
		return true
	}
	return l.mayFold(s) && strings.HasSuffix(Fold(s), l.text)
}

// mayFold reports whether a text whose bytes are not those of the literal may yet be equal to it.
func (l *Literal) mayFold(s string) bool { return l.wide && !isASCII(s) }

// agrees returns how many bytes of the literal are those of a text from a place on, which has enough of them.
func (l *Literal) agrees(s string, at int) int {
	s = s[at : at+len(l.text)]
	bits := l.bits[:len(s)]
	for i := range len(s) {
		if s[i]&bits[i] != l.text[i] {
			return i
		}
	}
	return len(s)
}

// eight returns the first eight bytes of a text, the first one lowest.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func isASCII(s string) bool {
	for ; len(s) >= 8; s = s[8:] {
		if eight(s)&0x8080808080808080 != 0 {
			return false
		}
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// search looks for several literals at once in a text as it is written (Wu and Manber, "A Fast Algorithm for
// Multi-Pattern Searching", 1994): it looks at the last two bytes of where the shortest one could be, and mostly sees that
// it may go on by as much as that one is long.
type search struct {
	least int            // bytes of the shortest literal
	shift []uint8        // by pair of bytes: how far to go on; 0: a literal may be here
	at    [32][]*Literal // by the last of the first least bytes, but for the bits that tell case and kind apart
	wide  bool           // a text with more than ASCII may have one of them though its bytes have not
}

// longestShift is up to how many bytes of the literals are looked at for how far to go on.
const longestShift = 64

// newSearch returns a search for literals of at least one byte each.
func newSearch(literals []Literal) *search {
	s := &search{least: longestShift}
	for i := range literals {
		s.least = min(s.least, len(literals[i].text))
		s.wide = s.wide || literals[i].wide
	}
	if s.least > 1 {
		s.shift = make([]uint8, 1<<pairBits)
		for i := range s.shift {
			s.shift[i] = uint8(s.least - 1)
		}
	}
	for i := range literals {
		l := &literals[i]
		last := l.text[s.least-1] & 31
		s.at[last] = append(s.at[last], l)
		for k := 1; k < s.least; k++ {
			for _, a := range l.cases(k - 1) {
				for _, b := range l.cases(k) {
					slot := &s.shift[pair(a, b)]
					*slot = min(*slot, uint8(s.least-1-k))
				}
			}
		}
	}
	return s
}

// cases returns the bytes that may stand for a byte of the literal.
func (l *Literal) cases(i int) []byte {
	c := l.text[i]
	if free := ^l.bits[i]; free != 0 {
		return []byte{c, c | free}
	}
	return []byte{c}
}

const pairBits = 12

// pair is the number of two bytes behind each other; some share one.
func pair(a, b byte) int { return int(a)<<5&(1<<pairBits-1) ^ int(b) }

// in reports whether one of the literals is in a text. It gives up, and knows nothing, when they are nearly there again
// and again: its time is linear in the text, whatever the literals.
func (s *search) in(text string) (found, known bool) {
	if s.least == 1 {
		return s.inEach(text)
	}
	left, shift := 8*len(text)+longestShift, s.shift[:1<<pairBits]
	for i := s.least - 1; i < len(text); {
		step := int(shift[pair(text[i-1], text[i])])
		if step == 0 {
			if s.here(text, i-s.least+1, &left) {
				return true, true
			}
			if left < 0 {
				return false, false
			}
			step = 1
		}
		i += step
	}
	return false, true
}

// inEach is in for literals of which one has a single byte.
func (s *search) inEach(text string) (found, known bool) {
	left := 8*len(text) + longestShift
	for i := range len(text) {
		if s.here(text, i, &left) {
			return true, true
		}
		if left < 0 {
			return false, false
		}
	}
	return false, true
}

// here reports whether one of the literals is at a place of a text, and takes what it costs to find out off left.
func (s *search) here(text string, at int, left *int) bool {
	for _, l := range s.at[text[at+s.least-1]&31] {
		if len(text)-at < len(l.text) {
			continue
		}
		if len(text)-at >= 8 && eight(text[at:])&l.firstBits != l.first {
			*left--
			continue
		}
		n := l.agrees(text, at)
		if n == len(l.text) {
			return true
		}
		*left -= n + 1
	}
	return false
}
