package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
)

// asProblem gives the framework's own errors (a body that is no JSON, a missing field) the shape and the words of ours:
// where the fault is, and for a key that does not exist the nearest one that does.
func (a *API) asProblem(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := &Problem{Type: "about:blank", Title: http.StatusText(m.Status), Status: m.Status, Detail: m.Detail, Code: carpel.CodeInvalid}
	switch m.Status {
	case http.StatusRequestEntityTooLarge:
		p.Code = carpel.CodeTooLarge
	case http.StatusNotFound:
		p.Code = carpel.CodeNotFound
	}
	if len(m.Errors) == 0 {
		return p, nil
	}
	// A misspelt key is a missing one as well; the misspelling says more.
	fault := m.Errors[0]
	for _, e := range m.Errors {
		if e.Message == unexpectedKey {
			fault = e
			break
		}
	}
	where, path, _ := strings.Cut(fault.Location, ".")
	p.Pointer = pointerOf(path)
	if missing, ok := strings.CutPrefix(fault.Message, "expected required property "); ok {
		name := strings.TrimSuffix(missing, " to be present")
		p.Pointer += "/" + name
		p.Detail = name + " is missing"
		return p, nil
	}
	name := p.Pointer[strings.LastIndexByte(p.Pointer, '/')+1:]
	switch {
	case fault.Message == unexpectedKey:
		p.Code = carpel.CodeUnknownKey
		above := strings.Split(strings.TrimSuffix(p.Pointer, "/"+name), "/")[1:]
		keys := a.keysAt(ctx.Operation(), above)
		p.Suggestion = carpel.Nearest(name, keys)
		p.Detail = fmt.Sprintf("there is no key %.60q; there are %s", name, strings.Join(keys, ", "))
	case path == "" && where == "body":
		p.Detail = inOurWords("the body", fault.Message)
	default:
		p.Detail = inOurWords(name, fault.Message)
	}
	return p, nil
}

// unexpectedKey is what the framework says of a key that does not exist.
const unexpectedKey = "unexpected property"

// pointerOf turns the framework's "tags[3].name" into "/tags/3/name".
func pointerOf(path string) string {
	if path == "" {
		return ""
	}
	return "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(path)
}

// keysAt returns the keys that an operation's body may have at a place, in order.
func (a *API) keysAt(o *huma.Operation, tokens []string) []string {
	if o == nil || o.RequestBody == nil || o.RequestBody.Content["application/json"] == nil {
		return nil
	}
	schemas := a.huma.OpenAPI().Components.Schemas
	resolve := func(s *huma.Schema) *huma.Schema {
		if s != nil && s.Ref != "" {
			return schemas.SchemaFromRef(s.Ref)
		}
		return s
	}
	s := resolve(o.RequestBody.Content["application/json"].Schema)
	for _, token := range tokens {
		if s == nil {
			return nil
		}
		if s.Items != nil {
			s = resolve(s.Items)
		} else {
			s = resolve(s.Properties[token])
		}
	}
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.Properties))
}

// phrases are the beginnings of what the framework says of a value, and how we say it. The longer come before the
// shorter that they begin with.
var phrases = [...]struct{ theirs, ours string }{
	{"expected string to be RFC 3339 date-time", "is no time; write it like 2026-03-01T00:00:00Z"},
	{"expected value to be one of ", "must be one of "},
	{"expected number >= ", "must be at least "},
	{"expected number <= ", "must be at most "},
	{"expected length >= ", "is too short; its least number of characters is "},
	{"expected length <= ", "is too long; its greatest number of characters is "},
	{"expected array length >= ", "has too few entries; the least number is "},
	{"expected array length <= ", "has too many entries; the greatest number is "},
	{"expected boolean", "must be true or false"},
	{"expected integer", "must be a whole number"},
	{"expected number", "must be a number"},
	{"expected string", "must be a text"},
	{"expected array", "must be a list"},
	{"expected object", "must be an object"},
	{"invalid integer", "must be a whole number"},
	{"invalid boolean", "must be true or false"},
	{"invalid date/time", "is no time; write it like 2026-03-01T00:00:00Z"},
	{"required query parameter is missing", "is missing"},
}

// inOurWords turns what the framework says of a value into a sentence of ours; what it does not know stays.
func inOurWords(what, message string) string {
	for _, p := range phrases {
		if rest, ok := strings.CutPrefix(message, p.theirs); ok {
			if !strings.HasSuffix(p.ours, " ") {
				rest = "" // no more than an example of theirs
			}
			return what + " " + p.ours + strings.Trim(rest, `"`)
		}
	}
	if strings.HasPrefix(message, "bad JSON") {
		return message
	}
	return what + ": " + message
}

// jsonFormat is how bodies are read and answers written: as the framework does, but for what is said of bad JSON.
func jsonFormat() huma.Format {
	return huma.Format{
		Marshal: func(w io.Writer, v any) error { return huma.DefaultJSONFormat.Marshal(w, v) },
		Unmarshal: func(data []byte, v any) error {
			err := json.Unmarshal(data, v)
			var bad *json.SyntaxError
			if errors.As(err, &bad) {
				return badJSON(data, bad)
			}
			return err
		},
	}
}

// badJSON says where a text stops being JSON, and what is due there.
func badJSON(data []byte, bad *json.SyntaxError) error {
	says := bad.Error()
	if strings.HasPrefix(says, "unexpected end") {
		return fmt.Errorf("bad JSON at byte %d: the text ends too early", len(data))
	}
	at := max(bad.Offset-1, 0) // the offset is behind the byte that does not fit
	due := "true, false or null is due"
	for _, d := range [...]struct{ theirs, ours string }{
		{"looking for beginning of object key string", "a key in quotes is due"},
		{"after object key:value pair", "a comma or } is due"},
		{"after object key", "a colon is due"},
		{"after array element", "a comma or ] is due"},
		{"looking for beginning of value", "a value is due"},
		{"after top-level value", "the text must end"},
		{"in string literal", "a control character must be escaped"},
		{"in string escape code", "there is no such escape"},
		{"in \\u hexadecimal character escape", "a hexadecimal digit is due"},
		{"in numeric literal", "a digit is due"},
		{"in exponent of numeric literal", "a digit is due"},
		{"after decimal point in numeric literal", "a digit is due"},
	} {
		if strings.Contains(says, d.theirs) {
			due = d.ours
			break
		}
	}
	return fmt.Errorf("bad JSON at byte %d: %s where it has %q", at, due, firstRune(data[min(int(at), len(data)):]))
}

// firstRune is the first character of a text; U+FFFD when it is not UTF-8.
func firstRune(text []byte) string {
	for _, r := range string(text) {
		return string(r)
	}
	return ""
}
