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
		if err := o.message(a); err != nil {
			return nil, err
		}
	}
	if a.Where, err = o.inner("where"); err != nil {
		return nil, err
	}
	if step {
		return a, nil
	}
	if a.Measure, err = o.measure(); err != nil {
		return nil, err
	}
	if o.fields["when"] != nil {
		if a.Measure.Kind == MeasureRegularly {
			return nil, &Error{Code: CodeInvalid, Pointer: o.pointer("when"), Message: `"regularly" has its own periods: no "when" beside it`}
		}
		a.When, err = o.when()
	}
	return a, err
}

// message reads what only messages have.
func (o *object) message(a *Activity) (err error) {
	if a.Action, err = o.text("action"); err != nil {
		return err
	}
	if a.Campaign, err = o.optionalText("campaign"); err != nil {
		return err
	}
	if a.Link, err = o.optionalText("link"); err != nil {
		return err
	}
	a.Machine, err = o.flag("machine")
	return err
}

// measure reads the one measure, or none.
func (o *object) measure() (Measure, error) {
	var m Measure
	for _, key := range o.keys {
		if !slices.Contains(measureKeys, key) {
			continue
		}
		if m.Kind != "" {
			return m, &Error{Code: CodeInvalid, Pointer: o.pointer(key), Message: fmt.Sprintf("one measure at a time; this condition has %q and %q", m.Kind, key)}
		}
		m.Kind = MeasureKind(key)
	}
	key := string(m.Kind)
	switch m.Kind {
	case "":
		return m, nil
	case MeasureFirst, MeasureLast:
		return m, o.firstOrLast(&m)
	case MeasureRegularly:
		return m, o.regularly(&m)
	case MeasureDistinct, MeasureSum, MeasureAvg, MeasureMin, MeasureMax:
		s, err := o.sub(key, `{"of": "total", "at_least": 100}`)
		if err != nil {
			return m, err
		}
		if m.Compare, err = s.compare("of"); err != nil {
			return m, err
		}
		m.Of, err = s.text("of")
		return m, err
	}
	s, err := o.sub(key, `{"at_least": 3}`)
	if err != nil {
		return m, err
	}
	if m.Compare, err = s.compare(); err != nil {
		return m, err
	}
	return m.normal(), nil
}

func (o *object) firstOrLast(m *Measure) error {
	s, err := o.sub(string(m.Kind), `{"where": […]}`)
	if err != nil {
		return err
	}
	if err := s.only("where"); err != nil {
		return err
	}
	if m.Where, err = s.inner("where"); err == nil && m.Where == nil {
		err = s.wrong("where", "conditions over property")
	}
	return err
}

func (o *object) regularly(m *Measure) error {
	s, err := o.sub("regularly", `{"period": "7d", "of_last": 4, "at_least": 3}`)
	if err != nil {
		return err
	}
	if err := s.only("period", "of_last", "times", "at_least"); err != nil {
		return err
	}
	if m.Period, err = s.duration("period"); err != nil {
		return err
	}
	if m.OfLast, err = s.whole("of_last"); err != nil {
		return err
	}
	m.Times = 1
	if s.fields["times"] != nil {
		if m.Times, err = s.whole("times"); err != nil {
			return err
		}
	}
	m.AtLeast, err = s.whole("at_least")
	return err
}

// compare reads exactly one comparison, and lets the keys in beside stand beside it.
func (o *object) compare(beside ...string) (Compare, error) {
	var c Compare
	if err := o.only(append(beside, compareKeys...)...); err != nil {
		return c, err
	}
	for _, key := range o.keys {
		if !slices.Contains(compareKeys, key) {
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
		n := o.fields[key]
		if !n.list || len(n.items) != 2 || n.items[0].scalar.Kind() != Number || n.items[1].scalar.Kind() != Number {
			return c, o.wrong(key, "a list of two numbers")
		}
		c.A, c.B = n.items[0].scalar, n.items[1].scalar
	}
	if c.Op == "" {
		return c, &Error{Code: CodeInvalid, Pointer: o.at, Message: "a comparison is missing: one of " + strings.Join(compareKeys, ", ")}
	}
	return c, nil
}

// when reads a window.
func (o *object) when() (When, error) {
	var w When
	s, err := o.sub("when", `{"last": "30d"}`)
	if err != nil {
		return w, err
	}
	if err := s.only(whenKeys...); err != nil {
		return w, err
	}
	dates := s.fields["from"] != nil && s.fields["before"] != nil
	if len(s.keys) == 0 || len(s.keys) > 2 || len(s.keys) == 2 && !dates {
		return w, &Error{Code: CodeInvalid, Pointer: s.at, Message: "a window is exactly one of " + strings.Join(whenKeys, ", ") + " (from and before may stand together)"}
	}
	switch key := s.keys[0]; key {
	case "last", "before_last":
		w.Kind = WhenKind(key)
		w.D1, err = s.duration(key)
	case "between":
		w.Kind = WhenBetween
		n := s.fields["between"]
		if !n.list || len(n.items) != 2 {
			return w, s.wrong("between", `a list of two durations, the longer first`)
		}
		for i, d := range []*Duration{&w.D1, &w.D2} {
			at := fmt.Sprintf("%s/%d", s.pointer("between"), i)
			if item := n.items[i]; item.scalar.Kind() != Text {
				return w, &Error{Code: CodeInvalid, Pointer: at, Message: `a duration such as "30d" is wanted, not ` + item.kind()}
			}
			if *d, err = ParseDuration(n.items[i].scalar.Text()); err != nil {
				return w, pointAt(err, at)
			}
		}
	case "from", "before":
		w.Kind = WhenDates
		for _, key := range s.keys {
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
		w.Kind = WhenKind(key)
		w.Period, err = s.text(key)
	}
	return w, err
}

func (o *object) device() (Condition, error) {
	d := &Device{}
	var err error
	if d.Platform, err = o.text("device"); err != nil {
		return nil, err
	}
	if d.Where, err = o.inner("where"); err != nil {
		return nil, err
	}
	if o.fields["count"] == nil {
		return d, nil
	}
	s, err := o.sub("count", `{"at_least": 2}`)
	if err != nil {
		return nil, err
	}
	if d.Count, err = s.compare(); err != nil {
		return nil, err
	}
	d.Count = d.Count.normal()
	return d, nil
}

func (o *object) sequence() (Condition, error) {
	n := o.fields["sequence"]
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
			if err := outer.only("not"); err != nil {
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
	if o.fields["within"] != nil {
		if q.Within, err = o.duration("within"); err != nil {
			return nil, err
		}
	}
	if o.fields["when"] != nil {
		q.When, err = o.when()
	}
	return q, err
}

// step reads one step: an activity without a measure and a window.
func (o *object) step(n *node, at string) (*Activity, error) {
	o.p.enter(at, o.depth+1)
	if !n.isObject() {
		return nil, &Error{Code: CodeInvalid, Pointer: at, Message: "a step is an event, page, screen or message, not " + n.kind()}
	}
	kind, err := findSubject(n, at, stepSubjects)
	if err != nil {
		return nil, err
	}
	s := &object{node: n, at: at, p: o.p, depth: o.depth + 1}
	for _, key := range s.keys {
		if key == "when" || slices.Contains(measureKeys, key) {
			return nil, &Error{Code: CodeInvalid, Pointer: s.pointer(key), Message: fmt.Sprintf("a step of a sequence has no %q of its own", key)}
		}
	}
	known := []string{kind, "where"}
	if kind == "message" {
		known = append(known, "action", "campaign", "link", "machine")
	}
	if err := s.only(known...); err != nil {
		return nil, err
	}
	return s.activity(ActivityKind(kind), true)
}
