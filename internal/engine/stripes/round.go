package stripes

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// round is one step of the writer: what a transaction changed, and what is due by time, evaluated at one moment, with
// everything that follows from it. Steps:
//
//  1. edit: manual members, and those of people merged or gone, which no evaluation decides;
//  2. evaluate: every stripe touched or due, in parallel, each brought up to date once;
//  3. commit: members, feed, timers and segments go into the transaction's batch, one sync, and then into view.
//
// What enters and leaves within one round is not reported. Whatever goes wrong before commit leaves the engine as it
// was: states that were changed are let go of.
type round struct {
	db    *DB
	tx    *store.Tx
	now   carpel.Millis
	cause carpel.Cause // of every change; "" to find it person by person

	masks    map[*segment]map[uint32]block.Mask // as they will be, where they change
	edits    map[uint32]carpel.Cause            // manual edits, by ordinal
	timers   map[uint32]carpel.Millis
	segments []*segmentRecord // to write, and to install
	switched *build           // whose definition serves from now on
	members  map[memberKey]*members
	feed     []feedEntry
	due      map[uint32]bool
	ready    time.Time // when all was done but the sync
}

type memberKey struct {
	segment *segment
	stripe  uint32
}

func (db *DB) newRound(tx *store.Tx, now carpel.Millis) *round {
	return &round{db: db, tx: tx, now: now, masks: map[*segment]map[uint32]block.Mask{}, edits: map[uint32]carpel.Cause{},
		timers: map[uint32]carpel.Millis{}, members: map[memberKey]*members{}, due: map[uint32]bool{}}
}

// mask returns the members of a segment in a stripe as this round leaves them.
func (r *round) mask(s *segment, stripe uint32) block.Mask {
	if m, ok := r.masks[s][stripe]; ok {
		return m
	}
	return s.mask(stripe)
}

// set makes a mask what the members of a segment in a stripe will be.
func (r *round) set(s *segment, stripe uint32, m block.Mask) {
	if r.mask(s, stripe) == m {
		return
	}
	if r.masks[s] == nil {
		r.masks[s] = map[uint32]block.Mask{}
	}
	r.masks[s][stripe] = m
}

// edit applies manual edits, and takes people who are merged or gone out of segments that are not evaluated.
func (r *round) edit(t *store.Touched) {
	merges := t.Merges
	for i, m := range t.Members {
		for len(merges) > 0 && merges[0].Edits <= i {
			r.merge(merges[0])
			merges = merges[1:]
		}
		r.put(r.db.view.find(m.Segment), m.Ordinal, !m.Remove)
		r.edits[m.Ordinal] = m.Cause
	}
	for _, m := range merges {
		r.merge(m)
	}
	for stripe, ts := range t.Stripes {
		if ts.Gone.IsEmpty() {
			continue
		}
		for _, s := range r.db.view.byID {
			if !s.evaluated() {
				r.set(s, stripe, r.mask(s, stripe).AndNot(ts.Gone))
			}
		}
	}
}

// merge makes the primary a member of the manual segments that the secondary is in.
func (r *round) merge(m store.Merge) {
	stripe, slot := m.From/block.Width, uint8(m.From%block.Width)
	for _, s := range r.db.view.byID {
		if !s.Manual {
			continue
		}
		if from := r.mask(s, stripe); from.Has(slot) {
			r.put(s, m.From, false)
			r.put(s, m.To, true)
		}
	}
}

// put puts one person in a segment, or takes them out.
func (r *round) put(s *segment, ordinal uint32, in bool) {
	stripe, slot := ordinal/block.Width, uint8(ordinal%block.Width)
	m := r.mask(s, stripe)
	m.Put(slot, in)
	r.set(s, stripe, m)
}

// evaluate brings every touched stripe up to date, and at most limit of those that are due by time.
func (r *round) evaluate(t *store.Touched, limit int) error {
	var stripes []uint32
	for n := range t.Stripes {
		stripes = append(stripes, n)
	}
	for _, n := range r.db.live.timers.due(r.now, limit) {
		r.due[n] = true
		if t.Stripes[n] == nil {
			stripes = append(stripes, n)
		}
	}
	if len(stripes) == 0 {
		return nil
	}
	slices.Sort(stripes)
	if _, err := r.tx.Stripe(stripes[0]); err != nil { // puts pending rows in order, once, before many read
		return err
	}
	states := make([]*eval.State, len(stripes))
	err := store.Parallel(len(stripes), func(i int) (err error) {
		states[i], err = r.stripe(stripes[i], t.Stripes[stripes[i]])
		return err
	})
	if err != nil {
		r.abandon()
		return err
	}
	l := &r.db.live
	for i, n := range stripes {
		l.keep(n, states[i], r.db.options.stateBytes())
		l.program.Changed(states[i], func(root int) { r.set(l.roots[root], n, l.program.Members(root, states[i])) })
		next := max(states[i].NextDue(), r.now+1)
		if at := l.timers.of(n); next < at || at <= r.now {
			r.timers[n] = next
		}
	}
	if b := l.build; b != nil {
		if err := b.follow(r, stripes); err != nil {
			r.abandon()
			return err
		}
	}
	return nil
}

// stripe evaluates the live program over one stripe.
func (r *round) stripe(n uint32, ts *store.TouchedStripe) (*eval.State, error) {
	src, err := r.source(n)
	if err != nil {
		return nil, err
	}
	l := &r.db.live
	st := l.stateOf(n)
	if st == nil {
		st, err = l.program.Fill(src, r.now)
	} else {
		err = l.program.Update(src, r.touch(n, ts), r.now, st)
	}
	if err != nil {
		return nil, fmt.Errorf("evaluate stripe %d: %w", n, err)
	}
	return st, nil
}

// source is a stripe as the transaction leaves it.
func (r *round) source(n uint32) (*source, error) {
	st, err := r.tx.Stripe(n)
	if err != nil {
		return nil, err
	}
	return &source{Stripe: st, db: r.db, round: r, zone: r.db.zone(), asOf: carpel.Never}, nil
}

// touch is what changed in a stripe, as the evaluator wants it.
func (r *round) touch(n uint32, ts *store.TouchedStripe) *eval.Touch {
	touch := &eval.Touch{}
	if ts != nil {
		touch.Tables, touch.Attributes, touch.FirstSeen, touch.Whole = ts.Tables, ts.Attributes, ts.FirstSeen, ts.Whole
	}
	for s, masks := range r.masks {
		if m, ok := masks[n]; ok {
			if touch.Segments == nil {
				touch.Segments = map[string]block.Mask{}
			}
			changed := m.Xor(s.mask(n))
			touch.Segments[s.ID], touch.Segments[s.Key] = changed, changed
		}
	}
	return touch
}

// settle turns the masks that change into members with their moments of entry, and feed entries.
func (r *round) settle(t *store.Touched) error {
	var keys []memberKey
	for _, s := range r.db.view.all() {
		count := s.count
		for _, n := range sortedStripes(r.masks[s]) {
			before, after := s.mask(n), r.masks[s][n]
			if before == after {
				continue
			}
			keys = append(keys, memberKey{s, n})
			if !s.Paused {
				r.tell(s, n, before, after, count, t.Stripes[n])
			}
			count += int64(after.Count() - before.Count())
		}
	}
	all := make([]*members, len(keys))
	err := store.Parallel(len(keys), func(i int) (err error) {
		all[i], err = r.membersOf(keys[i])
		return err
	})
	for i, k := range keys {
		r.members[k] = all[i]
	}
	return err
}

// membersOf returns the members of a segment in a stripe as the round leaves them.
func (r *round) membersOf(k memberKey) (*members, error) {
	m, err := r.db.readMembers(k.segment.Number, k.stripe)
	if err != nil {
		return nil, err
	}
	after := r.masks[k.segment][k.stripe]
	for slot := range after.AndNot(k.segment.mask(k.stripe)).Slots {
		m.entered[slot] = r.now
	}
	m.mask = after
	return m, nil
}

func sortedStripes[V any](m map[uint32]V) []uint32 {
	out := make([]uint32, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// tell adds feed entries, one a cause. count is the segment's before them.
func (r *round) tell(s *segment, n uint32, before, after block.Mask, count int64, ts *store.TouchedStripe) {
	byCause := map[carpel.Cause]*feedEntry{}
	var touched block.Mask
	if ts != nil {
		touched = ts.FirstSeen.Or(ts.Whole)
		for i := range ts.Tables {
			touched = touched.Or(ts.Tables[i].Slots)
		}
		for _, m := range ts.Attributes {
			touched = touched.Or(m)
		}
	}
	for slot := range before.Xor(after).Slots {
		cause := r.causeOf(n, slot, ts, touched.Has(slot))
		e := byCause[cause]
		if e == nil {
			e = &feedEntry{at: r.now, number: s.Number, stripe: n, cause: cause}
			byCause[cause] = e
		}
		if after.Has(slot) {
			e.enters.Set(slot)
		} else {
			e.leaves.Set(slot)
		}
	}
	for _, cause := range causes {
		if e := byCause[cause]; e != nil {
			count += int64(e.enters.Count() - e.leaves.Count())
			e.count = count
			r.feed = append(r.feed, *e)
		}
	}
}

// causeOf says why a person's membership changed.
func (r *round) causeOf(n uint32, slot uint8, ts *store.TouchedStripe, touched bool) carpel.Cause {
	if r.cause != "" {
		return r.cause
	}
	if ts != nil {
		if c, ok := ts.Causes[slot]; ok {
			return c
		}
	}
	if c, ok := r.edits[n*block.Width+uint32(slot)]; ok {
		return c
	}
	if touched {
		return carpel.CauseData
	}
	return carpel.CauseTime
}

// empty reports whether the round changes nothing that is kept.
func (r *round) empty() bool {
	return len(r.masks) == 0 && len(r.timers) == 0 && len(r.segments) == 0 && r.tx.Seq() == r.db.store.Seq()
}

// commit makes the round durable and shows it. An error ends the engine.
func (r *round) commit() error {
	if r.empty() {
		r.ready = r.db.options.Now()
		r.tx.Abort()
		if len(r.tx.Touched().Stripes) > 0 {
			r.abandon()
		}
		r.install()
		return nil
	}
	if err := r.settle(r.tx.Touched()); err != nil {
		r.tx.Abort()
		r.abandon()
		return err
	}
	if err := r.write(r.tx.Batch()); err != nil {
		return r.db.fail(err)
	}
	r.ready = r.db.options.Now()
	if err := r.tx.Commit(); err != nil {
		return r.db.fail(err)
	}
	r.install()
	return nil
}

// abandon lets go of states, and of a build, that know of what was not committed.
func (r *round) abandon() {
	if b := r.db.live.build; b != nil {
		r.db.dropBuild(b.segment) // it begins again
	}
	for n := range r.tx.Touched().Stripes {
		r.db.live.drop(int(n))
	}
	for n := range r.due {
		r.db.live.drop(int(n))
	}
}

func (r *round) write(b *pebble.Batch) error {
	for k, m := range r.members {
		if err := m.write(b, k.segment.Number, k.stripe); err != nil {
			return err
		}
	}
	for i := range r.feed {
		if err := r.feed[i].write(b, r.db.live.feedSeq+uint64(i)+1); err != nil {
			return err
		}
	}
	for n, at := range r.timers {
		if err := writeTimer(b, n, at); err != nil {
			return err
		}
	}
	for _, s := range r.segments {
		if err := writeSegment(b, s); err != nil {
			return err
		}
	}
	return b.Set([]byte{keyNow}, binary.BigEndian.AppendUint64(nil, uint64(r.now)), nil)
}

// install shows what was committed to readers.
func (r *round) install() {
	db := r.db
	l := &db.live
	l.feedSeq += uint64(len(r.feed))
	l.now = r.now
	for n, at := range r.timers {
		l.timers.set(n, at)
	}
	v := &db.view
	v.mu.Lock()
	defer v.mu.Unlock()
	for s, masks := range r.masks {
		for n, m := range masks {
			s.set(n, m)
		}
	}
	for _, rec := range r.segments {
		if s := v.byID[rec.ID]; s != nil {
			s.segmentRecord = *rec
		}
	}
	if b := r.switched; b != nil {
		b.segment.served, b.segment.build = b.of, nil
	}
	v.feed.last = l.feedSeq
	// While work that is due waits, memberships are exact only up to just before it.
	exact := r.now
	if next := l.timers.next(); next <= exact {
		exact = next - 1
	}
	v.position = engine.Position{Seq: db.store.Seq(), Now: max(exact, v.position.Now)}
	close(v.changed)
	v.changed = make(chan struct{})
}
