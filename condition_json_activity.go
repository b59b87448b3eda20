package carpel

import (
	"fmt"
	"slices"
	"strings"
)

// activity reads an event, page, page_name, screen or message condition; a step of a sequence has no measure and no
// window.
func (o *object) activity(kind ActivityKind, step bool) (*Activity, error) {
	a := &Activity{Kind: kind}
	var err error
	if a.Name, err = o.text(string(kind)); err != nil {
		return nil, err
	}
	if kind == EventActivity {
		a.Name = strings.TrimSpace(a.Name)
	}
	if kind == MessageActivity {
		if a.Action, err = o.text("action"); err != nil {
			return nil, err
		}
		if a.Campaign, err = o.optionalText("campaign"); err != nil {
			return nil, err
		}
		if a.Link, err = o.optionalText("link"); err != nil {
			return nil, err
		}
		if o.fields["link"] != nil && a.Link == "" {
			return nil, &Error{Code: CodeInvalid, Pointer: o.pointer("link"), Message: "an empty pattern would match every link; leave link out"}
		}
		if o.fields["campaign"] != nil && a.Campaign == "" {
			return nil, &Error{Code: CodeInvalid, Pointer: o.pointer("campaign"), Message: "an empty campaign; leave it out for every one"}
		}
		if a.Machine, err = o.flag("machine"); err != nil {
			return nil, err
		}
	}
	if a.Where, err = o.inner("where"); err != nil {
		return nil, err
	}
	if step {
		for _, key := range append([]string{"when"}, measureKeys...) {
			if o.fields[key] != nil {
				return nil, &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("a step of a sequence has no %q of its own", key)}
			}
		}
		return a, nil
	}
	if a.Measure, err = o.measure(); err != nil {
		return nil, err
	}
	if o.field("when") != nil {
		if a.Measure.Kind == MeasureRegularly {
			return nil, &Error{Code: CodeInvalid, Pointer: o.pointer("when"), Message: `"regularly" has its own periods: no "when" beside it`}
		}
		a.When, err = o.when()
	}
	return a, err
}

// measure reads the one measure, or none.
func (o *object) measure() (Measure, error) {
	var m Measure
	for _, key := range measureKeys {
		if o.field(key) == nil {
			continue
		}
		if m.Kind != "" {
			return m, &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("one measure at a time; this condition has %q and %q", m.Kind, key)}
		}
		m.Kind = MeasureKind(key)
	}
	if m.Kind == "" {
		return m, nil
	}
	s, err := o.sub(string(m.Kind))
	if err != nil {
		return m, err
	}
	switch m.Kind {
	case MeasureFirst, MeasureLast:
		if m.Where, err = s.inner("where"); err == nil && m.Where == nil {
			err = s.wrong("where", "conditions over property")
		}
	case MeasureRegularly:
		err = s.regularly(&m)
	case MeasureDistinct, MeasureSum, MeasureAvg, MeasureMin, MeasureMax:
		if m.Of, err = s.text("of"); err == nil {
			m.Compare, err = s.compare()
		}
	default:
		m.Compare, err = s.compare()
	}
	if err != nil {
		return m, err
	}
	if m.Kind == MeasureCount && m.Compare == (Compare{}).OrDefault() {
		m = Measure{} // the default, in its one form
	}
	return m, s.rest()
}

func (o *object) regularly(m *Measure) (err error) {
	if m.Period, err = o.duration("period"); err != nil {
		return err
	}
	if m.OfLast, err = o.whole("of_last"); err != nil {
		return err
	}
	m.Times = 1
	if o.fields["times"] != nil {
		if m.Times, err = o.whole("times"); err != nil {
			return err
		}
	}
	o.used = append(o.used, "times")
	m.AtLeast, err = o.whole("at_least")
	return err
}

// compare reads exactly one comparison.
func (o *object) compare() (Compare, error) {
	var c Compare
	for _, key := range compareKeys {
		n := o.field(key)
		if n == nil {
			continue
		}
		if c.Op != "" {
			return c, &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("one comparison at a time; this one has %q and %q", c.Op, key)}
		}
		c.Op = CompareOp(key)
		if c.Op != CmpBetween {
			v, err := o.number(key)
			if err != nil {
				return c, err
			}
			c.A = v
			continue
		}
		if !n.list || len(n.items) != 2 || n.items[0].scalar.Kind() != Number || n.items[1].scalar.Kind() != Number {
			return c, o.wrong(key, "a list of two numbers")
		}
		c.A, c.B = n.items[0].scalar, n.items[1].scalar
	}
	if c.Op == "" {
		for _, key := range o.keys {
			if near := Nearest(key, compareKeys); near != "" && !slices.Contains(o.used, key) {
				return c, &Error{Code: CodeUnknownKey, Pointer: o.pointer(key), Suggestion: near, Message: fmt.Sprintf("%.60q is no comparison", key)}
			}
		}
		return c, &Error{Code: CodeInvalid, Pointer: o.at, Message: "a comparison is missing: one of " + strings.Join(compareKeys, ", ")}
	}
	return c, nil
}

var whenKeys = []string{"last", "before_last", "between", "from", "before", "last_calendar_days", "this", "previous"}

// when reads a window.
func (o *object) when() (When, error) {
	var w When
	s, err := o.sub("when")
	if err != nil {
		return w, err
	}
	var found []string
	for _, key := range whenKeys {
		if s.field(key) != nil {
			found = append(found, key)
		}
	}
	if err := s.rest(); err != nil {
		return w, err
	}
	dates := len(found) == 2 && found[0] == "from" && found[1] == "before"
	if len(found) == 0 || len(found) > 1 && !dates {
		return w, &Error{Code: CodeInvalid, Pointer: s.at, Message: "a window is exactly one of " + strings.Join(whenKeys, ", ") + " (from and before may stand together)"}
	}
	switch found[0] {
	case "last", "before_last":
		w.Kind = WhenKind(found[0])
		w.D1, err = s.duration(found[0])
	case "between":
		w.Kind = WhenBetween
		n := s.fields["between"]
		if !n.list || len(n.items) != 2 {
			return w, s.wrong("between", `a list of two durations, the longer first`)
		}
		for i, d := range []*Duration{&w.D1, &w.D2} {
			if *d, err = ParseDuration(n.items[i].scalar.Text()); err != nil {
				return w, pointAt(err, fmt.Sprintf("%s/%d", s.pointer("between"), i))
			}
		}
	case "from", "before":
		w.Kind = WhenDates
		for _, key := range found {
			n := s.fields[key]
			if k := n.scalar.Kind(); k != Text && k != Number {
				return w, s.wrong(key, "a time")
			}
			if key == "from" {
				w.From = n.scalar
			} else {
				w.Before = n.scalar
			}
		}
	case "last_calendar_days":
		w.Kind = WhenLastCalendarDays
		w.N, err = s.whole("last_calendar_days")
	default:
		w.Kind = WhenKind(found[0])
		w.Period, err = s.text(found[0])
	}
	return w, err
}

func (o *object) device() (Condition, error) {
	d := &Device{}
	var err error
	if d.Platform, err = o.text("device"); err != nil {
		return nil, err
	}
	if o.fields["when"] != nil {
		return nil, &Error{Code: CodeInvalid, Pointer: o.pointer("when"), Message: `devices are as they are now: no "when"; ask for last_used within_last in where`}
	}
	if d.Where, err = o.inner("where"); err != nil {
		return nil, err
	}
	if o.field("count") != nil {
		s, err := o.sub("count")
		if err != nil {
			return nil, err
		}
		if d.Count, err = s.compare(); err != nil {
			return nil, err
		}
		if d.Count == (Compare{}).OrDefault() {
			d.Count = Compare{}
		}
		return d, s.rest()
	}
	return d, nil
}

var stepSubjects = []string{"event", "page", "page_name", "screen", "message"}

func (o *object) sequence() (Condition, error) {
	n := o.field("sequence")
	if !n.list {
		return nil, o.wrong("sequence", "a list of steps")
	}
	q := &Sequence{}
	for i, item := range n.items {
		at := fmt.Sprintf("%s/%d", o.pointer("sequence"), i)
		if item.isObject() && item.fields["not"] != nil {
			if i != len(n.items)-1 {
				return nil, &Error{Code: CodeInvalid, Pointer: at, Message: `only the last step may be "not"`}
			}
			outer := &object{node: item, at: at, p: o.p, depth: o.depth}
			outer.field("not")
			if err := outer.rest(); err != nil {
				return nil, err
			}
			q.LastNot = true
			item, at = item.fields["not"], at+"/not"
		}
		step, err := o.step(item, at)
		if err != nil {
			return nil, err
		}
		q.Steps = append(q.Steps, step)
	}
	var err error
	if o.field("within") != nil {
		if q.Within, err = o.duration("within"); err != nil {
			return nil, err
		}
	}
	if o.field("when") != nil {
		q.When, err = o.when()
	}
	return q, err
}

func (o *object) step(n *node, at string) (*Activity, error) {
	if o.p.count++; o.p.count > MaxConditions {
		return nil, &Error{Code: CodeLimit, Pointer: at, Limit: MaxConditions, Actual: int64(o.p.count), Message: "too many conditions"}
	}
	if !n.isObject() {
		return nil, &Error{Code: CodeInvalid, Pointer: at, Message: "a step is an event, page, screen or message, not " + n.kind()}
	}
	var kind string
	for _, key := range n.keys {
		if slices.Contains(stepSubjects, key) {
			if kind != "" {
				return nil, &Error{Code: CodeInvalid, Pointer: at + "/" + key, Message: "a step has one subject"}
			}
			kind = key
		}
	}
	if kind == "" {
		return nil, noSubject(n, at, stepSubjects, false)
	}
	s := &object{node: n, at: at, p: o.p, depth: o.depth + 1}
	a, err := s.activity(ActivityKind(kind), true)
	if err != nil {
		return nil, err
	}
	return a, s.rest()
}
