package carpel

import (
	"encoding/json"
	"strings"
)

// Lists and objects are kept as canonical JSON: valid, without blanks. So their parts are found by looking for quotes
// and brackets alone, and parts that are not asked for cost one pass over their bytes. A part is a Value over the same
// bytes.

// Items returns a list's items, each a value of its own (null items are unset values). Any other kind is
// nil. The slice is the caller's.
func (v Value) Items() []Value {
	if v.kind != List {
		return nil
	}
	items := []Value{}
	eachPart(v.str, func(_, part string) bool {
		items = append(items, partValue(part))
		return true
	})
	return items
}

// Fields returns an object's fields. Any other kind is nil. The map is the caller's.
func (v Value) Fields() map[string]Value {
	if v.kind != Object {
		return nil
	}
	fields := map[string]Value{}
	eachPart(v.str, func(key, part string) bool {
		fields[unquote(key)] = partValue(part)
		return true
	})
	return fields
}

// Reach follows a dotted path below an object ("city", "geo.lat"). At every step a field whose own name is the
// whole rest of the path wins, where it is set. It does not reach into lists. Unset when there is nothing.
func (v Value) Reach(path string) Value {
	if v.kind != Object {
		return Value{}
	}
	if f := v.field(path); f.IsSet() {
		return f
	}
	for i := 0; i < len(path); i++ {
		if path[i] == '.' {
			if f := v.field(path[:i]).Reach(path[i+1:]); f.IsSet() {
				return f
			}
		}
	}
	return Value{}
}

// field returns one field of an object, unset when it has none of that name.
func (v Value) field(name string) Value {
	var found Value
	eachPart(v.str, func(key, part string) bool {
		plain := key[1 : len(key)-1]
		if plain == name || strings.IndexByte(plain, '\\') >= 0 && unquote(key) == name {
			found = partValue(part)
			return false
		}
		return true
	})
	return found
}

// eachPart calls fn for every item of a list (with no key), or every field of an object (with its key in quotes), until
// fn returns false.
func eachPart(s string, fn func(key, part string) bool) {
	if len(s) < 2 {
		return
	}
	object := s[0] == '{'
	for i := 1; i < len(s)-1; i++ { // i stands behind the opening bracket or a comma
		key := ""
		if object {
			end := partEnd(s, i)
			key = s[i:end]
			i = end + 1 // the colon
			if len(key) < 2 || i >= len(s) {
				return // not our JSON
			}
		}
		end := partEnd(s, i)
		if !fn(key, s[i:end]) {
			return
		}
		i = end
	}
}

// partEnd returns the offset behind the value that begins at i.
func partEnd(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(s))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':':
			if depth == 0 {
				return i
			}
		}
	}
	return len(s)
}

// partValue reads one part.
func partValue(part string) Value {
	switch {
	case part == "" || part == "null":
		return Value{}
	case part[0] == '"' && len(part) > 1:
		return TextValue(unquote(part))
	case part[0] == '{':
		return Value{kind: Object, str: part}
	case part[0] == '[':
		return Value{kind: List, str: part}
	case part == "true" || part == "false":
		return BoolValue(part == "true")
	}
	v, _ := ParseNumber(part) // written by us, so a number
	return v
}

// unquote reads a text in JSON's quotes.
func unquote(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	var text string
	_ = json.Unmarshal([]byte(s), &text) // written by us, so a text
	return text
}
