package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// A table in a stripe lies in buckets of time and, within a bucket, in a shared part and chunks of heavy people.
//
// It begins with one bucket for all time, number 0. Past SplitRows rows (512) the rows move to a bucket a month, so
// that a window reads, and a write copies, only its own months: bucket 1 is everything before 2000, 2 is January 2000
// and so on, and the last one is everything from the month after 2099 on. Past HeavyRows rows (4,096) in a shared part
// whoever has more than an eighth of that in it moves to chunks of their own of at most HeavyRows rows, cut by time;
// from then on their rows in that bucket go to the chunk that covers their time. A chunk that grows past the bound is
// cut in two. A shared part of many people with some rows each may grow to eight times the bound.

const (
	bucketAll    = 0
	bucketBefore = 1
	bucketAfter  = 2 + 12*100
)

// bucketOf returns the month's bucket of a moment.
func bucketOf(at carpel.Millis) uint16 {
	y, m, _ := at.Time().Date()
	switch n := (y-2000)*12 + int(m) - 1; {
	case n < 0:
		return bucketBefore
	case n >= 12*100:
		return bucketAfter
	default:
		return uint16(2 + n)
	}
}

// bucketStart returns the first moment of a month's bucket.
func bucketStart(bucket uint16) carpel.Millis {
	return carpel.MillisOf(time.Date(2000, time.Month(int(bucket)-1), 1, 0, 0, 0, 0, time.UTC))
}

// byBucket cuts rows into months.
func byBucket(r *block.Rows) map[uint16]*block.Rows {
	first, last, ok := r.Span()
	if !ok {
		return nil
	}
	from, to := bucketOf(first), bucketOf(last)
	var bounds []carpel.Millis
	for b := from + 1; b <= to; b++ {
		bounds = append(bounds, bucketStart(b))
	}
	out := map[uint16]*block.Rows{}
	for i, rows := range r.SplitByTime(bounds) {
		if rows.Len() > 0 {
			out[from+uint16(i)] = rows
		}
	}
	return out
}

// together is how many rows of a chunk are looked at together where not all are; see [eval.NewMemo].
func (o *Options) together() int { return o.HeavyRows / 16 }

// insert adds rows, splitting what has grown too large. base names the table's stripe.
func (t *table) insert(base blockKey, r *block.Rows) {
	all := base
	all.bucket = bucketAll
	unsplit := t.find(all)
	if len(t.parts) == 0 || unsplit != nil {
		if unsplit.len()+r.Len() <= t.options.SplitRows {
			t.join(all, r)
			return
		}
		if unsplit != nil {
			t.set(all, nil)
			t.insertMonths(base, unsplit.whole())
		}
	}
	t.insertMonths(base, r)
}

func (t *table) insertMonths(base blockKey, r *block.Rows) {
	if r.Len() == 1 {
		base.bucket = bucketOf(r.Time.At(0))
		t.insertBucket(base, r)
		return
	}
	for bucket, rows := range byBucket(r) {
		k := base
		k.bucket = bucket
		t.insertBucket(k, rows)
	}
}

// insertBucket adds rows of one bucket: those of heavy people to their chunks, the rest to the shared part.
func (t *table) insertBucket(k blockKey, r *block.Rows) {
	// Pieces keep a part below the most rows that there can be, also before it is split. Whoever a piece makes heavy is
	// so for the next one.
	for from := 0; from < r.Len(); from += t.options.HeavyRows {
		piece := r.Slice(from, min(from+t.options.HeavyRows, r.Len()))
		var heavy block.Mask
		for _, slot := range piece.Slots {
			if t.chunks(k, slot) != nil {
				heavy.Set(slot)
				t.insertHeavy(k, slot, piece.Only(slot))
			}
		}
		if shared := piece.Without(heavy); shared.Len() > 0 {
			t.join(k, shared)
			t.lighten(k)
		}
	}
}

// chunks returns a heavy person's chunks in a bucket, in order of time; nil for somebody who is not heavy there.
func (t *table) chunks(k blockKey, slot uint8) []*part {
	var out []*part
	for _, p := range t.parts {
		if p.key.bucket == k.bucket && p.key.heavy == uint16(slot)+1 {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *part) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.key.chunk, b.key.chunk))
	})
	return out
}

// insertHeavy adds a heavy person's rows to the chunks that cover their times.
func (t *table) insertHeavy(k blockKey, slot uint8, r *block.Rows) {
	k.heavy = uint16(slot) + 1
	chunks := t.chunks(k, slot)
	if len(chunks) == 0 {
		k.chunk = 0
		t.cut(k, r)
		return
	}
	var bounds []carpel.Millis
	for _, c := range chunks[1:] {
		bounds = append(bounds, c.first)
	}
	for i, rows := range r.SplitByTime(bounds) {
		if rows.Len() == 0 {
			continue
		}
		c := chunks[i]
		if c.len()+rows.Len() <= t.options.HeavyRows {
			t.join(c.key, rows)
			continue
		}
		if first, _, _ := rows.Span(); i == len(chunks)-1 && first >= c.last {
			t.cut(t.unused(c.key), rows) // a full chunk is not touched again by what follows it
			continue
		}
		t.cut(c.key, c.whole().Insert(rows))
	}
}

// cut stores one person's rows, in order of time, as a chunk and as many more as they need.
func (t *table) cut(k blockKey, r *block.Rows) {
	// Pieces that are not full leave room for what comes late; those at the end grow.
	step := max(t.options.HeavyRows*3/4, 1)
	for from := 0; from < r.Len(); from += step {
		t.set(k, r.Slice(from, min(from+step, r.Len())))
		k = t.unused(k)
	}
}

// unused is the key of one more chunk of a person.
func (t *table) unused(k blockKey) blockKey {
	for _, p := range t.parts {
		if p.key.bucket == k.bucket && p.key.heavy == k.heavy {
			k.chunk = max(k.chunk, p.key.chunk+1)
		}
	}
	return k
}

// lighten moves the people with most rows out of a shared part that has grown too large.
func (t *table) lighten(k blockKey) {
	for p := t.find(k); p.len() > t.options.HeavyRows; p = t.find(k) {
		r := p.whole()
		most, count := uint8(0), 0
		for i, slot := range r.Slots {
			if n := int(r.Starts[i+1]) - int(r.Starts[i]); n > count {
				most, count = slot, n
			}
		}
		if count <= t.options.HeavyRows/8 && r.Len() <= 8*t.options.HeavyRows {
			return // many people with some rows each: nobody to move
		}
		var mask block.Mask
		mask.Set(most)
		only := r.Only(most)
		t.set(k, r.Without(mask))
		t.insertHeavy(k, most, only)
	}
}
