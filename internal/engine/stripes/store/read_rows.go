package store

import (
	"cmp"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// TimelineQuery asks for rows of a person's timeline, newest first.
type TimelineQuery struct {
	Kind, Name string        // "" for all
	Before     carpel.Millis // rows at this moment and earlier; Never for all
	Skip       int           // of those at exactly Before
	Limit      int
}

// place is a row of somebody's timeline before its properties are read.
type place struct {
	at    carpel.Millis
	table eval.Table
	rows  *block.Rows
	row   int
}

// Timeline returns events, pages, screens and messages of a person, newest first.
func (s *Store) Timeline(ordinal uint32, q TimelineQuery) ([]carpel.Event, error) {
	st, err := s.Stripe(ordinal / block.Width)
	if err != nil {
		return nil, err
	}
	slot := uint8(ordinal % block.Width)
	var places []place
	for _, t := range st.timelineTables(q) {
		parts, err := st.parts(t)
		if err != nil {
			return nil, err
		}
		places = append(places, newest(parts, t, slot, q)...)
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(b.at, a.at) })
	skip := q.Skip
	var out []carpel.Event
	for _, p := range places {
		if p.at == q.Before && skip > 0 {
			skip--
			continue
		}
		e := eventOf(p)
		if q.Name != "" && e.Name != q.Name {
			continue
		}
		if out = append(out, e); len(out) == q.Limit {
			break
		}
	}
	return out, nil
}

// timelineTables returns the tables that a query is about, in a fixed order.
func (s *Stripe) timelineTables(q TimelineQuery) []eval.Table {
	var out []eval.Table
	if q.Kind == "" || q.Kind == "event" {
		for _, name := range s.namesOf(kindEvent) {
			if q.Name == "" || q.Name == name {
				out = append(out, eval.Table{Kind: eval.EventTable, Name: name})
			}
		}
	}
	for kind, k := range map[string]eval.TableKind{"page": eval.PageTable, "screen": eval.ScreenTable, "message": eval.MessageTable} {
		if q.Kind == "" || q.Kind == kind {
			out = append(out, eval.Table{Kind: k})
		}
	}
	slices.SortFunc(out, func(a, b eval.Table) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return out
}

// newest returns the newest rows of a slot in a table that the query may want, and perhaps some more. Most parts follow
// each other in time, and those too old to add anything are passed over; but somebody who has chunks of their own may
// have rows in the shared part as well.
func newest(parts []*part, t eval.Table, slot uint8, q TimelineQuery) []place {
	want := q.Limit + q.Skip
	if q.Name != "" && t.Kind != eval.EventTable {
		want = 1 << 30 // the name is a column: look at all
	}
	var out []place
	oldest := carpel.Never // of what is out
	for i := len(parts) - 1; i >= 0; i-- {
		if len(out) >= want && parts[i].last < oldest {
			continue
		}
		from, to := parts[i].rows.Find(slot)
		for row, n := to-1, 0; row >= from && n < want; row-- {
			if at := parts[i].rows.Time.At(row); at <= q.Before {
				out = append(out, place{at, t, parts[i].rows, row})
				oldest = min(oldest, at)
				n++
			}
		}
	}
	return out
}

func eventOf(p place) carpel.Event {
	_, at, props := p.rows.Row(p.row)
	e := carpel.Event{At: at, Properties: props}
	switch p.table.Kind {
	case eval.EventTable:
		e.Kind, e.Name = "event", p.table.Name
	case eval.PageTable:
		e.Kind, e.Name = "page", props["$name"].Text()
	case eval.ScreenTable:
		e.Kind, e.Name = "screen", props["$name"].Text()
	case eval.MessageTable:
		e.Kind, e.Name = "message", props["$action"].Text()
	}
	return e
}

// Devices returns a person's devices, the one last used first.
func (s *Store) Devices(ordinal uint32) ([]carpel.DeviceInfo, error) {
	st, err := s.Stripe(ordinal / block.Width)
	if err != nil {
		return nil, err
	}
	parts, err := st.parts(deviceTable)
	if err != nil {
		return nil, err
	}
	var out []carpel.DeviceInfo
	for _, p := range parts {
		from, to := p.rows.Find(uint8(ordinal % block.Width))
		for row := from; row < to; row++ {
			_, at, props := p.rows.Row(row)
			d := carpel.DeviceInfo{Token: props["token"].Text(), Platform: props["platform"].Text(), LastUsed: at, Properties: props}
			delete(props, "token")
			delete(props, "platform")
			delete(props, "last_used")
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b carpel.DeviceInfo) int {
		return cmp.Or(cmp.Compare(b.LastUsed, a.LastUsed), strings.Compare(a.Token, b.Token))
	})
	return out, nil
}

// JournalEntry is a resolved item, as live views show it.
type JournalEntry struct {
	Seq     uint64
	At      carpel.Millis
	Kind    carpel.ItemKind
	Name    string
	Ordinal uint32
}

// Journal returns entries of batches after seq, oldest first, at most limit and no part of a batch, and the last seq
// read. With after 0 it begins so that about the newest limit entries come.
func (s *Store) Journal(after uint64, limit int) ([]JournalEntry, uint64, error) {
	s.visible.RLock()
	defer s.visible.RUnlock()
	m := s.meta.Load()
	var out []JournalEntry
	if after == 0 {
		for seq := m.Seq; seq >= max(m.JournalFrom, 1) && len(out) < limit; seq-- {
			batch, err := s.journalBatch(seq)
			if err != nil {
				return nil, 0, err
			}
			out = append(batch, out...)
		}
		return out[max(0, len(out)-limit):], m.Seq, nil
	}
	last := after
	for seq := max(after+1, m.JournalFrom); seq <= m.Seq && len(out) < limit; seq++ {
		batch, err := s.journalBatch(seq)
		if err != nil {
			return nil, 0, err
		}
		out, last = append(out, batch...), seq
	}
	return out, last, nil
}

func (s *Store) journalBatch(seq uint64) ([]JournalEntry, error) {
	v, ok, err := s.get(journalKey(seq))
	if err != nil || !ok {
		return nil, err
	}
	entries, err := decodeJournal(v)
	out := make([]JournalEntry, len(entries))
	for i, e := range entries {
		out[i] = JournalEntry{seq, e.at, e.kind, e.name, e.ordinal}
	}
	return out, err
}
