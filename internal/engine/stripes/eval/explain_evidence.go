package eval

import (
	"cmp"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// maxEvidence is how many events an explanation names.
const maxEvidence = 10

// activity shows what was measured, and the newest of the events that count.
func (x *explanation) activity(l *activityLeaf, wanted string) (description, error) {
	s := getScratch()
	defer putScratch(s)
	lo, hi := l.window.bounds(x.now)
	q := ask{src: x.src, slots: x.only(), now: x.now}
	if _, err := l.gather(s, q, span{lo, hi - 1}, false); err != nil {
		return description{}, err
	}
	t := l.measure.tally(x.now)
	h := s.hist[x.slot]
	for i := range h {
		t.add(&h[i])
	}
	d := description{actual: t.actual(), wanted: wanted}
	if d.actual == "" {
		d.actual = "nothing"
	}
	if len(h) == 0 {
		return d, nil
	}
	within := span{h[max(0, len(h)-maxEvidence)].at, hi - 1} // the newest
	switch l.measure.kind {
	case carpel.MeasureFirst:
		within = span{h[0].at, h[0].at}
	case carpel.MeasureLast:
		within.first = h[len(h)-1].at
	}
	if l.window.fixed {
		within = span{minMillis, maxMillis}
	}
	rows := l.rows
	if rows.tables != nil && rows.tables[0].Kind == ActivityTable {
		rows = selection{anyEvent: true} // which know more than the time
	}
	var err error
	d.evidence, err = x.events(&rows, within, l.measure.of)
	return d, err
}

// events returns the newest of the person's rows of a selection in a span; of names the property that is shown.
func (x *explanation) events(rows *selection, within span, of []place) ([]engine.Evidence, error) {
	tables, err := rows.of(x.src)
	if err != nil {
		return nil, err
	}
	var out []engine.Evidence
	s := &scratch{}
	for _, t := range tables {
		parts, err := x.src.Parts(t, within.first, within.last)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			_, err := rows.each(s, p, x.only(), x.now, within, func(v visit) {
				for row := v.from; row < v.to; row++ {
					if v.bits == nil || v.bits.has(row) {
						out = append(out, evidenceOf(t, v.rows, row, of))
					}
				}
				out = newest(out)
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// newest keeps the newest of the evidence, the newest first.
func newest(all []engine.Evidence) []engine.Evidence {
	slices.SortStableFunc(all, func(a, b engine.Evidence) int { return cmp.Compare(b.At, a.At) })
	return all[:min(len(all), maxEvidence)]
}

// evidenceOf names a row. Its value is the property that is measured; else the address of a page, the campaign of a
// message, the platform of a device.
func evidenceOf(t Table, rows *block.Rows, row int, of []place) engine.Evidence {
	get := func(name string) carpel.Value {
		if col := rows.Column(name); col != nil {
			return col.Value(row)
		}
		return carpel.Value{}
	}
	e := engine.Evidence{At: rows.Time.At(row)}
	switch t.Kind {
	case EventTable:
		e.Kind, e.Name = "event", t.Name
	case PageTable:
		e.Kind, e.Name, e.Value = "page", get("$name").Text(), get("$url")
	case ScreenTable:
		e.Kind, e.Name = "screen", get("$name").Text()
	case MessageTable:
		e.Kind, e.Name, e.Value = "message", get("$channel").Text()+" "+get("$action").Text(), get("$campaign")
	case DeviceTable:
		e.Kind, e.Name, e.Value = "device", get("token").Text(), get("platform")
	}
	for _, at := range of {
		if v := at.in(get(at.column)); v.IsSet() {
			e.Value = v
			break
		}
	}
	return e
}

// sequence shows a choice of events that fits, one for every step, the newest first.
func (x *explanation) sequence(l *sequenceLeaf, c *carpel.Sequence) (description, error) {
	lo, hi := l.window.bounds(x.now)
	d := description{actual: "not in this order", wanted: "all in this order"}
	if l.not {
		d.wanted = "in this order, and then nothing of the last kind"
	}
	if !c.Within.IsZero() {
		d.wanted += " within " + c.Within.String()
	}
	h, err := l.happenings(x.past, x.now, lo)
	if err != nil {
		return d, err
	}
	found := l.chain(&fitting{}, h, lo, hi, x.now)
	if !found.matched {
		return d, nil
	}
	d.actual = "from " + found.start.String() + " to " + found.end.String()
	at := l.choice(h, found)
	for i := l.steps - 1; i >= 0; i-- {
		sel, err := selectionOf(c.Steps[i], true, x.q.zone)
		if err != nil {
			return d, err
		}
		events, err := x.events(&sel, span{at[i], at[i]}, nil)
		if err != nil {
			return d, err
		}
		for _, e := range events {
			if !slices.Contains(d.evidence, e) { // an event of the same moment that fits another step, too
				d.evidence = append(d.evidence, e)
				break
			}
		}
	}
	return d, nil
}
