package store

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// loadEntry reads an entry and puts it into the cache.
func (s *Store) loadEntry(k entryKey) (*entry, error) { return s.loadRun(k.name, k.stripe, k.stripe+1) }

// runBytes is how much is decoded in one run, but for the entry that goes past it. A commit waits for the run under way,
// and whoever reads next waits for the commit: about a millisecond this way. Beside so much decoding a pass of its own for
// the rest costs little.
const runBytes = 256 << 10

// loadRun reads the entries of the stripes [from, to) under a name that are not in the cache, in one pass over the store,
// puts them there, and returns that of the first. It ends early when the cache is full, or when it has read enough for
// one run. The caller holds visible, or is the writer.
func (s *Store) loadRun(name, from, to uint32) (first *entry, err error) {
	var read int64
	err = s.readRun(run{name: name, from: from, to: to,
		wants: func(stripe uint32) bool { return stripe == from || s.cache.get(entryKey{name, stripe}) == nil },
		found: func(stripe uint32, e *entry) (more bool) {
			if stripe == from {
				first = e
			}
			s.cache.swap(entryKey{name, stripe}, e)
			read += e.size
			return read < runBytes && !s.cache.budget.full()
		}})
	if s.cache.budget.full() {
		s.cache.budget.sweep()
	}
	return first, err
}

// readEntry reads an entry past the cache.
func (s *Store) readEntry(k entryKey) (e *entry, err error) {
	err = s.readRun(run{name: k.name, from: k.stripe, to: k.stripe + 1, wants: func(uint32) bool { return true },
		found: func(_ uint32, x *entry) bool { e = x; return true }})
	return e, err
}

// headsTogether is how many stripes' people are read in one run: about as much as runBytes.
const headsTogether = 16

// run is entries of consecutive stripes under one name to be read: of [from, to) those that are wanted, until found
// says that it is enough. Of a stripe that has nothing under the name nothing is found, but for the first one.
type run struct {
	name, from, to uint32
	wants          func(stripe uint32) bool
	found          func(stripe uint32, e *entry) (more bool)
}

func (s *Store) readRun(r run) error {
	r.to = max(r.to, r.from+1)
	if r.from >= pageStripes*maxPages {
		r.to = r.from + 1 // nothing is cached so far out
	}
	if r.name == headName {
		r.to = min(r.to, r.from+headsTogether)
		return s.readHeads(r)
	}
	return s.readBlocks(r, s.names.of(r.name).kind)
}

// readBlocks is readRun for what lies in blocks.
func (s *Store) readBlocks(r run, kind byte) error {
	u := unread{options: &s.options, kind: kind, stripe: r.from, wanted: true}
	if r.to == r.from+1 && (kind == kindValues || kind == kindStamps) { // one block, which the filters may say is not there
		k := blockKey{name: r.name, stripe: r.from}
		data, _, err := s.get(k.key())
		if err == nil {
			err = u.add(k, data)
		}
		if err == nil {
			u.hand(r)
		}
		return err
	}
	err := s.scanRange(blockPrefix(r.name, r.from), successor(blockPrefix(r.name, r.to-1)), func(key, value []byte) (bool, error) {
		k, ok := parseBlockKey(key)
		if !ok {
			return false, errors.New("read store: a damaged block key")
		}
		if k.stripe != u.stripe {
			if !u.hand(r) {
				return false, nil
			}
			u = unread{options: &s.options, kind: kind, stripe: k.stripe, wanted: r.wants(k.stripe)}
		}
		if !u.wanted {
			return true, nil
		}
		return true, u.add(k, value)
	})
	if err == nil {
		u.hand(r)
	}
	return err
}

// unread is an entry while its blocks are read.
type unread struct {
	options *Options
	kind    byte
	stripe  uint32
	wanted  bool // and not handed over yet
	values  *block.Values
	stamps  *block.Stamps
	parts   []*part
}

// add takes a block.
func (u *unread) add(k blockKey, data []byte) (err error) {
	switch u.kind {
	case kindValues:
		u.values, err = block.DecodeValues(data)
	case kindStamps:
		u.stamps, err = block.DecodeStamps(data)
	default:
		var r *block.Rows
		if r, err = block.DecodeRows(data); err == nil && r.Len() > 0 {
			u.parts = append(u.parts, newPart(k, r, u.options.together()))
		}
	}
	return err
}

// hand hands the entry over, when it is wanted, and reports whether there is to be more.
func (u *unread) hand(r run) (more bool) {
	if !u.wanted {
		return true
	}
	u.wanted = false
	switch u.kind {
	case kindValues:
		return r.found(u.stripe, &entry{values: u.values, size: int64(u.values.Size()) + 64})
	case kindStamps:
		return r.found(u.stripe, &entry{stamps: u.stamps, size: int64(u.stamps.Size()) + 64})
	}
	return r.found(u.stripe, tableEntry(u.parts))
}

// readHeads is readRun for the people of stripes.
func (s *Store) readHeads(r run) error {
	heads := make([]*head, r.to-r.from)
	for i := range heads {
		if r.wants(r.from + uint32(i)) {
			heads[i] = newHead()
		}
	}
	// The ordinals of a stripe share their first three bytes.
	lower, upper := personKey(r.from * block.Width)[:4], successor(personKey((r.to - 1) * block.Width)[:4])
	var keys keyTexts
	err := s.scanRange(lower, upper, func(k, v []byte) (bool, error) {
		ordinal := binary.BigEndian.Uint32(k[1:])
		h := heads[ordinal/block.Width-r.from]
		if h == nil {
			return true, nil
		}
		if h != keys.of {
			keys.spread()
			keys.of = h
		}
		if err := keys.add(uint8(ordinal), v); err != nil {
			return false, fmt.Errorf("%w: %x", err, k)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	keys.spread()
	lower, upper = directoryKey(r.from, 0)[:5], successor(directoryKey(r.to-1, 0)[:5])
	err = s.scanRange(lower, upper, func(k, _ []byte) (bool, error) {
		if h := heads[binary.BigEndian.Uint32(k[1:])-r.from]; h != nil {
			h.directory = append(h.directory, binary.BigEndian.Uint32(k[5:]))
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	for i, h := range heads {
		if h != nil && !r.found(r.from+uint32(i), &entry{head: h, size: h.size()}) {
			break
		}
	}
	return nil
}

// keyTexts collects the keys of a stripe's people, which share one text.
type keyTexts struct {
	of   *head
	text []byte
	ends [block.Width]int // where the key of a slot ends in text; valid where of has people
}

// add takes a person's record.
func (x *keyTexts) add(slot uint8, record []byte) error {
	firstSeen, key, ok := personInBrief(record)
	if !ok {
		return errPerson
	}
	if key != nil {
		x.of.people.Set(slot)
		x.of.firstSeen[slot] = firstSeen
		x.text = append(x.text, key...)
		x.ends[slot] = len(x.text)
	}
	return nil
}

// spread gives the people their keys.
func (x *keyTexts) spread() {
	if x.of == nil {
		return
	}
	text, from := string(x.text), 0
	for slot := range x.of.people.Slots {
		x.of.keys[slot], from = text[from:x.ends[slot]], x.ends[slot]
	}
	x.text = x.text[:0]
}

// scanRange calls fn for every key in [lower, upper), in order, until it returns false. Key and value are valid only
// during the call.
func (s *Store) scanRange(lower, upper []byte, fn func(key, value []byte) (more bool, err error)) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	for more := it.First(); more; {
		v, err := it.ValueAndErr()
		if err == nil {
			more, err = fn(it.Key(), v)
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
		more = more && it.Next()
	}
	return it.Close()
}
