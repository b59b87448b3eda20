package eval

import (
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// past is a question about one person over time: lines need only be right from h.from on.
type past struct {
	src  Source
	slot uint8
	h    horizon
}

// only is the mask of the person.
func (p past) only() (m block.Mask) {
	m.Set(p.slot)
	return m
}

func (l *sampleLeaf) line(p past) (line, error) { return constant(l, p) }
func (l segmentLeaf) line(p past) (line, error) { return constant(l, p) }

// constant is the line of a leaf that time does not change.
func constant(l leaf, p past) (line, error) {
	m, _, err := l.eval(ask{src: p.src, slots: p.only()})
	return always(truthOf(m.Has(p.slot))), err
}

func (l *attributeLeaf) line(p past) (line, error) {
	if l.name == carpel.AttrLastSeen {
		return l.lastSeenLine(p)
	}
	v, err := l.value(p)
	if err != nil {
		return nil, err
	}
	return l.held(l.test.line(v.value, p.h), v.since), nil
}

// held is a line of which only what holds long enough after a moment counts.
func (l *attributeLeaf) held(of line, since carpel.Millis) line {
	if l.hold == 0 {
		return of
	}
	return together(combineAll, []line{of, within([]stretch{{later(since, l.hold), carpel.Never}})})
}

// lastSeenLine follows $last_seen_at from one event to the next.
func (l *attributeLeaf) lastSeenLine(p past) (line, error) {
	var times []carpel.Millis
	parts, err := p.src.Parts(Table{Kind: ActivityTable}, minMillis, maxMillis)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if slot, heavy := part.Heavy(); heavy && slot != p.slot {
			continue
		}
		rows, err := part.Rows()
		if err != nil {
			return nil, err
		}
		from, to := rows.Find(p.slot)
		times = rows.Time.Append(times, from, to)
	}
	slices.Sort(times)
	times = slices.Compact(times)
	out := l.held(l.test.line(carpel.Value{}, p.h), p.src.FirstSeen()[p.slot])
	for i, at := range times {
		if i+1 < len(times) && times[i+1] <= p.h.from {
			continue
		}
		out = l.held(l.test.line(carpel.TimeValue(at), p.h), at).cut(out.before(at), at)
	}
	return out, nil
}

// attributeValue is what a person's attribute is, and how it became so.
type attributeValue struct {
	name   string // of the attribute that supplies the value; the one asked for when none does
	value  carpel.Value
	since  carpel.Millis
	source string
	known  carpel.Millis // before it the value is unknown; minMillis when it never was
}

// value reads the attribute of a person.
func (l *attributeLeaf) value(p past) (attributeValue, error) {
	first := p.src.FirstSeen()[p.slot]
	out := attributeValue{name: l.name, since: first, known: minMillis}
	switch l.name {
	case carpel.AttrFirstSeen:
		out.value = carpel.TimeValue(first)
		return out, nil
	case carpel.AttrLastSeen:
		latest, _, err := lastSeen(ask{src: p.src, slots: p.only(), now: p.h.from})
		if at := latest[p.slot]; at != block.NoStamp {
			out.value, out.since = carpel.TimeValue(at), at
		}
		return out, err
	}
	values := make([]*block.Values, len(l.places))
	stamps := make([]*block.Stamps, len(l.places))
	stamped := false
	for i, at := range l.places {
		var err error
		if values[i], err = p.src.Attribute(at.column); err != nil {
			return out, err
		}
		if stamps[i], err = p.src.Stamps(at.column); err != nil {
			return out, err
		}
		if v := at.in(values[i].Value(p.slot)); v.IsSet() && !out.value.IsSet() {
			out.value, out.name = v, at.column
			if stamps[i] != nil {
				out.source = stamps[i].Source(p.slot)
			}
		}
		stamped = stamped || stamps[i] != nil && stamps[i].At(p.slot) != block.NoStamp
	}
	if out.since = l.since(p.src, p.slot, values, stamps); stamped {
		out.known = out.since
	}
	return out, nil
}
