package eval

import (
	"sync"

	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// scratch is memory that evaluations use again. Used by one goroutine at a time.
type scratch struct {
	bits     []rowBits // not in use
	table    []uint8
	spans    []slotSpan
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

// scratches lends scratch memory. Safe for concurrent use.
type scratches struct{ pool sync.Pool }

func (s *scratches) get() *scratch {
	if sc, ok := s.pool.Get().(*scratch); ok {
		return sc
	}
	return &scratch{}
}

func (s *scratches) put(sc *scratch) {
	if !sc.large {
		s.pool.Put(sc)
	}
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
