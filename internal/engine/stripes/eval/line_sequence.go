package eval

import (
	"cmp"
	"slices"

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

// timedLine asks anew at every moment at which an event enters or leaves, or what a step says of it may change.
func (l *sequenceLeaf) timedLine(p past, lo carpel.Millis) (line, error) {
	moments := []carpel.Millis{p.h.from}
	note := func(at carpel.Millis) {
		if at > p.h.from && at < carpel.Never {
			moments = append(moments, at)
		}
	}
	sel := selection{tables: l.reading.tables, anyEvent: l.reading.anyEvent}
	if sel.anyEvent {
		every, err := sel.of(p.src)
		if err != nil {
			return nil, err
		}
		sel = selection{tables: append(every, sel.tables...)}
	}
	err := eachRow(&sel, p, span{lo, maxMillis}, func(rows *block.Rows, row int) {
		at := rows.Time[row]
		note(at)
		note(later(at, l.within))
		for _, s := range l.window.stay(at) {
			note(s.from)
			note(s.to)
		}
		get := func(name string) carpel.Value {
			if col := rows.Column(name); col != nil {
				return col.Value(row)
			}
			return carpel.Value{}
		}
		for _, step := range l.everyStep() {
			if step.filter != nil {
				for _, turn := range step.filter.line(get, p.h)[1:] {
					note(turn.from)
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(moments, cmp.Compare)
	out := line{}
	for _, now := range slices.Compact(moments) {
		first, hi := l.window.bounds(now)
		h, err := l.happenings(p, now, min(lo, first))
		if err != nil {
			return nil, err
		}
		is := truthOf(l.chain(&fitting{}, h, first, hi, now).matched)
		if len(out) == 0 {
			out = always(is)
		}
		out = out.add(now, is)
	}
	return out, nil
}

// everyStep returns the steps of all tables.
func (l *sequenceLeaf) everyStep() []sequenceStep {
	all := slices.Clone(l.anyEvent)
	for _, steps := range l.named {
		all = append(all, steps...)
	}
	return all
}
