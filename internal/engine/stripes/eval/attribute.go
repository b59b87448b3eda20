package eval

import (
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// attributeLeaf is one operator on one attribute, which may also have had its value for some time.
type attributeLeaf struct {
	name   string
	places []place
	test   *tester
	hold   carpel.Millis // the value has been the same for at least so long; 0 for no such demand
}

func compileAttribute(a *carpel.Attribute, zone *time.Location) (leaf, error) {
	test := a.Test
	if a.Name == "id" {
		test.MatchCase = true // user ids are exact bytes
	}
	t, err := compileTest(test, zone)
	if err != nil {
		return nil, err
	}
	return &attributeLeaf{name: a.Name, places: placesOf(a.Name), test: t, hold: a.For.Millis()}, nil
}

func (l *attributeLeaf) reads() reads {
	r := reads{firstSeen: l.hold > 0}
	switch l.name {
	case carpel.AttrFirstSeen:
		r.firstSeen = true
	case carpel.AttrLastSeen:
		r.tables = []Table{{Kind: ActivityTable}}
	default:
		for _, at := range l.places {
			r.attributes = append(r.attributes, at.column)
		}
	}
	return r
}

func (l *attributeLeaf) eval(q ask) (block.Mask, carpel.Millis, error) {
	switch l.name {
	case carpel.AttrFirstSeen:
		return l.firstSeen(q)
	case carpel.AttrLastSeen:
		return l.lastSeen(q)
	}
	var columns [4]*block.Values // by place
	values := columns[:0]
	for _, at := range l.places {
		v, err := q.src.Attribute(at.column)
		if err != nil {
			return block.Mask{}, 0, err
		}
		values = append(values, v)
	}
	m, next := l.answers(q, values)
	if l.hold == 0 {
		return m, next, nil
	}
	var known [4]*block.Stamps
	stamps := known[:0]
	for _, at := range l.places {
		s, err := q.src.Stamps(at.column)
		if err != nil {
			return block.Mask{}, 0, err
		}
		stamps = append(stamps, s)
	}
	held := holding{hold: l.hold, now: q.now, next: carpel.Never}
	for slot := range q.slots.Slots {
		since := l.since(q.src, slot, values, stamps)
		held.slot(&m, slot, since, l.test.timed)
	}
	if l.test.timed {
		held.next = min(held.next, next)
	}
	return m, held.next, nil
}

// holding keeps those of a mask whose value has been the same for long enough.
type holding struct {
	hold, now, next carpel.Millis
}

// slot takes a person out of the mask when the value is too young, and notes when it will be old enough.
func (h *holding) slot(m *block.Mask, slot uint8, since carpel.Millis, timed bool) {
	old := later(since, h.hold)
	if h.now >= old {
		return
	}
	if m.Has(slot) || timed {
		h.next = min(h.next, old)
	}
	m.Clear(slot)
}

// since returns the moment from which a person's value, set or not, has been what it is: the last change of the whole
// name when that is set, else of anything that the name could mean; when nothing was ever set, the person's first moment.
func (l *attributeLeaf) since(src Source, slot uint8, values []*block.Values, stamps []*block.Stamps) carpel.Millis {
	since := block.NoStamp
	for i := range l.places {
		if s := stamps[i]; s != nil && s.At(slot) != block.NoStamp {
			since = max(since, s.Since(slot))
		}
		if i == 0 && values[0].Value(slot).IsSet() {
			break
		}
	}
	if since == block.NoStamp {
		return src.FirstSeen()[slot]
	}
	return since
}

// answers tests the people's values, once per dictionary entry.
func (l *attributeLeaf) answers(q ask, values []*block.Values) (m block.Mask, next carpel.Millis) {
	next = carpel.Never
	left := q.slots
	for i, v := range values {
		if v == nil {
			continue
		}
		whole := l.places[i].path == ""
		switch {
		case whole && l.test.op == carpel.OpExists && !l.test.unreadable:
			m, left = m.Or(left.And(v.Mask())), left.AndNot(v.Mask())
		case v.Col.Dict != nil:
			next = min(next, l.texts(q.now, i, v, &left, &m))
		case whole:
			next = min(next, l.numbers(q.now, v, &left, &m))
		}
	}
	if l.test.negative {
		m = q.slots.AndNot(m)
	}
	return m, next
}

// numbers tests the people who are left on a column of numbers, and takes those with a value out of left.
func (l *attributeLeaf) numbers(now carpel.Millis, v *block.Values, left, m *block.Mask) carpel.Millis {
	next := carpel.Never
	var hits [block.Width / 64]uint64
	if left.Count() > fewSlots && l.test.nums(v.Col.Nums, 0, block.Width, hits[:]) {
		*m = m.Or(left.And(hits))
		*left = left.AndNot(v.Mask())
		return next
	}
	for slot := range left.And(v.Mask()).Slots {
		left.Clear(slot)
		r := l.test.test(v.Col.Value(int(slot)), now)
		next = min(next, r.next)
		if r.matched {
			m.Set(slot)
		}
	}
	return next
}

// texts is numbers for a column with a dictionary.
func (l *attributeLeaf) texts(now carpel.Millis, i int, v *block.Values, left, m *block.Mask) carpel.Millis {
	next := carpel.Never
	if dict := v.Col.Dict; left.Count() > fewSlots && dict.Len() <= block.Width+1 && l.places[i].path == "" {
		return l.entries(now, v, left, m)
	}
	var known [block.Width + 1]verdict
	var done [block.Width + 1]bool
	for slot := range left.And(v.Mask()).Slots {
		code := v.Col.Codes.At(int(slot))
		if code > block.Width { // a dictionary has an entry per person at most
			known[0], done[0], code = verdict{}, false, 0
		}
		if !done[code] {
			done[code] = true
			if value := l.places[i].in(v.Col.Value(int(slot))); value.IsSet() {
				known[code] = l.test.test(value, now)
			} else {
				known[code] = verdict{next: carpel.Never, unset: true}
			}
		}
		r := &known[code]
		if r.unset {
			continue
		}
		left.Clear(slot)
		next = min(next, r.next)
		if r.matched {
			m.Set(slot)
		}
	}
	return next
}

// entries is texts for many people: it tests every entry of the dictionary, and then finds who has one that matched.
func (l *attributeLeaf) entries(now carpel.Millis, v *block.Values, left, m *block.Mask) carpel.Millis {
	next := carpel.Never
	var says [block.Width + 1]uint8 // 1: the entry matched
	any := false
	hit := func(code int) { says[code], any = 1, true }
	dict := v.Col.Dict
	if all, ends := dict.Texts(); ends == nil || l.test.op != carpel.OpContains || !l.test.pattern.ContainsEach(all, ends, hit) {
		for code := 1; code < dict.Len(); code++ {
			matched, n := l.test.entry(dict.Value(code), now)
			next = min(next, n)
			if matched {
				hit(code)
			}
		}
	}
	if any {
		*m = m.Or(v.Having(says[:dict.Len()]).And(*left))
	}
	*left = left.AndNot(v.Mask())
	return next
}

// firstSeen tests $first_seen_at, which has been what it is since that moment itself.
func (l *attributeLeaf) firstSeen(q ask) (m block.Mask, next carpel.Millis, err error) {
	held := holding{hold: l.hold, now: q.now, next: carpel.Never}
	for slot := range q.slots.Slots {
		at := q.src.FirstSeen()[slot]
		matched, n := l.test.answer(carpel.TimeValue(at), q.now)
		m.Put(slot, matched)
		next = n
		if l.hold > 0 {
			held.slot(&m, slot, at, l.test.timed)
		}
		held.next = min(held.next, next)
	}
	return m, held.next, nil
}

// lastSeen tests $last_seen_at: the time of the latest event, page or screen up to now.
func (l *attributeLeaf) lastSeen(q ask) (m block.Mask, _ carpel.Millis, err error) {
	latest, next, err := lastSeen(q)
	if err != nil {
		return m, 0, err
	}
	held := holding{hold: l.hold, now: q.now, next: next}
	for slot := range q.slots.Slots {
		at := latest[slot]
		value := carpel.Value{}
		since := at
		if at != block.NoStamp {
			value = carpel.TimeValue(at)
		} else {
			since = q.src.FirstSeen()[slot]
		}
		matched, n := l.test.answer(value, q.now)
		m.Put(slot, matched)
		if l.hold > 0 {
			held.slot(&m, slot, since, l.test.timed)
		}
		held.next = min(held.next, n)
	}
	return m, held.next, nil
}

// lastSeen returns when people were last seen up to now, NoStamp for never, and the next later moment.
func lastSeen(q ask) (latest [block.Width]carpel.Millis, next carpel.Millis, err error) {
	for i := range latest {
		latest[i] = block.NoStamp
	}
	next = carpel.Never
	last := q.now
	if q.timers {
		last = maxMillis
	}
	parts, err := q.src.Parts(Table{Kind: ActivityTable}, minMillis, last)
	if err != nil {
		return latest, 0, err
	}
	for i := len(parts) - 1; i >= 0; i-- { // the latest first: most parts then have nothing to add
		first, last, _ := parts[i].Span()
		left := q.slots
		for slot := range q.slots.Slots {
			left.Put(slot, latest[slot] < min(last, q.now) || last > q.now)
		}
		if slot, heavy := parts[i].Heavy(); heavy {
			if !left.Has(slot) {
				continue
			}
			if last <= q.now {
				latest[slot] = max(latest[slot], last)
				continue
			}
		}
		if left.IsEmpty() || !q.timers && first > q.now {
			continue
		}
		rows, err := parts[i].Rows()
		if err != nil {
			return latest, 0, err
		}
		for slot := range left.Slots {
			from, to := rows.Find(slot)
			at := rows.Time.Search(from, to, later(q.now, 1))
			if at > from {
				latest[slot] = max(latest[slot], rows.Time.At(at-1))
			}
			if at < to {
				next = min(next, rows.Time.At(at))
			}
		}
	}
	return latest, next, nil
}
