package stripes

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// History returns how a segment changed over time.
func (db *DB) History(ctx context.Context, id string, from, to carpel.Millis, step time.Duration) ([]engine.HistoryPoint, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	if step < time.Minute {
		return nil, carpel.Errorf(carpel.CodeInvalid, "a step is at least a minute")
	}
	if n := (to - from) / carpel.Millis(step.Milliseconds()); n > 10_000 || to < from {
		return nil, &carpel.Error{Code: carpel.CodeLimit, Limit: 10_000, Actual: int64(n), Message: "a history has 1 to 10,000 steps"}
	}
	db.view.mu.RLock()
	s, span, before, number := db.view.find(id), db.view.feed, int64(0), uint32(0)
	if s != nil {
		before = s.count // at from; as it is now when nothing is told of changes
		number = s.Number
	}
	db.view.mu.RUnlock()
	if s == nil {
		return nil, noSegment(id)
	}
	var points []engine.HistoryPoint
	for at := from; at < to; at += carpel.Millis(step.Milliseconds()) {
		points = append(points, engine.HistoryPoint{At: at, Count: -1})
	}
	first := true
	err := db.scan(feedOfKey(number, span.first), feedOfKey(number, span.last+1), func(key, _ []byte) (bool, error) {
		e, err := db.entryOf(key)
		if errors.Is(err, pebble.ErrNotFound) {
			return true, nil // trimmed a moment ago
		}
		if err != nil {
			return false, err
		}
		if first { // what was before it may not be kept any more
			first, before = false, e.count-int64(e.enters.Count()-e.leaves.Count())
		}
		switch {
		case e.at < from:
			before = e.count
		case e.at < to:
			p := &points[(e.at-from)/carpel.Millis(step.Milliseconds())]
			p.Count = e.count
			p.Enters += int64(e.enters.Count())
			p.Leaves += int64(e.leaves.Count())
			if e.cause == carpel.CauseDefinition {
				p.EntersDefined += int64(e.enters.Count())
				p.LeavesDefined += int64(e.leaves.Count())
			}
		default:
			return false, nil
		}
		return ctx.Err() == nil, ctx.Err()
	})
	for i := range points {
		if points[i].Count < 0 {
			points[i].Count = before
		}
		before = points[i].Count
	}
	return points, err
}

// Counts returns how many people each segment held at moments. The feed is in order of time, so a moment is a place in
// it, found once for all segments; a segment's count there is told by its last entry before.
func (db *DB) Counts(ctx context.Context, ids []string, at []carpel.Millis) ([][]int64, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	db.view.mu.RLock()
	span := db.view.feed
	numbers, now := make([]uint32, len(ids)), make([]int64, len(ids))
	missing := ""
	for i, id := range ids {
		if s := db.view.find(id); s != nil {
			numbers[i], now[i] = s.Number, s.count
		} else {
			missing = id
		}
	}
	db.view.mu.RUnlock()
	if missing != "" {
		return nil, noSegment(missing)
	}
	places, err := db.placesOf(at, span)
	if err != nil {
		return nil, err
	}
	out := make([][]int64, len(ids))
	for i := range ids {
		if out[i], err = db.countsAt(numbers[i], places, span, now[i]); err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// placesOf returns for each moment the seq of the first entry that is not before it.
func (db *DB) placesOf(at []carpel.Millis, span feedSpan) ([]uint64, error) {
	it, err := db.store.DB().NewIter(&pebble.IterOptions{LowerBound: feedKey(span.first), UpperBound: feedKey(span.last + 1)})
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", err)
	}
	places := make([]uint64, len(at))
	from := span.first
	for i, moment := range at {
		from += uint64(sort.Search(int(span.last+1-from), func(n int) bool {
			if err != nil || !it.SeekGE(feedKey(from+uint64(n))) {
				return true
			}
			var e *feedEntry
			if e, err = decodeFeed(it.Value()); err != nil {
				return true
			}
			return e.at >= moment
		}))
		places[i] = from
	}
	return places, errors.Join(err, it.Error(), it.Close())
}

// countsAt returns a segment's count before each of the places, which are in order; now is its count when nothing is
// told of changes.
func (db *DB) countsAt(number uint32, places []uint64, span feedSpan, now int64) ([]int64, error) {
	it, err := db.store.DB().NewIter(&pebble.IterOptions{LowerBound: feedOfKey(number, span.first), UpperBound: feedOfKey(number, span.last+1)})
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", err)
	}
	count := func(ok bool, otherwise int64, of func(*feedEntry) int64) int64 {
		if !ok || err != nil {
			return otherwise
		}
		e, fault := db.entryOf(it.Key())
		if errors.Is(fault, pebble.ErrNotFound) {
			return otherwise // trimmed a moment ago
		}
		if err = fault; err != nil {
			return 0
		}
		return of(e)
	}
	before := count(it.First(), now, func(e *feedEntry) int64 { return e.count - int64(e.enters.Count()-e.leaves.Count()) })
	counts := make([]int64, len(places))
	for i, place := range places {
		if i > 0 && place == places[i-1] {
			counts[i] = counts[i-1]
			continue
		}
		counts[i] = count(it.SeekLT(feedOfKey(number, place)), before, func(e *feedEntry) int64 { return e.count })
	}
	return counts, errors.Join(err, it.Error(), it.Close())
}

// entryOf reads the entry that a key of the feed, or of a segment's, is of: both end in its seq.
func (db *DB) entryOf(key []byte) (*feedEntry, error) {
	value, closer, err := db.store.DB().Get(feedKey(binary.BigEndian.Uint64(key[len(key)-8:])))
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", err)
	}
	e, err := decodeFeed(value)
	return e, errors.Join(err, closer.Close())
}

// lastChanges returns the cursor n changes before the end of the feed, or of a segment's when one is given; where there
// are fewer, that of the first.
func (db *DB) lastChanges(of *segment, span feedSpan, n int) (cursor, error) {
	lower, upper := feedKey(span.first), feedKey(span.last+1)
	if of != nil {
		lower, upper = feedOfKey(of.Number, span.first), feedOfKey(of.Number, span.last+1)
	}
	it, err := db.store.DB().NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return cursor{}, fmt.Errorf("read feed: %w", err)
	}
	at := cursor{seq: span.last + 1}
	for ok := it.Last(); ok && n > 0; ok = it.Prev() {
		at.seq = binary.BigEndian.Uint64(it.Key()[len(it.Key())-8:])
		e, err := db.entryOf(it.Key())
		if errors.Is(err, pebble.ErrNotFound) {
			break // trimmed a moment ago, and all before it
		}
		if err != nil {
			return cursor{}, errors.Join(err, it.Close())
		}
		changes := e.enters.Or(e.leaves).Count()
		at.done = max(0, changes-n)
		n -= changes
	}
	return at, errors.Join(it.Error(), it.Close())
}
