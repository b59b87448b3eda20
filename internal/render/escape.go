package render

import "github.com/carpel/carpel"

// escaping is how a value is written where it stands.
type escaping uint8

const (
	escapeNothing escaping = iota // plain text
	escapeHTML                    // between tags, and in an attribute with quotes
	escapeTag                     // within a tag, where a space already begins another attribute
)

// writeEscaped writes a text into HTML, so that it is that text there and nothing else.
func (r *run) writeEscaped(s string, as escaping) error {
	if len(r.out)+len(s) > carpel.MaxRendered { // before it is looked at
		return r.write(s)
	}
	from := 0
	for i := range len(s) {
		code := escapes(s[i], as)
		if code == "" {
			continue
		}
		if err := r.write(s[from:i]); err != nil {
			return err
		}
		if err := r.write(code); err != nil {
			return err
		}
		from = i + 1
	}
	return r.write(s[from:])
}

// escapes returns what stands for a character; "" for itself.
func escapes(c byte, as escaping) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&#34;"
	case '\'':
		return "&#39;"
	case 0:
		return "\uFFFD"
	}
	if as != escapeTag {
		return ""
	}
	switch c {
	case ' ', '\t', '\n', '\f', '\r':
		return "&#32;"
	case '=':
		return "&#61;"
	case '`':
		return "&#96;"
	case '/':
		return "&#47;"
	}
	return ""
}

// htmlPlace follows the text of an HTML template, to know where in it a value stands. It goes through the branches of
// Liquid one after the other, as they are written.
type htmlPlace struct {
	inTag bool
	quote byte // that an attribute's value is in; 0 for none
	last  byte
}

// pass goes through a text.
func (p *htmlPlace) pass(s string) {
	for i := range len(s) {
		c := s[i]
		switch {
		case p.quote != 0:
			if c == p.quote {
				p.quote = 0
			}
		case p.inTag:
			if c == '>' {
				p.inTag = false
			} else if c == '"' || c == '\'' {
				p.quote = c
			}
		case p.last == '<' && (c == '/' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'):
			p.inTag = true
		}
		p.last = c
	}
}

// escaping is how a value is to be written here.
func (p *htmlPlace) escaping() escaping {
	if p.inTag && p.quote == 0 {
		return escapeTag
	}
	return escapeHTML
}
