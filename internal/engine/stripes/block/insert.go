package block

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/carpel/carpel"
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
	j := &Rows{Time: make([]carpel.Millis, 0, r.Len()+o.Len())}
	j.Slots, j.Starts = joinSlots(r, o)
	j.seat()
	for _, s := range spans {
		if s.other {
			j.Time = append(j.Time, o.Time[s.from:s.to]...)
		} else {
			j.Time = append(j.Time, r.Time[s.from:s.to]...)
		}
	}
	j.joinColumns(r, o, spans)
	return j
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
			row += after(r.Time[row:to], o.Time[k])
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

// after returns how many of the ascending times are not after t. It doubles its step from the front, so that
// walking through two equally long sides stays linear.
func after(times []carpel.Millis, t carpel.Millis) int {
	if n := len(times); n == 0 || times[n-1] <= t {
		return n // newest last is how events arrive
	}
	step := 1
	for step < len(times) && times[step-1] <= t {
		step *= 2
	}
	low := step / 2
	high := min(step, len(times))
	return low + sort.Search(high-low, func(i int) bool { return times[low+i] > t })
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
	j.allocate(pairs)
	if len(pairs) == len(r.Names) { // all of them r's own
		j.Names = r.Names
	} else {
		for _, p := range pairs {
			j.Names = append(j.Names, p.name)
		}
	}
	for i, p := range pairs {
		if j.Cols[i].Nums != nil {
			joinNums(j.Cols[i].Nums, p, spans)
		} else {
			j.Cols[i].joinCodes(p, spans)
		}
	}
}

// allocate gives every column its form, and its rows out of one allocation per form.
func (j *Rows) allocate(pairs []pair) {
	n, numbers := j.Len(), 0
	isNumber := func(p pair) bool { return (p.r == nil || p.r.Dict == nil) && (p.o == nil || p.o.Dict == nil) }
	for _, p := range pairs {
		if isNumber(p) {
			numbers++
		}
	}
	nums, codes := make([]float64, n*numbers), make([]uint16, n*(len(pairs)-numbers))
	for i, p := range pairs {
		if isNumber(p) {
			j.Cols[i].Nums, nums = nums[:n:n], nums[n:]
		} else {
			j.Cols[i].Codes, codes = codes[:n:n], codes[n:]
		}
	}
}

func joinNums(nums []float64, p pair, spans []span) {
	at := 0
	for _, s := range spans {
		c, n := p.r, s.to-s.from
		if s.other {
			c = p.o
		}
		if c != nil {
			copy(nums[at:], c.Nums[s.from:s.to])
		} else {
			unsetNums(nums[at : at+n])
		}
		at += n
	}
}

// joinCodes fills in a dictionary column whose codes are all 0 yet.
func (c *Column) joinCodes(p pair, spans []span) {
	recode := c.joinDicts(&p)
	at := 0
	for _, s := range spans {
		n := s.to - s.from
		switch {
		case !s.other && p.r != nil:
			copy(c.Codes[at:], p.r.Codes[s.from:s.to])
		case s.other && p.o != nil:
			for i, code := range p.o.Codes[s.from:s.to] {
				c.Codes[at+i] = recode[code]
			}
		}
		at += n
	}
}

// joinDicts sets the dictionary and returns the code in it of each code of o. It leaves both sides of p in the
// dictionary form.
func (c *Column) joinDicts(p *pair) (recode []uint16) {
	if p.r != nil {
		p.r = p.r.asDict()
		c.Dict = p.r.Dict
	} else {
		c.Dict = []carpel.Value{{}}
	}
	if p.o == nil {
		return nil
	}
	p.o = p.o.asDict()
	find := finder{dict: c.Dict[:len(c.Dict):len(c.Dict)], few: len(p.o.Dict) < shortDict}
	recode = make([]uint16, len(p.o.Dict))
	for i, v := range p.o.Dict[1:] {
		recode[i+1] = find.code(v)
	}
	c.Dict = find.dict
	return recode
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
