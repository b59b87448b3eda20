package eval

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// memory is a stripe in memory: people as plain data, from which blocks are built.
type memory struct {
	zone     *time.Location
	people   map[uint8]*individual
	segments map[string]block.Mask
	bounds   []carpel.Millis // where tables are cut into buckets
	heavy    block.Mask      // whose rows lie in chunks of their own, of chunk rows
	chunk    int

	tables map[Table][]Part
}

// individual is one person.
type individual struct {
	firstSeen  carpel.Millis
	attributes map[string]carpel.Attr // unset: removed
	events     []happened
	devices    []map[string]carpel.Value
}

type happened struct {
	table Table
	at    carpel.Millis
	props map[string]carpel.Value
}

func newMemory(zone *time.Location) *memory {
	return &memory{zone: zone, people: map[uint8]*individual{}, segments: map[string]block.Mask{}, chunk: 4}
}

func (m *memory) person(slot uint8) *individual {
	p := m.people[slot]
	if p == nil {
		p = &individual{attributes: map[string]carpel.Attr{}}
		m.people[slot] = p
	}
	return p
}

// event adds an event of a name.
func (m *memory) event(slot uint8, name string, at carpel.Millis, props ...any) {
	m.add(slot, Table{Kind: EventTable, Name: name}, at, props...)
}

func (m *memory) add(slot uint8, t Table, at carpel.Millis, props ...any) {
	row := map[string]carpel.Value{}
	for i := 0; i < len(props); i += 2 {
		row[props[i].(string)] = valueOf(props[i+1])
	}
	p := m.person(slot)
	p.events = append(p.events, happened{t, at, row})
	m.tables = nil
}

// set sets an attribute as of a moment.
func (m *memory) set(slot uint8, name string, value any, since carpel.Millis) {
	m.person(slot).attributes[name] = carpel.Attr{Value: valueOf(value), At: since, Since: since, Source: "api"}
}

func valueOf(x any) carpel.Value {
	if m, ok := x.(carpel.Millis); ok {
		return carpel.TimeValue(m)
	}
	v, err := carpel.ValueOf(x)
	if err != nil {
		panic(err)
	}
	return v
}

func (m *memory) build() {
	m.tables = map[Table][]Part{}
	builders := map[Table]*block.RowBuilder{}
	put := func(t Table, slot uint8, at carpel.Millis, props map[string]carpel.Value) {
		if builders[t] == nil {
			builders[t] = &block.RowBuilder{}
		}
		builders[t].Add(slot, at, props)
	}
	for _, slot := range slices.Sorted(maps.Keys(m.people)) {
		for _, e := range m.people[slot].events {
			put(e.table, slot, e.at, e.props)
			if k := e.table.Kind; k == EventTable || k == PageTable || k == ScreenTable {
				put(Table{Kind: ActivityTable}, slot, e.at, nil)
			}
		}
		for i, d := range m.people[slot].devices { // the first was used last, and that in the future
			put(Table{Kind: DeviceTable}, slot, epoch+1000*hour-carpel.Millis(i)*1500*hour, d)
		}
	}
	for t, b := range builders {
		m.tables[t] = m.parts(b.Rows())
	}
}

func (m *memory) parts(r *block.Rows) (parts []Part) {
	for _, bucket := range r.Without(m.heavy).SplitByTime(m.bounds) {
		if bucket.Len() > 0 {
			parts = append(parts, newMemoryPart(bucket, 0, false))
		}
	}
	for slot := range m.heavy.Slots {
		from, to := r.Find(slot)
		for ; from < to; from += m.chunk {
			parts = append(parts, newMemoryPart(r.Slice(from, min(to, from+m.chunk)), slot, true))
		}
	}
	slices.SortStableFunc(parts, func(a, b Part) int {
		x, _, _ := a.Span()
		y, _, _ := b.Span()
		return cmp.Compare(x, y)
	})
	return parts
}

type memoryPart struct {
	rows        *block.Rows
	slot        uint8
	heavy       bool
	first, last carpel.Millis
	memo        *Memo
}

func newMemoryPart(rows *block.Rows, slot uint8, heavy bool) *memoryPart {
	p := &memoryPart{rows: rows, slot: slot, heavy: heavy, memo: NewMemo(2, 1<<20)}
	p.first, p.last, _ = rows.Span()
	return p
}

func (p *memoryPart) Span() (first, last carpel.Millis, rows int) {
	return p.first, p.last, p.rows.Len()
}
func (p *memoryPart) Heavy() (uint8, bool)       { return p.slot, p.heavy }
func (p *memoryPart) Rows() (*block.Rows, error) { return p.rows, nil }
func (p *memoryPart) Memo() *Memo                { return p.memo }

func (m *memory) People() (all block.Mask) {
	for slot := range m.people {
		all.Set(slot)
	}
	return all
}
func (m *memory) Person(slot uint8) string { return fmt.Sprintf("p_%03d", slot) }
func (m *memory) FirstSeen() *[block.Width]carpel.Millis {
	var all [block.Width]carpel.Millis
	for i := range all {
		all[i] = block.NoStamp
		if p := m.people[uint8(i)]; p != nil {
			all[i] = p.firstSeen
		}
	}
	return &all
}

func (m *memory) Attribute(name string) (v *block.Values, _ error) {
	for slot, p := range m.people {
		if a, ok := p.attributes[name]; ok && a.Value.IsSet() {
			v = v.With(slot, a.Value)
		}
	}
	return v, nil
}

func (m *memory) Stamps(name string) (s *block.Stamps, _ error) {
	for slot, p := range m.people {
		if a, ok := p.attributes[name]; ok {
			s = s.With(slot, a.At, a.Since, a.Source)
		}
	}
	return s, nil
}

func (m *memory) Parts(t Table, first, last carpel.Millis) (out []Part, _ error) {
	if m.tables == nil {
		m.build()
	}
	for _, p := range m.tables[t] {
		if a, b, _ := p.Span(); b >= first && a <= last {
			out = append(out, p)
		}
	}
	return out, nil
}

func (m *memory) EventNames() (names []string, _ error) {
	for _, p := range m.people {
		for _, e := range p.events {
			if e.table.Kind == EventTable {
				names = append(names, e.table.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
func (m *memory) Segment(ref string) block.Mask { return m.segments[ref] }
func (m *memory) Zone() *time.Location          { return m.zone }

// condition reads a condition written with ' for ".
func condition(text string) carpel.Condition {
	c, err := carpel.ParseCondition([]byte(strings.ReplaceAll(text, "'", `"`)))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return c
}
