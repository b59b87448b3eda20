package carpel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is a JSON value with its keys in the order written. Exactly one of the forms is used.
type node struct {
	keys   []string // of an object
	fields map[string]*node
	items  []*node // of a list
	list   bool
	scalar Value // everything else; unset for null
}

func (n *node) isObject() bool { return n.fields != nil }

// kind names what a node is, for messages.
func (n *node) kind() string {
	switch {
	case n.isObject():
		return "an object"
	case n.list:
		return "a list"
	case !n.scalar.IsSet():
		return "null"
	case n.scalar.Kind() == Bool:
		return "a boolean"
	}
	return "a " + n.scalar.Kind().String()
}

// maxNodeDepth bounds the nesting of JSON before conditions are counted: a condition takes at most four levels of it.
const maxNodeDepth = 8 * MaxConditionDepth

// decodeNode reads one JSON value, refusing duplicate keys, invalid UTF-8, lone surrogates, NUL, numbers beyond a
// float64, and anything behind it. The error is a *[Error].
func decodeNode(data []byte) (*node, error) {
	if !utf8.Valid(data) {
		return nil, Errorf(CodeEncoding, "the definition is not UTF-8")
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, syntaxFault(data, err)
	}
	if at := loneSurrogate(data); at >= 0 {
		return nil, Errorf(CodeEncoding, "the definition holds a lone surrogate at byte %d", at)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return decodeValue(dec, "", 1)
}

// syntaxFault says where JSON stops being JSON, in lines and columns from 1.
func syntaxFault(data []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return Errorf(CodeInvalid, "not JSON: %v", err)
	}
	read := data[:min(max(int(syntax.Offset)-1, 0), len(data))]
	line := 1 + bytes.Count(read, []byte("\n"))
	column := 1 + utf8.RuneCount(read[bytes.LastIndexByte(read, '\n')+1:])
	return Errorf(CodeInvalid, "line %d, column %d: not JSON: %v", line, column, syntax)
}

// loneSurrogate returns the offset of a \u escape that is half of a surrogate pair without the other, else -1.
func loneSurrogate(data []byte) int {
	hex := func(i int) (rune, bool) {
		if i+6 > len(data) || data[i] != '\\' || data[i+1] != 'u' {
			return 0, false
		}
		r, err := strconv.ParseUint(string(data[i+2:i+6]), 16, 32)
		return rune(r), err == nil
	}
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		r, ok := hex(i)
		if !ok {
			i++ // another escape: its second byte may be a backslash
			continue
		}
		switch {
		case r >= 0xd800 && r < 0xdc00:
			if low, ok := hex(i + 6); !ok || low < 0xdc00 || low > 0xdfff {
				return i
			}
			i += 11
		case r >= 0xdc00 && r <= 0xdfff:
			return i
		default:
			i += 5
		}
	}
	return -1
}

// decodeValue reads one value of JSON that is known to be well formed.
func decodeValue(dec *json.Decoder, at string, depth int) (*node, error) {
	if depth > maxNodeDepth {
		return nil, &Error{Code: CodeLimit, Pointer: at, Limit: maxNodeDepth, Actual: int64(depth), Message: fmt.Sprintf("the JSON is nested more than %d deep", maxNodeDepth)}
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, Errorf(CodeInvalid, "not JSON: %v", err)
	}
	switch tok {
	case json.Delim('{'):
		return decodeObject(dec, at, depth)
	case json.Delim('['):
		n := &node{list: true}
		for dec.More() {
			item, err := decodeValue(dec, at+"/"+strconv.Itoa(len(n.items)), depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		_, err := dec.Token()
		return n, err
	}
	v, err := ValueOf(tok)
	if err != nil {
		return nil, pointAt(err, at)
	}
	if v.Kind() == Text && strings.ContainsRune(v.Text(), 0) {
		return nil, &Error{Code: CodeEncoding, Pointer: at, Message: "a text holds a NUL"}
	}
	return &node{scalar: v}, nil
}

func decodeObject(dec *json.Decoder, at string, depth int) (*node, error) {
	n := &node{fields: map[string]*node{}}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, Errorf(CodeInvalid, "not JSON: %v", err)
		}
		key, _ := tok.(string) // in well-formed JSON a token behind { that is no } is a key
		here := at + "/" + escapePointer(key)
		if _, twice := n.fields[key]; twice {
			return nil, &Error{Code: CodeDuplicateKey, Pointer: here, Message: fmt.Sprintf("the key %.60q is there twice", key)}
		}
		if n.fields[key], err = decodeValue(dec, here, depth+1); err != nil {
			return nil, err
		}
		n.keys = append(n.keys, key)
	}
	_, err := dec.Token()
	return n, err
}

// source turns a pointer into the canonical form of what was read into one into what was written: there a list, or one
// condition alone, may stand for all. Where the pointer leads nowhere, it ends early.
func (n *node) source(pointer string) string {
	at := ""
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := 0; i < len(steps); i++ {
		step := steps[i]
		switch {
		case n.isObject() && n.fields[unescapePointer(step)] != nil:
			n = n.fields[unescapePointer(step)]
		case step == "all" && n.list:
			continue
		case step == "all" && n.isObject() && i+1 < len(steps) && steps[i+1] == "0":
			i++
			continue
		case n.list:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(n.items) {
				return at
			}
			n = n.items[index]
		default:
			return at
		}
		at += "/" + step
	}
	return at
}

// pointAt sets the pointer of an error that has none.
func pointAt(err error, at string) error {
	var e *Error
	if errors.As(err, &e) && e.Pointer == "" {
		moved := *e
		moved.Pointer = at
		return &moved
	}
	return err
}

func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func unescapePointer(step string) string {
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
}
