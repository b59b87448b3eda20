package eval

import (
	"cmp"
	"slices"
	"sort"

	"github.com/carpel/carpel"
)

// truth is an answer at a moment. Unknown is for attributes before their last change.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// not turns an answer round.
func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// line is an answer over time: each piece holds from its moment on until the next one's, the first from ever. Pieces
// ascend, and neighbours differ.
type line []piece

type piece struct {
	from carpel.Millis
	is   truth
}

// always is the line that never changes.
func always(is truth) line { return line{{minMillis, is}} }

// add puts a piece at the end; one at the same moment as the last replaces it.
func (l line) add(from carpel.Millis, is truth) line {
	if n := len(l); n > 0 && l[n-1].from == from {
		l = l[:n-1]
	}
	if n := len(l); n > 0 && l[n-1].is == is {
		return l
	}
	return append(l, piece{from, is})
}

// at returns which piece holds at a moment.
func (l line) at(t carpel.Millis) int {
	return sort.Search(len(l), func(i int) bool { return l[i].from > t }) - 1
}

// next returns when the answer next changes after a moment; Never when it does not.
func (l line) next(t carpel.Millis) carpel.Millis {
	if i := l.at(t) + 1; i < len(l) {
		return l[i].from
	}
	return carpel.Never
}

// not turns a line round.
func (l line) not() line {
	out := make(line, len(l))
	for i, p := range l {
		out[i] = piece{p.from, p.is.not()}
	}
	return out
}

// cut adds to out what l says from a moment on.
func (l line) cut(out line, from carpel.Millis) line {
	i := l.at(from)
	out = out.add(from, l[i].is)
	for _, p := range l[i+1:] {
		out = out.add(p.from, p.is)
	}
	return out
}

// before drops what l says from a moment on.
func (l line) before(end carpel.Millis) line {
	for len(l) > 0 && l[len(l)-1].from >= end {
		l = l[:len(l)-1]
	}
	return l
}

// stretch is the moments [from, to).
type stretch struct{ from, to carpel.Millis }

// within is the line that is yes in some stretches, which may overlap and stand in any order.
func within(stretches []stretch) line {
	slices.SortFunc(stretches, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	out := always(no)
	end := minMillis
	for _, s := range stretches {
		if s.from >= s.to {
			continue
		}
		if s.from > end && end > minMillis && end < carpel.Never {
			out = out.add(end, no)
		}
		out = out.add(s.from, yes)
		end = max(end, s.to)
	}
	if end > minMillis && end < carpel.Never {
		out = out.add(end, no)
	}
	return out
}

// stretches returns where a line is yes.
func (l line) stretches() (out []stretch) {
	for i, p := range l {
		if p.is == yes {
			to := carpel.Never
			if i+1 < len(l) {
				to = l[i+1].from
			}
			out = append(out, stretch{p.from, to})
		}
	}
	return out
}

// together combines lines: an unknown answer matters only when the others leave it open.
func together(op combination, lines []line) line {
	if len(lines) == 1 {
		if op == combineNone {
			return lines[0].not()
		}
		return lines[0]
	}
	type change struct {
		at       carpel.Millis
		from, to truth
	}
	var n [3]int
	var changes []change
	for _, l := range lines {
		n[l[0].is]++
		for i, p := range l[1:] {
			changes = append(changes, change{p.from, l[i].is, p.is})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	answer := func() truth {
		open, closed := yes, no // all: every one; one that is not ends it
		ends := n[no] > 0
		if op != combineAll && op != combineSame {
			open, closed, ends = no, yes, n[yes] > 0
		}
		is := open
		switch {
		case ends:
			is = closed
		case n[unknown] > 0:
			is = unknown
		}
		if op == combineNone {
			return is.not()
		}
		return is
	}
	out := always(answer())
	for i, c := range changes {
		n[c.from]--
		n[c.to]++
		if i+1 == len(changes) || changes[i+1].at != c.at {
			out = out.add(c.at, answer())
		}
	}
	return out
}
