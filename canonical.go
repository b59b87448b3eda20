package carpel

import (
	"crypto/sha256"
	"strconv"
)

// Canonical writes a condition as canonical JSON: the subject first, then the other keys in a fixed order, defaults
// left out, numbers at their shortest. Equal conditions have equal bytes, and [ParseCondition] gives the condition
// back. What lies in where and has_item is written as a group: a list and a condition alone as all.
func Canonical(c Condition) []byte {
	w := &jsonWriter{}
	w.condition(c)
	return w.b
}

// Hash identifies a condition: the SHA-256 of its canonical form.
func Hash(c Condition) [32]byte { return sha256.Sum256(Canonical(c)) }

// jsonWriter appends JSON. Objects are written key by key between open and close.
type jsonWriter struct{ b []byte }

func (w *jsonWriter) open()  { w.b = append(w.b, '{') }
func (w *jsonWriter) close() { w.b = append(w.b, '}') }

// key begins the next field of an object.
func (w *jsonWriter) key(k string) {
	if last := w.b[len(w.b)-1]; last != '{' {
		w.b = append(w.b, ',')
	}
	w.b = appendJSONString(w.b, k)
	w.b = append(w.b, ':')
}

func (w *jsonWriter) text(k, s string)        { w.key(k); w.b = appendJSONString(w.b, s) }
func (w *jsonWriter) value(k string, v Value) { w.key(k); w.b = v.AppendJSON(w.b) }
func (w *jsonWriter) whole(k string, n int)   { w.key(k); w.b = strconv.AppendInt(w.b, int64(n), 10) }
func (w *jsonWriter) flag(k string, on bool) {
	if on {
		w.key(k)
		w.b = append(w.b, "true"...)
	}
}

func (w *jsonWriter) optional(k, s string) {
	if s != "" {
		w.text(k, s)
	}
}

func (w *jsonWriter) list(k string, n int, item func(i int)) {
	w.key(k)
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		item(i)
	}
	w.b = append(w.b, ']')
}

// inner writes what lies in where or has_item: always a group, so that a condition alone and a list of one are the
// same.
func (w *jsonWriter) inner(k string, c Condition) {
	if c != nil {
		w.key(k)
		w.condition(asGroup(c))
	}
}

// asGroup returns c, or an all group of it when it is no group.
func asGroup(c Condition) Condition {
	if g, ok := c.(*Group); ok {
		return g
	}
	return &Group{AllOf, []Condition{c}}
}

func (w *jsonWriter) condition(c Condition) {
	w.open()
	switch c := c.(type) {
	case *Group:
		w.list(string(c.Quantifier), len(c.Of), func(i int) { w.condition(c.Of[i]) })
	case *Not:
		w.key("not")
		w.condition(c.Of)
	case *Attribute:
		w.text("attribute", c.Name)
		w.test(c.Test)
		w.optional("for", c.For.String())
	case *Property:
		w.text("property", c.Name)
		w.test(c.Test)
	case *Activity:
		w.activity(c)
	case *Device:
		w.text("device", c.Platform)
		if c.Count.normal().Op != "" {
			w.key("count")
			w.open()
			w.compare(c.Count)
			w.close()
		}
		w.inner("where", c.Where)
	case *InSegment:
		w.text("segment", c.Ref)
	case *Sequence:
		w.sequence(c)
	case *Sample:
		w.key("sample")
		w.open()
		w.value("percent", NumberValue(c.Percent))
		w.text("seed", c.Seed)
		w.close()
	}
	w.close()
}

func (w *jsonWriter) test(t Test) {
	w.text("op", string(t.Op))
	switch t.Op {
	case OpExists, OpDoesNotExist, OpIsTrue, OpIsFalse, OpIsTime:
	case OpIsAnyOf, OpIsNoneOf, OpBetween:
		w.list("value", len(t.Values), func(i int) { w.b = t.Values[i].AppendJSON(w.b) })
	case OpWithinLast, OpMoreThanAgo, OpWithinNext, OpMoreThanAhead, OpAnniversaryWithinNext:
		w.text("value", t.Duration.String())
	case OpHasItem:
		w.inner("value", t.Item)
	default:
		w.value("value", t.Value)
	}
	w.flag("match_case", t.MatchCase)
}

func (w *jsonWriter) compare(c Compare) {
	if c.Op == CmpBetween {
		w.list("between", 2, func(i int) { w.b = [2]Value{c.A, c.B}[i].AppendJSON(w.b) })
		return
	}
	w.value(string(c.Op), c.A)
}

func (w *jsonWriter) activity(a *Activity) {
	w.text(string(a.Kind), a.Name)
	w.optional("action", a.Action)
	w.optional("campaign", a.Campaign)
	w.optional("link", a.Link)
	w.flag("machine", a.Machine)
	w.measure(a.Measure)
	w.when(a.When)
	w.inner("where", a.Where)
}

func (w *jsonWriter) measure(m Measure) {
	if m.normal().Kind == "" {
		return
	}
	w.key(string(m.Kind))
	w.open()
	switch m.Kind {
	case MeasureFirst, MeasureLast:
		w.inner("where", m.Where)
	case MeasureRegularly:
		w.text("period", m.Period.String())
		w.whole("of_last", m.OfLast)
		w.whole("times", m.Times)
		w.whole("at_least", m.AtLeast)
	default:
		w.optional("of", m.Of)
		w.compare(m.Compare.OrDefault())
	}
	w.close()
}

func (w *jsonWriter) when(v When) {
	if v.Kind == WhenEver {
		return
	}
	w.key("when")
	w.open()
	switch v.Kind {
	case WhenLast, WhenBeforeLast:
		w.text(string(v.Kind), v.D1.String())
	case WhenBetween:
		w.list("between", 2, func(i int) { w.b = appendJSONString(w.b, [2]Duration{v.D1, v.D2}[i].String()) })
	case WhenDates:
		if v.From.IsSet() {
			w.value("from", v.From)
		}
		if v.Before.IsSet() {
			w.value("before", v.Before)
		}
	case WhenLastCalendarDays:
		w.whole("last_calendar_days", v.N)
	default:
		w.text(string(v.Kind), v.Period)
	}
	w.close()
}

func (w *jsonWriter) sequence(q *Sequence) {
	w.list("sequence", len(q.Steps), func(i int) {
		last := q.LastNot && i == len(q.Steps)-1
		if last {
			w.open()
			w.key("not")
		}
		w.condition(q.Steps[i])
		if last {
			w.close()
		}
	})
	w.optional("within", q.Within.String())
	w.when(q.When)
}
