package carpel

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pattern is a compiled pattern of contains, page, screen and link: | separates alternatives, * is any run of
// characters, + a run of at least one, \ makes the next character literal. Immutable; safe for concurrent use.
//
// An alternative is a list of literal pieces with gaps between them, each gap with a least length in characters.
// Matching places each piece at its leftmost fit behind the one before, and the last one at the end when the whole
// must fit. Leftmost is right because a piece placed earlier never leaves less room for the next. Each search begins
// where the one before ended and the text is never gone back over, so an alternative costs one pass through the text,
// whatever the pattern.
type Pattern struct {
	alternatives []alternative
	matchCase    bool
	plus         bool
	search       *search // for a piece of each alternative, without which none is contained; nil when they have no such pieces
	plain        bool    // those pieces are all there is to the alternatives
}

type alternative struct {
	pieces   []piece
	pathOnly bool    // begins with a literal /: held against an address's path alone
	path     []piece // pathOnly: the pieces without one trailing /
}

// piece is a literal behind a gap of at least gap characters; open says that the gap may be longer. The last piece
// may be empty, with the gap at the end.
type piece struct {
	gap  int
	open bool
	text string // folded unless the case matters
}

// CompilePattern reads a pattern. The error is a *[Error] without a pointer: an empty alternative, a \ at the end, or
// one over the limit.
func CompilePattern(src string, matchCase bool) (*Pattern, error) {
	if len(src) > MaxPatternBytes {
		return nil, &Error{Code: CodeLimit, Limit: MaxPatternBytes, Actual: int64(len(src)), Message: TooLarge("the pattern", int64(len(src)), MaxPatternBytes)}
	}
	p := &Pattern{matchCase: matchCase}
	var alt alternative
	var literal strings.Builder
	gap, open, empty, first := 0, false, true, true
	flush := func() {
		if literal.Len() > 0 || gap > 0 || open {
			text := literal.String()
			if !matchCase {
				text = Fold(text)
			}
			alt.pieces = append(alt.pieces, piece{gap, open, text})
		}
		literal.Reset()
		gap, open = 0, false
	}
	end := func() error {
		if empty {
			return Errorf(CodeInvalid, "the pattern %.60q has an empty alternative, which would match everyone", src)
		}
		flush()
		if alt.pathOnly {
			alt.path = trimSlash(alt.pieces)
		}
		p.alternatives = append(p.alternatives, alt)
		alt, empty, first = alternative{}, true, true
		return nil
	}
	for i := 0; i < len(src); i++ {
		switch c := src[i]; c {
		case '|':
			if err := end(); err != nil {
				return nil, err
			}
			continue
		case '*', '+':
			if literal.Len() > 0 {
				flush()
			}
			open = true
			if c == '+' {
				gap++
				p.plus = true
			}
		case '\\':
			if i++; i == len(src) {
				return nil, Errorf(CodeInvalid, `the pattern %.60q ends with \, which makes the next character literal`, src)
			}
			fallthrough
		default:
			if first && src[i] == '/' {
				alt.pathOnly = true
			}
			literal.WriteByte(src[i])
		}
		empty, first = false, false
	}
	if err := end(); err != nil {
		return nil, err
	}
	p.prepare()
	return p, nil
}

// prepare chooses what is searched for: the longest piece of each alternative.
func (p *Pattern) prepare() {
	var literals []Literal
	p.plain = true
	for _, a := range p.alternatives {
		longest, texts := "", 0
		for _, piece := range a.pieces {
			p.plain = p.plain && piece.gap == 0
			if piece.text != "" {
				texts++
			}
			if len(piece.text) > len(longest) && (p.matchCase || isASCII(piece.text)) {
				longest = piece.text
			}
		}
		if longest == "" {
			return
		}
		p.plain = p.plain && texts == 1
		literals = append(literals, NewLiteral(longest, p.matchCase))
	}
	p.search = newSearch(literals)
}

// trimSlash takes one / from the end of a path alternative, as it is taken from the path: /docs/ means the page /docs
// however its address is written. The root stays.
func trimSlash(pieces []piece) []piece {
	last := len(pieces) - 1
	if last == 0 && pieces[0].text == "/" {
		return pieces
	}
	pieces = slices.Clone(pieces)
	pieces[last].text = strings.TrimSuffix(pieces[last].text, "/")
	return pieces
}

// HasWildcardPlus reports whether the pattern has a + that is a wildcard.
func (p *Pattern) HasWildcardPlus() bool { return p.plus }

// Contains reports whether a part of the text fits the pattern.
func (p *Pattern) Contains(text string) bool {
	if p.search != nil {
		switch found, known := p.search.in(text); {
		case found && p.plain:
			return true
		case known && !found && (!p.search.wide || isASCII(text)):
			return false
		}
	}
	text = p.fold(text)
	for _, a := range p.alternatives {
		if match(a.pieces, text, false) {
			return true
		}
	}
	return false
}

// ContainsEach calls found for each of several texts of which a part fits the pattern, by number. The texts lie behind each
// other in all, the i-th from ends[i-1] to ends[i]; there is no text 0. When it reports false it could not tell, whatever
// it has found so far, and every text is to be asked for by itself.
func (p *Pattern) ContainsEach(all string, ends []uint16, found func(i int)) (known bool) {
	s := p.search
	if s == nil || s.least == 1 || s.wide && !isASCII(all) {
		return false
	}
	i, left, shift := 1, 8*len(all)+longestShift, s.shift[:1<<pairBits]
	for at := s.least - 1; at < len(all); {
		step := int(shift[pair(all[at-1], all[at])])
		if step > 0 {
			at += step
			continue
		}
		begin := at - s.least + 1
		for int(ends[i]) <= begin {
			i++
		}
		if end := int(ends[i]); at < end && s.here(all[:end], begin, &left) {
			if p.plain || p.Contains(all[ends[i-1]:end]) {
				found(i)
			}
			at = end + s.least - 1
			continue
		}
		if left < 0 {
			return false
		}
		at++
	}
	return true
}

// Fits reports whether the whole text fits the pattern.
func (p *Pattern) Fits(text string) bool {
	text = p.fold(text)
	for _, a := range p.alternatives {
		if match(a.pieces, text, true) {
			return true
		}
	}
	return false
}

// FitsURL reports whether an address fits: each alternative that begins with / against the path alone, any other
// against the whole address.
func (p *Pattern) FitsURL(url string) bool {
	url = p.fold(url)
	path := urlPath(url)
	for _, a := range p.alternatives {
		pieces, text := a.pieces, url
		if a.pathOnly {
			pieces, text = a.path, path
		}
		if match(pieces, text, true) {
			return true
		}
	}
	return false
}

func (p *Pattern) fold(text string) string {
	if p.matchCase {
		return text
	}
	return Fold(text)
}

// urlPath returns what lies behind the host and before ? and #, without one trailing / unless that is all of it. A
// text without a scheme and host is a path already.
func urlPath(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	if i := strings.Index(url, "://"); i >= 0 && !strings.Contains(url[:i], "/") {
		rest := url[i+3:]
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			return "/"
		}
		url = rest[slash:]
	}
	if len(url) > 1 {
		url = strings.TrimSuffix(url, "/")
	}
	return url
}

// match reports whether an alternative fits the text: all of it when whole, else a part.
func match(pieces []piece, text string, whole bool) bool {
	at := 0 // where the gap before the next piece begins
	for i, p := range pieces {
		skipped, ok := skipRunes(text[at:], p.gap)
		if !ok {
			return false
		}
		at += skipped
		last := i == len(pieces)-1
		open := p.open || !whole && i == 0
		switch {
		case whole && last && open: // the rest of the text ends with the piece
			return strings.HasSuffix(text[at:], p.text)
		case open:
			found := strings.Index(text[at:], p.text)
			if found < 0 {
				return false
			}
			at += found + len(p.text)
		default:
			if !strings.HasPrefix(text[at:], p.text) {
				return false
			}
			at += len(p.text)
		}
	}
	return !whole || at == len(text)
}

// skipRunes returns the length of the first n characters of s; false when it has fewer.
func skipRunes(s string, n int) (int, bool) {
	at := 0
	for range n {
		if at == len(s) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at, true
}

// EscapePattern returns a pattern that stands for s literally.
func EscapePattern(s string) string {
	return strings.NewReplacer(`\`, `\\`, `|`, `\|`, `*`, `\*`, `+`, `\+`).Replace(s)
}

// CompileMatch reads an expression of matches: RE2, without regard to case unless matchCase.
func CompileMatch(expr string, matchCase bool) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, Errorf(CodeInvalid, "an empty expression would match everyone")
	}
	if len(expr) > MaxPatternBytes {
		return nil, &Error{Code: CodeLimit, Limit: MaxPatternBytes, Actual: int64(len(expr)), Message: TooLarge("the expression", int64(len(expr)), MaxPatternBytes)}
	}
	if _, err := syntax.Parse(expr, syntax.Perl); err != nil {
		return nil, Errorf(CodeInvalid, "the expression cannot be read: %v", err)
	}
	if !matchCase {
		expr = "(?i)" + expr // no group around it: an expression may end inside \Q
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, Errorf(CodeInvalid, "the expression cannot be read: %v", err)
	}
	return re, nil
}
