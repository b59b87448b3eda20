package eval

import "github.com/carpel/carpel"

// moments yields a person's events moment by moment.
func moments(h []happening, yield func(at carpel.Millis, group []happening)) {
	for i := 0; i < len(h); {
		end := i + 1
		for end < len(h) && h[end].at == h[i].at {
			end++
		}
		yield(h[i].at, h[i:end])
		i = end
	}
}

// choice returns the moments of the steps in a choice of events that begins and ends as the chain does. Of the events
// between, the first that fit are taken.
func (l *sequenceLeaf) choice(h []happening, c chain) []carpel.Millis {
	// How the first so many steps were first done: at which moment, and how many of them before it.
	type done struct {
		is     bool
		at     carpel.Millis
		before int
	}
	var by [carpel.MaxSequenceSteps + 1]done
	by[0].is = true
	var f fitting
	moments(h, func(at carpel.Millis, group []happening) {
		if at < c.start || at > c.end {
			return
		}
		f.take(group, l.steps)
		for before := l.steps - 1; before >= 0; before-- { // what is done at this moment does not count for others of it
			if !by[before].is {
				continue
			}
			for n := f.run(before, l.steps-before); n > 0; n-- {
				if to := before + n; !by[to].is && (to < l.steps || at == c.end) {
					by[to] = done{true, at, before}
				}
			}
		}
	})
	out := make([]carpel.Millis, l.steps)
	for to := l.steps; to > 0; to = by[to].before {
		for i := by[to].before; i < to; i++ {
			out[i] = by[to].at
		}
	}
	return out
}
