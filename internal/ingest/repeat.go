package ingest

import (
	"hash/maphash"
	"sync"

	"github.com/carpel/carpel"
)

// repeats remembers what items with a message id said, so that the same id with other content does not pass in
// silence: the first counts, and the second is listed. It holds the last hundred thousand or so, in memory alone; the
// engine knows every id for ever, but not what it came with. Safe for concurrent use.
type repeats struct {
	seed maphash.Seed
	mu   sync.Mutex
	seen []seenItem // guarded by mu; at the place that the id's hash gives
}

// seenItem is one item that was seen: hashes of its id and of what it said.
type seenItem struct{ id, content uint64 }

const repeatsKept = 1 << 17

func newRepeats() *repeats {
	return &repeats{seed: maphash.MakeSeed(), seen: make([]seenItem, repeatsKept)}
}

// Content gives an item the hash of what it says: its text without the field named, which a sender that tries again
// may change (the time of sending). The item's message id must be set before.
func (in *Intake) Content(it *Item, n Node, without string) {
	if it.MessageID == "" {
		return
	}
	var h maphash.Hash
	h.SetSeed(in.repeats.seed)
	for key, v := range n.Fields() {
		if string(key) != without {
			h.Write(key)
			h.Write(v.Raw())
		}
	}
	it.content = h.Sum64()
}

// note remembers items that were taken, and warns of those that repeat an id with other content.
func (r *repeats) note(b *Batch, items []*Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range items {
		if it.MessageID == "" || it.content == 0 || it.Refused != nil {
			continue
		}
		id := maphash.String(r.seed, b.Workspace) ^ maphash.String(r.seed, it.MessageID)
		slot := &r.seen[id%repeatsKept]
		switch {
		case slot.id == id && slot.content != it.content && it.Repeated:
			it.Warnf(carpel.CodeRepeated, b.MessageField, "the message id came before with other content; the first counts")
		case slot.id != id && !it.Repeated:
			*slot = seenItem{id, it.content}
		}
	}
}
