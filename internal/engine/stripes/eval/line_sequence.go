package eval

import (
	"cmp"
	"slices"
	"sort"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// line says when the sequence is there: from when a choice of events is complete, and in the window, until its first
// event leaves. Of the choices that end at one moment the one that begins last stays longest.
func (l *sequenceLeaf) line(p past) (line, error) {
	lo, _ := l.window.bounds(p.h.from)
	if l.timed() {
		return l.timedLine(p, lo)
	}
	h, err := l.happenings(p, p.h.from, lo)
	if err != nil {
		return nil, err
	}
	var in []stretch
	l.choices(h, func(start, end, complete carpel.Millis) {
		in = append(in, stretch{max(l.window.enter(start), l.window.enter(end), complete), l.window.leave(start)})
	})
	return within(in), nil
}

// timed reports whether the conditions of a step change with time.
func (l *sequenceLeaf) timed() bool {
	is := func(s sequenceStep) bool { return s.filter != nil && s.filter.timed }
	for _, steps := range l.named {
		if slices.ContainsFunc(steps, is) {
			return true
		}
	}
	return slices.ContainsFunc(l.anyEvent, is)
}

// happenings returns the person's events that fit some step at a moment, from a time on.
func (l *sequenceLeaf) happenings(p past, now, lo carpel.Millis) ([]happening, error) {
	s := &scratch{}
	_, _, err := l.collect(s, ask{src: p.src, slots: p.only(), now: now}, span{lo, maxMillis})
	return s.happened[p.slot], err
}

// choices goes through all complete choices of events, whatever the window: of those that end at one moment the one that
// begins last, and when it counts from. A last "not" is held against all events, also those still to come, since it
// counts only when its time has passed.
func (l *sequenceLeaf) choices(h []happening, fn func(start, end, complete carpel.Millis)) {
	start := noStarts()
	var f fitting
	nots := l.nots(h, maxMillis)
	for i := 0; i < len(h); {
		at, end := h[i].at, i+1
		for end < len(h) && h[end].at == at {
			end++
		}
		f.take(h[i:end], l.steps)
		i = end
		if l.not {
			c := chain{start: block.NoStamp, due: carpel.Never}
			if l.unfollowed(&c, &f, at, &start, nots[end], maxMillis); c.matched {
				fn(c.start, at, later(at, l.within))
			}
		}
		if l.extend(&f, at, &start) && !l.not {
			if first := start[l.steps]; l.within == 0 || at-first <= l.within {
				fn(first, at, at)
			}
		}
	}
}

// timedLine asks anew at every moment at which an event enters or leaves, or what a step says of it changes. What the
// steps say of an event over time is asked once; from one moment to the next only what changed is brought up to date.
func (l *sequenceLeaf) timedLine(p past, lo carpel.Millis) (line, error) {
	t := timedSteps{l: l, h: p.h, at: []carpel.Millis{p.h.from}}
	if err := t.read(p, lo); err != nil {
		return nil, err
	}
	slices.SortFunc(t.at, cmp.Compare)
	slices.SortFunc(t.flips, func(a, b flip) int { return cmp.Compare(a.at, b.at) })
	events := t.inOrder()
	out, f, done := line{}, fitting{}, 0
	for _, now := range slices.Compact(t.at) {
		for ; done < len(t.flips) && t.flips[done].at <= now; done++ {
			events[t.flips[done].event].steps ^= t.flips[done].steps
		}
		first, hi := l.window.bounds(now)
		from := sort.Search(len(events), func(i int) bool { return events[i].at >= first })
		is := truthOf(l.chain(&f, events[from:], first, hi, now).matched)
		if len(out) == 0 {
			out = always(is)
		}
		out = out.add(now, is)
	}
	return out, nil
}

// timedSteps is a person's events with what steps say of them over time.
type timedSteps struct {
	l      *sequenceLeaf
	h      horizon
	events []happening     // with the steps that each fits at h.from
	flips  []flip          // what changes later
	at     []carpel.Millis // moments at which the answer may change
}

// flip is a moment at which an event begins or ceases to fit steps.
type flip struct {
	at    carpel.Millis
	event int
	steps uint16
}

// read takes in the events from a time on.
func (t *timedSteps) read(p past, lo carpel.Millis) error {
	tables, err := t.l.tables(p.src)
	if err != nil {
		return err
	}
	for _, table := range tables {
		steps := t.l.stepsOf(table)
		err := eachRow(&selection{tables: []Table{table}}, p, span{lo, maxMillis}, func(rows *block.Rows, row int) { t.add(rows, row, steps) })
		if err != nil {
			return err
		}
	}
	return nil
}

// add takes in an event, unless it never fits a step.
func (t *timedSteps) add(rows *block.Rows, row int, steps []sequenceStep) {
	get := func(name string) carpel.Value {
		if col := rows.Column(name); col != nil {
			return col.Value(row)
		}
		return carpel.Value{}
	}
	e, flips := happening{at: rows.Time.At(row)}, len(t.flips)
	for _, step := range steps {
		bit := uint16(1) << step.place
		if step.filter == nil {
			e.steps |= bit
			continue
		}
		fits := step.filter.line(get, t.h)
		now := fits.at(t.h.from)
		if fits[now].is == yes {
			e.steps |= bit
		}
		for _, turn := range fits[now+1:] {
			t.flips = append(t.flips, flip{turn.from, len(t.events), bit})
			t.note(turn.from)
		}
	}
	if e.steps == 0 && len(t.flips) == flips {
		return
	}
	t.events = append(t.events, e)
	t.note(e.at)
	t.note(later(e.at, t.l.within))
	for _, s := range t.l.window.stay(e.at) {
		t.note(s.from)
		t.note(s.to)
	}
}

// note keeps a moment that lies ahead.
func (t *timedSteps) note(at carpel.Millis) {
	if at > t.h.from && at < carpel.Never {
		t.at = append(t.at, at)
	}
}

// inOrder returns the events in order of time, and has the flips follow.
func (t *timedSteps) inOrder() []happening {
	order, place := make([]int, len(t.events)), make([]int, len(t.events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.events[a].at, t.events[b].at) })
	events := make([]happening, len(order))
	for i, from := range order {
		events[i], place[from] = t.events[from], i
	}
	for i := range t.flips {
		t.flips[i].event = place[t.flips[i].event]
	}
	return events
}
