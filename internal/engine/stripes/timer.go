package stripes

import (
	"container/heap"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
)

// timers hold, for every stripe, the moment at which it must be evaluated at the latest because time passes. A timer may
// be early, never late: it is written, with the batch that brought it about, only when it is earlier than the stored one
// or when that has fired.
type timers struct {
	at   []carpel.Millis // by stripe; Never when nothing is due
	heap timerHeap       // may hold entries that are out of date: those whose moment is not the stripe's any more
}

type timerEntry struct {
	at     carpel.Millis
	stripe uint32
}

type timerHeap []timerEntry

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h timerHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)        { *h = append(*h, x.(timerEntry)) }
func (h *timerHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// of returns a stripe's timer.
func (t *timers) of(stripe uint32) carpel.Millis {
	if int(stripe) >= len(t.at) {
		return carpel.Never
	}
	return t.at[stripe]
}

// set sets a stripe's timer.
func (t *timers) set(stripe uint32, at carpel.Millis) {
	for int(stripe) >= len(t.at) {
		t.at = append(t.at, carpel.Never)
	}
	t.at[stripe] = at
	if at != carpel.Never {
		heap.Push(&t.heap, timerEntry{at, stripe})
	}
	if len(t.heap) > 4*len(t.at)+64 {
		t.rebuild()
	}
}

// rebuild makes the heap anew from what is in force, so that what is out of date takes no more than three times that.
func (t *timers) rebuild() {
	t.heap = t.heap[:0]
	for stripe, at := range t.at {
		if at != carpel.Never {
			t.heap = append(t.heap, timerEntry{at, uint32(stripe)})
		}
	}
	heap.Init(&t.heap)
}

// next returns the earliest timer; Never when there is none.
func (t *timers) next() carpel.Millis {
	for len(t.heap) > 0 && t.of(t.heap[0].stripe) != t.heap[0].at {
		heap.Pop(&t.heap)
	}
	if len(t.heap) == 0 {
		return carpel.Never
	}
	return t.heap[0].at
}

// due returns at most limit stripes that are due, the longest first. Their timers stay until they are set anew.
func (t *timers) due(now carpel.Millis, limit int) []uint32 {
	var out []uint32
	var taken []timerEntry
	seen := map[uint32]bool{} // the same moment may have been set twice
	for len(out) < limit && t.next() <= now {
		e := heap.Pop(&t.heap).(timerEntry)
		if seen[e.stripe] {
			continue
		}
		seen[e.stripe] = true
		out, taken = append(out, e.stripe), append(taken, e)
	}
	for _, e := range taken {
		heap.Push(&t.heap, e)
	}
	return out
}

// loadTimers reads the timers of all stripes.
func (db *DB) loadTimers() error {
	return db.scan([]byte{keyTimer}, []byte{keyTimer + 1}, func(key, value []byte) (bool, error) {
		if len(key) != 5 || len(value) != 8 {
			return false, errors.New("read timers: a damaged entry")
		}
		db.live.timers.set(binary.BigEndian.Uint32(key[1:]), carpel.Millis(binary.BigEndian.Uint64(value)))
		return true, nil
	})
}

func writeTimer(b *pebble.Batch, stripe uint32, at carpel.Millis) error {
	if at == carpel.Never {
		return b.Delete(timerKey(stripe), nil)
	}
	return b.Set(timerKey(stripe), binary.BigEndian.AppendUint64(nil, uint64(at)), nil)
}

// NextDue returns when there is work again without anybody's call: time changes something, what was erased is purged from
// disk, or, at once, a segment is built. Never when there is none.
func (db *DB) NextDue() carpel.Millis {
	if err := db.lock(db.ctx); err != nil {
		return carpel.Never
	}
	defer db.unlock()
	if db.builds() {
		return db.engineNow()
	}
	return min(db.live.timers.next(), db.purgeDue())
}
