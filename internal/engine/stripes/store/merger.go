package store

import (
	"io"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// merger joins the runs of a block, and the message ids of a bucket: plain concatenation, which is associative and cannot
// fail. Many runs are folded into one when Pebble has all of them at hand.
func merger() *pebble.Merger {
	return &pebble.Merger{Name: "carpel.runs.1", Merge: func(key, value []byte) (pebble.ValueMerger, error) {
		return &runs{newer: [][]byte{append([]byte{}, value...)}, size: len(value), folds: key[0] == keyBlock}, nil
	}}
}

// runs collects operands around the one it began with.
type runs struct {
	newer [][]byte // oldest first
	older [][]byte // newest first
	size  int
	folds bool // into one run
}

// MergeNewer adds a later operand.
func (r *runs) MergeNewer(value []byte) error {
	r.newer = append(r.newer, append([]byte{}, value...))
	r.size += len(value)
	return nil
}

// MergeOlder adds an earlier operand.
func (r *runs) MergeOlder(value []byte) error {
	r.older = append(r.older, append([]byte{}, value...))
	r.size += len(value)
	return nil
}

// foldRuns is the number of operands from which they are folded: below, joining is cheaper than decoding.
const foldRuns = 4

// Finish returns the joined runs.
func (r *runs) Finish(bool) ([]byte, io.Closer, error) {
	joined := make([]byte, 0, r.size)
	for i := len(r.older) - 1; i >= 0; i-- {
		joined = append(joined, r.older[i]...)
	}
	for _, v := range r.newer {
		joined = append(joined, v...)
	}
	if r.folds && len(r.older)+len(r.newer) >= foldRuns {
		joined = block.Compact(joined)
	}
	return joined, nil, nil
}
