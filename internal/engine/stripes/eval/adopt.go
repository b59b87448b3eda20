package eval

import (
	"math"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Adopt takes over what is known of a stripe under another program: leaves of the same condition keep their answers,
// all others are due at once. The new state is right after the next [Program.Update]. The programs must be of the same
// time zone.
func (p *Program) Adopt(old *Program, st *State) *State {
	out := &State{Masks: make([]block.Mask, len(p.nodes)), Next: make([]carpel.Millis, len(p.nodes)), people: st.people, due: math.MinInt64, all: true}
	for i := range out.Next {
		out.Next[i] = carpel.Never
	}
	for key, i := range p.leaf {
		out.Next[i] = math.MinInt64
		from, ok := old.leaf[key]
		if _, refers := p.nodes[i].leaf.(segmentLeaf); ok && !refers {
			out.Masks[i], out.Next[i] = st.Masks[from], st.Next[from]
		}
	}
	return out
}
