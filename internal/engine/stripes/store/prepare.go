package store

import (
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Prepared is what a merge will do to the chunks of somebody heavy, worked out beside the writer, which then only has to
// look whether all is as it was. What is not, and what lies in blocks that people share, the writer moves itself. Immutable
// once made.
type Prepared struct {
	primary, secondary uint32
	moves              map[uint32][]chunkMove // by the number of the table's name
	view               *Stripe
}

// chunkMove is the chunks of two people in one bucket of a table: those that move, those of the primary as they were, and
// those that are new or take the place of these.
type chunkMove struct {
	bucket   uint16
	from, to []*part
	result   []*part
	data     [][]byte // what is written of each result
}

// Prepare works out what merging other into person does; nil when there is nothing worth it. Safe for concurrent use.
func (s *Store) Prepare(person, other carpel.PersonRef) (*Prepared, error) {
	primary, ok, err := s.Resolve(person)
	if err != nil || !ok {
		return nil, err
	}
	secondary, ok, err := s.Resolve(other)
	if err != nil || !ok || primary == secondary {
		return nil, err
	}
	from, err := s.Stripe(secondary / block.Width)
	if err != nil {
		return nil, err
	}
	to, err := s.Stripe(primary / block.Width)
	if err != nil {
		return nil, err
	}
	p := &Prepared{primary: primary, secondary: secondary, moves: map[uint32][]chunkMove{}, view: to}
	to.ahead = map[entryKey]*entry{}
	for _, n := range from.head.directory {
		if s.names.of(n).kind < kindValues {
			if err := p.table(s, n, from, to); err != nil {
				return nil, err
			}
		}
	}
	if len(p.moves) == 0 {
		return nil, nil
	}
	return p, nil
}

// table prepares the chunks of one table.
func (p *Prepared) table(s *Store, name uint32, from, to *Stripe) error {
	slot, of := uint8(p.primary%block.Width), uint8(p.secondary%block.Width)
	e, err := from.entry(name)
	if err != nil {
		return err
	}
	buckets := e.heavy(of)
	if len(buckets) == 0 {
		return nil
	}
	have, err := to.entry(name)
	if err != nil {
		return err
	}
	src, dst := newTable(e, &s.options), newTable(have, &s.options)
	after := newTable(have, &s.options)
	for _, bucket := range buckets {
		k := blockKey{name: name, stripe: to.n, bucket: bucket}
		m := chunkMove{bucket: bucket, from: src.chunks(k, of), to: dst.chunks(k, slot)}
		work := &table{parts: slices.Clone(m.to), options: &s.options}
		for _, c := range m.from {
			work.insertHeavy(k, slot, c.whole().WithSlot(slot))
		}
		for _, c := range work.changes {
			chunk := work.find(c.key)
			m.result = append(m.result, chunk)
			m.data = append(m.data, block.AppendRows(nil, chunk.whole()))
			after.put(c.key, chunk)
		}
		p.moves[name] = append(p.moves[name], m)
	}
	to.ahead[entryKey{name, to.n}] = after.entry()
	return nil
}

// heavy returns the buckets in which somebody has chunks.
func (e *entry) heavy(slot uint8) (buckets []uint16) {
	for _, p := range e.parts {
		if p.key.heavy == uint16(slot)+1 && !slices.Contains(buckets, p.key.bucket) {
			buckets = append(buckets, p.key.bucket)
		}
	}
	return buckets
}

// View is the primary's stripe with the chunks as they will be, for evaluation to find out beforehand what is kept with them,
// and whose slot that is.
func (p *Prepared) View() (stripe *Stripe, slot uint8) { return p.view, uint8(p.primary % block.Width) }

// Use makes the transaction look at what was prepared when it merges the two.
func (t *Tx) Use(p *Prepared) { t.prepared = append(t.prepared, p) }

// moveChunks moves the chunks for which what was prepared still holds, and reports whether there are any.
func (a *application) moveChunks(primary, secondary uint32, k, to entryKey) (any bool, err error) {
	i := slices.IndexFunc(a.prepared, func(p *Prepared) bool { return p.primary == primary && p.secondary == secondary })
	if i < 0 || len(a.prepared[i].moves[k.name]) == 0 {
		return false, nil
	}
	src, err := a.table(k)
	if err != nil {
		return false, err
	}
	dst, err := a.table(to)
	if err != nil {
		return false, err
	}
	for _, m := range a.prepared[i].moves[k.name] {
		in := blockKey{bucket: m.bucket}
		if !slices.Equal(src.chunks(in, uint8(secondary%block.Width)), m.from) || !slices.Equal(dst.chunks(in, uint8(primary%block.Width)), m.to) {
			continue // somebody wrote to one of them since
		}
		any = true
		for _, c := range m.from {
			src.set(c.key, nil)
		}
		for i, c := range m.result {
			dst.adopt(c, m.data[i])
		}
	}
	if any {
		a.share(k, src)
		a.share(to, dst)
	}
	return any, nil
}
