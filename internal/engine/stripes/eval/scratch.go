package eval

import (
	"sync"

	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// scratch is memory that evaluations use again. Used by one goroutine at a time.
type scratch struct {
	bits     []rowBits // not in use
	table    []uint8
	hist     [block.Width][]entry
	digested [block.Width]digested // beside hist
	happened [block.Width][]happening
	merged   []happening
	stepped  []stepped
	fit      fitting
	days     dayMarks
	sums     sums
	extremes extremes
	parts    []Part
	large    bool // it has grown by somebody's very many events: not worth keeping
}

// largeHistory is how many events of one person make scratch memory large.
const largeHistory = 1 << 14

// scratches are those that nobody uses, of all conditions together: there are no more than goroutines that evaluated at
// once, however many conditions there are.
var scratches = sync.Pool{New: func() any { return &scratch{} }}

// getScratch lends scratch memory, to be given back with putScratch. Safe for concurrent use.
func getScratch() *scratch { return scratches.Get().(*scratch) }

func putScratch(s *scratch) {
	if s.large {
		return
	}
	clear(s.parts) // parts that are let go of meanwhile are not held on to
	s.parts = s.parts[:0]
	scratches.Put(s)
}

// borrow returns bits for n rows, of any content; give them back with giveBack.
func (s *scratch) borrow(n int) rowBits {
	words := (n + 63) >> 6
	if last := len(s.bits) - 1; last >= 0 {
		b := s.bits[last]
		s.bits = s.bits[:last]
		if cap(b) >= words {
			return b[:words]
		}
	}
	return make(rowBits, words, max(words, 64))
}

func (s *scratch) giveBack(b rowBits) { s.bits = append(s.bits, b) }

// release gives back what pick borrowed.
func (s *scratch) release(x picked) {
	if x.bits != nil {
		s.giveBack(x.bits)
	}
}

// verdicts returns room for an answer for each of n dictionary entries, of any content. It is valid until the next call.
func (s *scratch) verdicts(n int) []uint8 {
	if cap(s.table) < n {
		s.table = make([]uint8, max(256, n))
	}
	return s.table[:n]
}
