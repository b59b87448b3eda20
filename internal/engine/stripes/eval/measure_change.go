package eval

import (
	"cmp"
	"slices"

	"github.com/carpel/carpel"
)

// timerSteps is how many moments a timer looks through for the next change; what it has not found by then is checked
// when the last of them comes. A timer may be early, never late.
const timerSteps = 4096

// change returns the first moment after now at which time alone changes the answer over a person's events, which are
// in order of time; after so many steps it returns the moment that it came to. Filters are taken as they are now. The
// tally holds the first in of the events, which are all those in the window; it is used up.
func (l *activityLeaf) change(h []entry, in int, now carpel.Millis, t tally, steps int) carpel.Millis {
	if p, ok := t.(*periodTally); ok {
		return p.change(h, now, steps)
	}
	was := t.matches()
	out := 0 // h[out:in] is in the window
	for range steps {
		enter, leave := carpel.Never, carpel.Never
		if in < len(h) {
			enter = l.window.enter(h[in].at)
		}
		if out < in {
			leave = l.window.leave(h[out].at)
		}
		at := min(enter, leave)
		if at == carpel.Never {
			return at
		}
		for in < len(h) && l.window.enter(h[in].at) <= at {
			t.add(&h[in])
			in++
		}
		for out < in && l.window.leave(h[out].at) <= at {
			t.remove(&h[out])
			out++
		}
		if at > now && t.matches() != was {
			return at
		}
		now = max(now, at)
	}
	return now + 1
}

// change is activityLeaf.change for regularly: events move from period to period.
func (t *periodTally) change(h []entry, now carpel.Millis, steps int) carpel.Millis {
	t.reset(now)
	for i := range h {
		t.add(&h[i])
	}
	was := t.matches()
	// Within one period's time each event passes into the next one once, in this order.
	order := make([]int, len(h))
	step := func(at carpel.Millis) carpel.Millis { // how long after now it next passes, at most a period
		if at > now {
			return (at-now-1)%t.m.period + 1
		}
		return t.m.period - (now-at)%t.m.period
	}
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(step(h[a].at), step(h[b].at)) })
	if len(h) == 0 {
		return carpel.Never
	}
	last := h[len(h)-1].at + t.m.period*carpel.Millis(t.m.ofLast) // when nothing is left
	for done, round := 0, carpel.Millis(0); ; round += t.m.period {
		for i := 0; i < len(order); {
			at := now + round + step(h[order[i]].at)
			if at > last {
				return carpel.Never
			}
			for ; i < len(order) && now+round+step(h[order[i]].at) == at; i++ {
				e := h[order[i]].at
				if e <= at {
					to := int((at - e) / t.m.period)
					t.put(to-1, -1)
					t.put(to, 1)
				}
				done++
			}
			if t.matches() != was || done >= steps {
				return at
			}
		}
	}
}
