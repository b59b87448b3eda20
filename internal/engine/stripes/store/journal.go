package store

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// journalEntry is one resolved item of the journal.
//
//	batch = now:varint { kind:1 ordinal:uvarint at:varint length:uvarint name }
type journalEntry struct {
	kind    carpel.ItemKind
	ordinal uint32
	at      carpel.Millis
	name    string
}

// note puts the item at hand into the journal.
func (a *application) note(ordinal uint32) {
	name := strings.TrimSpace(a.it.Name)
	if a.it.Message != nil {
		name = a.it.Message.Action
	}
	a.Tx.journal = append(a.Tx.journal, journalEntry{a.it.Kind, ordinal, a.it.At, name})
}

// keepBatches is how many batches the journal keeps.
const keepBatches = 100_000

func (t *Tx) writeJournal() error {
	b := binary.AppendVarint(nil, int64(t.now))
	for _, e := range t.journal {
		b = append(b, byte(e.kind))
		b = binary.AppendUvarint(b, uint64(e.ordinal))
		b = binary.AppendVarint(b, int64(e.at))
		b = binary.AppendUvarint(b, uint64(len(e.name)))
		b = append(b, e.name...)
	}
	if err := t.batch.Set(journalKey(t.meta.Seq), b, nil); err != nil {
		return err
	}
	// A range is deleted for many batches at once: a range tombstone a batch would slow every read.
	if t.meta.Seq > t.meta.JournalFrom+keepBatches+keepBatches/10 {
		from := t.meta.JournalFrom
		t.meta.JournalFrom = t.meta.Seq - keepBatches
		return t.batch.DeleteRange(journalKey(from), journalKey(t.meta.JournalFrom), nil)
	}
	return nil
}

var errJournal = errors.New("read journal: a damaged batch")

func decodeJournal(b []byte) ([]journalEntry, error) {
	_, n := binary.Varint(b)
	if n <= 0 {
		return nil, errJournal
	}
	b = b[n:]
	var out []journalEntry
	for len(b) > 0 {
		e := journalEntry{kind: carpel.ItemKind(b[0])}
		b = b[1:]
		ordinal, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, errJournal
		}
		b = b[n:]
		at, n := binary.Varint(b)
		if n <= 0 {
			return nil, errJournal
		}
		b = b[n:]
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return nil, errJournal
		}
		b = b[n:]
		e.ordinal, e.at, e.name = uint32(ordinal), carpel.Millis(at), string(b[:length])
		b = b[length:]
		out = append(out, e)
	}
	return out, nil
}

// slotOf returns the stripe and slot of an ordinal.
func slotOf(ordinal uint32) (stripe uint32, slot uint8) {
	return ordinal / block.Width, uint8(ordinal % block.Width)
}
