package store

import (
	"errors"
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
}

// Stripe returns a stripe as committed.
func (s *Store) Stripe(n uint32) (*Stripe, error) {
	st := &Stripe{store: s, n: n}
	e, err := st.entry(headName)
	if err != nil {
		return nil, err
	}
	st.head = e.head
	return st, nil
}

// Number is the stripe's number.
func (s *Stripe) Number() uint32 { return s.n }

// entry returns what is decoded of a name, reading it when it is not in memory. An empty entry: there is nothing.
func (s *Stripe) entry(name uint32) (*entry, error) {
	k := entryKey{name, s.n}
	if s.tx != nil {
		if e := s.tx.overlay[k]; e != nil {
			return e, nil
		}
	}
	if e := s.store.cache.get(k); e != nil {
		return e, nil
	}
	if s.tx != nil {
		return s.store.load1(k) // the writer: nothing commits while it reads
	}
	s.store.visible.RLock()
	defer s.store.visible.RUnlock()
	return s.store.load1(k)
}

// load1 reads an entry and puts it into the cache.
func (s *Store) load1(k entryKey) (*entry, error) {
	var e *entry
	var err error
	switch kind := s.names.of(k.name).kind; {
	case k.name == headName:
		e, err = s.loadHead(k.stripe)
	case kind == kindValues:
		e, err = s.loadValues(k)
	case kind == kindStamps:
		e, err = s.loadStamps(k)
	default:
		e, err = s.loadParts(k)
	}
	if err != nil {
		return nil, err
	}
	s.cache.put(k, e)
	return e, nil
}

func (s *Store) loadValues(k entryKey) (*entry, error) {
	data, _, err := s.get(blockKey{name: k.name, stripe: k.stripe}.key())
	if err != nil {
		return nil, err
	}
	v, err := block.DecodeValues(data)
	if err != nil {
		return nil, err
	}
	return &entry{values: v, size: int64(v.Size()) + 64}, nil
}

func (s *Store) loadStamps(k entryKey) (*entry, error) {
	data, _, err := s.get(blockKey{name: k.name, stripe: k.stripe}.key())
	if err != nil {
		return nil, err
	}
	v, err := block.DecodeStamps(data)
	if err != nil {
		return nil, err
	}
	return &entry{stamps: v, size: int64(v.Size()) + 64}, nil
}

// holds reports whether the stripe has anything under the name; the writer's own adds count.
func (s *Stripe) holds(name uint32) bool {
	if name == 0 {
		return false
	}
	_, ok := s.head.directory[name]
	return ok
}

// People is the slots that are identified people.
func (s *Stripe) People() block.Mask { return s.head.people }

// Person returns a slot's permanent key; "" for none.
func (s *Stripe) Person(slot uint8) string { return s.head.keys[slot] }

// FirstSeen returns per slot when the person was first seen; block.NoStamp for nobody.
func (s *Stripe) FirstSeen() *[block.Width]carpel.Millis { return &s.head.firstSeen }

// Attribute returns an attribute's values, nil when nobody has it.
func (s *Stripe) Attribute(name string) (*block.Values, error) {
	n := s.store.names.lookup(nameKey{kindValues, name})
	if !s.holds(n) {
		return nil, nil
	}
	e, err := s.entry(n)
	if err != nil {
		return nil, err
	}
	return e.values, nil
}

// Stamps returns the times beside an attribute's values, nil when nobody has it.
func (s *Stripe) Stamps(name string) (*block.Stamps, error) {
	n := s.store.names.lookup(nameKey{kindStamps, name})
	if !s.holds(n) {
		return nil, nil
	}
	e, err := s.entry(n)
	if err != nil {
		return nil, err
	}
	return e.stamps, nil
}

// Devices is the slots that own a device.
func (s *Stripe) Devices() (m block.Mask, err error) {
	parts, err := s.parts(deviceTable)
	for _, p := range parts {
		m = m.Or(p.rows.Mask())
	}
	return m, err
}

// EventNames returns the names of the events that the stripe holds, in order.
func (s *Stripe) EventNames() ([]string, error) { return s.namesOf(kindEvent), nil }

// namesOf returns the names of one kind that the stripe holds, in order.
func (s *Stripe) namesOf(kind byte) []string {
	var all []string
	for n := range s.head.directory {
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
	n := s.store.names.lookup(tableName(t))
	var e *entry
	if s.holds(n) {
		var err error
		if e, err = s.entry(n); err != nil {
			return nil, err
		}
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

// loadParts reads all parts of a table in a stripe.
func (s *Store) loadParts(k entryKey) (*entry, error) {
	var parts []*part
	err := s.scan(blockPrefix(k.name, k.stripe), func(key, value []byte) error {
		bk, ok := parseBlockKey(key)
		if !ok {
			return errors.New("read store: a damaged block key")
		}
		r, err := block.DecodeRows(value)
		if err != nil {
			return err
		}
		if r.Len() > 0 {
			parts = append(parts, newPart(bk, r))
		}
		return nil
	})
	return tableEntry(parts), err
}
