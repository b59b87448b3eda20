package store

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Tx is the writer's transaction: used by one goroutine. What it changes lies in its overlay, decoded, until Commit
// installs it; the batch holds the same as bytes.
type Tx struct {
	store *Store
	now   carpel.Millis
	batch *pebble.Batch
	meta  meta

	overlay      map[entryKey]*entry       // decoded entries as this transaction leaves them
	tables       map[entryKey]*table       // tables under change
	rows         map[entryKey]*pendingRows // rows not yet put into their table
	heads        map[uint32]*head          // people of stripes under change: ours, until they are shared
	persons      map[uint32]*person        // person records read or changed; nil: nobody
	changed      map[uint32]bool           // persons to write
	ids          map[string]uint32         // identity keys set; ^0: deleted
	seen         map[string]struct{}       // message hashes of this transaction
	attrs        map[entryKey]block.Mask   // slots of attribute values and stamps to write
	newNames     []uint32                  // numbers given by this transaction, ascending
	sights       []sight                   // for the statistics
	forgotten    []forgotten               // by the statistics
	sighted      sighted                   // what sights has, when somebody is erased
	erased       bool                      // somebody was
	erasure      *ErasureNote              // as this transaction leaves it; nil: as it was
	whole        map[entryKey]bool         // attributes of which something was taken away: to be written whole
	journal      []journalEntry
	followed     []Followed
	waiting      []waitingItem          // begun to wait in this transaction
	waitingSizes map[string]waitingSize // by anonymous id, where they changed
	waitingGone  map[string]bool        // anonymous ids of which nothing that the store holds waits any more
	directories  map[uint32]bool        // stripes whose directory is ours, to be changed
	prepared     []*Prepared
	touched      *Touched
	applied      int
}

// pendingRows are rows on their way into a table.
type pendingRows struct {
	table   eval.Table
	builder block.RowBuilder
}

// Touched is what a transaction changed, by stripe.
type Touched struct {
	Stripes map[uint32]*TouchedStripe
	Members []MemberChange // manual edits, in order
	Merges  []Merge        // in order
}

// TouchedStripe is what changed in one stripe.
type TouchedStripe struct {
	Tables     []eval.TouchedTable
	tables     map[eval.Table]int // where a table is in Tables; made past fewTables
	Attributes map[string]block.Mask
	FirstSeen  block.Mask
	// Whole is the people of whom everything must be evaluated anew: new, identified, merged, erased.
	Whole block.Mask
	// Gone is the slots that are nobody any more: erased, or merged into another person.
	Gone block.Mask
	// Causes names the people whose change is not CauseData: CauseImport, CauseMerge, CauseErasure.
	Causes map[uint8]carpel.Cause
}

// MemberChange is a manual edit of a resolved person.
type MemberChange struct {
	Ordinal uint32
	Segment string
	Remove  bool
	Cause   carpel.Cause
}

// Merge tells that From's data moved to To, when so many manual edits of the same transaction had been made.
type Merge struct {
	From, To uint32
	Edits    int
}

// Begin starts the one transaction there may be. now is the engine's time.
func (s *Store) Begin(now carpel.Millis) *Tx {
	s.recent.fit(s.options.Budget.Share())
	return &Tx{store: s, now: now, batch: s.db.NewBatch(), meta: *s.meta.Load(),
		overlay: map[entryKey]*entry{}, tables: map[entryKey]*table{}, rows: map[entryKey]*pendingRows{}, heads: map[uint32]*head{},
		persons: map[uint32]*person{}, changed: map[uint32]bool{}, ids: map[string]uint32{}, seen: map[string]struct{}{},
		attrs: map[entryKey]block.Mask{}, whole: map[entryKey]bool{},
		waitingSizes: map[string]waitingSize{}, waitingGone: map[string]bool{}, directories: map[uint32]bool{}, touched: &Touched{Stripes: map[uint32]*TouchedStripe{}}}
}

// Touched is what the items applied so far have changed.
func (t *Tx) Touched() *Touched { return t.touched }

// Batch is where the engine adds its own keys.
func (t *Tx) Batch() *pebble.Batch { return t.batch }

// Seq is the sequence number this transaction will have; unchanged from the last when no item was applied.
func (t *Tx) Seq() uint64 {
	if t.applied > 0 {
		return t.meta.Seq + 1
	}
	return t.meta.Seq
}

// Stripes returns how many stripes there are, those the transaction adds included.
func (t *Tx) Stripes() uint32 { return stripesOf(t.meta.NextOrdinal) }

// Stripe returns a stripe with the transaction's own writes, up to now.
func (t *Tx) Stripe(n uint32) (*Stripe, error) {
	if err := t.flush(); err != nil {
		return nil, err
	}
	st := &Stripe{store: t.store, tx: t, n: n}
	h, err := t.readHead(n)
	st.head = h
	return st, err
}

// Resolve finds the person a reference means, this transaction's writes included.
func (t *Tx) Resolve(ref carpel.PersonRef) (uint32, bool, error) {
	kind, text := refKey(ref)
	if kind == 0 {
		return 0, false, nil
	}
	return t.lookup(kind, text)
}

const deleted = ^uint32(0)

// lookup finds who an identity belongs to.
func (t *Tx) lookup(kind byte, text string) (uint32, bool, error) {
	k := identityKey(kind, text)
	if n, ok := t.ids[string(k)]; ok {
		return n, n != deleted, nil
	}
	if n, ok := t.store.recent.ids.get(string(k)); ok {
		return n, true, nil
	}
	v, ok, err := t.store.get(k)
	if err != nil || !ok {
		return 0, false, err
	}
	n, err := decodeOrdinal(v)
	if err != nil {
		return 0, false, err
	}
	t.store.recent.ids.put(string(k), n)
	return n, true, nil
}

// assign gives an identity to a person.
func (t *Tx) assign(kind byte, text string, ordinal uint32) {
	t.ids[string(identityKey(kind, text))] = ordinal
}

// free takes an identity from whoever has it.
func (t *Tx) free(kind byte, text string) { t.ids[string(identityKey(kind, text))] = deleted }

// readHead returns the people of a stripe, not to be changed.
func (t *Tx) readHead(stripe uint32) (*head, error) {
	if h := t.heads[stripe]; h != nil {
		return h, nil
	}
	e := t.store.cache.get(entryKey{headName, stripe})
	if e == nil {
		var err error
		if e, err = t.store.loadEntry(entryKey{headName, stripe}); err != nil {
			return nil, err
		}
	}
	return e.head, nil
}

// ownHead returns the people of a stripe, to be changed, all but its directory: that is long and seldom changes, and the
// readers' until file copies it.
func (t *Tx) ownHead(stripe uint32) (*head, error) {
	if h := t.heads[stripe]; h != nil {
		return h, nil
	}
	h, err := t.readHead(stripe)
	if err != nil {
		return nil, err
	}
	h = h.clone()
	t.heads[stripe] = h
	return h, nil
}

// person returns a person record, not to be changed without own; nil for nobody.
func (t *Tx) person(ordinal uint32) (*person, error) {
	if p, ok := t.persons[ordinal]; ok {
		if p != nil && p.gone {
			return nil, nil
		}
		return p, nil
	}
	p := t.store.recent.person(ordinal)
	if p == nil {
		var err error
		if p, err = t.store.readPerson(ordinal); err != nil {
			return nil, err
		}
	}
	t.persons[ordinal] = p
	return p, nil
}

// change notes that a person record was changed.
func (t *Tx) change(ordinal uint32) error {
	t.changed[ordinal] = true
	h, err := t.ownHead(ordinal / block.Width)
	if err != nil {
		return err
	}
	h.set(uint8(ordinal%block.Width), t.persons[ordinal])
	return nil
}

var keyEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// create makes a person.
func (t *Tx) create(at carpel.Millis) (uint32, *person, error) {
	var b [16]byte
	if _, err := io.ReadFull(t.store.options.Rand, b[:]); err != nil {
		return 0, nil, fmt.Errorf("make a person key: %w", err)
	}
	ordinal := t.meta.NextOrdinal
	t.meta.NextOrdinal++
	t.meta.People++
	p := &person{key: "p_" + keyEncoding.EncodeToString(b[:]), firstSeen: at}
	t.persons[ordinal] = p
	t.assign('k', p.key, ordinal)
	t.touch(ordinal).Whole.Set(uint8(ordinal % block.Width))
	return ordinal, p, t.change(ordinal)
}

// touch returns what changed in a person's stripe.
func (t *Tx) touch(ordinal uint32) *TouchedStripe {
	n := ordinal / block.Width
	ts := t.touched.Stripes[n]
	if ts == nil {
		ts = &TouchedStripe{Attributes: map[string]block.Mask{}, Causes: map[uint8]carpel.Cause{}}
		t.touched.Stripes[n] = ts
	}
	return ts
}

// fewTables are found soonest one after the other.
const fewTables = 16

// table returns what changed in a table.
func (ts *TouchedStripe) table(t eval.Table) *eval.TouchedTable {
	if i := ts.find(t); i >= 0 {
		return &ts.Tables[i]
	}
	ts.Tables = append(ts.Tables, eval.TouchedTable{Table: t})
	last := len(ts.Tables) - 1
	if ts.tables != nil {
		ts.tables[t] = last
	}
	return &ts.Tables[last]
}

// find returns where a table is in Tables; -1 when nothing changed in it.
func (ts *TouchedStripe) find(t eval.Table) int {
	if len(ts.Tables) <= fewTables {
		return slices.IndexFunc(ts.Tables, func(x eval.TouchedTable) bool { return x.Table == t })
	}
	if ts.tables == nil {
		ts.tables = make(map[eval.Table]int, 2*len(ts.Tables))
		for i := range ts.Tables {
			ts.tables[ts.Tables[i].Table] = i
		}
	}
	if i, ok := ts.tables[t]; ok {
		return i
	}
	return -1
}

// name returns the number of a name, giving it one when it is new.
func (t *Tx) name(k nameKey) uint32 {
	n := t.store.names.lookup(k)
	if n == 0 {
		n = t.store.names.count() + 1
		t.store.names.add(k, n)
		t.newNames = append(t.newNames, n)
	}
	return n
}

// file notes that a stripe holds something under a name. Of one that it held nothing under, nothing needs to be read.
func (t *Tx) file(stripe, name uint32) error {
	h, err := t.readHead(stripe)
	if err != nil {
		return err
	}
	if h.holds(name) {
		return nil
	}
	if h, err = t.ownHead(stripe); err != nil {
		return err
	}
	if !t.directories[stripe] {
		t.directories[stripe], h.directory = true, slices.Clone(h.directory)
	}
	at, _ := slices.BinarySearch(h.directory, name)
	h.directory = slices.Insert(h.directory, at, name)
	if k := (entryKey{name, stripe}); t.overlay[k] == nil {
		t.overlay[k] = &entry{size: 64}
	}
	return t.batch.Set(directoryKey(stripe, name), nil, nil)
}

// entry returns what is decoded of a name in a stripe, this transaction's writes included.
func (t *Tx) entry(k entryKey) (*entry, error) {
	if e := t.overlay[k]; e != nil {
		return e, nil
	}
	if e := t.store.cache.get(k); e != nil {
		return e, nil
	}
	return t.store.loadEntry(k)
}

// addRow puts a row on its way into a table.
func (t *Tx) addRow(ordinal uint32, table eval.Table, at carpel.Millis, props map[string]carpel.Value) error {
	stripe, slot := ordinal/block.Width, uint8(ordinal%block.Width)
	k := entryKey{t.name(tableName(table)), stripe}
	if err := t.file(stripe, k.name); err != nil {
		return err
	}
	p := t.rows[k]
	if p == nil {
		p = &pendingRows{table: table}
		t.rows[k] = p
	}
	p.builder.Add(slot, at, props)
	t.touch(ordinal).table(table).Slots.Set(slot)
	if p.builder.Len() >= t.store.options.HeavyRows {
		return t.flushRows(k, p)
	}
	return nil
}

// flush puts every pending row into its table, on all cores: a table of a stripe is nobody else's.
func (t *Tx) flush() error {
	if len(t.rows) == 0 {
		return nil
	}
	type filled struct {
		key   entryKey
		rows  *pendingRows
		added *block.Rows
		table *table
		entry *entry
	}
	all := make([]filled, 0, len(t.rows))
	for k, p := range t.rows {
		all = append(all, filled{key: k, rows: p})
	}
	err := Parallel(len(all), func(i int) (err error) {
		f := &all[i]
		f.added = f.rows.builder.Rows()
		f.table, f.entry, err = t.fill(f.key, f.added)
		return err
	})
	if err != nil {
		return err
	}
	for i := range all {
		f := &all[i]
		t.filled(f.key, f.rows.table, f.added)
		t.tables[f.key], t.overlay[f.key] = f.table, f.entry
	}
	clear(t.rows)
	return nil
}

// fill returns a table with rows put into it, and what is read of it then. It changes nothing but the table.
func (t *Tx) fill(k entryKey, r *block.Rows) (*table, *entry, error) {
	tb := t.tables[k]
	if tb == nil {
		e, err := t.entry(k)
		if err != nil {
			return nil, nil, err
		}
		tb = newTable(e, &t.store.options)
	}
	tb.insert(blockKey{name: k.name, stripe: k.stripe}, r)
	return tb, tb.entry(), nil
}

func (t *Tx) flushRows(k entryKey, p *pendingRows) error {
	delete(t.rows, k)
	added := p.builder.Rows()
	tb, e, err := t.fill(k, added)
	if err != nil {
		return err
	}
	t.filled(k, p.table, added)
	t.tables[k], t.overlay[k] = tb, e
	return nil
}

// filled notes the rows that were put into a table, before it is noted as changed. Of one that changed before, and of
// devices, whose rows are replaced, it is only known whose rows changed.
func (t *Tx) filled(k entryKey, table eval.Table, r *block.Rows) {
	if t.tables[k] != nil || table.Kind == eval.DeviceTable {
		r = nil
	}
	t.touched.Stripes[k.stripe].table(table).Added = r
}

// table returns a table of a stripe, to be changed; share it afterwards.
func (t *Tx) table(k entryKey) (*table, error) {
	if tb := t.tables[k]; tb != nil {
		return tb, nil
	}
	e, err := t.entry(k)
	if err != nil {
		return nil, err
	}
	tb := newTable(e, &t.store.options)
	t.tables[k] = tb
	return tb, nil
}

// share makes a table's parts what this transaction reads.
func (t *Tx) share(k entryKey, tb *table) { t.overlay[k] = tb.entry() }

// write puts everything that is not in the batch yet into it.
func (t *Tx) write() error {
	if err := t.flush(); err != nil {
		return err
	}
	b := t.batch
	if err := t.writeTables(); err != nil {
		return err
	}
	if err := t.writeAttributes(); err != nil {
		return err
	}
	for ordinal := range t.changed {
		if err := b.Set(personKey(ordinal), t.persons[ordinal].encode(), nil); err != nil {
			return err
		}
	}
	for k, ordinal := range t.ids {
		var err error
		if ordinal == deleted {
			err = b.Delete([]byte(k), nil)
		} else {
			err = b.Set([]byte(k), binary.BigEndian.AppendUint32(nil, ordinal), nil)
		}
		if err != nil {
			return err
		}
	}
	for _, n := range t.newNames {
		if err := b.Set(t.store.names.of(n).key(), binary.BigEndian.AppendUint32(nil, n), nil); err != nil {
			return err
		}
	}
	t.store.stats.count(t.sights, t.store.names)
	if err := t.store.forget(t.batch, t.forgotten, t.erased); err != nil {
		return err
	}
	if err := t.store.writeStats(t.batch, t.now); err != nil {
		return err
	}
	if t.applied > 0 {
		t.meta.Seq++
		if err := t.writeJournal(); err != nil {
			return err
		}
		if err := t.writeFollowed(); err != nil {
			return err
		}
	}
	if err := t.noteErasure(); err != nil {
		return err
	}
	return b.Set(metaKey("state"), encodeMeta(&t.meta), nil)
}

// writeTables puts what changed in tables into the batch. The bytes are made on all cores.
func (t *Tx) writeTables() error {
	type encoded struct {
		table  *table
		change *change
		data   []byte
	}
	all := make([]encoded, 0, len(t.tables))
	for _, tb := range t.tables {
		for i := range tb.changes {
			all = append(all, encoded{table: tb, change: &tb.changes[i]})
		}
	}
	err := Parallel(len(all), func(i int) error {
		all[i].data = all[i].change.encode(all[i].table)
		return nil
	})
	for i := 0; i < len(all) && err == nil; i++ {
		switch x := &all[i]; {
		case x.change.rows != nil:
			err = t.batch.Merge(x.change.key.key(), x.data, nil)
		case x.data == nil:
			err = t.batch.Delete(x.change.key.key(), nil)
		default:
			err = t.batch.Set(x.change.key.key(), x.data, nil)
		}
	}
	return err
}

func (t *Tx) writeAttributes() error {
	for k, slots := range t.attrs {
		e := t.overlay[k]
		var run []byte
		if t.whole[k] {
			// Runs joined so far would still hold what was taken away.
			if e.values != nil {
				run = block.AppendValues(nil, e.values, e.values.Mask())
			} else {
				run = block.AppendStamps(nil, e.stamps, e.stamps.Mask())
			}
			if err := t.batch.Set(blockKey{name: k.name, stripe: k.stripe}.key(), run, nil); err != nil {
				return err
			}
			continue
		}
		if e.values != nil {
			run = block.AppendValues(nil, e.values, slots)
		} else {
			run = block.AppendStamps(nil, e.stamps, slots)
		}
		if err := t.batch.Merge(blockKey{name: k.name, stripe: k.stripe}.key(), run, nil); err != nil {
			return err
		}
	}
	return nil
}

// Commit writes and syncs everything, then shows it to readers. An error means that the store may not be used any
// more: the process must end and open it again.
func (t *Tx) Commit() error {
	if err := t.write(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s := t.store
	s.visible.Lock()
	defer s.visible.Unlock()
	if err := s.Sync(t.batch); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for stripe, h := range t.heads {
		s.cache.put(entryKey{headName, stripe}, &entry{head: h, size: h.size()})
	}
	for k, e := range t.overlay {
		s.cache.put(k, e)
	}
	s.recent.commit(t)
	if err := s.addMessages(t.seen); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for id, w := range t.waitingSizes {
		s.waitingSizes.put(id, w)
	}
	m := t.meta
	s.meta.Store(&m)
	if t.erasure != nil {
		s.erasures.Store(t.erasure)
	}
	return t.batch.Close()
}

// Abort drops the transaction.
func (t *Tx) Abort() {
	for i := len(t.newNames) - 1; i >= 0; i-- {
		t.store.names.remove(t.newNames[i])
	}
	_ = t.batch.Close() // nothing of it was written
}
