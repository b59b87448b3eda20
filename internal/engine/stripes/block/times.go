package block

import (
	"math"
	"sort"

	"github.com/carpel/carpel"
)

// Times is moments, one a row: as distances of four bytes from the first of them when all lie within seven weeks, which
// those of a month do. Immutable once made; safe to share.
type Times struct {
	base carpel.Millis
	near []uint32 // above base
	far  []carpel.Millis
}

// makeTimes returns room for n moments in [first, last].
func makeTimes(n int, first, last carpel.Millis) Times {
	if uint64(last)-uint64(first) <= math.MaxUint32 {
		return Times{base: first, near: make([]uint32, 0, n)}
	}
	return Times{far: make([]carpel.Millis, 0, n)}
}

// timesOf returns moments that lie in [first, last].
func timesOf(all []carpel.Millis, first, last carpel.Millis) Times {
	t := makeTimes(len(all), first, last)
	for _, at := range all {
		t.add(at)
	}
	return t
}

// Len returns the number of rows.
func (t *Times) Len() int { return len(t.near) + len(t.far) }

// At returns the moment of a row.
func (t *Times) At(row int) carpel.Millis {
	if t.far != nil {
		return t.far[row]
	}
	return t.base + carpel.Millis(t.near[row])
}

// Near returns the moments as distances from a base; far the moments themselves when they are not near each other. One of
// the two has all rows.
func (t *Times) Near() (base carpel.Millis, near []uint32) { return t.base, t.near }
func (t *Times) Far() []carpel.Millis                      { return t.far }

// Append appends the moments of rows [from, to) to those of the caller.
func (t *Times) Append(to []carpel.Millis, from, end int) []carpel.Millis {
	for row := from; row < end; row++ {
		to = append(to, t.At(row))
	}
	return to
}

// Search returns the first of rows [from, to), which ascend, that is not before a moment.
func (t *Times) Search(from, to int, at carpel.Millis) int {
	if from < to && t.At(from) >= at {
		return from
	}
	for from < to {
		if mid := int(uint(from+to) >> 1); t.At(mid) < at {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return from
}

// add appends one moment, for which room was made.
func (t *Times) add(at carpel.Millis) {
	if t.far != nil {
		t.far = append(t.far, at)
	} else {
		t.near = append(t.near, uint32(at-t.base))
	}
}

// put appends rows of another one, for which room was made.
func (t *Times) put(o *Times, from, to int) {
	switch {
	case t.far != nil && o.far != nil:
		t.far = append(t.far, o.far[from:to]...)
	case t.far == nil && o.far == nil:
		up := uint32(o.base - t.base)
		if up == 0 {
			t.near = append(t.near, o.near[from:to]...)
			return
		}
		for _, at := range o.near[from:to] {
			t.near = append(t.near, at+up)
		}
	default:
		for row := from; row < to; row++ {
			t.add(o.At(row))
		}
	}
}

// size returns the bytes that the moments take in memory.
func (t *Times) size() int { return 4*len(t.near) + 8*len(t.far) }

// after returns how many of the rows [from, to), which ascend, are not after a moment. It doubles its step from the front,
// so that walking through two equally long sides stays linear.
func (t *Times) after(from, to int, at carpel.Millis) int {
	n := to - from
	if n == 0 || t.At(to-1) <= at {
		return n // newest last is how events arrive
	}
	step := 1
	for step < n && t.At(from+step-1) <= at {
		step *= 2
	}
	low := step / 2
	high := min(step, n)
	return low + sort.Search(high-low, func(i int) bool { return t.At(from+low+i) > at })
}

// unpackTimes reads n moments as packNumbers writes them.
func unpackTimes(r *reader, n int) Times {
	width, least := int(r.byte()), r.varint()
	if width > 8 {
		r.failed()
	}
	src := r.take(width * n)
	if r.bad {
		return Times{}
	}
	if width <= 4 {
		t := Times{base: carpel.Millis(least), near: make([]uint32, n)}
		unpack(t.near, src, width, 0)
		return t
	}
	t := Times{far: make([]carpel.Millis, n)}
	unpack(t.far, src, width, least)
	return t
}
