package render

import (
	"bytes"
	"fmt"
	"html"
	"strings"

	"github.com/carpel/carpel"
)

// Links are the addresses of one message. The zero value rewrites nothing.
type Links struct {
	// Link returns the address that takes the place of one that a message leads to, for http and https; nil for the same.
	Link func(url string) string
	// Pixel is the address of a picture that tells that a message was opened; "" for none.
	Pixel string
	// Unsubscribe and Preferences are what unsubscribe_url and preferences_url say. They are never rewritten.
	Unsubscribe, Preferences string

	rewrites int // of the text at work
}

// rewritten returns what stands for an address.
func (l *Links) rewritten(url string) (string, error) {
	if l.Link == nil || url == l.Unsubscribe || url == l.Preferences || !isWeb(url) {
		return url, nil
	}
	if l.rewrites++; l.rewrites > carpel.MaxLinks {
		return "", &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxLinks, Actual: int64(l.rewrites), Message: fmt.Sprintf("there are more than %d links", carpel.MaxLinks)}
	}
	return l.Link(url), nil
}

// isWeb reports whether an address is one of http or https.
func isWeb(url string) bool {
	return hasPrefixFold(url, "https://") || hasPrefixFold(url, "http://")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// badSchemes are of addresses that run something or reach into the reader's machine. A mail program would not follow
// them; a preview in a browser might.
var badSchemes = []string{"javascript:", "vbscript:", "data:", "file:", "blob:"}

// checkAddress refuses an address that no message may lead to.
func checkAddress(url string) error {
	if !strings.Contains(url, ":") {
		return nil
	}
	bare := strings.Map(func(c rune) rune {
		if c <= ' ' || c == 0x7f || c >= 0x80 && c < 0xa1 {
			return -1
		}
		return c
	}, url)
	for _, scheme := range badSchemes {
		if hasPrefixFold(bare, scheme) {
			return carpel.Errorf(carpel.CodeInvalid, "a link begins with %s, which no message may lead to", scheme)
		}
	}
	return nil
}

// rewriteHTML appends to out a page with its links rewritten and its pixel put in: the addresses of a and area, and of
// what Outlook draws (v:…), also within its conditional comments.
func (l *Links) rewriteHTML(out, page []byte) ([]byte, error) {
	from := 0
	l.rewrites = 0
	for i := 0; ; {
		n := bytes.IndexByte(page[i:], '<')
		if n < 0 {
			break
		}
		i += n + 1
		name := tagName(page[i:])
		if !leads(name) {
			continue
		}
		for i += len(name); ; {
			attribute, begin, end, next := nextAttribute(page, i)
			if i = next; attribute == nil {
				break
			}
			if !bytes.EqualFold(attribute, []byte("href")) {
				continue
			}
			url := strings.TrimSpace(html.UnescapeString(string(page[begin:end])))
			if err := checkAddress(url); err != nil {
				return nil, err
			}
			to, err := l.rewritten(url)
			if err != nil {
				return nil, err
			}
			if to == url {
				continue
			}
			out = append(append(out, page[from:begin]...), html.EscapeString(to)...)
			from = end
		}
	}
	out = append(out, page[from:]...)
	if l.Pixel == "" {
		return out, nil
	}
	pixel := `<img src="` + html.EscapeString(l.Pixel) + `" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">`
	at := lastIndexFold(out, "</body")
	if at < 0 {
		at = len(out)
	}
	tail := string(out[at:])
	return append(append(out[:at], pixel...), tail...), nil
}

// leads reports whether the href of a tag is followed by readers.
func leads(name []byte) bool {
	switch len(name) {
	case 0:
		return false
	case 1:
		return name[0]|0x20 == 'a'
	case 4:
		if bytes.EqualFold(name, []byte("area")) {
			return true
		}
	}
	return len(name) > 2 && name[0]|0x20 == 'v' && name[1] == ':'
}

// tagName returns the name that follows a <.
func tagName(s []byte) []byte {
	n := 0
	for n < len(s) && n < 32 && (s[n] == ':' || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || n > 0 && digit(s[n])) {
		n++
	}
	if n < len(s) && !isSpace(s[n]) && s[n] != '/' && s[n] != '>' {
		return nil
	}
	return s[:n]
}

// nextAttribute reads an attribute of a tag: its name, where its value begins and ends, and where to go on. The name is
// nil behind the last.
func nextAttribute(s []byte, i int) (name []byte, begin, end, next int) {
	for i < len(s) && (isSpace(s[i]) || s[i] == '/') {
		i++
	}
	if i >= len(s) || s[i] == '>' {
		return nil, 0, 0, i
	}
	from := i
	for i++; i < len(s) && !isSpace(s[i]) && s[i] != '/' && s[i] != '>' && s[i] != '='; i++ {
	}
	name = s[from:i]
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	if i >= len(s) || s[i] != '=' {
		return name, i, i, i
	}
	for i++; i < len(s) && isSpace(s[i]); i++ {
	}
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		begin = i + 1
		if n := bytes.IndexByte(s[begin:], s[i]); n >= 0 {
			return name, begin, begin + n, begin + n + 1
		}
		return nil, 0, 0, len(s)
	}
	begin = i
	for i < len(s) && !isSpace(s[i]) && s[i] != '>' {
		i++
	}
	return name, begin, i, i
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

// lastIndexFold returns where a word, in small letters, last begins; -1 for nowhere.
func lastIndexFold(s []byte, word string) int {
	for i := len(s); ; {
		if i = bytes.LastIndexByte(s[:i], word[0]); i < 0 {
			return -1
		}
		if len(s)-i >= len(word) && strings.EqualFold(string(s[i:i+len(word)]), word) {
			return i
		}
	}
}

// rewriteText returns a plain text with its links rewritten.
func (l *Links) rewriteText(text string) (string, error) {
	if l.Link == nil || !strings.Contains(text, "://") {
		return text, nil
	}
	l.rewrites = 0
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	for {
		i := strings.Index(text, "://")
		if i < 0 {
			break
		}
		begin := i
		for begin > 0 && isLetter(text[begin-1]) {
			begin--
		}
		end := endOfAddress(text, i+3)
		b.WriteString(text[:begin])
		to, err := l.rewritten(text[begin:end])
		if err != nil {
			return "", err
		}
		b.WriteString(to)
		text = text[end:]
	}
	b.WriteString(text)
	return b.String(), nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// endOfAddress returns where an address in a text ends: at what cannot be in one, and before the signs that end a
// sentence or close a bracket that stands before it.
func endOfAddress(s string, i int) int {
	begin := i
	for i < len(s) && s[i] > ' ' && s[i] != '<' && s[i] != '>' && s[i] != '"' && s[i] != 0x7f {
		i++
	}
	address := s[begin:i]
	round := strings.Count(address, ")") - strings.Count(address, "(")
	square := strings.Count(address, "]") - strings.Count(address, "[")
	for ; i > begin; i-- {
		switch s[i-1] {
		case '.', ',', ';', ':', '!', '?', '\'', '*':
		case ')':
			if round--; round < 0 {
				return i
			}
		case ']':
			if square--; square < 0 {
				return i
			}
		default:
			return i
		}
	}
	return i
}
