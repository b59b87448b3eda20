package carpel

import (
	"fmt"
	"slices"
)

// test reads op and its operands.
func (o *object) test() (Test, error) {
	var t Test
	op, err := o.text("op")
	if err != nil {
		return t, err
	}
	if !slices.Contains(ops, op) {
		return t, &Error{Code: CodeUnknownKey, Pointer: o.pointer("op"), Suggestion: suggestOp(op), Message: fmt.Sprintf("%.60q is no operator", op)}
	}
	t.Op = Op(op)
	if t.MatchCase, err = o.flag("match_case"); err != nil {
		return t, err
	}
	return t, o.operand(&t)
}

// operand reads the value of an operator.
func (o *object) operand(t *Test) error {
	n := o.fields["value"]
	switch t.Op {
	case OpExists, OpDoesNotExist, OpIsTrue, OpIsFalse, OpIsTime:
		if n != nil {
			return &Error{Code: CodeInvalid, Pointer: o.pointer("value"), Message: fmt.Sprintf("%q takes no value", t.Op)}
		}
		return nil
	case OpIsAnyOf, OpIsNoneOf, OpBetween:
		return o.list(t)
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
		err := o.wrong("value", "a text, number or boolean")
		if e, ok := err.(*Error); ok && n != nil && n.list {
			e.Suggestion = map[Op]string{OpIs: "is_any_of", OpIsNot: "is_none_of"}[t.Op]
		}
		return err
	}
	t.Value = n.scalar
	return nil
}

// list reads the values of is_any_of and is_none_of, or the bounds of between.
func (o *object) list(t *Test) error {
	n := o.fields["value"]
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
}
