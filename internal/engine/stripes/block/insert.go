package block

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Insert returns the rows of both, copied: rows of o come after those of r at the same slot and time. Together
// they must not be more than MaxRows: Insert panics, for only the writer's own error can bring that about.
// A nil r or o is no rows.
//
// The order of the rows is settled once, as stretches of r and of o in turn; every column is then copied by
// stretches. Dictionary codes of r stay as they are, those of o are mapped.
func (r *Rows) Insert(o *Rows) *Rows {
	switch {
	case r.Len() == 0 && o.Len() == 0:
		return &Rows{Starts: []uint16{0}}
	case o.Len() == 0:
		return r
	case r.Len() == 0:
		return o
	case r.Len()+o.Len() > MaxRows:
		panic(fmt.Sprintf("block: %d rows", r.Len()+o.Len()))
	}
	var few [8]span
	spans := r.interleave(o, few[:0])
	j := &Rows{Time: roomForBoth(r, o)}
	j.Slots, j.Starts = joinSlots(r, o)
	j.seat()
	for _, s := range spans {
		of := &r.Time
		if s.other {
			of = &o.Time
		}
		j.Time.put(of, s.from, s.to)
	}
	j.joinColumns(r, o, spans)
	return j
}

// roomForBoth returns room for the times of both.
func roomForBoth(r, o *Rows) Times {
	first, last, _ := r.Span()
	f, l, _ := o.Span()
	first, last = min(first, f), max(last, l)
	if near := r.Time.far == nil; near && r.Time.base < first && uint64(last-r.Time.base) <= math.MaxUint32 {
		first = r.Time.base // so that r's are copied as they are
	}
	return makeTimes(r.Len()+o.Len(), first, last)
}

// interleave says in which order the rows of both come.
func (r *Rows) interleave(o *Rows, spans []span) []span {
	done := 0 // rows of r that are in spans
	for i, slot := range o.Slots {
		at, has := slices.BinarySearch(r.Slots, slot)
		to := int(r.Starts[at])
		if has {
			to = int(r.Starts[at+1])
		}
		row := max(done, int(r.Starts[at]))
		for k := int(o.Starts[i]); k < int(o.Starts[i+1]); k++ {
			row += r.Time.after(row, to, o.Time.At(k))
			if row > done {
				spans = append(spans, span{from: done, to: row})
				done = row
			}
			if n := len(spans); n > 0 && spans[n-1].other {
				spans[n-1].to++
			} else {
				spans = append(spans, span{from: k, to: k + 1, other: true})
			}
		}
	}
	if done < r.Len() {
		spans = append(spans, span{from: done, to: r.Len()})
	}
	return spans
}

// joinSlots returns the slots of both and where their rows start.
func joinSlots(r, o *Rows) (slots []uint8, starts []uint16) {
	slots = make([]uint8, 0, len(r.Slots)+len(o.Slots))
	starts = make([]uint16, 0, len(r.Slots)+len(o.Slots)+1)
	i, k := 0, 0
	for i < len(r.Slots) || k < len(o.Slots) {
		starts = append(starts, r.Starts[i]+o.Starts[k])
		switch {
		case k == len(o.Slots) || i < len(r.Slots) && r.Slots[i] < o.Slots[k]:
			slots = append(slots, r.Slots[i])
			i++
		case i == len(r.Slots) || o.Slots[k] < r.Slots[i]:
			slots = append(slots, o.Slots[k])
			k++
		default:
			slots = append(slots, r.Slots[i])
			i, k = i+1, k+1
		}
	}
	return slots, append(starts, r.Starts[i]+o.Starts[k])
}

// pair is a property of the rows to be joined, with its column on either side; nil where there is none.
type pair struct {
	name string
	r, o *Column
}

// joinColumns fills in the columns. What r holds as a column stays one, what o holds as long as there are not more
// than maxColumns; the others are joined by their cells. Which names are best kept as columns is settled anew when
// the rows are written.
func (j *Rows) joinColumns(r, o *Rows, spans []span) {
	pairs := make([]pair, 0, len(r.Cols)+len(o.Cols))
	for i, k := 0, 0; i < len(r.Cols) || k < len(o.Cols); {
		switch {
		case k == len(o.Cols) || i < len(r.Cols) && r.Names[i] < o.Names[k]:
			pairs = append(pairs, pair{r.Names[i], &r.Cols[i], nil})
			i++
		case i == len(r.Cols) || o.Names[k] < r.Names[i]:
			pairs = append(pairs, pair{o.Names[k], nil, &o.Cols[k]})
			k++
		default:
			pairs = append(pairs, pair{r.Names[i], &r.Cols[i], &o.Cols[k]})
			i, k = i+1, k+1
		}
	}
	if len(r.rare) > 0 || len(o.rare) > 0 || len(pairs) > maxColumns {
		pairs = j.joinRare(r, o, pairs, spans)
	}
	j.Cols = make([]Column, len(pairs))
	if len(pairs) == len(r.Names) { // all of them r's own
		j.Names = r.Names
	} else {
		for _, p := range pairs {
			j.Names = append(j.Names, p.name)
		}
	}
	for i, p := range pairs {
		if (p.r == nil || p.r.Dict == nil) && (p.o == nil || p.o.Dict == nil) {
			j.Cols[i].Nums = joinNums(p, spans, j.Len())
		} else {
			j.Cols[i] = joinCodes(p, spans, j.Len())
		}
	}
}

// joinCodes returns the column of both sides of a pair, count rows in all, in the dictionary form.
func joinCodes(p pair, spans []span, count int) Column {
	d, recode := joinDicts(&p)
	c := Column{Dict: d, Codes: makeCodes(count, d.Len())}
	at := 0
	for _, s := range spans {
		switch {
		case !s.other && p.r != nil:
			c.Codes.put(at, &p.r.Codes, s)
		case s.other && p.o != nil:
			for i := s.from; i < s.to; i++ {
				c.Codes.set(at+i-s.from, recode[p.o.Codes.At(i)])
			}
		}
		at += s.to - s.from
	}
	return c
}

// joinDicts returns the dictionary of both, in which the codes of r are what they were, and the code in it of each code of
// o. It leaves both sides of p in the dictionary form.
func joinDicts(p *pair) (d *Dict, recode []uint16) {
	find := finder{dict: emptyDict}
	if p.r != nil {
		p.r = p.r.asDict()
		find.dict = p.r.Dict
	}
	if p.o == nil {
		return find.dict, nil
	}
	p.o = p.o.asDict()
	n := p.o.Dict.Len()
	find.few = n < shortDict
	recode = make([]uint16, n)
	for code := 1; code < n; code++ {
		recode[code] = find.code(p.o.Dict.Value(code))
	}
	return find.grown(), recode
}

// joinRare joins the names that get no column into j.rare, and returns the pairs that do, with what was rare on
// one side only made a column there.
func (j *Rows) joinRare(r, o *Rows, pairs []pair, spans []span) []pair {
	toR, toO := make([]uint16, r.Len()), make([]uint16, o.Len())
	n := uint16(0)
	for _, s := range spans {
		to := toR
		if s.other {
			to = toO
		}
		for row := s.from; row < s.to; row++ {
			to[row] = n
			n++
		}
	}
	cells := make(map[string]rareColumn)
	add := func(c rareColumn, to []uint16) {
		all := cells[c.name]
		all.name = c.name
		for i, row := range c.rows {
			all.rows = append(all.rows, to[row])
			all.vals = append(all.vals, c.vals[i])
		}
		cells[c.name] = all
	}
	kept, room := pairs[:0], maxColumns-len(r.Cols)
	for _, p := range pairs {
		if p.r != nil || room > 0 {
			if p.r == nil {
				room--
			}
			p.r, p.o = r.orRare(p.r, p.name), o.orRare(p.o, p.name)
			kept = append(kept, p)
			continue
		}
		rows, vals := p.o.cells()
		add(rareColumn{p.name, rows, vals}, toO)
	}
	isKept := func(name string) bool {
		_, ok := slices.BinarySearchFunc(kept, name, func(p pair, name string) int { return strings.Compare(p.name, name) })
		return ok
	}
	for _, c := range r.rare {
		if !isKept(c.name) {
			add(c, toR)
		}
	}
	for _, c := range o.rare {
		if !isKept(c.name) {
			add(c, toO)
		}
	}
	for _, c := range cells {
		c.sort()
		j.rare = append(j.rare, c)
	}
	slices.SortFunc(j.rare, byName)
	return kept
}

// orRare returns c, or the rare column of that name as a column, nil when there is none either.
func (r *Rows) orRare(c *Column, name string) *Column {
	if c != nil || len(r.rare) == 0 {
		return c
	}
	return r.Column(name)
}
