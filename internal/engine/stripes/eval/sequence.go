package eval

import (
	"slices"
	"time"
	"unique"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// sequenceLeaf asks for several events in order.
//
// A person's events that fit any step are gathered in order of time, each with the set of steps it fits, and gone
// through once, one moment after the other. starts[j] is the latest moment at which a choice of events for the first j
// steps begins, over all choices that end by now: a later beginning is never worse, since it only has to be near enough
// and within the window. The events of one moment satisfy a run of consecutive steps in any order; which runs they can
// is a matching between steps and events. So the time is linear in events, whatever they fit.
type sequenceLeaf struct {
	digest   unique.Handle[string]    // names the steps
	named    map[Table][]sequenceStep // steps about one table
	anyEvent []sequenceStep           // steps about every event, page and screen
	reading  reads
	steps    int  // without a last "not"
	not      bool // and whether there is one
	within   carpel.Millis
	window   window
}

// sequenceStep is the place of a step, from 0, and what its events must satisfy.
type sequenceStep struct {
	place  int
	filter *propertyTest
}

// happening is an event that fits some steps.
type happening struct {
	at    carpel.Millis
	steps uint16
}

func compileSequence(q *carpel.Sequence, zone *time.Location) (leaf, error) {
	of := *q
	of.When, of.Within = carpel.When{}, carpel.Duration{}
	l := &sequenceLeaf{digest: unique.Make(string(carpel.Canonical(&of)) + zone.String()), steps: len(q.Steps), not: q.LastNot, within: q.Within.Millis(), window: windowOf(q.When, zone), named: map[Table][]sequenceStep{}}
	if l.not {
		l.steps--
	}
	for i, step := range q.Steps {
		sel, err := selectionOf(step, true, zone)
		if err != nil {
			return nil, err
		}
		s := sequenceStep{i, sel.filter}
		if sel.anyEvent {
			l.reading.anyEvent = true
			l.anyEvent = append(l.anyEvent, s)
			continue
		}
		t := sel.tables[0]
		if !slices.Contains(l.reading.tables, t) {
			l.reading.tables = append(l.reading.tables, t)
		}
		l.named[t] = append(l.named[t], s)
	}
	return l, nil
}

func (l *sequenceLeaf) reads() reads { return l.reading }

func (l *sequenceLeaf) eval(q ask) (m block.Mask, next carpel.Millis, err error) {
	s := getScratch()
	defer putScratch(s)
	lo, hi := l.window.bounds(q.now)
	last := q.now
	if q.timers {
		last = maxMillis
	}
	in, changes := span{lo, last}, carpel.Never
	heavy, err := l.heavies(q, in)
	if err != nil {
		return m, 0, err
	}
	for slot := range heavy.Slots {
		one := q
		one.slots = block.Mask{}
		one.slots.Set(slot)
		c, h, err := l.latest(s, one, slot, in)
		if err != nil {
			return m, 0, err
		}
		m.Put(slot, c.matched)
		changes = min(changes, l.change(h, c, hi, q.now))
	}
	q.slots = q.slots.AndNot(heavy)
	whose, next, err := l.collect(s, q, in)
	if err != nil {
		return m, 0, err
	}
	if next = min(next, changes); !q.timers {
		next = carpel.Never
	}
	for slot := range whose.Slots {
		h := s.happened[slot]
		c := l.chain(&s.fit, h, lo, hi, q.now)
		m.Put(slot, c.matched)
		if q.timers {
			next = min(next, l.change(h, c, hi, q.now))
		}
	}
	return m, next, nil
}

// collect gathers the events in a span that fit some step into s.happened, each person's in order of time. It returns
// whose they are, and when time may next change what a filter says. Of many people only those are looked at who have an
// event for every step, but for a last "not".
func (l *sequenceLeaf) collect(s *scratch, q ask, in span) (whose block.Mask, next carpel.Millis, err error) {
	s.stepped = s.stepped[:0]
	next = carpel.Never
	var have [carpel.MaxSequenceSteps]block.Mask
	err = l.eachPart(q.src, in, func(p Part, steps []sequenceStep) error {
		n, err := fitSteps(s, q, p, steps, in, &have)
		next = min(next, n)
		return err
	})
	if err != nil {
		return whose, 0, err
	}
	whose = q.slots
	for _, m := range have[:l.steps] {
		whose = whose.And(m)
	}
	for slot := range whose.Slots {
		s.happened[slot] = s.happened[slot][:0]
	}
	for i := range s.stepped {
		s.stepped[i].gather(s, whose)
	}
	clear(s.stepped) // blocks are not held on to
	for slot := range whose.Slots {
		s.large = s.large || len(s.happened[slot]) > largeHistory
		s.inOrder(s.happened[slot])
	}
	return whose, next, nil
}

// eachPart calls fn for the parts that may hold rows of a span that fit a step, with the steps that they may fit.
func (l *sequenceLeaf) eachPart(src Source, in span, fn func(p Part, steps []sequenceStep) error) error {
	tables, err := l.tables(src)
	if err != nil {
		return err
	}
	for _, t := range tables {
		steps := l.stepsOf(t)
		parts, err := src.Parts(t, in.first, in.last)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if err := fn(p, steps); err != nil {
				return err
			}
		}
	}
	return nil
}

// tables returns the tables of a stripe that steps are about.
func (l *sequenceLeaf) tables(src Source) ([]Table, error) {
	if l.anyEvent == nil {
		return l.reading.tables, nil
	}
	every, err := (&selection{anyEvent: true}).of(src)
	for _, t := range l.reading.tables {
		if !slices.Contains(every, t) {
			every = append(every, t)
		}
	}
	return every, err
}

// stepsOf returns the steps that the rows of a table may fit.
func (l *sequenceLeaf) stepsOf(t Table) []sequenceStep {
	steps := l.named[t]
	if l.anyEvent != nil && (t.Kind == EventTable || t.Kind == PageTable || t.Kind == ScreenTable) {
		return append(slices.Clone(steps), l.anyEvent...)
	}
	return steps
}

// chain is what became of a sequence for one person.
type chain struct {
	matched bool
	start   carpel.Millis // matched: the latest beginning of a choice that fits
	end     carpel.Millis // matched: when that choice was complete
	due     carpel.Millis // with a last "not": the first later moment at which enough time has passed somewhere
}

// chain looks for a choice of events in [lo, hi) that fits. Events from hi up to now matter only to a last "not".
func (l *sequenceLeaf) chain(f *fitting, h []happening, lo, hi, now carpel.Millis) chain {
	start := noStarts()
	c := chain{start: block.NoStamp, due: carpel.Never}
	nots := l.nots(h, now)
	for i := 0; i < len(h) && h[i].at < hi; {
		at, end := h[i].at, i+1
		for end < len(h) && h[end].at == at {
			end++
		}
		group := h[i:end]
		i = end
		if at < lo {
			continue
		}
		if len(group) == 1 && !l.not {
			if !l.extendByOne(group[0], &start) {
				continue
			}
		} else {
			f.take(group, l.steps)
			if l.not {
				l.unfollowed(&c, f, at, &start, nots[end], now)
			}
			if !l.extend(f, at, &start) || l.not {
				continue
			}
		}
		if first := start[l.steps]; first > c.start && (l.within == 0 || at-first <= l.within) {
			c.matched, c.start, c.end = true, first, at
		}
	}
	return c
}

// nots returns for every place in h when the next event from there on that fits a last "not" came, up to now; Never
// for none. It has one more than h.
func (l *sequenceLeaf) nots(h []happening, now carpel.Millis) []carpel.Millis {
	if !l.not {
		return nil
	}
	next := make([]carpel.Millis, len(h)+1)
	next[len(h)] = carpel.Never
	for i := len(h) - 1; i >= 0; i-- {
		next[i] = next[i+1]
		if h[i].steps>>l.steps&1 != 0 && h[i].at <= now {
			next[i] = h[i].at
		}
	}
	return next
}

// unfollowed looks at the choices that are complete with the events of one moment: whether one of them was not
// followed by the last step's kind. Events of that moment that no step of the choice takes would follow it, too.
func (l *sequenceLeaf) unfollowed(c *chain, f *fitting, at carpel.Millis, start *starts, nextNot, now carpel.Millis) {
	until := later(at, l.within)
	if nextNot <= min(until, now) {
		return
	}
	for a := l.steps; a >= 1; a-- { // the last steps, from a on, are of this moment
		first := at
		if a > 1 {
			first = start[a-1]
		}
		n := l.steps - a + 1
		if first == block.NoStamp || f.run(a-1, n) < n || !f.takesAll(a-1, n, l.steps) {
			continue
		}
		if until > now {
			c.due = min(c.due, until)
		} else if first > c.start {
			c.matched, c.start, c.end = true, first, at
		}
	}
}

// starts is by number of steps the latest beginning of a choice for the first so many; NoStamp for none.
type starts [carpel.MaxSequenceSteps + 1]carpel.Millis

func noStarts() (s starts) {
	for j := range s {
		s[j] = block.NoStamp
	}
	return s
}

// extend takes the events of one moment into the starts: every run of steps that they can satisfy, behind what was
// reached before. It reports whether the last step was reached.
func (l *sequenceLeaf) extend(f *fitting, at carpel.Millis, start *starts) (reached bool) {
	next := *start
	for a := 1; a <= l.steps; a++ { // the run begins at step a
		first := at
		if a > 1 {
			if first = start[a-1]; first == block.NoStamp {
				break // nor was any later step reached
			}
		}
		for n := f.run(a-1, l.steps-a+1); n > 0; n-- {
			b := a + n - 1
			next[b] = max(next[b], first)
			reached = reached || b == l.steps
		}
	}
	*start = next
	return reached
}

// extendByOne is extend for a moment of a single event, which no two steps can share.
func (l *sequenceLeaf) extendByOne(h happening, start *starts) (reached bool) {
	for j := l.steps; j >= 1; j-- { // from the last on, each behind what was reached before
		if h.steps>>(j-1)&1 == 0 {
			continue
		}
		first := h.at
		if j > 1 {
			if first = start[j-1]; first == block.NoStamp {
				continue
			}
		}
		start[j] = max(start[j], first)
		reached = reached || j == l.steps
	}
	return reached
}

// change returns the next moment at which time alone may change what became of the sequence.
func (l *sequenceLeaf) change(h []happening, c chain, hi, now carpel.Millis) carpel.Millis {
	next := carpel.Never
	if c.matched {
		next = l.window.leave(c.start)
	} else {
		next = min(next, c.due)
	}
	for i := len(h) - 1; i >= 0; i-- {
		at := h[i].at
		if at < hi && at <= now {
			break
		}
		if enter := l.window.enter(at); enter > now && (!c.matched || l.not) {
			next = min(next, enter)
		}
		if l.not && at > now {
			next = min(next, at)
		}
	}
	return max(next, now+1)
}
