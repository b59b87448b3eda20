// Package engine is the contract between Carpel and what keeps its people: everything known about the people of
// one workspace, and who is in which segment. An engine never sees a workspace id: each workspace has its own.
//
// Two implementations: stripes (embedded, one machine) and, later, a ClickHouse cluster. enginetest holds the
// suite both must pass.
package engine

import (
	"context"
	"io"
	"time"

	"github.com/carpel/carpel"
)

// Engine keeps one workspace. All methods are safe for concurrent use. Methods that take long stop when ctx ends,
// returning its error. What a user may read comes as a *[carpel.Error].
type Engine interface {
	Writer
	Segments
	Questions
	People
	Operations
	Follower
}

// Writer takes in what happens.
type Writer interface {
	// Commit resolves the items in order, stores them, evaluates every live segment over what they touched and
	// makes all of it durable, in one step: when it returns without an error, the items survive a power cut and
	// every membership already takes them into account. There is one Outcome per item, in order; an item that is
	// refused does not keep the others from being stored. Concurrent calls are grouped into one sync. An error
	// means that nothing of the batch may be relied on: the caller must not acknowledge it.
	Commit(ctx context.Context, items []carpel.Item) ([]Outcome, error)
	// Position is the point up to which memberships are exact.
	Position() Position
	// Advance evaluates everything that the passing of time made due up to the engine's clock, and returns when
	// it is durable. The engine does so by itself; this is for callers that need it done now (tests, check).
	Advance(ctx context.Context) error
}

// Position names a point of the engine's history: memberships equal a full recomputation over the items up to
// Seq at the moment Now.
type Position struct {
	Seq uint64        `json:"seq"` // of the last committed batch
	Now carpel.Millis `json:"now"` // engine time of the last evaluation; monotone
}

// Outcome is what became of one item.
type Outcome struct {
	Person   string          // key of the person it went to; "" when it waits under an anonymous id, or went nowhere
	Repeated bool            // its message id came before: the first counts, nothing was stored
	Refused  *carpel.Error   // not stored at all, and why
	Warnings []*carpel.Error // stored but for a part: refused traits, shifted times
}

// Definition is a segment as the engine needs it.
type Definition struct {
	ID        string
	Key       string
	Version   int              // of Condition; a new version is built beside the one that serves
	Condition carpel.Condition // nil for a manual segment
	Manual    bool
}

// Status is how a segment stands in the engine.
type Status struct {
	ID       string
	State    carpel.SegmentState // building, live, paused or failed
	Reason   string
	Serving  int     // version that serves; 0 when none was built yet
	Building int     // version being built; 0 when none
	Progress float64 // 0 to 1 of the build
	Count    int64   // exact, of the serving version
}

// Segments keeps the live definitions.
type Segments interface {
	// Define makes a segment known, or gives it a new version, and returns once that is durable; the build then
	// runs beside live traffic while the version that served goes on serving. References must be known and served
	// (CodeNotFound, CodeNotBuilt), and may not close a cycle (CodeCycle).
	Define(ctx context.Context, d Definition) error
	// Drop forgets a segment and its memberships, without feed entries. CodeInUse when another refers to it.
	Drop(ctx context.Context, id string) error
	// Pause freezes a segment's members; Resume evaluates it again, which writes the differences to the feed.
	Pause(ctx context.Context, id string) error
	Resume(ctx context.Context, id string) error
	// CancelBuild stops the build under way; the version that served goes on, or the segment is failed with the
	// reason "cancelled" when none did.
	CancelBuild(ctx context.Context, id string) error
	// Status returns how one segment stands; CodeNotFound when unknown. Statuses returns all, ordered by id.
	Status(id string) (Status, error)
	Statuses() []Status
	// Reconcile brings the engine to exactly these definitions at start: missing ones are built, orphans dropped.
	Reconcile(ctx context.Context, all []Definition) error
	// SetZone changes the workspace's time zone and rebuilds what depends on it.
	SetZone(ctx context.Context, zone *time.Location) error
}

// Questions answers what is asked about definitions and members.
type Questions interface {
	Preview(ctx context.Context, q PreviewQuery) (*Preview, error)
	// Explain says why a person matches a condition, or does not. CodeNotFound for an unknown person.
	Explain(ctx context.Context, q ExplainQuery) (*Explanation, error)
	// Impact says what saving a definition would do, dependants included.
	Impact(ctx context.Context, id string, c carpel.Condition, sample int) (*Impact, error)
	// Overlap returns the size of every non-empty region of up to 8 segments.
	Overlap(ctx context.Context, ids []string) ([]Region, error)
	// Freeze finds who matches a condition now, as Preview does, and returns an answer that stays; ReadRoll reads it.
	Freeze(ctx context.Context, q FreezeQuery) (*Roll, error)
	ReadRoll(ctx context.Context, q RollQuery) (*RollPage, error)
	// Members lists members in the order in which they became known: at most q.Limit, and the cursor for the next
	// page ("" at the end).
	Members(ctx context.Context, q MembersQuery) ([]carpel.Member, string, error)
	// Changes reads the feed. It returns at most q.Limit changes and the cursor to go on from, also when there are
	// none. CodeGone for a cursor behind what is kept, or of another epoch.
	Changes(ctx context.Context, q ChangesQuery) ([]carpel.Change, string, error)
	// History returns count, enters and leaves of a segment in steps of step (at least a minute) over [from, to).
	History(ctx context.Context, id string, from, to carpel.Millis, step time.Duration) ([]HistoryPoint, error)
	// Counts returns how many people each segment held at moments, which must be in order. Before what is kept, and
	// after now, it is the nearest count known.
	Counts(ctx context.Context, ids []string, at []carpel.Millis) ([][]int64, error)
	// Watch returns a channel that is closed at the next commit or evaluation. A signal only: read again after.
	Watch() <-chan struct{}
}

// PreviewQuery asks how many people a condition matches.
type PreviewQuery struct {
	Condition carpel.Condition
	AsOf      carpel.Millis // 0: now
	Nodes     bool          // count every condition outside where as well
	Sample    int           // how many of the matching people to return
}

// Preview is the answer to a [PreviewQuery].
type Preview struct {
	Count     int64
	People    int64 // all people the count is of
	Reachable map[string]int64
	AsOf      carpel.Millis
	Sample    []carpel.Person // without attributes but id and email
	Nodes     []NodeCount     // in document order, root first
	Warnings  []Warning
}

// NodeCount is the effect of one condition. Alone is how many people it matches by itself; Left how many its
// parent matches with only the children up to and including it (under none: people not yet excluded); Without how
// many the whole definition matches with it removed (nil for the root or an only child).
type NodeCount struct {
	Pointer string `json:"pointer"`
	Alone   int64  `json:"alone"`
	Left    int64  `json:"left"`
	Without *int64 `json:"without"`
}

// Warning is something a person who wrote a definition would want to know. Codes: never_seen, unreadable,
// always_true, contradiction, duplicate, wildcard.
type Warning struct {
	Code       string `json:"code"`
	Pointer    string `json:"pointer"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
	People     int64  `json:"people,omitempty"` // unreadable: how many
}

// ExplainQuery asks why a person matches a condition at a moment.
type ExplainQuery struct {
	Person    carpel.PersonRef
	Condition carpel.Condition
	AsOf      carpel.Millis // 0: now
}

// Explanation is the answer, node by node in document order, root first.
type Explanation struct {
	Person  carpel.Person
	Matched bool
	AsOf    carpel.Millis
	Tree    []ExplainedNode
}

// ExplainedNode is one node of an [Explanation].
type ExplainedNode struct {
	Pointer  string     `json:"pointer"`
	Matched  bool       `json:"matched"`
	Actual   string     `json:"actual"`
	Wanted   string     `json:"wanted"`
	Evidence []Evidence `json:"evidence,omitempty"` // at most 10, newest first
	// Since is the least moment from which the node has had this answer without a break: over every moment t in
	// [Since, now] the answer as of t is the same. An attribute's value is unknown before its last change, and an
	// unknown answer is a break. Never earlier than the person's first moment.
	Since carpel.Millis `json:"since"`
	// NextChange is the first moment after now at which the passing of time alone changes the answer; Never when
	// none does.
	NextChange carpel.Millis `json:"next_change"`
}

// Evidence is a value or an event that decided a node.
type Evidence struct {
	Kind   string        `json:"kind"` // attribute, event, page, screen, message, device, segment
	Name   string        `json:"name"`
	At     carpel.Millis `json:"at"`
	Value  carpel.Value  `json:"value"`
	Source string        `json:"source,omitempty"`
}

// Impact is what saving a definition would do.
type Impact struct {
	Join, Leave, Stay       int64
	JoinSample, LeaveSample []carpel.Person
	Segments                []SegmentImpact // dependants, direct and indirect
}

// SegmentImpact is what a dependant would gain and lose.
type SegmentImpact struct {
	ID          string
	Join, Leave int64
}

// Region is the number of people in exactly these segments of those asked about, and in no other of them.
type Region struct {
	Segments []string `json:"segments"`
	Count    int64    `json:"count"`
}

// MembersQuery lists the people in a segment.
type MembersQuery struct {
	Segment string
	After   string // opaque cursor; "" from the start
	Skip    int    // how many to pass over first: the way into the middle of many
	Limit   int
}

// ChangesQuery reads the feed of one segment, or of all.
type ChangesQuery struct {
	Segment string // "" for all
	// Segments are ids to read the feed of, in place of one; changes of others cost next to nothing.
	Segments []string
	Person   string // key; "" for all
	After    string // cursor; "" from the oldest kept, "now" from the end
	Last     int    // instead of After: from so many changes before the end, whoever they are of; 0 for not
	Limit    int
}

// HistoryPoint is one step of a segment's history.
type HistoryPoint struct {
	At     carpel.Millis `json:"at"`    // start of the step
	Count  int64         `json:"count"` // at the end of the step
	Enters int64         `json:"enters"`
	Leaves int64         `json:"leaves"`
	// Of these, those that a new definition brought: they say nothing about people.
	EntersDefined int64 `json:"enters_defined" doc:"Of enters, those that a new definition brought."`
	LeavesDefined int64 `json:"leaves_defined" doc:"Of leaves, those that a new definition brought."`
}

// People reads what is kept about people.
type People interface {
	// Person returns one person with their attributes. CodeNotFound for nobody.
	Person(ctx context.Context, ref carpel.PersonRef) (*carpel.Person, error)
	// ListPeople lists people in the order in which they became known, all or those of an attribute's value; with a
	// prefix those whose user id begins with it, in order of id, and then those whose email does.
	ListPeople(ctx context.Context, q PeopleQuery) ([]carpel.Person, string, error)
	// Events returns a person's events, pages, screens and messages, newest first.
	Events(ctx context.Context, ref carpel.PersonRef, q EventsQuery) ([]carpel.Event, string, error)
	Devices(ctx context.Context, ref carpel.PersonRef) ([]carpel.DeviceInfo, error)
	// SegmentsOf returns the ids of the segments the person is in, with the moment of entry.
	SegmentsOf(ctx context.Context, ref carpel.PersonRef) (map[string]carpel.Millis, error)
	// Names returns names or values seen, most used first, for completion and the data screens.
	Names(ctx context.Context, q NamesQuery) ([]Name, error)
	// Activity returns journal entries after seq (0: the newest limit), oldest first, and the last seq read.
	Activity(ctx context.Context, after uint64, limit int) ([]ActivityEntry, uint64, error)
}

// PeopleQuery searches people.
type PeopleQuery struct {
	Prefix    string // of user id or email; email without regard to case
	Attribute string // with Value: people whose attribute is this
	Value     carpel.Value
	After     string
	Limit     int
}

// EventsQuery filters a timeline.
type EventsQuery struct {
	Kind, Name string // "" for all
	After      string
	Limit      int
}

// NamesQuery asks for names or values seen. Kind: attribute, event, property (of Event), page, screen, link,
// device_property, campaign; with Property (or kind attribute and Name) the values of it.
type NamesQuery struct {
	Kind   string
	Event  string // property: of which event
	Name   string // ask for the values of this name instead of names
	Prefix string
	Limit  int
}

// Name is a name or a value seen.
type Name struct {
	Name     string        `json:"name"`
	Types    []string      `json:"types,omitempty"` // kinds of value seen: text, number, …
	Count    int64         `json:"count"`
	LastSeen carpel.Millis `json:"last_seen"`
	Top      []NameValue   `json:"top,omitempty"` // most used values, for names that have values
}

// NameValue is a value seen, and how often (approximate beyond the first hundred values of a name).
type NameValue struct {
	Value carpel.Value `json:"value"`
	Count int64        `json:"count"`
}

// ActivityEntry is one resolved item of the journal, for live views.
type ActivityEntry struct {
	Seq    uint64        `json:"seq"`
	At     carpel.Millis `json:"at"`     // the item's time
	Kind   string        `json:"kind"`   // identify, event, page, …
	Name   string        `json:"name"`   // event, page or screen name
	Person string        `json:"person"` // key
	ID     string        `json:"id"`     // their user id and email; "" for none
	Email  string        `json:"email"`
}

// Operations keeps the engine itself.
type Operations interface {
	// Stats returns sizes and rates.
	Stats() Stats
	// Check compares every membership, count and index with a fresh computation from the stored data, calling
	// progress with a share from 0 to 1, and returns what differs.
	Check(ctx context.Context, progress func(float64)) (*CheckReport, error)
	// Checkpoint writes a consistent copy of the engine into dir, which must not exist yet, while it goes on.
	Checkpoint(ctx context.Context, dir string) error
	// Close ends the engine: what was acknowledged is durable already. Calls after it fail.
	io.Closer
}

// Stats are figures about an engine.
type Stats struct {
	People          int64   `json:"people"`
	Anonymous       int64   `json:"anonymous"`
	Events          int64   `json:"events"`
	EventsPerMinute float64 `json:"events_per_minute"`
	// Minutes is how many items arrived in each minute of the clock, the oldest first and the present one, which is not
	// over, last: those of an hour, or fewer when the engine was opened since.
	Minutes    []int64 `json:"minutes" doc:"Items that arrived in each minute of the clock, oldest first, the present one last: an hour, or less since the start."`
	DiskBytes  int64   `json:"disk_bytes"`
	CacheBytes int64   `json:"cache_bytes"`
	Segments   int     `json:"segments"`
	TimersDue  int64   `json:"timers_due"` // behind, not yet run
}

// CheckReport is what Check found.
type CheckReport struct {
	Position    Position  `json:"position"`
	Segments    int       `json:"segments"`
	Memberships int64     `json:"memberships"` // compared
	Problems    []Problem `json:"problems"`    // at most 1000
	ProblemsAll int64     `json:"problems_all"`
}

// Problem is one thing that is not as it should be.
type Problem struct {
	Kind    string `json:"kind"` // membership, count, block, identity
	Segment string `json:"segment,omitempty"`
	Person  string `json:"person,omitempty"`
	Detail  string `json:"detail"`
}
