package eval

import (
	"cmp"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// The choice of events that begins last decides, and all of its events come after its beginning. So of a person with very
// many events, who has chunks of their own, the newest are looked at first, and more of them only when no choice fits among
// those; none when the digests of the chunks tell that some step has no event at all.

// firstLook is which chunk, from the newest on, the first look goes back to; each further one goes four times as far.
const firstLook = 1

// heavies returns the people with chunks among the slots; nobody when conditions on the events change with time.
func (l *sequenceLeaf) heavies(q ask, in span) (m block.Mask, err error) {
	if q.exact || l.timed() {
		return m, nil
	}
	err = l.eachPart(q.src, in, func(p Part, _ []sequenceStep) error {
		if slot, heavy := p.Heavy(); heavy && q.slots.Has(slot) {
			m.Set(slot)
		}
		return nil
	})
	return m, err
}

// latest is chain for a person with chunks, the only one asked about. It returns with it the events that were looked at:
// the newest, all that are still to come into the window among them.
func (l *sequenceLeaf) latest(s *scratch, q ask, slot uint8, in span) (chain, []happening, error) {
	none := chain{start: block.NoStamp, due: carpel.Never}
	lo, hi := l.window.bounds(q.now)
	var begins []carpel.Millis // of the chunks in the window, the newest first
	err := l.eachPart(q.src, in, func(p Part, _ []sequenceStep) error {
		of, heavy := p.Heavy()
		if first, _, _ := p.Span(); heavy && of == slot && first > lo && first < hi {
			begins = append(begins, first)
		}
		return nil
	})
	if err != nil {
		return none, nil, err
	}
	slices.SortFunc(begins, func(a, b carpel.Millis) int { return cmp.Compare(b, a) })
	for look := firstLook; ; look *= 4 {
		from := in.first
		if look < len(begins) {
			from = begins[look]
		}
		whose, _, err := l.collect(s, q, span{from, in.last})
		if err != nil {
			return none, nil, err
		}
		c, h := none, []happening(nil)
		if whose.Has(slot) {
			h = s.happened[slot]
			c = l.chain(&s.fit, h, lo, hi, q.now)
		}
		if c.matched || from == in.first {
			return c, h, nil
		}
		if look == firstLook {
			if all, err := l.hasAll(s, q, slot, in); err != nil || !all {
				return none, nil, err
			}
		}
	}
}

// hasAll reports whether each step that must happen has an event of the person.
func (l *sequenceLeaf) hasAll(s *scratch, q ask, slot uint8, in span) (bool, error) {
	var have uint16
	err := l.eachPart(q.src, in, func(p Part, steps []sequenceStep) (err error) {
		_, last, n := p.Span()
		of, heavy := p.Heavy()
		switch {
		case !heavy:
			have, err = l.fitted(s, q, p, steps, in, have)
		case of == slot:
			k := digestKey{l.digest, wholeChunk}
			x, kept, from := digest{upTo: n}, p.Memo().get(k), minMillis
			if kept != nil {
				x.steps = kept.steps
				if kept.upTo < n {
					r, err := p.Rows()
					if err != nil {
						return err
					}
					from = r.Time.At(kept.upTo)
				}
			}
			if kept == nil || kept.upTo < n {
				if x.steps, err = l.fitted(s, q, p, steps, span{from, last}, x.steps); err != nil {
					return err
				}
				p.Memo().put(k, &x)
			}
			have |= x.steps
		}
		return err
	})
	must := uint16(1)<<l.steps - 1
	return have&must == must, err
}

// fitted adds to have the steps that some event of a part fits.
func (l *sequenceLeaf) fitted(s *scratch, q ask, p Part, steps []sequenceStep, in span, have uint16) (uint16, error) {
	var whose [carpel.MaxSequenceSteps]block.Mask
	s.stepped = s.stepped[:0]
	_, err := fitSteps(s, q, p, steps, in, &whose)
	for i := range s.stepped {
		s.stepped[i].gather(s, block.Mask{}) // gives its memory back
	}
	clear(s.stepped)
	for i, m := range whose {
		if !m.IsEmpty() {
			have |= 1 << i
		}
	}
	return have, err
}
