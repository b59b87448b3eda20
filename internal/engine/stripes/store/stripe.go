package store

import (
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Stripe is a stripe as somebody sees it; it has every method of eval.Source but Segment and Zone, which the engine
// adds. Cheap to make; used by one goroutine at a time.
type Stripe struct {
	store *Store
	tx    *Tx // nil: as committed
	n     uint32
	head  *head
	last  [2]asked
	walk  *walk               // nil for a stripe that is never moved
	ahead map[entryKey]*entry // what was prepared; see [Prepared.View]
}

// Stripe returns a stripe as committed.
func (s *Store) Stripe(n uint32) (*Stripe, error) {
	st := &Stripe{store: s}
	return st, st.Move(n)
}

// Walk returns a stripe that is to be moved to each of the stripes before end, in order, from some stripe on. Until it is
// moved to the first it is nowhere, and can only be moved.
func (s *Store) Walk() *Stripe { return &Stripe{store: s, walk: &walk{}} }

// Move makes the stripe another one, as committed. What the stripe was asked before stays valid.
func (s *Stripe) Move(n uint32) error {
	s.n, s.last = n, [2]asked{}
	e, err := s.entry(headName)
	if err == nil {
		s.head = e.head
	}
	return err
}

// Number is the stripe's number.
func (s *Stripe) Number() uint32 { return s.n }

// entry returns what is decoded of a name, reading it when it is not in memory. An empty entry: there is nothing.
func (s *Stripe) entry(name uint32) (*entry, error) {
	if e := s.inMemory(name); e != nil {
		return e, nil
	}
	return s.read(name)
}

// inMemory returns what is decoded of a name; nil when it is not in memory.
func (s *Stripe) inMemory(name uint32) *entry {
	k := entryKey{name, s.n}
	if s.tx != nil {
		if e := s.tx.overlay[k]; e != nil {
			return e
		}
	}
	if e := s.ahead[k]; e != nil {
		return e
	}
	return s.store.cache.get(k)
}

// read reads what is not in memory.
func (s *Stripe) read(name uint32) (*entry, error) {
	if s.tx != nil {
		return s.store.loadEntry(entryKey{name, s.n}) // the writer: nothing commits while it reads
	}
	s.store.visible.RLock()
	defer s.store.visible.RUnlock()
	if s.walk != nil {
		return s.store.loadRun(name, s.n, s.walk.end)
	}
	return s.store.loadEntry(entryKey{name, s.n})
}

// find returns what is decoded of a name; nil when the stripe has nothing under it. The directory, in which the writer's
// own adds count, is looked at only for what is not in memory.
func (s *Stripe) find(k nameKey) (*entry, error) {
	name := s.number(k)
	if name == 0 {
		return nil, nil
	}
	if e := s.inMemory(name); e != nil {
		return e, nil
	}
	if !s.head.holds(name) {
		return nil, nil
	}
	return s.read(name)
}

// walk is what a stripe that is moved knows of its way.
type walk struct {
	end     uint32     // where it ends for now; what is not in memory is read for all the stripes before
	numbers []numbered // names that were asked for
	next    int        // of numbers: the one that is asked for next, as questions ask for the same in each stripe
	changes uint64     // of the names, when numbers was begun
}

type numbered struct {
	key    nameKey
	number uint32
}

// WalkTo says that the stripes before end are those it is moved to next.
func (s *Stripe) WalkTo(end uint32) { s.walk.end = end }

// maxNumbers is how many names a walk remembers.
const maxNumbers = 64

// number returns the number of a name; 0 when it was never stored.
func (s *Stripe) number(k nameKey) uint32 {
	w := s.walk
	if w == nil {
		return s.store.names.lookup(k)
	}
	if now := s.store.names.changes.Load(); now != w.changes {
		w.numbers, w.changes = w.numbers[:0], now
	}
	for range w.numbers {
		if w.next >= len(w.numbers) {
			w.next = 0
		}
		at := &w.numbers[w.next]
		if w.next++; at.key == k {
			return at.number
		}
	}
	n := s.store.names.lookup(k)
	if len(w.numbers) < maxNumbers {
		w.numbers = append(w.numbers, numbered{k, n})
	}
	return n
}

// People is the slots that are identified people.
func (s *Stripe) People() block.Mask { return s.head.people }

// Person returns a slot's permanent key; "" for none.
func (s *Stripe) Person(slot uint8) string { return s.head.keys[slot] }

// FirstSeen returns per slot when the person was first seen; block.NoStamp for nobody.
func (s *Stripe) FirstSeen() *[block.Width]carpel.Millis { return &s.head.firstSeen }

// Attribute returns an attribute's values, nil when nobody has it.
func (s *Stripe) Attribute(name string) (*block.Values, error) {
	e, err := s.find(nameKey{kindValues, name})
	if err != nil || e == nil {
		return nil, err
	}
	return e.values, nil
}

// Stamps returns the times beside an attribute's values, nil when nobody has it.
func (s *Stripe) Stamps(name string) (*block.Stamps, error) {
	e, err := s.find(nameKey{kindStamps, name})
	if err != nil || e == nil {
		return nil, err
	}
	return e.stamps, nil
}

// Devices is the slots that own a device.
func (s *Stripe) Devices() (m block.Mask, err error) {
	e, err := s.table(deviceTable)
	if err != nil || e == nil {
		return m, err
	}
	for _, p := range e.views {
		m = m.Or(p.(*part).rows.Mask())
	}
	return m, nil
}

// EventNames returns the names of the events that the stripe holds, in order.
func (s *Stripe) EventNames() ([]string, error) { return s.namesOf(kindEvent), nil }

// namesOf returns the names of one kind that the stripe holds, in order.
func (s *Stripe) namesOf(kind byte) []string {
	var all []string
	for _, n := range s.head.directory {
		if k := s.store.names.of(n); k.kind == kind {
			all = append(all, k.name)
		}
	}
	slices.Sort(all)
	return all
}

// Parts returns the parts of a table that may hold rows with first <= time <= last, in order of time but for the tails of
// parts, which come after them. The slice is not the caller's to change.
func (s *Stripe) Parts(t eval.Table, first, last carpel.Millis) ([]eval.Part, error) {
	e, err := s.table(t)
	if err != nil || e == nil {
		return nil, err
	}
	from, to, fits := -1, 0, 0
	for i, p := range e.views {
		if p := p.(*part); p.last >= first && p.first <= last {
			if from < 0 {
				from = i
			}
			to = i + 1
			fits++
		}
	}
	if fits == 0 {
		return nil, nil
	}
	if fits == to-from {
		return e.views[from:to:to], nil
	}
	out := make([]eval.Part, 0, fits)
	for _, p := range e.views[from:to] {
		if x := p.(*part); x.last >= first && x.first <= last {
			out = append(out, p)
		}
	}
	return out, nil
}

// table returns what is decoded of a table; nil when there is nothing. The last two asked about are remembered: a batch
// asks for the same ones once a condition.
func (s *Stripe) table(t eval.Table) (*entry, error) {
	for i := range s.last {
		if s.last[i].known && s.last[i].table == t {
			return s.last[i].entry, nil
		}
	}
	e, err := s.find(tableName(t))
	if err != nil {
		return nil, err
	}
	s.last[0], s.last[1] = s.last[1], asked{t, e, true}
	return e, nil
}

// asked is a table that a stripe was asked for.
type asked struct {
	table eval.Table
	entry *entry
	known bool
}

// parts returns all parts of a table, tails as parts of their own, as Parts does.
func (s *Stripe) parts(t eval.Table) ([]*part, error) {
	e, err := s.table(t)
	if err != nil || e == nil {
		return nil, err
	}
	out := make([]*part, len(e.views))
	for i, p := range e.views {
		out[i] = p.(*part)
	}
	return out, nil
}
