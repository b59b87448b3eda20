package stripes

import (
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// live is what the writer evaluates with: the program of all live definitions, its state in each stripe, and the
// timers. The writer's alone.
//
// A state is what the program knows of one stripe: who matches each condition, and when time alone would next change
// it. States are made when a stripe is first touched and let go of beyond a bound; a stripe's timer is kept whether
// its state is in memory or not.
type live struct {
	program *eval.Program
	roots   []*segment // by root of the program
	states  []stripeState
	bytes   int64 // of states, about; the budget counts them as well
	budget  *store.Budget
	hand    int // where the next state is let go of
	timers  timers
	build   *build // the one under way; nil for none
	feedSeq uint64 // of the last feed entry
	numbers uint32 // the number that the next segment gets
	now     carpel.Millis
	dueCost time.Duration // of a stripe that was due, in the last round of the background, without the sync
}

// maxDue is how many stripes that are due by time a round of the background evaluates at most, and leastDue how many it does
// however long they take: what syncing costs must not be paid too often.
const (
	maxDue   = 256
	leastDue = 16
)

// dueChunk is how many stripes that are due a round evaluates so that it takes no longer than roundTime.
func (l *live) dueChunk() int {
	if l.dueCost <= 0 {
		return maxDue
	}
	return min(max(int(roundTime/l.dueCost), leastDue), maxDue)
}

// stripeState is the state of a stripe under the program it was made for; nil when it is not in memory.
type stripeState struct {
	program *eval.Program
	state   *eval.State
}

// compile makes the program of the definitions that serve. States of the program before are taken over, condition by
// condition, when their stripe is next touched.
func (l *live) compile(db *DB) error {
	v := &db.view
	var roots []eval.Root
	index := map[*segment]int{}
	l.roots = nil
	for _, s := range v.all() {
		if s.evaluated() {
			index[s] = len(roots)
			roots = append(roots, eval.Root{ID: s.ID, Condition: s.served})
			l.roots = append(l.roots, s)
		}
	}
	var err error
	l.program, err = eval.Compile(roots, db.zone(), func(ref string) int {
		if s := v.find(ref); s != nil {
			if i, ok := index[s]; ok {
				return i
			}
		}
		return -1
	})
	db.program.Store(l.program)
	return err
}

// stateOf returns a stripe's state, taken over from an older program if need be; nil when it is not in memory.
func (l *live) stateOf(stripe uint32) *eval.State {
	if int(stripe) >= len(l.states) {
		return nil
	}
	st := l.states[stripe]
	if st.state == nil || st.program == l.program {
		return st.state
	}
	return l.program.Adopt(st.program, st.state)
}

// keep stores a stripe's state, and lets go of others beyond the bound.
func (l *live) keep(stripe uint32, st *eval.State, bound int64) {
	for int(stripe) >= len(l.states) {
		l.states = append(l.states, stripeState{})
	}
	l.drop(int(stripe))
	l.states[stripe] = stripeState{l.program, st}
	l.count(st.Size())
	for range len(l.states) {
		if l.bytes <= bound {
			return
		}
		l.hand = (l.hand + 1) % len(l.states)
		if l.hand != int(stripe) {
			l.drop(l.hand)
		}
	}
}

func (l *live) drop(stripe int) {
	if stripe < len(l.states) && l.states[stripe].state != nil {
		l.count(-l.states[stripe].state.Size())
		l.states[stripe] = stripeState{}
	}
}

// dropAll lets go of every state.
func (l *live) dropAll() {
	l.count(-l.bytes)
	l.states = nil
}

// count adds to the bytes of the states.
func (l *live) count(bytes int64) {
	l.bytes += bytes
	l.budget.Note(bytes)
}
