package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// What is followed is kept beside the journal, an entry a key, until its reader has it:
//
//	'F' seq:8 index:4 → JSON of a Followed
//	'M' "follow"      → JSON of what is followed, and from which batch on every entry is there
//
// It holds what people did, so an erasure takes theirs out of it.

// Followed is an event of a followed name, a merge or an erasure.
type Followed struct {
	Kind       carpel.ItemKind         `json:"k"`
	Now        carpel.Millis           `json:"now"` // of the batch
	Person     string                  `json:"p"`   // key
	Other      string                  `json:"o,omitempty"`
	Name       string                  `json:"n,omitempty"`
	At         carpel.Millis           `json:"at"`
	Source     string                  `json:"s,omitempty"`
	Properties map[string]carpel.Value `json:"props,omitempty"`

	Place FollowPlace `json:"-"`
}

// FollowPlace is the place of an entry: its batch, and which of that it is.
type FollowPlace struct {
	Seq   uint64
	Index uint32
}

func (p FollowPlace) key() []byte {
	b := binary.BigEndian.AppendUint64([]byte{keyFollow}, p.Seq)
	return binary.BigEndian.AppendUint32(b, p.Index)
}

func (p FollowPlace) next() FollowPlace {
	if p.Index == math.MaxUint32 {
		return FollowPlace{p.Seq + 1, 0}
	}
	return FollowPlace{p.Seq, p.Index + 1}
}

// following is what is followed.
type following struct {
	Events []string `json:"events"`
	From   uint64   `json:"from"` // the first batch of which everything is kept, or was read

	names map[string]bool
}

// followKept is how much of a batch is kept unread.
type followKept struct {
	seq          uint64
	items, bytes int64
}

// What is kept at most for a reader who does not come; past it all of it goes, and the reader is told by its cursor.
const (
	keepFollowed      = 10_000_000
	keepFollowedBytes = 1 << 30
)

// loadFollowing reads what is followed and how much of it is kept.
func (s *Store) loadFollowing() error {
	v, ok, err := s.get(metaKey("follow"))
	if err != nil || !ok {
		return err
	}
	f := &following{}
	if err := json.Unmarshal(v, f); err != nil {
		return fmt.Errorf("read what is followed: %w", err)
	}
	f.index()
	s.following.Store(f)
	return s.scan([]byte{keyFollow}, func(k, v []byte) error {
		if len(k) != 13 {
			return fmt.Errorf("read what is followed: a damaged key")
		}
		s.noteFollowed(binary.BigEndian.Uint64(k[1:]), 1, int64(len(v)))
		return nil
	})
}

func (f *following) index() {
	f.names = make(map[string]bool, len(f.Events))
	for _, name := range f.Events {
		f.names[name] = true
	}
}

// noteFollowed counts entries of a batch. The writer's.
func (s *Store) noteFollowed(seq uint64, items, bytes int64) {
	if n := len(s.followKept); n == 0 || s.followKept[n-1].seq != seq {
		s.followKept = append(s.followKept, followKept{seq: seq})
	}
	for _, k := range []*followKept{&s.followKept[len(s.followKept)-1], &s.followSize} {
		k.items, k.bytes = k.items+items, k.bytes+bytes
	}
}

// Follow keeps events of these names from the next batch on; nil keeps nothing. The caller is the writer.
func (s *Store) Follow(events []string) error {
	b := s.db.NewBatch()
	defer b.Close()
	if events == nil {
		if err := b.Delete(metaKey("follow"), nil); err != nil {
			return err
		}
		if err := b.DeleteRange([]byte{keyFollow}, []byte{keyFollow + 1}, nil); err != nil {
			return err
		}
		if err := s.Sync(b); err != nil {
			return fmt.Errorf("follow: %w", err)
		}
		s.following.Store(nil)
		s.followKept, s.followSize = nil, followKept{}
		return nil
	}
	f := &following{Events: slices.Sorted(slices.Values(events)), From: s.Seq() + 1}
	f.Events = slices.Compact(f.Events)
	if have := s.following.Load(); have != nil {
		if f.From = have.From; slices.Equal(f.Events, have.Events) {
			return nil
		}
	}
	f.index()
	if err := b.Set(metaKey("follow"), f.encode(), nil); err != nil {
		return err
	}
	if err := s.Sync(b); err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	s.following.Store(f)
	return nil
}

func (f *following) encode() []byte {
	b, _ := json.Marshal(f) // names and a number always encode
	return b
}

// follow keeps an event, if its name is followed.
func (a *application) follow(ordinal uint32, name string, props map[string]carpel.Value) error {
	f := a.store.following.Load()
	if f == nil || !f.names[name] {
		return nil
	}
	key := a.out.Person
	if key == "" { // of one whose history joins
		h, err := a.readHead(ordinal / block.Width)
		if err != nil {
			return err
		}
		key = h.keys[ordinal%block.Width]
	}
	a.Tx.followed = append(a.Tx.followed, Followed{Kind: carpel.ItemEvent, Now: a.now, Person: key, Name: name, At: a.it.At, Source: a.it.Source, Properties: props})
	return nil
}

// followMerge and followErase keep what became of people.
func (a *application) followMerge(to, from string) {
	if a.store.following.Load() != nil {
		a.Tx.followed = append(a.Tx.followed, Followed{Kind: carpel.ItemMerge, Now: a.now, Person: to, Other: from, At: a.it.At, Source: a.it.Source})
	}
}

// followErase takes out what was kept of a person as well.
func (a *application) followErase(p *person) error {
	if a.store.following.Load() == nil {
		return nil
	}
	keys := append([]string{p.key}, p.keys...)
	a.Tx.followed = slices.DeleteFunc(a.Tx.followed, func(f Followed) bool {
		return f.Kind == carpel.ItemEvent && slices.Contains(keys, f.Person)
	})
	err := a.store.scan([]byte{keyFollow}, func(k, v []byte) error {
		for _, key := range keys {
			if bytes.Contains(v, []byte(key)) && bytes.HasPrefix(v, fmt.Appendf(nil, `{"k":%d,`, carpel.ItemEvent)) {
				return a.batch.Delete(k, nil)
			}
		}
		return nil
	})
	for _, key := range keys { // journeys may be kept under any of them
		a.Tx.followed = append(a.Tx.followed, Followed{Kind: carpel.ItemErase, Now: a.now, Person: key, At: a.it.At, Source: a.it.Source})
	}
	return err
}

// writeFollowed puts what was followed into the batch, and lets go of what was read, now and then.
func (t *Tx) writeFollowed() error {
	s := t.store
	f := s.following.Load()
	if f == nil {
		return nil
	}
	for i := range t.followed {
		v, err := json.Marshal(&t.followed[i])
		if err != nil {
			return err
		}
		if err := t.batch.Set(FollowPlace{t.meta.Seq, uint32(i)}.key(), v, nil); err != nil {
			return err
		}
		s.noteFollowed(t.meta.Seq, 1, int64(len(v)))
	}
	if err := t.cutFollowed(); err != nil {
		return err
	}
	if s.followSize.items <= s.options.KeepFollowed && s.followSize.bytes <= keepFollowedBytes {
		return nil
	}
	lost := *f
	lost.From = t.meta.Seq + 1
	s.following.Store(&lost)
	s.followKept, s.followSize = nil, followKept{}
	if err := t.batch.DeleteRange([]byte{keyFollow}, FollowPlace{lost.From, 0}.key(), nil); err != nil {
		return err
	}
	return t.batch.Set(metaKey("follow"), lost.encode(), nil)
}

// cutFollowed deletes what was read: when there is much of it, and every cutJournal batches.
func (t *Tx) cutFollowed() error {
	s := t.store
	read := s.followRead.Load()
	if read == nil {
		return nil
	}
	n, items := 0, int64(0)
	for n < len(s.followKept) && s.followKept[n].seq <= read.Seq {
		items += s.followKept[n].items
		n++
	}
	if n == 0 || items < 10_000 && t.meta.Seq%cutJournal != 0 {
		return nil
	}
	if s.followKept[n-1].seq == read.Seq && read.Index != math.MaxUint32 {
		n-- // a part of it may still be to be read
	}
	if n == 0 {
		return nil
	}
	until := s.followKept[n-1].seq + 1
	for _, k := range s.followKept[:n] {
		s.followSize.items, s.followSize.bytes = s.followSize.items-k.items, s.followSize.bytes-k.bytes
	}
	s.followKept = slices.Clone(s.followKept[n:])
	return t.batch.DeleteRange([]byte{keyFollow}, FollowPlace{until, 0}.key(), nil)
}

// FollowEnd is the place behind everything that is visible.
func (s *Store) FollowEnd() FollowPlace { return FollowPlace{s.Seq(), math.MaxUint32} }

// Followed returns at most limit entries after a place, and the place to go on from. What lies before after is let go of.
// It reports false when something after it is not kept any more, or nothing is followed.
func (s *Store) Followed(after FollowPlace, limit int) ([]Followed, FollowPlace, bool, error) {
	s.visible.RLock()
	defer s.visible.RUnlock()
	f := s.following.Load()
	if f == nil || after.next().Seq < f.From {
		return nil, after, false, nil
	}
	s.followRead.Store(&after)
	end := s.FollowEnd()
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: after.next().key(), UpperBound: end.next().key()})
	if err != nil {
		return nil, after, false, fmt.Errorf("read what was followed: %w", err)
	}
	var out []Followed
	for it.First(); it.Valid() && err == nil; it.Next() {
		if len(out) == limit {
			end = out[limit-1].Place
			break
		}
		var e Followed
		if err = json.Unmarshal(it.Value(), &e); err == nil {
			e.Place = FollowPlace{binary.BigEndian.Uint64(it.Key()[1:]), binary.BigEndian.Uint32(it.Key()[9:])}
			out = append(out, e)
		}
	}
	if err = errors.Join(err, it.Close()); err != nil {
		return nil, after, false, fmt.Errorf("read what was followed: %w", err)
	}
	return out, end, true, nil
}
