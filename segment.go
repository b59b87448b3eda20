package carpel

import "time"

// SegmentKind is how a segment gets its members.
type SegmentKind string

// The kinds of segments.
const (
	Dynamic SegmentKind = "dynamic" // by its definition
	Manual  SegmentKind = "manual"  // by hand, file or API
)

// SegmentState is where a segment is in its life.
type SegmentState string

// The states of a segment.
const (
	StateBuilding SegmentState = "building" // first build under way, or a new version's beside the one that serves
	StateLive     SegmentState = "live"
	StatePaused   SegmentState = "paused" // frozen: writes no feed, starts nothing
	StateFailed   SegmentState = "failed"
	StateArchived SegmentState = "archived"
)

// Segment is a named set of people, as the records keep it and the API shows it. Count, Progress and State of a
// running build come from the engine.
type Segment struct {
	ID          string       `json:"id"`    // seg_…
	Key         string       `json:"key"`   // slug, unique, never changed
	Alias       int64        `json:"alias"` // integer alias for the Customer.io family
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Tags        []string     `json:"tags"`
	Kind        SegmentKind  `json:"kind"`
	Definition  Condition    `json:"-"` // nil for manual; see [MarshalCondition]
	State       SegmentState `json:"state"`
	Reason      string       `json:"reason,omitempty"` // why it failed
	Progress    float64      `json:"progress"`         // 0 to 1 of the build under way
	Count       int64        `json:"count"`            // exact
	Version     int          `json:"version"`          // of the definition last saved, from 1
	CreatedAt   time.Time    `json:"created_at"`
	UpdatedAt   time.Time    `json:"updated_at"`
}

// SegmentVersion is one saved definition of a segment.
type SegmentVersion struct {
	Version    int       `json:"version"`
	Definition Condition `json:"-"`
	SavedAt    time.Time `json:"saved_at"`
	SavedBy    string    `json:"saved_by"` // who: a key's or a user's name
}

// Cause is why a membership changed.
type Cause string

// The causes of a membership change.
const (
	CauseData       Cause = "data"       // something about the person arrived
	CauseTime       Cause = "time"       // time passed
	CauseDefinition Cause = "definition" // the segment was built, edited or depends on one that was
	CauseManual     Cause = "manual"     // by hand or API
	CauseImport     Cause = "import"     // an import brought it
	CauseMerge      Cause = "merge"      // people were merged
	CauseErasure    Cause = "erasure"    // the person was erased
)

// Member is a person in a segment.
type Member struct {
	Key       string `json:"key"`
	UserID    string `json:"id"`
	Email     string `json:"email"`
	EnteredAt Millis `json:"entered_at"`
}

// Change is one person's entry into a segment, or leaving, as the feed tells it.
type Change struct {
	Seq     string `json:"seq"` // opaque cursor of this change
	At      Millis `json:"at"`  // engine time
	Segment string `json:"segment"`
	Person  string `json:"person"` // key
	UserID  string `json:"id"`
	Email   string `json:"email"`
	Enter   bool   `json:"-"`
	Change  string `json:"change"` // "enter" or "leave"
	Cause   Cause  `json:"cause"`
}
