package eval

import (
	"container/heap"
	"sort"

	"github.com/carpel/carpel"
)

// timerSteps is how many moments a timer looks through for the next change; what it has not found by then is looked for
// again when the last of them comes. A timer may be early, never late.
const timerSteps = 4096

// stretchOf is a person's events, in order of time, of which [out, in) is in the window.
type stretchOf struct {
	events  []entry
	out, in int
	*digested
}

// walk moves on in time: at every moment at which events come into the window or go out of it, it brings the tally up to
// date and calls fn, until that returns false or nothing moves any more.
func (w *window) walk(h stretchOf, t tally, fn func(at carpel.Millis) bool) {
	clock := windowClock{window: w}
	for {
		enter, leave := carpel.Never, carpel.Never
		if h.in < len(h.events) {
			enter = clock.enter(h.events[h.in].at)
		}
		if h.out < h.in {
			leave = clock.leave(h.events[h.out].at)
		}
		at := min(enter, leave)
		if at == carpel.Never {
			return
		}
		for h.in < len(h.events) && clock.enter(h.events[h.in].at) <= at {
			t.add(&h.events[h.in])
			h.in++
		}
		for h.out < h.in && clock.leave(h.events[h.out].at) <= at {
			t.remove(&h.events[h.out])
			h.out++
		}
		if !fn(at) {
			return
		}
	}
}

// change returns the first moment after now at which time alone changes the answer over a person's events; after many
// moments it returns the one that it came to. Filters are taken as they are now. The tally holds the events in the
// window; it is used up.
func (l *activityLeaf) change(h stretchOf, q ask, t tally) carpel.Millis {
	now := q.now
	if len(h.events) == 0 { // nothing moves before the digests end
		return max(h.until, now+1)
	}
	next, was, steps := h.until, t.matches(), 0
	look := func(at carpel.Millis) bool {
		if steps++; at < h.until && (steps < timerSteps || q.exact) && (at <= now || t.matches() == was) {
			return true
		}
		next = min(at, h.until)
		return false
	}
	if p, ok := t.(*periodTally); ok {
		p.walk(h, now, look)
	} else {
		l.window.walk(h, t, look)
	}
	return max(next, now+1)
}

// walk is window.walk for regularly, from a moment on: at every moment at which an event moves into the next period. For
// every number k of periods there is a place in the events, before which are those at least k periods old; the events
// of a period lie between two places.
func (t *periodTally) walk(h stretchOf, from carpel.Millis, fn func(at carpel.Millis) bool) {
	events := h.events
	if len(h.all) == 0 && len(events) < t.m.times*t.m.atLeast {
		return // too few for ever, which is what most people have
	}
	t.reset(from)
	for _, x := range h.all {
		t.include(x)
	}
	w := &periodWalk{events: events, period: t.m.period, place: make([]int, t.m.ofLast+1)}
	for k := range w.place {
		w.place[k] = sort.Search(len(events), func(i int) bool { return w.moves(i, k) > from })
		if w.place[k] < len(events) {
			w.next = append(w.next, k)
		}
		if k > 0 {
			t.put(k-1, w.place[k-1]-w.place[k])
		}
	}
	heap.Init(w)
	for len(w.next) > 0 {
		at := w.moves(w.place[w.next[0]], w.next[0])
		for len(w.next) > 0 {
			k := w.next[0]
			if w.moves(w.place[k], k) != at {
				break
			}
			t.put(k-1, -1)
			t.put(k, 1)
			if w.place[k]++; w.place[k] < len(events) {
				heap.Fix(w, 0)
			} else {
				heap.Pop(w)
			}
		}
		if !fn(at) {
			return
		}
	}
}

// periodWalk orders the places by when their next event moves; it is a heap of k's.
type periodWalk struct {
	events []entry
	period carpel.Millis
	place  []int // by k
	next   []int // the k's whose place is not at the end
}

// moves returns when an event becomes k periods old.
func (w *periodWalk) moves(i, k int) carpel.Millis {
	return w.events[i].at + carpel.Millis(k)*w.period
}

func (w *periodWalk) Len() int { return len(w.next) }
func (w *periodWalk) Less(i, j int) bool {
	a, b := w.next[i], w.next[j]
	return w.moves(w.place[a], a) < w.moves(w.place[b], b)
}
func (w *periodWalk) Swap(i, j int) { w.next[i], w.next[j] = w.next[j], w.next[i] }
func (w *periodWalk) Push(k any)    { w.next = append(w.next, k.(int)) }
func (w *periodWalk) Pop() any {
	last := len(w.next) - 1
	k := w.next[last]
	w.next = w.next[:last]
	return k
}
