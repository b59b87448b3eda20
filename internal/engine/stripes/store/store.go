// Package store keeps the people of one workspace and their data in Pebble, a stripe at a time, and resolves what
// arrives: identity, repeats, the order of attribute changes, moves between people. It evaluates nothing and knows
// no segment.
//
// One writer at a time holds a [Tx]. A transaction reads its own writes through [Tx.Stripe]; nobody else sees them
// before [Tx.Commit] has synced. Readers use [Store.Stripe] and never wait for the writer's computation.
//
// Keys whose first byte is 0x80 or more belong to the engine above (memberships, feed, timers, definitions); the
// store only carries them in its batches.
package store

import (
	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Options says how to open a store. The zero value is valid.
type Options struct {
	FS         vfs.FS        // default: the disk
	Cache      *pebble.Cache // shared between workspaces; default: one of 64 MiB of its own
	CacheBytes int64         // bound of the decoded stripes; default 512 MiB
}

// Store is open for one workspace. Safe for concurrent use, but for the single writer's [Tx].
type Store struct { /* the store's own */
}

// Open opens or creates the store in dir.
func Open(dir string, o Options) (*Store, error) { panic("unwritten") }

// Close ends the store.
func (s *Store) Close() error { panic("unwritten") }

// DB is the store's Pebble, for the engine's own keys.
func (s *Store) DB() *pebble.DB { panic("unwritten") }

// Stripes returns how many stripes there are: people have ordinals below Stripes()*block.Width.
func (s *Store) Stripes() uint32 { panic("unwritten") }

// Seq returns the sequence number of the last committed batch.
func (s *Store) Seq() uint64 { panic("unwritten") }

// Resolve finds the person a reference means, as committed.
func (s *Store) Resolve(ref carpel.PersonRef) (ordinal uint32, ok bool, err error) {
	panic("unwritten")
}

// Stripe returns a stripe as committed.
func (s *Store) Stripe(n uint32) *Stripe { panic("unwritten") }

// View calls read with a consistent state of everything committed, held off from commits while it runs: short
// reads only.
func (s *Store) View(read func() error) error { panic("unwritten") }

// Begin starts the one transaction there may be. now is the engine's time.
func (s *Store) Begin(now carpel.Millis) *Tx { panic("unwritten") }

// Tx is the writer's transaction: used by one goroutine.
type Tx struct { /* the transaction's own */
}

// Apply resolves and writes one item. An error is one of storage, never of input.
func (t *Tx) Apply(it *carpel.Item) (engine.Outcome, error) { panic("unwritten") }

// Touched is what the items applied so far have changed.
func (t *Tx) Touched() *Touched { panic("unwritten") }

// Stripe returns a stripe with the transaction's own writes.
func (t *Tx) Stripe(n uint32) *Stripe { panic("unwritten") }

// Stripes returns how many stripes there are, those the transaction adds included.
func (t *Tx) Stripes() uint32 { panic("unwritten") }

// Batch is where the engine adds its own keys; it reads them back through it (an indexed batch).
func (t *Tx) Batch() *pebble.Batch { panic("unwritten") }

// Seq is the sequence number this transaction will have; unchanged from the last when no item was applied.
func (t *Tx) Seq() uint64 { panic("unwritten") }

// Commit writes and syncs everything, then shows it to readers. An error means that the store may not be used any
// more: the process must end and open it again.
func (t *Tx) Commit() error { panic("unwritten") }

// Abort drops the transaction.
func (t *Tx) Abort() { panic("unwritten") }

// Touched is what a transaction changed, by stripe.
type Touched struct {
	Stripes map[uint32]*TouchedStripe
	Members []MemberChange // manual edits, in order, after merges
	Merges  []Merge        // in order
}

// TouchedStripe is what changed in one stripe.
type TouchedStripe struct {
	Tables     map[eval.Table]block.Mask
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

// Merge tells that From's people data moved to To.
type Merge struct{ From, To uint32 }

// Stripe is a stripe as somebody sees it; it has every method of eval.Source but Segment and Zone, which the
// engine adds.
type Stripe struct { /* the stripe's own */
}

func (s *Stripe) People() block.Mask                           { panic("unwritten") }
func (s *Stripe) Person(slot uint8) string                     { panic("unwritten") }
func (s *Stripe) FirstSeen() *[block.Width]carpel.Millis       { panic("unwritten") }
func (s *Stripe) Attribute(name string) (*block.Values, error) { panic("unwritten") }
func (s *Stripe) Stamps(name string) (*block.Stamps, error)    { panic("unwritten") }
func (s *Stripe) EventNames() ([]string, error)                { panic("unwritten") }
func (s *Stripe) Parts(t eval.Table, first, last carpel.Millis) ([]eval.Part, error) {
	panic("unwritten")
}
