package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/carpel/carpel"
)

// token is a piece of a template.
type token struct {
	kind tokenKind
	text string // of a text: itself; of an output: the expression; of a tag: its arguments
	name string // of a tag
	at   position
	part *program // of an insertion
}

type tokenKind uint8

const (
	textToken   tokenKind = iota
	outputToken           // {{ … }}
	tagToken              // {% … %}
	insertToken           // another program, at this place
	keptToken             // text that goes through as a mark
)

// position is a place in a text: line and column in characters, from 1.
type position struct{ line, column int }

// fault says what is wrong at a place of a text.
func (p position) fault(pointer, format string, args ...any) *carpel.Error {
	return p.of(pointer, carpel.Errorf(carpel.CodeInvalid, format, args...))
}

// of puts the place into an error.
func (p position) of(pointer string, e *carpel.Error) *carpel.Error {
	e.Pointer, e.Line, e.Column = pointer, p.line, p.column
	if p.line > 0 {
		e.Message = fmt.Sprintf("line %d, column %d: %s", p.line, p.column, e.Message)
	}
	return e
}

// scanner splits a text into tokens. What stands in raw is text, and what stands in comment is nothing.
type scanner struct {
	pointer string
	source  string
	offset  int
	at      position
	tokens  []token
	trim    bool // the text that follows loses its leading space
}

// scan splits a text of a template at its tags.
func scan(pointer, source string) ([]token, error) {
	if n := len(source); n > carpel.MaxTemplateBytes {
		return nil, &carpel.Error{Code: carpel.CodeTooLarge, Pointer: pointer, Limit: carpel.MaxTemplateBytes, Actual: int64(n),
			Message: carpel.TooLarge("this text", int64(n), carpel.MaxTemplateBytes)}
	}
	s := &scanner{pointer: pointer, source: source, at: position{1, 1}}
	if !utf8.ValidString(source) || strings.ContainsAny(source, "\x00"+string([]rune{markBegin, markEnd})) {
		return nil, &carpel.Error{Code: carpel.CodeEncoding, Pointer: pointer, Message: "this text holds invalid UTF-8, NUL, or a character that is not one"}
	}
	for s.offset < len(source) {
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	return s.tokens, nil
}

// next reads a text up to the next tag, and that tag.
func (s *scanner) next() error {
	rest := s.source[s.offset:]
	open := nextOpen(rest)
	if open < 0 {
		s.text(rest)
		return nil
	}
	s.text(rest[:open])
	at, isTag := s.at, rest[open+1] == '%'
	end := "}}"
	if isTag {
		end = "%}"
	}
	length := strings.Index(rest[open+2:], end)
	if length < 0 {
		return at.fault(s.pointer, "%s is never closed by %s", rest[open:open+2], end)
	}
	inner := rest[open+2 : open+2+length]
	if length > carpel.MaxTagBytes {
		return at.of(s.pointer, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxTagBytes, Actual: int64(length),
			Message: carpel.TooLarge("this tag", int64(length), carpel.MaxTagBytes)})
	}
	s.move(len(end) + 2 + length)
	if strings.HasPrefix(inner, "-") {
		inner = inner[1:]
		s.trimLast()
	}
	inner, s.trim = strings.CutSuffix(inner, "-")
	inner = strings.TrimSpace(inner)
	if !isTag {
		s.tokens = append(s.tokens, token{kind: outputToken, text: inner, at: at})
		return nil
	}
	n := strings.IndexFunc(inner, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if n < 0 {
		n = len(inner)
	}
	t := token{kind: tagToken, name: inner[:n], text: strings.TrimSpace(inner[n:]), at: at}
	switch {
	case strings.HasPrefix(inner, "#"):
		return nil
	case t.name == "raw" || t.name == "comment":
		return s.verbatim(t)
	}
	s.tokens = append(s.tokens, t)
	return nil
}

// nextOpen returns where the next tag begins; -1 for nowhere.
func nextOpen(s string) int {
	for i := 0; ; i++ {
		n := strings.IndexByte(s[i:], '{')
		if i += n; n < 0 || i+1 >= len(s) {
			return -1
		}
		if s[i+1] == '{' || s[i+1] == '%' {
			return i
		}
	}
}

// verbatim reads on to the end of a raw or a comment.
func (s *scanner) verbatim(t token) error {
	rest := s.source[s.offset:]
	for from := 0; ; {
		n := strings.Index(rest[from:], "{%")
		if n < 0 {
			return t.at.fault(s.pointer, "{%% %s %%} is never closed by {%% end%s %%}", t.name, t.name)
		}
		open := from + n
		// An end that is longer than a tag may be is none; looking no further keeps this linear.
		end := strings.Index(rest[open:min(open+carpel.MaxTagBytes, len(rest))], "%}")
		inner := rest[open+2 : open+max(end, 2)]
		if strings.Trim(inner, "- \t\r\n") != "end"+t.name {
			from = open + 2
			continue
		}
		if t.name == "raw" {
			s.text(rest[:open])
			s.move(end + 2)
		} else {
			s.move(open + end + 2)
		}
		if strings.HasPrefix(inner, "-") && t.name == "raw" {
			s.trimLast()
		}
		s.trim = strings.HasSuffix(inner, "-")
		return nil
	}
}

// text adds a text, and moves behind it.
func (s *scanner) text(text string) {
	at := s.at
	s.move(len(text))
	if s.trim {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		s.trim = text == ""
	}
	if text != "" {
		s.tokens = append(s.tokens, token{kind: textToken, text: text, at: at})
	}
}

// trimLast takes the space off the end of what came last, if that was a text.
func (s *scanner) trimLast() {
	if n := len(s.tokens) - 1; n >= 0 && s.tokens[n].kind == textToken {
		s.tokens[n].text = strings.TrimRightFunc(s.tokens[n].text, unicode.IsSpace)
	}
}

// move goes n bytes on.
func (s *scanner) move(n int) {
	passed := s.source[s.offset : s.offset+n]
	s.offset += n
	if lines := strings.Count(passed, "\n"); lines > 0 {
		s.at = position{s.at.line + lines, 1}
		passed = passed[strings.LastIndexByte(passed, '\n')+1:]
	}
	s.at.column += utf8.RuneCountInString(passed)
}

// The marks stand around the number of a token while a text goes through something that does not know Liquid. They are
// not characters, so no text holds them.
const (
	markBegin = '\U0010fffe'
	markEnd   = '\U0010ffff'
)

// mark writes tokens as a text in which everything but text is a number between marks; see [unmark].
func mark(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		if t.kind == textToken {
			b.WriteString(t.text)
		} else {
			b.WriteString(markOf(i))
		}
	}
	return b.String()
}

func markOf(i int) string { return fmt.Sprintf("%c%d%c", markBegin, i, markEnd) }

// unmark turns a text with marks back into tokens, those of known. It returns, by token, how often each occurs.
func unmark(s string, known []token) (tokens []token, times []int) {
	times = make([]int, len(known))
	for s != "" {
		before, i, after, ok := cutMark(s)
		if before != "" {
			tokens = append(tokens, token{kind: textToken, text: before})
		}
		if ok && i < len(known) {
			t := known[i]
			if times[i]++; t.kind == keptToken {
				t.kind = textToken
			}
			tokens = append(tokens, t)
		}
		s = after
	}
	return tokens, times
}

// cutMark cuts a text around its first mark.
func cutMark(s string) (before string, index int, after string, ok bool) {
	begin := strings.IndexRune(s, markBegin)
	if begin < 0 {
		return s, 0, "", false
	}
	inner := s[begin+utf8.RuneLen(markBegin):]
	end := strings.IndexRune(inner, markEnd)
	if end < 0 {
		return s[:begin], 0, "", false
	}
	if _, err := fmt.Sscanf(inner[:end], "%d", &index); err != nil || index < 0 {
		return s[:begin], 0, inner[end+utf8.RuneLen(markEnd):], false
	}
	return s[:begin], index, inner[end+utf8.RuneLen(markEnd):], true
}
