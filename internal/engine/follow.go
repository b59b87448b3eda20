package engine

import (
	"context"

	"github.com/carpel/carpel"
)

// Follower keeps what campaigns read: events with their properties, from the batch on in which they were asked for, until
// they were read.
type Follower interface {
	// Follow says of which names events are kept from now on; merges and erasures of people always are. nil keeps nothing,
	// and lets go of what was kept. It is durable.
	Follow(ctx context.Context, events []string) error
	// Followed returns what was kept after a cursor, oldest first, at most limit, and the cursor to go on from, also when
	// there is nothing. Reading lets go of everything up to after: it must be durable with whoever reads. "now" is the end.
	// CodeGone for a cursor from before what is kept: more came than is kept unread, or the engine was restored.
	Followed(ctx context.Context, after string, limit int) ([]Followed, string, error)
	// Matches holds conditions over properties against those of one event, at the present moment.
	Matches(where carpel.Condition, properties map[string]carpel.Value) (bool, error)
}

// Followed is an event of somebody, or that people were merged or one erased.
type Followed struct {
	Seq        string // cursor of this entry
	Kind       carpel.ItemKind
	Now        carpel.Millis // engine time of the batch that it came with
	Person     string        // key; of a merge the one who stays
	Other      string        // key; of a merge the one who went
	Name       string
	At         carpel.Millis
	Source     string
	Properties map[string]carpel.Value // "$context.page" and the like among them
}
