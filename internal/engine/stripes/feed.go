package stripes

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// The feed tells every change of membership in order. An entry is what one step changed in one segment, one stripe,
// for one cause; it is expanded to people when it is read, so that a wave of 100,000 is a few hundred entries.
//
//	at:varint number:uvarint stripe:uvarint cause:1 count:uvarint enters leaves
//
// count is the segment's after the entry. A mask is a byte whose bits 0 to 3 say which of its words are not zero, and
// those words, little endian.
type feedEntry struct {
	at             carpel.Millis
	number         uint32
	stripe         uint32
	cause          carpel.Cause
	count          int64
	enters, leaves block.Mask
}

// feedSpan is what is kept of the feed: entries with first <= seq <= last.
type feedSpan struct{ first, last uint64 }

// keepFeed is how long entries are kept.
const keepFeed = 90 * 24 * time.Hour

var causes = []carpel.Cause{carpel.CauseData, carpel.CauseTime, carpel.CauseDefinition, carpel.CauseManual, carpel.CauseImport, carpel.CauseMerge, carpel.CauseErasure}

func appendMask(b []byte, m block.Mask) []byte {
	at := len(b)
	b = append(b, 0)
	for i, w := range m {
		if w != 0 {
			b[at] |= 1 << i
			b = binary.LittleEndian.AppendUint64(b, w)
		}
	}
	return b
}

func (e *feedEntry) encode() []byte {
	b := binary.AppendVarint(nil, int64(e.at))
	b = binary.AppendUvarint(b, uint64(e.number))
	b = binary.AppendUvarint(b, uint64(e.stripe))
	b = append(b, byte(slices.Index(causes, e.cause)))
	b = binary.AppendUvarint(b, uint64(e.count))
	return appendMask(appendMask(b, e.enters), e.leaves)
}

var errFeed = errors.New("read feed: a damaged entry")

func decodeFeed(b []byte) (*feedEntry, error) {
	e := &feedEntry{}
	ok := true
	number := func() uint64 {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			ok = false
			return 0
		}
		b = b[size:]
		return n
	}
	at, size := binary.Varint(b)
	if size <= 0 {
		return nil, errFeed
	}
	e.at, b = carpel.Millis(at), b[size:]
	e.number, e.stripe = uint32(number()), uint32(number())
	if !ok || len(b) == 0 || int(b[0]) >= len(causes) {
		return nil, errFeed
	}
	e.cause, b = causes[b[0]], b[1:]
	e.count = int64(number())
	for _, m := range []*block.Mask{&e.enters, &e.leaves} {
		if !ok || len(b) == 0 {
			return nil, errFeed
		}
		bits := b[0]
		b = b[1:]
		for i := range m {
			if bits>>i&1 == 0 {
				continue
			}
			if len(b) < 8 {
				return nil, errFeed
			}
			m[i], b = binary.LittleEndian.Uint64(b), b[8:]
		}
	}
	return e, nil
}

// write puts an entry into a batch.
func (e *feedEntry) write(b *pebble.Batch, seq uint64) error {
	if err := b.Set(feedKey(seq), e.encode(), nil); err != nil {
		return err
	}
	return b.Set(feedOfKey(e.number, seq), nil, nil)
}

// loadFeed finds what is kept of the feed.
func (db *DB) loadFeed() error {
	it, err := db.store.DB().NewIter(&pebble.IterOptions{LowerBound: []byte{keyFeed}, UpperBound: []byte{keyFeed + 1}})
	if err != nil {
		return fmt.Errorf("read feed: %w", err)
	}
	span := feedSpan{first: 1}
	if it.First() {
		span.first = binary.BigEndian.Uint64(it.Key()[1:])
		it.Last()
		span.last = binary.BigEndian.Uint64(it.Key()[1:])
	}
	db.view.feed = span
	db.live.feedSeq = span.last
	return it.Close()
}

// trimFeed lets go of entries older than keepFeed. The newest entry stays, so that numbers go on from it.
func (db *DB) trimFeed(now carpel.Millis) error {
	span := db.view.feed
	until := span.first
	err := db.scan(feedKey(span.first), feedKey(span.last), func(key, value []byte) (bool, error) {
		e, err := decodeFeed(value)
		if err != nil || e.at > now-carpel.Millis(keepFeed.Milliseconds()) {
			return false, err
		}
		until = binary.BigEndian.Uint64(key[1:]) + 1
		return true, nil
	})
	if err != nil || until == span.first {
		return err
	}
	b := db.store.DB().NewBatch()
	defer b.Close()
	err = b.DeleteRange(feedKey(0), feedKey(until), nil)
	for _, s := range db.view.all() {
		err = errors.Join(err, b.DeleteRange(feedOfKey(s.Number, 0), feedOfKey(s.Number, until), nil))
	}
	if err = errors.Join(err, db.store.Sync(b)); err != nil {
		return db.fail(fmt.Errorf("trim feed: %w", err))
	}
	db.view.mu.Lock()
	db.view.feed.first = until
	db.view.mu.Unlock()
	return nil
}

// cursor is a place in the feed: after so many people of the entry seq.
type cursor struct {
	seq  uint64
	done int
}

func (db *DB) formatCursor(c cursor) string { return fmt.Sprintf("%s.%d.%d", db.epoch, c.seq, c.done) }

// parseCursor reads a cursor. CodeGone for one that is behind what is kept, or of another epoch.
func (db *DB) parseCursor(s string, span feedSpan) (cursor, error) {
	switch s {
	case "":
		return cursor{seq: span.first}, nil
	case "now":
		return cursor{seq: span.last + 1}, nil
	}
	epoch, rest, _ := strings.Cut(s, ".")
	seq, done, _ := strings.Cut(rest, ".")
	n, err1 := strconv.ParseUint(seq, 10, 64)
	d, err2 := strconv.Atoi(done)
	if err1 != nil || err2 != nil || d < 0 || n > span.last+1 && epoch == db.epoch {
		return cursor{}, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/after", Message: "after is a cursor from an earlier answer"}
	}
	if epoch != db.epoch || n < span.first {
		return cursor{}, carpel.Errorf(carpel.CodeGone, "the cursor is from before what is kept; read the members anew and go on from after=now")
	}
	return cursor{n, d}, nil
}

// maxScanned bounds the entries that one read of the feed looks at.
const maxScanned = 100_000

// Changes reads the feed.
func (db *DB) Changes(ctx context.Context, q engine.ChangesQuery) ([]carpel.Change, string, error) {
	if err := db.enter(); err != nil {
		return nil, "", err
	}
	defer db.leave()
	db.view.mu.RLock()
	span := db.view.feed
	ids := make(map[uint32]string, len(db.view.byID))
	for _, s := range db.view.byID {
		ids[s.Number] = s.ID
	}
	segment := db.view.find(q.Segment)
	db.view.mu.RUnlock()
	if q.Segment != "" && segment == nil {
		return nil, "", noSegment(q.Segment)
	}
	at, err := db.parseCursor(q.After, span)
	if err == nil && q.Last > 0 {
		at, err = db.lastChanges(segment, span, q.Last)
	}
	if err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 1000
	}
	r := &feedReader{db: db, ids: ids, person: q.Person, limit: limit, at: at}
	if q.Segments != nil {
		maps.DeleteFunc(ids, func(_ uint32, id string) bool { return !slices.Contains(q.Segments, id) })
		r.only = true
	}
	if segment != nil {
		err = r.ofSegment(ctx, segment.Number, span)
	} else {
		err = r.all(ctx, span)
	}
	return r.out, db.formatCursor(r.at), err
}

// feedReader expands entries to changes.
type feedReader struct {
	db     *DB
	ids    map[uint32]string
	only   bool // of those in ids
	person string
	limit  int
	at     cursor
	out    []carpel.Change
}

func (r *feedReader) all(ctx context.Context, span feedSpan) error {
	scanned := 0
	err := r.db.scan(feedKey(r.at.seq), feedKey(span.last+1), func(key, value []byte) (bool, error) {
		scanned++
		seq := binary.BigEndian.Uint64(key[1:])
		more, err := r.entry(seq, value)
		return more && scanned < maxScanned && ctx.Err() == nil, err
	})
	if err == nil && scanned < maxScanned && len(r.out) < r.limit {
		r.at = cursor{seq: span.last + 1}
	}
	return errors.Join(err, ctx.Err())
}

func (r *feedReader) ofSegment(ctx context.Context, number uint32, span feedSpan) error {
	scanned := 0
	err := r.db.scan(feedOfKey(number, r.at.seq), feedOfKey(number, span.last+1), func(key, _ []byte) (bool, error) {
		scanned++
		seq := binary.BigEndian.Uint64(key[5:])
		value, closer, err := r.db.store.DB().Get(feedKey(seq))
		if errors.Is(err, pebble.ErrNotFound) {
			return true, nil // trimmed a moment ago
		}
		if err != nil {
			return false, fmt.Errorf("read feed: %w", err)
		}
		more, err := r.entry(seq, value)
		return more && scanned < maxScanned && ctx.Err() == nil, errors.Join(err, closer.Close())
	})
	if err == nil && scanned < maxScanned && len(r.out) < r.limit {
		r.at = cursor{seq: span.last + 1}
	}
	return errors.Join(err, ctx.Err())
}

// entry adds an entry's changes and moves the cursor. It returns false when the limit is reached.
func (r *feedReader) entry(seq uint64, value []byte) (bool, error) {
	e, err := decodeFeed(value)
	if err != nil {
		return false, err
	}
	if r.at.seq != seq {
		r.at = cursor{seq: seq}
	}
	id := r.ids[e.number]
	if id == "" && r.only {
		return true, nil
	}
	i := 0
	for slot := range e.enters.Or(e.leaves).Slots {
		if i++; i <= r.at.done {
			continue
		}
		if len(r.out) >= r.limit {
			return false, nil
		}
		r.at.done = i
		if id == "" {
			continue // of a segment that was dropped
		}
		p, err := r.db.store.Identity(e.stripe*block.Width + uint32(slot))
		if err != nil {
			return false, err
		}
		if r.person != "" && p.Key != r.person {
			continue
		}
		c := carpel.Change{Seq: r.db.formatCursor(r.at), At: e.at, Segment: id, Person: p.Key, UserID: p.UserID, Email: p.Email, Cause: e.cause, Change: "leave"}
		if e.enters.Has(slot) {
			c.Enter, c.Change = true, "enter"
		}
		r.out = append(r.out, c)
	}
	return true, nil
}
