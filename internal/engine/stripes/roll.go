package stripes

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// A roll is written as its entries, in order of stripe and part:
//
//	{ stripe - the last entry's stripe : uvarint  part : uvarint  mask:32 (four words, little endian) }
//
// Ordinals are never used again, so that a roll means the same people for ever.
type rollEntry struct {
	stripe uint32
	part   int
	mask   block.Mask
}

func encodeRoll(entries []rollEntry) []byte {
	b := make([]byte, 0, 36*len(entries))
	last := uint32(0)
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.stripe-last))
		b = binary.AppendUvarint(b, uint64(e.part))
		for _, w := range e.mask {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
		last = e.stripe
	}
	return b
}

var errRoll = errors.New("read roll: it is damaged")

func decodeRoll(b []byte) ([]rollEntry, error) {
	var out []rollEntry
	stripe := uint64(0)
	for len(b) > 0 {
		step, n := binary.Uvarint(b)
		if n <= 0 || step > 1<<32 {
			return nil, errRoll
		}
		part, m := binary.Uvarint(b[n:])
		if stripe += step; m <= 0 || part > 1<<16 || stripe > 1<<32/block.Width || len(b) < n+m+32 {
			return nil, errRoll
		}
		e := rollEntry{stripe: uint32(stripe), part: int(part)}
		for i := range e.mask {
			e.mask[i] = binary.LittleEndian.Uint64(b[n+m+8*i:])
		}
		out, b = append(out, e), b[n+m+32:]
	}
	return out, nil
}

// Freeze finds who matches a condition.
func (db *DB) Freeze(ctx context.Context, q engine.FreezeQuery) (*engine.Roll, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	now, asked := db.now(), append([]carpel.Condition{q.Condition}, q.Parts...)
	queries := make([]*eval.Query, len(asked))
	for i, c := range asked {
		if err := db.checkAsked(c); err != nil {
			return nil, err
		}
		var err error
		if queries[i], err = eval.CompileQuery(c, db.zone(), fresh); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var entries []rollEntry // guarded by mu
	err := db.walk(ctx, func() func(*source) error {
		evaluations := make([]*eval.Evaluation, len(queries))
		for i, query := range queries {
			evaluations[i] = query.Evaluation(now)
		}
		return func(src *source) error {
			of, err := rollOf(src, evaluations)
			mu.Lock()
			defer mu.Unlock()
			entries = append(entries, of...)
			return err
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(entries, func(a, b rollEntry) int {
		if a.stripe != b.stripe {
			return int(a.stripe) - int(b.stripe)
		}
		return a.part - b.part
	})
	out := &engine.Roll{AsOf: now, Counts: make([]int64, len(asked)), People: encodeRoll(entries)}
	for _, e := range entries {
		out.Counts[e.part] += int64(e.mask.Count())
	}
	return out, nil
}

// rollOf finds who of a stripe matches the first evaluation, by the first of the others that matches them.
func rollOf(src *source, evaluations []*eval.Evaluation) (out []rollEntry, err error) {
	left, err := evaluations[0].Matched(src)
	if err != nil {
		return nil, err
	}
	for i, part := range evaluations[1:] {
		m, err := part.Among(src, left)
		if err != nil {
			return nil, err
		}
		if !m.IsEmpty() {
			out = append(out, rollEntry{src.Number(), i + 1, m})
		}
		left = left.AndNot(m)
	}
	if !left.IsEmpty() {
		out = append(out, rollEntry{src.Number(), 0, left})
	}
	return out, nil
}

// ReadRoll reads a page of a roll.
func (db *DB) ReadRoll(ctx context.Context, q engine.RollQuery) (*engine.RollPage, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	entries, err := decodeRoll(q.People)
	if err != nil {
		return nil, err
	}
	place, err := decodePlace(q.After)
	if err != nil {
		return nil, err
	}
	from := uint64(0) // how many people of the roll are passed over
	if place != "" {
		if from, err = strconv.ParseUint(place, 10, 64); err != nil {
			return nil, badCursor()
		}
	}
	out, at := &engine.RollPage{}, uint64(0)
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		size := uint64(e.mask.Count())
		if at+size <= from {
			at += size
			continue
		}
		src, err := db.committed(e.stripe)
		if err != nil {
			return nil, err
		}
		var values *block.Values
		if q.Attribute != "" {
			if values, err = src.Attribute(q.Attribute); err != nil {
				return nil, err
			}
		}
		for slot := range e.mask.Slots {
			if at++; at <= from {
				continue
			}
			if len(out.People)+out.Gone >= max(q.Limit, 1) {
				out.Next = encodePlace(strconv.FormatUint(at-1, 10))
				return out, nil
			}
			key := src.Stripe.Person(slot)
			if people := src.People(); !people.Has(slot) || key == "" {
				out.Gone++
				continue
			}
			p := engine.OnRoll{Person: key, Part: e.part}
			if values != nil {
				p.Value = values.Value(slot)
			}
			out.People = append(out.People, p)
		}
	}
	return out, nil
}
