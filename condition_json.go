package carpel

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ParseCondition reads a definition in JSON. It takes exactly the language: one subject key per condition, every key
// known, every limit kept. The error is a *[Error] with the JSON pointer of the first fault, the reason, and for a
// misspelt key or operator the nearest right one.
func ParseCondition(data []byte) (Condition, error) {
	root, err := decodeNode(data)
	if err != nil {
		return nil, err
	}
	p := &conditionParser{}
	c, err := p.condition(root, "", false, 1)
	if err != nil {
		return nil, err
	}
	if err := p.limits(); err != nil {
		return nil, err
	}
	if err := Validate(c); err != nil {
		var e *Error
		if errors.As(err, &e) {
			moved := *e
			moved.Pointer = root.source(e.Pointer)
			return nil, &moved
		}
		return nil, err
	}
	return c, nil
}

// The subject keys of a condition, those inside where and has_item, and those of a sequence's steps.
var (
	subjects      = []string{"all", "any", "none", "not", "attribute", "event", "page", "page_name", "screen", "message", "device", "segment", "sequence", "sample"}
	innerSubjects = []string{"all", "any", "none", "not", "property"}
	stepSubjects  = []string{"event", "page", "page_name", "screen", "message"}
	compareKeys   = []string{"at_least", "at_most", "exactly", "more_than", "less_than", "between"}
	measureKeys   = []string{"count", "days", "distinct", "sum", "avg", "min", "max", "first", "last", "regularly"}
	whenKeys      = []string{"last", "before_last", "between", "from", "before", "last_calendar_days", "this", "previous"}
	ops           = []string{"is", "is_not", "is_any_of", "is_none_of", "contains", "does_not_contain", "starts_with", "ends_with",
		"does_not_start_with", "does_not_end_with", "matches", "does_not_match", "greater_than", "less_than", "at_least", "at_most", "between",
		"exists", "does_not_exist", "is_true", "is_false", "before", "after", "on", "within_last", "more_than_ago", "within_next",
		"more_than_ahead", "anniversary_within_next", "is_time", "has_item"}
)

// keysBeside returns the keys that may stand beside a subject.
func keysBeside(subject string) []string {
	switch subject {
	case "attribute":
		return []string{"op", "value", "match_case", "for"}
	case "property":
		return []string{"op", "value", "match_case"}
	case "event", "page", "page_name", "screen":
		return append([]string{"where", "when"}, measureKeys...)
	case "message":
		return append([]string{"action", "campaign", "link", "machine", "where", "when"}, measureKeys...)
	case "device":
		return []string{"where", "count"}
	case "sequence":
		return []string{"within", "when"}
	}
	return nil
}

// conditionParser turns nodes into conditions. It checks shapes and keys; [Validate] checks what the values mean.
type conditionParser struct {
	count, deepest     int
	overCount, overAll string // pointers of the first condition beyond the count, and beyond the depth
}

// enter counts one condition. What passes a limit is counted to the end, so that the error can say by how much.
func (p *conditionParser) enter(at string, depth int) {
	if p.count++; p.count == MaxConditions+1 {
		p.overCount = at
	}
	if depth > MaxConditionDepth && p.deepest <= MaxConditionDepth {
		p.overAll = at
	}
	p.deepest = max(p.deepest, depth)
}

func (p *conditionParser) limits() error {
	if p.count > MaxConditions {
		return &Error{Code: CodeLimit, Pointer: p.overCount, Limit: MaxConditions, Actual: int64(p.count), Message: fmt.Sprintf("a definition has at most %d conditions", MaxConditions)}
	}
	if p.deepest > MaxConditionDepth {
		return &Error{Code: CodeLimit, Pointer: p.overAll, Limit: MaxConditionDepth, Actual: int64(p.deepest), Message: fmt.Sprintf("conditions are nested at most %d deep", MaxConditionDepth)}
	}
	return nil
}

// condition reads one condition. inside is true in where and has_item.
func (p *conditionParser) condition(n *node, at string, inside bool, depth int) (Condition, error) {
	p.enter(at, depth)
	if !n.isObject() {
		return nil, &Error{Code: CodeInvalid, Pointer: at, Message: "a condition is an object with one subject key, not " + n.kind()}
	}
	allowed := subjects
	if inside {
		allowed = innerSubjects
	}
	subject, err := findSubject(n, at, allowed)
	if err != nil {
		return nil, err
	}
	o := &object{node: n, at: at, p: p, depth: depth, inside: inside}
	if err := o.only(append([]string{subject}, keysBeside(subject)...)...); err != nil {
		return nil, err
	}
	return o.read(subject)
}

// findSubject returns the one subject key of a condition.
func findSubject(n *node, at string, allowed []string) (string, error) {
	subject := ""
	for _, key := range n.keys {
		if !slices.Contains(allowed, key) {
			continue
		}
		if subject != "" {
			return "", &Error{Code: CodeInvalid, Pointer: at + "/" + key, Message: fmt.Sprintf("a condition has one subject; this one has %q and %q", subject, key)}
		}
		subject = key
	}
	if subject == "" {
		return "", noSubject(n, at, allowed)
	}
	return subject, nil
}

// noSubject says what a condition without a subject should have had.
func noSubject(n *node, at string, allowed []string) error {
	inside := slices.Contains(allowed, "property")
	for _, key := range n.keys {
		here := at + "/" + escapePointer(key)
		switch {
		case inside && slices.Contains(subjects, key):
			e := &Error{Code: CodeInvalid, Pointer: here, Message: fmt.Sprintf("%q is not allowed here: inside where and has_item conditions are over property", key)}
			if key == "attribute" {
				e.Suggestion = "property"
			}
			return e
		case !inside && key == "property":
			return &Error{Code: CodeInvalid, Pointer: here, Suggestion: "attribute", Message: `"property" is for where and has_item; a person has an attribute`}
		case slices.Contains(subjects, key):
			return &Error{Code: CodeInvalid, Pointer: here, Message: fmt.Sprintf("%q is not allowed here: there may be %s", key, strings.Join(allowed, ", "))}
		}
	}
	for _, key := range n.keys {
		if near := suggestKey(key, allowed); near != "" {
			return &Error{Code: CodeUnknownKey, Pointer: at + "/" + escapePointer(key), Suggestion: near, Message: fmt.Sprintf("%.60q is no key of a condition", key)}
		}
	}
	e := &Error{Code: CodeInvalid, Pointer: at, Message: "a condition needs a subject: one of " + strings.Join(allowed, ", ")}
	for _, key := range n.keys {
		if !slices.ContainsFunc(allowed, func(s string) bool { return slices.Contains(keysBeside(s), key) }) {
			e.Code, e.Pointer = CodeUnknownKey, at+"/"+escapePointer(key)
			e.Message = fmt.Sprintf("%.60q is no key of a condition; it needs a subject: one of %s", key, strings.Join(allowed, ", "))
			break
		}
	}
	return e
}

// object reads the fields of one JSON object.
type object struct {
	*node
	at     string
	p      *conditionParser
	depth  int
	inside bool
}

func (o *object) pointer(key string) string { return o.at + "/" + escapePointer(key) }

// only refuses every key that is not named.
func (o *object) only(known ...string) error {
	for _, key := range o.keys {
		if slices.Contains(known, key) {
			continue
		}
		message, code := fmt.Sprintf("%.60q is no key here; there may be %s", key, strings.Join(known, ", ")), CodeUnknownKey
		switch {
		case key == "for" && known[0] == "property":
			message, code = `"for" is for attributes: a property does not change`, CodeInvalid
		case key == "when" && known[0] == "device":
			message, code = `devices are as they are now: no "when"; ask for last_used within_last in where`, CodeInvalid
		}
		return &Error{Code: code, Pointer: o.pointer(key), Suggestion: suggestKey(key, known), Message: message}
	}
	return nil
}

// wrong says that a field is missing, or of the wrong type.
func (o *object) wrong(key, wanted string) error {
	n := o.fields[key]
	if n == nil {
		return &Error{Code: CodeInvalid, Pointer: o.at, Message: fmt.Sprintf("%q is missing: %s", key, wanted)}
	}
	return &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("%q is %s; it takes %s", key, n.kind(), wanted)}
}

func (o *object) text(key string) (string, error) {
	n := o.fields[key]
	if n == nil || n.scalar.Kind() != Text {
		return "", o.wrong(key, "a text")
	}
	return n.scalar.Text(), nil
}

// optionalText reads a text that is left out rather than empty.
func (o *object) optionalText(key string) (string, error) {
	if o.fields[key] == nil {
		return "", nil
	}
	s, err := o.text(key)
	if err == nil && s == "" {
		err = &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("an empty %q; leave it out for every one", key)}
	}
	return s, err
}

func (o *object) flag(key string) (bool, error) {
	n := o.fields[key]
	if n == nil {
		return false, nil
	}
	if n.scalar.Kind() != Bool {
		return false, o.wrong(key, "true or false")
	}
	return n.scalar.Float() != 0, nil
}

func (o *object) number(key string) (Value, error) {
	n := o.fields[key]
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
		return 0, &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("%q is %.40s; it takes a whole number", key, v.Text())}
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
func (o *object) sub(key, example string) (*object, error) {
	n := o.fields[key]
	if n == nil || !n.isObject() {
		return nil, o.wrong(key, "an object such as "+example)
	}
	return &object{node: n, at: o.pointer(key), p: o.p, depth: o.depth, inside: o.inside}, nil
}

// inner reads conditions over properties as a group: one condition, or a list, stands for all, and that all is no
// condition of its own for the limits. A missing one is nil.
func (o *object) inner(key string) (Condition, error) {
	n, at := o.fields[key], o.pointer(key)
	if n == nil {
		return nil, nil
	}
	if n.isObject() && len(n.keys) == 1 && n.fields["all"] != nil && n.fields["all"].list {
		n, at = n.fields["all"], at+"/all"
	}
	if n.list {
		of, err := o.conditions(n, at, true)
		if err != nil {
			return nil, err
		}
		return &Group{AllOf, of}, nil
	}
	c, err := o.p.condition(n, at, true, o.depth+1)
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
		n := o.fields[subject]
		if !n.list {
			return nil, o.wrong(subject, "a list of conditions")
		}
		of, err := o.conditions(n, o.pointer(subject), o.inside)
		return &Group{Quantifier(subject), of}, err
	case "not":
		if o.fields["not"].list {
			return nil, &Error{Code: CodeInvalid, Pointer: o.pointer("not"), Suggestion: "none", Message: `"not" takes one condition; a list of them stands under "none"`}
		}
		c, err := o.p.condition(o.fields["not"], o.pointer("not"), o.inside, o.depth+1)
		return &Not{c}, err
	case "attribute":
		return o.attribute()
	case "property":
		name, err := o.text("property")
		if err != nil {
			return nil, err
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
		return o.sample()
	}
	return o.activity(ActivityKind(subject), false)
}

func (o *object) attribute() (Condition, error) {
	name, err := o.text("attribute")
	if err != nil {
		return nil, err
	}
	a := &Attribute{Name: name}
	if o.fields["for"] != nil {
		if a.For, err = o.duration("for"); err != nil {
			return nil, err
		}
	}
	a.Test, err = o.test()
	return a, err
}

func (o *object) sample() (Condition, error) {
	s, err := o.sub("sample", `{"percent": 20, "seed": "spring"}`)
	if err != nil {
		return nil, err
	}
	if err := s.only("percent", "seed"); err != nil {
		return nil, err
	}
	percent, err := s.number("percent")
	if err != nil {
		return nil, err
	}
	seed, err := s.text("seed")
	return &Sample{percent.Float(), seed}, err
}
