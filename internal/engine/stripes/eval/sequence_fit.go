package eval

import "slices"

// fitting places the events of one moment on steps, at most one event a step and one step an event.
type fitting struct {
	events []uint16 // the steps that each fits; of events that fit the same ones, no more than there are steps
	owner  []int8   // by event: the step it is placed on, -1 for none
	seen   []bool
}

// take sets the events.
func (f *fitting) take(group []happening, steps int) {
	f.events = f.events[:0]
	for _, h := range group {
		f.events = append(f.events, h.steps)
	}
	if len(group) > 1 {
		slices.Sort(f.events)
		kept, same := 0, 0
		for i, e := range f.events {
			if i > 0 && e == f.events[i-1] {
				same++
			} else {
				same = 0
			}
			if same <= steps {
				f.events[kept] = e
				kept++
			}
		}
		f.events = f.events[:kept]
	}
	f.owner = slices.Grow(f.owner[:0], len(f.events))[:len(f.events)]
	f.seen = slices.Grow(f.seen[:0], len(f.events))[:len(f.events)]
}

// run returns how many steps from the one numbered first on, n at most, can all be satisfied at once.
func (f *fitting) run(first, n int) int {
	if len(f.events) == 1 {
		return int(f.events[0] >> first & 1)
	}
	for i := range f.owner {
		f.owner[i] = -1
	}
	for done := range n {
		clear(f.seen)
		if !f.place(int8(first + done)) {
			return done
		}
	}
	return n
}

// place finds an event for a step, moving others to other events where that helps.
func (f *fitting) place(step int8) bool {
	for e, fits := range f.events {
		if fits>>step&1 == 0 || f.seen[e] {
			continue
		}
		f.seen[e] = true
		if f.owner[e] < 0 || f.place(f.owner[e]) {
			f.owner[e] = step
			return true
		}
	}
	return false
}

// takesAll reports whether every event that fits the step last can be placed on one of the n steps from first on. When
// those steps can also be satisfied, then both at once (Mendelsohn and Dulmage).
func (f *fitting) takesAll(first, n, last int) bool {
	var holds [16]int // by step: 1 + the event placed on it
	var seen uint16
	var put func(e int) bool
	put = func(e int) bool {
		for step := first; step < first+n; step++ {
			if f.events[e]>>step&1 == 0 || seen>>step&1 != 0 {
				continue
			}
			seen |= 1 << step
			if holds[step] == 0 || put(holds[step]-1) {
				holds[step] = e + 1
				return true
			}
		}
		return false
	}
	for e := range f.events {
		if seen = 0; f.events[e]>>last&1 != 0 && !put(e) {
			return false
		}
	}
	return true
}
