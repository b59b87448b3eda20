package carpel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseCondition reads a definition in JSON. It takes exactly the language: one subject key per condition, every key
// known, every limit kept. The error is a *[Error] with the JSON pointer of the first fault, the reason, and for a
// misspelt key or operator the nearest right one.
func ParseCondition(data []byte) (Condition, error) {
	if !utf8.Valid(data) {
		return nil, Errorf(CodeEncoding, "the definition is not UTF-8")
	}
	root, err := decodeNode(data)
	if err != nil {
		return nil, err
	}
	p := &conditionParser{}
	c, err := p.condition(root, "", false, 1)
	if err != nil {
		return nil, err
	}
	if err := Validate(c); err != nil {
		return nil, err
	}
	return c, nil
}

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

// maxNodeDepth bounds JSON nesting before conditions are counted: a condition takes at most three levels of JSON.
const maxNodeDepth = 4 * MaxConditionDepth

// decodeNode reads one JSON value, refusing duplicate keys, lone surrogates, NUL, and anything behind it.
func decodeNode(data []byte) (*node, error) {
	if at := loneSurrogate(data); at >= 0 {
		return nil, Errorf(CodeEncoding, "the definition holds a lone surrogate at byte %d", at)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	n, err := decodeValue(dec, "", 1)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			return nil, e
		}
		return nil, Errorf(CodeInvalid, "not JSON: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, Errorf(CodeInvalid, "something follows the definition")
	}
	return n, nil
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

func decodeValue(dec *json.Decoder, at string, depth int) (*node, error) {
	if depth > maxNodeDepth {
		return nil, &Error{Code: CodeLimit, Pointer: at, Limit: MaxConditionDepth, Message: "the definition is nested too deeply"}
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		return decodeObject(dec, at, depth)
	case json.Delim('['):
		n := &node{list: true}
		for dec.More() {
			item, err := decodeValue(dec, fmt.Sprintf("%s/%d", at, len(n.items)), depth+1)
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
			return nil, err
		}
		key := tok.(string) // a token behind { that is no } is a key
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

// conditionParser turns nodes into conditions. It checks shapes and keys; [Validate] checks what the values mean.
type conditionParser struct{ count int }

// The subject keys of a condition, and those inside where and has_item.
var (
	subjects      = []string{"all", "any", "none", "not", "attribute", "event", "page", "page_name", "screen", "message", "device", "segment", "sequence", "sample"}
	innerSubjects = []string{"all", "any", "none", "not", "property"}
	compareKeys   = []string{"at_least", "at_most", "exactly", "more_than", "less_than", "between"}
	measureKeys   = []string{"count", "days", "distinct", "sum", "avg", "min", "max", "first", "last", "regularly"}
	ops           = []string{"is", "is_not", "is_any_of", "is_none_of", "contains", "does_not_contain", "starts_with", "ends_with",
		"does_not_start_with", "does_not_end_with", "matches", "does_not_match", "greater_than", "less_than", "at_least", "at_most", "between",
		"exists", "does_not_exist", "is_true", "is_false", "before", "after", "on", "within_last", "more_than_ago", "within_next",
		"more_than_ahead", "anniversary_within_next", "is_time", "has_item"}
)

// condition reads one condition. inside is true in where and has_item.
func (p *conditionParser) condition(n *node, at string, inside bool, depth int) (Condition, error) {
	if p.count++; p.count > MaxConditions {
		return nil, &Error{Code: CodeLimit, Pointer: at, Limit: MaxConditions, Actual: int64(p.count), Message: fmt.Sprintf("a definition has at most %d conditions", MaxConditions)}
	}
	if depth > MaxConditionDepth {
		return nil, &Error{Code: CodeLimit, Pointer: at, Limit: MaxConditionDepth, Actual: int64(depth), Message: fmt.Sprintf("conditions are nested at most %d deep", MaxConditionDepth)}
	}
	if !n.isObject() {
		return nil, &Error{Code: CodeInvalid, Pointer: at, Message: "a condition is an object with one subject key, not " + n.kind()}
	}
	allowed := subjects
	if inside {
		allowed = innerSubjects
	}
	subject := ""
	for _, key := range n.keys {
		if !slices.Contains(allowed, key) {
			continue
		}
		if subject != "" {
			return nil, &Error{Code: CodeInvalid, Pointer: at + "/" + key, Message: fmt.Sprintf("a condition has one subject; this one has %q and %q", subject, key)}
		}
		subject = key
	}
	if subject == "" {
		return nil, noSubject(n, at, allowed, inside)
	}
	o := &object{node: n, at: at, p: p, depth: depth, inside: inside}
	c, err := o.read(subject)
	if err != nil {
		return nil, err
	}
	return c, o.rest()
}

// noSubject says what a condition without a subject should have had.
func noSubject(n *node, at string, allowed []string, inside bool) error {
	e := &Error{Code: CodeInvalid, Pointer: at, Message: "a condition needs a subject: one of " + strings.Join(allowed, ", ")}
	for _, key := range n.keys {
		switch {
		case inside && slices.Contains(subjects, key):
			e.Pointer, e.Message = at+"/"+key, fmt.Sprintf("%q is not allowed here; inside where and has_item conditions are over property", key)
			return e
		case !inside && key == "property":
			e.Pointer, e.Message = at+"/property", `"property" is for where and has_item; a person has an attribute`
			e.Suggestion = "attribute"
			return e
		}
		if near := Nearest(key, allowed); near != "" {
			e.Code, e.Pointer, e.Suggestion = CodeUnknownKey, at+"/"+escapePointer(key), near
			e.Message = fmt.Sprintf("%.60q is no key of a condition", key)
			return e
		}
	}
	return e
}

// object reads the fields of one JSON object and knows which it has read, so that the rest can be refused.
type object struct {
	*node
	at     string
	p      *conditionParser
	depth  int
	inside bool
	used   []string
}

// field returns a field and marks it read; nil when it is not there.
func (o *object) field(key string) *node {
	o.used = append(o.used, key)
	return o.fields[key]
}

func (o *object) pointer(key string) string { return o.at + "/" + escapePointer(key) }

// rest refuses every key that was not read.
func (o *object) rest() error {
	for _, key := range o.keys {
		if !slices.Contains(o.used, key) {
			return &Error{Code: CodeUnknownKey, Pointer: o.pointer(key), Suggestion: Nearest(key, o.used), Message: fmt.Sprintf("%.60q is no key here", key)}
		}
	}
	return nil
}

func (o *object) wrong(key, wanted string) error {
	n := o.fields[key]
	if n == nil {
		return &Error{Code: CodeInvalid, Pointer: o.at, Message: fmt.Sprintf("%q is missing: %s", key, wanted)}
	}
	return &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("%q is %s; it takes %s", key, n.kind(), wanted)}
}

func (o *object) text(key string) (string, error) {
	n := o.field(key)
	if n == nil || n.scalar.Kind() != Text {
		return "", o.wrong(key, "a text")
	}
	return n.scalar.Text(), nil
}

func (o *object) optionalText(key string) (string, error) {
	if o.field(key) == nil {
		return "", nil
	}
	return o.text(key)
}

func (o *object) flag(key string) (bool, error) {
	n := o.field(key)
	if n == nil {
		return false, nil
	}
	if n.scalar.Kind() != Bool {
		return false, o.wrong(key, "true or false")
	}
	return n.scalar.Float() != 0, nil
}

func (o *object) number(key string) (Value, error) {
	n := o.field(key)
	if n == nil || n.scalar.Kind() != Number {
		return Value{}, o.wrong(key, "a number")
	}
	return n.scalar, nil
}

func (o *object) whole(key string) (int, error) {
	v, err := o.number(key)
	if err != nil {
		return 0, err
	}
	if f := v.Float(); f != math.Trunc(f) || math.Abs(f) > 1e9 {
		return 0, o.wrong(key, "a whole number")
	}
	return int(v.Float()), nil
}

func (o *object) duration(key string) (Duration, error) {
	s, err := o.text(key)
	if err != nil {
		return Duration{}, o.wrong(key, `a duration such as "30d"`)
	}
	d, err := ParseDuration(s)
	return d, pointAt(err, o.pointer(key))
}

// sub returns a field as an object to read.
func (o *object) sub(key string) (*object, error) {
	n := o.field(key)
	if n == nil || !n.isObject() {
		return nil, o.wrong(key, "an object")
	}
	return &object{node: n, at: o.pointer(key), p: o.p, depth: o.depth, inside: o.inside}, nil
}

// inner reads conditions over properties as a group: one condition, or a list, stands for all. A missing one is nil.
func (o *object) inner(key string) (Condition, error) {
	n := o.field(key)
	if n == nil {
		return nil, nil
	}
	if n.list {
		of, err := o.conditions(n, o.pointer(key), true)
		if err != nil {
			return nil, err
		}
		return &Group{AllOf, of}, nil
	}
	c, err := o.p.condition(n, o.pointer(key), true, o.depth+1)
	if err != nil {
		return nil, err
	}
	return asGroup(c), nil
}

func (o *object) conditions(n *node, at string, inside bool) ([]Condition, error) {
	if len(n.items) == 0 {
		return nil, &Error{Code: CodeInvalid, Pointer: at, Message: "an empty list of conditions: it would match nobody or everybody"}
	}
	of := make([]Condition, len(n.items))
	for i, item := range n.items {
		c, err := o.p.condition(item, fmt.Sprintf("%s/%d", at, i), inside, o.depth+1)
		if err != nil {
			return nil, err
		}
		of[i] = c
	}
	return of, nil
}

// read reads the condition of a subject.
func (o *object) read(subject string) (Condition, error) {
	switch subject {
	case "all", "any", "none":
		n := o.field(subject)
		if !n.list {
			return nil, o.wrong(subject, "a list of conditions")
		}
		of, err := o.conditions(n, o.pointer(subject), o.inside)
		return &Group{Quantifier(subject), of}, err
	case "not":
		c, err := o.p.condition(o.field("not"), o.pointer("not"), o.inside, o.depth+1)
		return &Not{c}, err
	case "attribute":
		name, err := o.text("attribute")
		if err != nil {
			return nil, err
		}
		a := &Attribute{Name: name}
		if o.field("for") != nil {
			if a.For, err = o.duration("for"); err != nil {
				return nil, err
			}
		}
		a.Test, err = o.test()
		return a, err
	case "property":
		name, err := o.text("property")
		if err != nil {
			return nil, err
		}
		if o.fields["for"] != nil {
			return nil, &Error{Code: CodeInvalid, Pointer: o.pointer("for"), Message: `"for" is for attributes: a property does not change`}
		}
		t, err := o.test()
		return &Property{name, t}, err
	case "device":
		return o.device()
	case "segment":
		ref, err := o.text("segment")
		return &InSegment{ref}, err
	case "sequence":
		return o.sequence()
	case "sample":
		s, err := o.sub("sample")
		if err != nil {
			return nil, err
		}
		percent, err := s.number("percent")
		if err != nil {
			return nil, err
		}
		seed, err := s.text("seed")
		if err != nil {
			return nil, err
		}
		return &Sample{percent.Float(), seed}, s.rest()
	}
	return o.activity(ActivityKind(subject), false)
}

// test reads op and its operands.
func (o *object) test() (Test, error) {
	var t Test
	op, err := o.text("op")
	if err != nil {
		return t, err
	}
	if !slices.Contains(ops, op) {
		return t, &Error{Code: CodeUnknownKey, Pointer: o.pointer("op"), Suggestion: Nearest(op, ops), Message: fmt.Sprintf("%.60q is no operator", op)}
	}
	t.Op = Op(op)
	if t.MatchCase, err = o.flag("match_case"); err != nil {
		return t, err
	}
	return t, o.operand(&t)
}

// operand reads the value of an operator.
func (o *object) operand(t *Test) error {
	n := o.field("value")
	switch t.Op {
	case OpExists, OpDoesNotExist, OpIsTrue, OpIsFalse, OpIsTime:
		if n != nil {
			return &Error{Code: CodeInvalid, Pointer: o.pointer("value"), Message: fmt.Sprintf("%q takes no value", t.Op)}
		}
		return nil
	case OpIsAnyOf, OpIsNoneOf, OpBetween:
		if n == nil || !n.list {
			return o.wrong("value", "a list")
		}
		for i, item := range n.items {
			if item.isObject() || item.list || !item.scalar.IsSet() {
				return &Error{Code: CodeInvalid, Pointer: fmt.Sprintf("%s/%d", o.pointer("value"), i), Message: "a list holds texts, numbers and booleans, not " + item.kind()}
			}
			t.Values = append(t.Values, item.scalar)
		}
		return nil
	case OpWithinLast, OpMoreThanAgo, OpWithinNext, OpMoreThanAhead, OpAnniversaryWithinNext:
		s, err := o.text("value")
		if err != nil {
			return o.wrong("value", `a duration such as "30d"`)
		}
		if t.Op == OpAnniversaryWithinNext && s == "0d" {
			t.Duration = Duration{0, 'd'}
			return nil
		}
		t.Duration, err = ParseDuration(s)
		return pointAt(err, o.pointer("value"))
	case OpHasItem:
		item, err := o.inner("value")
		if err == nil && item == nil {
			return o.wrong("value", "a condition over property, or a list of them")
		}
		t.Item = item
		return err
	}
	if n == nil || n.isObject() || n.list || !n.scalar.IsSet() {
		return o.wrong("value", "a text, number or boolean")
	}
	t.Value = n.scalar
	return nil
}

// ParseDuration reads "30d": a whole number and s, m, h, d or w, from 1 s to 36,500 d.
func ParseDuration(s string) (Duration, error) {
	bad := func() (Duration, error) {
		return Duration{}, Errorf(CodeInvalid, "%.40q is no duration: a whole number and s, m (minutes), h, d or w, such as 30d", s)
	}
	if len(s) < 2 || len(s) > 12 || !digits(s[:len(s)-1]) || !strings.ContainsRune("smhdw", rune(s[len(s)-1])) {
		return bad()
	}
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil {
		return bad()
	}
	d := Duration{n, s[len(s)-1]}
	if n < 1 || d.Millis() > maxDuration {
		return Duration{}, &Error{Code: CodeLimit, Limit: 36_500, Message: fmt.Sprintf("the duration %s is not between 1s and 36500d", s)}
	}
	return d, nil
}

const maxDuration = Millis(36_500 * 86_400_000)

// String returns the duration as a definition writes it: "30d".
func (d Duration) String() string {
	if d.IsZero() {
		return ""
	}
	return strconv.FormatInt(d.N, 10) + string(d.Unit)
}
