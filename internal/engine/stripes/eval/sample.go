package eval

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// SampleShare places a person in [0, 1) for a seed: the first eight bytes of SHA-256(seed NUL key), as a number, over
// 2^64. A sample of some percent holds those below its share, so that 20 % lies inside 30 % of the same seed.
func SampleShare(seed, key string) float64 {
	h := sha256.Sum256([]byte(seed + "\x00" + key))
	return float64(binary.BigEndian.Uint64(h[:8])) / (1 << 64)
}

// sampleLeaf is a stable random share of people.
type sampleLeaf struct {
	seed  string
	share float64
}

func (l *sampleLeaf) eval(q ask) (m block.Mask, _ carpel.Millis, _ error) {
	for slot := range q.slots.Slots {
		if l.share >= 1 || SampleShare(l.seed, q.src.Person(slot)) < l.share {
			m.Set(slot)
		}
	}
	return m, carpel.Never, nil
}

func (l *sampleLeaf) reads() reads { return reads{} }
