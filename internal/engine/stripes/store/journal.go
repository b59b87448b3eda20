package store

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// The journal keeps what the last batches resolved, for live views; evaluation needs none of it, since it is part of the
// commit.
//
//	batch = now:varint before:uvarint { kind:1 ordinal:uvarint at:varint length:uvarint name }
//
// before is how many items all earlier batches held.

// journalEntry is one resolved item of the journal.
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

// The journal keeps about the last keepJournal items; it is cut every cutJournal batches, and whenever so many items more
// are in it, because a range tombstone a batch would slow every read.
const (
	keepJournal = 100_000
	cutJournal  = 256
)

func (t *Tx) writeJournal() error {
	b := binary.AppendVarint(nil, int64(t.now))
	b = binary.AppendUvarint(b, t.meta.Journalled)
	before := t.meta.Journalled
	t.meta.Journalled += uint64(len(t.journal))
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
	if t.meta.Seq%cutJournal != 0 && before/keepJournal == t.meta.Journalled/keepJournal {
		return nil
	}
	from, until := t.meta.JournalFrom, t.meta.JournalFrom
	for ; until < t.meta.Seq; until++ {
		v, ok, err := t.store.get(journalKey(until))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		before, err := journalledBefore(v)
		if err != nil {
			return err
		}
		if before+keepJournal >= t.meta.Journalled {
			break
		}
	}
	if t.meta.JournalFrom = until; from == until {
		return nil
	}
	return t.batch.DeleteRange(journalKey(from), journalKey(until), nil)
}

// journalledBefore reads how many items came before a batch.
func journalledBefore(b []byte) (uint64, error) {
	_, n := binary.Varint(b)
	if n <= 0 {
		return 0, errJournal
	}
	before, n := binary.Uvarint(b[n:])
	if n <= 0 {
		return 0, errJournal
	}
	return before, nil
}

var errJournal = errors.New("read journal: a damaged batch")

func decodeJournal(b []byte) ([]journalEntry, error) {
	_, n := binary.Varint(b)
	if n <= 0 {
		return nil, errJournal
	}
	b = b[n:]
	if _, n = binary.Uvarint(b); n <= 0 {
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
