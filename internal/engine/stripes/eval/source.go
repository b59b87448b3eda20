// Package eval turns conditions into programs over stripes and answers them: the one evaluator behind builds,
// live increments, previews and explanations. It reads a stripe through [Source] and keeps nothing.
package eval

import (
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Table names a kind of rows of a stripe: the events of one name, or one of the built-in tables. The built-in
// tables have no name.
type Table struct {
	Kind TableKind
	Name string // of an event
}

// TableKind is the kind of a [Table].
type TableKind uint8

// The tables of a stripe. In EventTable and below, property columns have the property's own name, and the call's
// context lies in columns "$context.<top-level key>". PageTable has besides "$url" (properties.url, else
// context.page.url, else the call's name) and "$name"; ScreenTable has "$name". MessageTable has "$channel",
// "$action", "$delivery", "$campaign", "$link", "$machine" (true when a machine did it). DeviceTable has a row per
// device, at its last use, with "token", "platform", "last_used" (a time) and its properties. ActivityTable has a
// row per event, page and screen, and one column "$name".
const (
	EventTable TableKind = iota + 1
	PageTable
	ScreenTable
	MessageTable
	DeviceTable
	ActivityTable
)

// Part is a piece of a table within a stripe: the rows of one time bucket, or a chunk of one heavy person's.
// Parts of one table do not overlap in rows; parts of a heavy person are ordered by time.
type Part interface {
	// Span returns the least and greatest time of the part, and the number of rows, without reading it.
	Span() (first, last carpel.Millis, rows int)
	// Heavy returns the slot whose rows alone are in the part, and true, for a chunk; false otherwise.
	Heavy() (slot uint8, ok bool)
	// Rows reads the part. The result is immutable and may be kept.
	Rows() (*block.Rows, error)
	// Memo is where evaluation keeps what it found out about a chunk, whose rows follow each other in time; nil for
	// other parts.
	Memo() *Memo
}

// Source is one stripe as it stands: what evaluation reads. A source is used by one goroutine at a time; what it
// returns is immutable.
type Source interface {
	// People is the slots that are identified people now.
	People() block.Mask
	// Person returns a slot's permanent key; "" for none.
	Person(slot uint8) string
	// Seen returns per slot when the person was first seen (block.NoStamp for nobody).
	FirstSeen() *[block.Width]carpel.Millis
	// Attribute returns an attribute's values, nil when nobody has it. $first_seen_at and $last_seen_at are not
	// asked for here.
	Attribute(name string) (*block.Values, error)
	// Stamps returns the times beside an attribute's values, nil when nobody has it.
	Stamps(name string) (*block.Stamps, error)
	// Parts returns the parts of a table that may hold rows with first <= time <= last, in order of time.
	Parts(t Table, first, last carpel.Millis) ([]Part, error)
	// EventNames returns the names of the events that the stripe holds.
	EventNames() ([]string, error)
	// Segment returns the members of a segment as its serving version has them; the reference is an id or key.
	Segment(ref string) block.Mask
	// Zone is the workspace's time zone.
	Zone() *time.Location
}
