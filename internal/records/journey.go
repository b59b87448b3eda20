package records

import (
	"github.com/carpel/carpel"
)

// JourneyBatch is what comes of one thing that happened, or of a moment: everything that one transaction writes.
type JourneyBatch struct {
	Merge      *JourneyMerge    // done first
	Erase      []string         // keys of people whose journeys go
	Journeys   []carpel.Journey // as they are now
	Path       []carpel.PathEntry
	Deliveries []carpel.Delivery
	Updates    []Update
	Converted  []Mark         // of deliveries
	Starts     map[string]int // journeys begun, by campaign
	Refused    map[string]int // starts refused because a person may begin only so often a day, by campaign

	Reader, Cursor string // moved as well; "" for none
}

// Empty reports whether there is nothing to write but the cursor.
func (b *JourneyBatch) Empty() bool {
	return b.Merge == nil && len(b.Erase)+len(b.Journeys)+len(b.Path)+len(b.Deliveries)+len(b.Updates)+len(b.Converted)+len(b.Refused) == 0
}

// JourneyMerge tells that the journeys of one person are another's from now on.
type JourneyMerge struct{ From, To string }

// Update is a change of attributes, or an activity, that a journey asks of the engine. It is kept until it was told.
type Update struct {
	MessageID  string // derived from journey and step, so that telling it again changes nothing
	Person     string
	At         carpel.Millis
	Attributes map[string]carpel.Value
	Message    *carpel.MessageInfo // in place of attributes: an activity
}

// NewOccurrence names one of many calls that ask for a campaign to begin.
func NewOccurrence() string { return newID("") }

// GoalQuery asks for the last delivery of a campaign to a person whose moment of being sent, opened or clicked lies after
// one moment and not after another.
type GoalQuery struct {
	Campaign, Person string
	Of               string // sent, opened, clicked
	After, Before    carpel.Millis
}
