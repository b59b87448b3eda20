// Package eval turns conditions into programs over stripes and answers them: the one evaluator behind builds,
// live increments, previews and explanations. It reads a stripe through [Source] and keeps nothing but digests, in the parts they are about.
//
// The way of a row: the window of a condition says which moments count (window.go), and with them which parts of a table
// are read at all. Of a part, pick marks the rows in the window that the filter lets through, a bit each (pick.go), which
// narrow goes through property by property (narrow.go). Questions about many people take the marked rows as they lie;
// each hands them over person by person where a person's rows are needed together (visit.go). A measure makes of them a
// number per person and holds it against what the condition wants (measure*.go: counts and what else can be reduced for
// all people at once, tallies for the rest), and a tally says besides when time will next change the answer. Two ways are
// shorter: whoever has very many rows has chunks of their own, of which digests are read in place of the rows in the
// middle of the window (digest.go, sequence_heavy.go); and of rows that have just arrived it is first asked whether they
// can change an answer, and often they alone say how (added.go).
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
