package definition

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/carpel/carpel"
)

// ToYAML turns one JSON value into YAML in block style, keys in the order written. [FromYAML] gives the same value
// back. Texts are quoted wherever any reader of YAML, also an old one, could take them for something else. The error
// is a *[carpel.Error]: the data are not JSON, or nested too deeply.
func ToYAML(data []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	w := &writer{dec: dec}
	if err := w.value(0, false); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, carpel.Errorf(carpel.CodeInvalid, "something follows the JSON value")
	}
	return w.out.Bytes(), nil
}

// writer copies JSON tokens to YAML lines.
type writer struct {
	dec *json.Decoder
	out bytes.Buffer
}

func (w *writer) token() (json.Token, error) {
	t, err := w.dec.Token()
	if err != nil {
		return nil, carpel.Errorf(carpel.CodeInvalid, "not JSON: %v", err)
	}
	return t, nil
}

// value writes the next value at a depth, and ends its line. A list or mapping that is an item of a list begins on
// the item's own line (hanging), one behind a key on the next.
func (w *writer) value(depth int, hanging bool) error {
	if depth > MaxDepth {
		return &carpel.Error{Code: carpel.CodeLimit, Limit: MaxDepth, Actual: int64(depth), Message: "the JSON is nested too deeply"}
	}
	t, err := w.token()
	if err != nil {
		return err
	}
	open, nested := t.(json.Delim)
	if !nested {
		if depth > 0 {
			w.out.WriteByte(' ')
		}
		return w.scalar(t)
	}
	if !w.dec.More() {
		if depth > 0 {
			w.out.WriteByte(' ')
		}
		if open == '{' {
			w.out.WriteString("{}\n")
		} else {
			w.out.WriteString("[]\n")
		}
		_, err := w.token()
		return err
	}
	if depth > 0 && !hanging {
		w.out.WriteByte('\n')
	}
	for first := true; w.dec.More(); first = false {
		if first && hanging {
			w.out.WriteByte(' ')
		} else {
			w.out.WriteString(strings.Repeat("  ", depth))
		}
		if err := w.entry(open == '{', depth); err != nil {
			return err
		}
	}
	_, err = w.token()
	return err
}

// entry writes one key with its value, or one item.
func (w *writer) entry(mapping bool, depth int) error {
	if !mapping {
		w.out.WriteByte('-')
		return w.value(depth+1, true)
	}
	key, err := w.token()
	if err != nil {
		return err
	}
	w.out.WriteString(text(key.(string))) // a token in an object where a key stands is a text
	w.out.WriteByte(':')
	return w.value(depth+1, false)
}

func (w *writer) scalar(t json.Token) error {
	switch t := t.(type) {
	case nil:
		w.out.WriteString("null")
	case bool:
		if t {
			w.out.WriteString("true")
		} else {
			w.out.WriteString("false")
		}
	case json.Number:
		w.out.WriteString(t.String())
	case string:
		w.out.WriteString(text(t))
	}
	w.out.WriteByte('\n')
	return nil
}

var plainWords = regexp.MustCompile(`^[A-Za-z_/$][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@(-][A-Za-z0-9_./@()-]*)*$`)

// text writes a text plain where no reader can mistake it, else in double quotes.
func text(s string) string {
	if plainWords.MatchString(s) && !reserved(s) {
		return s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	quoted := strings.TrimSuffix(b.String(), "\n")
	if strings.IndexFunc(quoted, unwritable) < 0 {
		return quoted
	}
	b.Reset()
	for _, r := range quoted {
		if unwritable(r) {
			b.WriteString(`\u` + string("0123456789abcdef"[r>>12&15]) + string("0123456789abcdef"[r>>8&15]) + string("0123456789abcdef"[r>>4&15]) + string("0123456789abcdef"[r&15]))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unwritable reports characters that a YAML file may not hold, or that are line breaks to some.
func unwritable(r rune) bool {
	return r < 0x10000 && (unicode.IsControl(r) || r == 0xfeff || r == 0xfffe || r == 0xffff || r == 0x2028 || r == 0x2029)
}

// reserved reports whether some version of YAML reads a plain word as something other than a text.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}
