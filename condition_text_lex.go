package carpel

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textToken is a word, a quoted text or a sign of the text form.
type textToken struct {
	text   string // a quoted text without its quotes
	quoted bool
	sign   bool
	at     int // byte offset
}

// maxText bounds the text form: what a request may hold.
const maxText = MaxBody

// lexText splits the text form into tokens.
func lexText(s string) ([]textToken, *Error) {
	if len(s) > maxText {
		return nil, &Error{Code: CodeLimit, Pointer: "/text", Limit: maxText, Actual: int64(len(s)), Message: TooLarge("the text", int64(len(s)), maxText)}
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return nil, &Error{Code: CodeEncoding, Pointer: "/text", Message: "the text is not UTF-8, or holds a NUL"}
	}
	var tokens []textToken
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"':
			end := quotedEnd(s, i)
			if end < 0 {
				return nil, textFault(s, i, "a quote is left open")
			}
			var text string
			if json.Unmarshal([]byte(s[i:end]), &text) != nil || loneSurrogate([]byte(s[i:end])) >= 0 {
				return nil, textFault(s, i, `the quoted text is not readable: \" stands for a quote, \\ for a backslash`)
			}
			tokens = append(tokens, textToken{text: text, quoted: true, at: i})
			i = end
		case c == '\'' || strings.HasPrefix(s[i:], "“"):
			text, n := plainQuoted(s[i:])
			if n < 0 {
				return nil, textFault(s, i, "a quote is left open")
			}
			tokens = append(tokens, textToken{text: text, quoted: true, at: i})
			i += n
		case strings.IndexByte("(),=%", c) >= 0:
			tokens = append(tokens, textToken{text: string(c), sign: true, at: i})
			i++
		case strings.IndexByte("<>!", c) >= 0:
			n := 1
			if i+1 < len(s) && s[i+1] == '=' {
				n = 2
			}
			tokens = append(tokens, textToken{text: s[i : i+n], sign: true, at: i})
			i += n
		default:
			n := wordLength(s[i:])
			if n == 0 {
				r, _ := utf8.DecodeRuneInString(s[i:])
				return nil, textFault(s, i, fmt.Sprintf("%q has no meaning here; put texts in double quotes", r))
			}
			tokens = append(tokens, textToken{text: s[i : i+n], at: i})
			i += n
		}
	}
	return tokens, nil
}

// quotedEnd returns the offset behind the quoted text that begins at i, -1 when it is left open.
func quotedEnd(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// plainQuoted reads a text in single or in curly quotes, as it stands, and how many bytes it takes; -1 when it is left
// open.
func plainQuoted(s string) (string, int) {
	open, shut := "'", "'"
	if s[0] != '\'' {
		open, shut = "“", "”"
	}
	end := strings.Index(s[len(open):], shut)
	if end < 0 {
		return "", -1
	}
	return s[len(open) : len(open)+end], len(open) + end + len(shut)
}

// wordLength returns how many bytes of s are a word: letters and digits of any script, _ . @ - $, and what addresses and
// patterns are made of.
func wordLength(s string) int {
	for i, r := range s {
		if r < utf8.RuneSelf && (wordByte(byte(r)) || strings.ContainsRune("$+/:*|?&#~", r)) {
			continue
		}
		if r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)) {
			continue
		}
		return i
	}
	return len(s)
}

// textFault says what is wrong where, in lines and columns from 1.
func textFault(s string, at int, message string) *Error {
	line := 1 + strings.Count(s[:at], "\n")
	column := 1 + utf8.RuneCountInString(s[strings.LastIndexByte(s[:at], '\n')+1:at])
	return &Error{Code: CodeInvalid, Pointer: "/text", Message: fmt.Sprintf("line %d, column %d: %s", line, column, message)}
}
