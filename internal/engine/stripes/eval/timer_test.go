package eval

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// TestTimersAreTight: a timer that fires for every event that moves would be right, and a storm.
func TestTimersAreTight(t *testing.T) {
	m := newMemory(time.UTC)
	at := []carpel.Millis{epoch - 20*day, epoch - 10*day, epoch - 5*day, epoch - 1*day}
	for i, t := range at {
		m.event(3, "A", t, "n", float64(i+1))
	}
	m.set(3, "seen", (epoch - 3*day).String(), epoch-40*day)
	midnight := func(days int) carpel.Millis { return carpel.DateOf(epoch, time.UTC).AddDays(days).Midnight(time.UTC) }
	for _, c := range []struct {
		text string
		want carpel.Millis
	}{
		{"{'event': 'A', 'when': {'last': '30d'}}", at[3] + 30*day},
		{"{'event': 'A', 'when': {'last': '30d'}, 'count': {'at_least': 2}}", at[2] + 30*day},
		{"{'event': 'A', 'when': {'last': '30d'}, 'count': {'at_least': 5}}", carpel.Never},
		{"{'event': 'A', 'when': {'last': '30d'}, 'count': {'exactly': 0}}", at[3] + 30*day},
		{"{'event': 'A', 'when': {'last': '30d'}, 'count': {'at_most': 2}}", at[1] + 30*day},
		{"{'event': 'A', 'when': {'last': '30d'}, 'count': {'less_than': 0}}", carpel.Never},
		{"{'event': 'A', 'when': {'last': '30d'}, 'count': {'between': [2, 3]}}", at[0] + 30*day},
		{"{'event': 'A', 'count': {'at_least': 2}}", carpel.Never},
		{"{'event': 'A', 'when': {'before_last': '7d'}, 'count': {'at_least': 3}}", at[2] + 7*day},
		{"{'event': 'A', 'when': {'before_last': '7d'}, 'count': {'at_least': 4}}", at[3] + 7*day},
		{"{'event': 'A', 'when': {'before_last': '7d'}, 'count': {'at_least': 1}}", carpel.Never},
		{"{'event': 'A', 'when': {'between': ['15d', '7d']}}", at[3] + 15*day},
		{"{'event': 'A', 'when': {'between': ['15d', '7d']}, 'count': {'exactly': 1}}", at[2] + 7*day},
		{"{'event': 'A', 'when': {'this': 'month'}}", midnight(3)},
		{"{'event': 'A', 'when': {'this': 'day'}}", carpel.Never},
		{"{'event': 'A', 'when': {'previous': 'day'}}", midnight(1)},
		{"{'event': 'A', 'when': {'last_calendar_days': 7}}", midnight(7)},
		{"{'event': 'A', 'when': {'last': '30d'}, 'sum': {'of': 'n', 'at_least': 7}}", at[2] + 30*day},
		{"{'event': 'A', 'when': {'last': '30d'}, 'max': {'of': 'n', 'at_least': 4}}", at[3] + 30*day},
		{"{'event': 'A', 'when': {'last': '30d'}, 'min': {'of': 'n', 'at_least': 3}}", at[1] + 30*day},
		{"{'event': 'A', 'when': {'last': '30d'}, 'first': {'where': {'property': 'n', 'op': 'is', 'value': 1}}}", at[0] + 30*day},
		{"{'event': '*', 'when': {'last': '30d'}, 'days': {'at_least': 3}}", at[1] + 30*day},
		{"{'event': 'A', 'regularly': {'period': '7d', 'of_last': 3, 'times': 1, 'at_least': 3}}", at[0] + 21*day},
		{"{'sequence': [{'event': 'A'}, {'event': 'A'}], 'when': {'last': '30d'}}", at[2] + 30*day},
		{"{'sequence': [{'event': 'A'}, {'not': {'event': 'A'}}], 'within': '2d'}", carpel.Never},
		{"{'sequence': [{'event': 'A', 'where': [{'property': 'n', 'op': 'is', 'value': 4}]}, {'not': {'event': 'B'}}], 'within': '2d'}", at[3] + 2*day},
		{"{'attribute': 'seen', 'op': 'within_last', 'value': '7d'}", epoch + 4*day},
		{"{'attribute': 'seen', 'op': 'anniversary_within_next', 'value': '5d'}", carpel.DateOf(epoch, time.UTC).AddDays(365 - 3 - 5).Midnight(time.UTC)},
		{"{'attribute': 'seen', 'op': 'exists', 'for': '60d'}", epoch + 20*day},
		{"{'attribute': '$last_seen_at', 'op': 'within_last', 'value': '7d'}", at[3] + 7*day},
	} {
		l, err := compileLeaf(condition(c.text), time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		_, next, err := l.eval(ask{src: m, slots: m.People(), now: epoch, timers: true})
		if err != nil {
			t.Fatal(err)
		}
		if next != c.want {
			t.Errorf("%s: next change at %s, want %s", c.text, next, c.want)
		}
	}
}

// TestUpdate changes data at random and tells a state what was touched: it must come out as if evaluated anew.
func TestUpdate(t *testing.T) {
	for seed := range uint64(800) {
		d := draw{rand.New(rand.NewPCG(seed, 4))}
		m := d.memory(time.UTC)
		var texts []string
		var roots []Root
		for range 4 {
			texts = append(texts, d.condition(2))
			roots = append(roots, Root{"s", condition(texts[len(texts)-1])})
		}
		p, err := Compile(roots, time.UTC, func(string) int { return -1 })
		if err != nil {
			t.Fatal(err)
		}
		now := epoch
		st, err := p.Fill(m, now)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			touch := d.change(m)
			now += carpel.Millis(d.IntN(20)) * hour / 2
			if err := p.Update(m, touch, now, st); err != nil {
				t.Fatal(err)
			}
			for i := range roots {
				check(t, m, roots[i].Condition, texts[i], now, p.Members(i, st), seed)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// change changes something of one person and says what.
func (d draw) change(m *memory) *Touch {
	slot := uint8(d.IntN(14))
	var one block.Mask
	one.Set(slot)
	touch := &Touch{Attributes: map[string]block.Mask{}, Segments: map[string]block.Mask{}}
	if m.people[slot] == nil {
		m.person(slot).firstSeen = d.times(100)
		touch.Whole = one
		return touch
	}
	p := m.person(slot)
	m.tables = nil
	switch d.IntN(6) {
	case 0, 1:
		table := Table{Kind: EventTable, Name: d.of("A", "B", "New")}
		before := len(p.events)
		for range 1 + d.IntN(2) {
			m.add(slot, table, d.times(72), d.props()...)
		}
		touch.Tables = []TouchedTable{{Table: table, Slots: one}, {Table: Table{Kind: ActivityTable}, Slots: one}}
		if d.IntN(4) > 0 {
			touch.Tables[0].Added, touch.Tables[1].Added = addedRows(slot, p.events[before:])
		}
	case 2:
		name := d.of("plan", "o", "o.city", "id")
		m.set(slot, name, d.value(), d.times(200))
		touch.Attributes[name] = one
	case 3:
		p.firstSeen -= carpel.Millis(d.IntN(100)) * hour
		touch.FirstSeen = one
	case 4:
		in := m.segments["seg"]
		in.Put(slot, d.IntN(2) == 0)
		m.segments["seg"] = in
		touch.Segments["seg"] = one
	case 5:
		if d.IntN(4) == 0 {
			delete(m.people, slot)
			break
		}
		p.devices = append(p.devices, map[string]carpel.Value{"platform": valueOf("ios"), "last_used": valueOf(d.times(100))})
		touch.Tables = []TouchedTable{{Table: Table{Kind: DeviceTable}, Slots: one}}
	}
	return touch
}

// addedRows are events as rows of their table, and of the one of all activity.
func addedRows(slot uint8, events []happened) (table, activity *block.Rows) {
	var rows, thin block.RowBuilder
	for _, e := range events {
		rows.Add(slot, e.at, e.props)
		thin.Add(slot, e.at, map[string]carpel.Value{"$name": carpel.TextValue(e.table.Name)})
	}
	return rows.Rows(), thin.Rows()
}
