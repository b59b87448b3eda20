package carpel

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"time"
)

// CampaignState is where a campaign is in its life.
type CampaignState string

// The states of a campaign. In a paused one nobody moves, and what would start somebody starts nobody, then or later;
// leaving the segment and reaching the goal end journeys all the same.
const (
	CampaignDraft    CampaignState = "draft"
	CampaignLive     CampaignState = "live"
	CampaignPaused   CampaignState = "paused"
	CampaignArchived CampaignState = "archived" // over: everybody under way was taken out
)

// Campaign is a way that people go by themselves: something starts it for a person, and its steps follow.
type Campaign struct {
	ID        string        `json:"id"`    // cmp_…
	Alias     int64         `json:"alias"` // integer alias for the Customer.io family
	Name      string        `json:"name"`
	State     CampaignState `json:"state"`
	Version   int           `json:"version"` // of Spec, from 1; people under way finish on theirs
	Spec      CampaignSpec  `json:"spec"`
	Refused   int64         `json:"refused"`          // starts refused because a person begins only so often a day
	LostAt    Millis        `json:"lost_at,omitzero"` // when what starts and ends journeys was last missed
	LiveSince Millis        `json:"-"`                // since it was last started or resumed: what happened before starts nobody
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// CampaignVersion is one saved form of a campaign.
type CampaignVersion struct {
	Version int          `json:"version"`
	Spec    CampaignSpec `json:"spec"`
	SavedAt time.Time    `json:"saved_at"`
	SavedBy string       `json:"saved_by"`
}

// CampaignSpec is what a campaign does. Conditions in it are definitions of the segment language as JSON; see
// [CampaignSpec.Check] for what is valid. A person begins at the first of Steps.
type CampaignSpec struct {
	Trigger CampaignTrigger `json:"trigger"`
	Filter  json.RawMessage `json:"filter,omitempty" doc:"A condition, held against the person at the start and again before each send."`
	Steps   []CampaignStep  `json:"steps" nullable:"false"`
	Reentry Reentry         `json:"reentry,omitzero"`
	Exit    CampaignExit    `json:"exit,omitempty" enum:"never,unmatched,goal" doc:"When somebody under way is taken out: never, once the trigger's segment no longer fits, or on the goal."`
	Members CampaignMembers `json:"members,omitempty" enum:"future,current" doc:"Who begins: those who come from now on, or those in the segment as well."`
	Goal    *Goal           `json:"goal,omitempty"`
	Topic   string          `json:"topic,omitempty" doc:"Of consent, for its sends."`
	Mode    DeliveryMode    `json:"mode,omitempty" enum:"at_most_once,at_least_once" doc:"What is promised of its sends; at most once if left out."`
}

// TriggerKind is what starts a campaign for a person.
type TriggerKind string

// The kinds of triggers.
const (
	TriggerEntered TriggerKind = "segment_entered"
	TriggerLeft    TriggerKind = "segment_left"
	TriggerEvent   TriggerKind = "event" // at most 72 hours old on receipt
	TriggerDate    TriggerKind = "date"  // a date attribute comes, once or every year
	TriggerAPI     TriggerKind = "api"   // asked for by a call
)

// CampaignTrigger is what starts a campaign. Which fields are set follows from Kind.
type CampaignTrigger struct {
	Kind    TriggerKind     `json:"kind" enum:"segment_entered,segment_left,event,date,api"`
	Segment string          `json:"segment,omitempty" doc:"segment_entered, segment_left: id of the segment."`
	Event   string          `json:"event,omitempty" doc:"event: its name."`
	Where   json.RawMessage `json:"where,omitempty" doc:"event: conditions over its properties."`
	// Of date: the attribute that holds it; how many days before (negative) or after it; when, in the person's zone.
	Attribute string  `json:"attribute,omitempty" doc:"date: the attribute that holds it."`
	Every     string  `json:"every,omitempty" enum:"once,year" doc:"date: once if left out."`
	Days      int     `json:"days,omitempty" minimum:"-365" maximum:"365" doc:"date: so many days after it; before it when negative."`
	At        string  `json:"at,omitempty" doc:"date: time of day in the person's zone, 09:00 if left out."`
	Causes    []Cause `json:"causes,omitempty" doc:"Causes that start it as well as data, time and hand: import, definition, merge."`
}

// Starts reports whether a change or an event of the cause starts the campaign.
func (t CampaignTrigger) Starts(c Cause) bool {
	switch c {
	case CauseData, CauseTime, CauseManual:
		return true
	}
	for _, chosen := range t.Causes {
		if chosen == c {
			return true
		}
	}
	return false
}

// StepKind is what happens at a step of a campaign.
type StepKind string

// The kinds of steps.
const (
	StepSend      StepKind = "send"
	StepWait      StepKind = "wait"       // for a while
	StepWaitUntil StepKind = "wait_until" // a time of day, or an event with a longest wait
	StepBranch    StepKind = "branch"     // by a condition, or by a random share
	StepUpdate    StepKind = "update"     // of attributes
	StepWebhook   StepKind = "webhook"
	StepExit      StepKind = "exit"
)

// CampaignStep is one step. Which fields are set follows from Kind.
type CampaignStep struct {
	ID   string   `json:"id" doc:"Of the caller's choice: small letters, digits, - and _."`
	Kind StepKind `json:"kind" enum:"send,wait,wait_until,branch,update,webhook,exit"`
	Name string   `json:"name,omitempty" maxLength:"150"`
	Next string   `json:"next,omitempty" doc:"Id of the step that follows; nothing: the journey is done."`

	Template string `json:"template,omitempty" doc:"send: id of the template."`
	Everyone bool   `json:"everyone,omitempty" doc:"send: also to the unsubscribed (a receipt); suppression holds all the same."`

	For string `json:"for,omitempty" doc:"wait: a duration, such as 3d."`

	Weekdays []string        `json:"weekdays,omitempty" doc:"wait_until: mon, tue, wed, thu, fri, sat, sun; every day if left out."`
	At       string          `json:"at,omitempty" doc:"wait_until: time of day in the person's zone, such as 09:00."`
	Event    string          `json:"event,omitempty" doc:"wait_until: name of the event."`
	Where    json.RawMessage `json:"where,omitempty" doc:"wait_until: conditions over the event's properties."`
	Timeout  string          `json:"timeout,omitempty" doc:"wait_until an event: the longest wait."`
	Else     string          `json:"else,omitempty" doc:"wait_until an event: where to go when it did not come; branch: when no condition fits. Nothing: the journey is done."`

	Branches []CampaignBranch `json:"branches,omitempty" doc:"branch: the first whose condition fits is taken, or one by its share."`

	Attributes map[string]Value `json:"attributes,omitempty" doc:"update: what they become; null removes one."`

	Webhook *WebhookContent `json:"webhook,omitempty" doc:"webhook: the call; its texts are Liquid."`
}

// CampaignBranch is one way out of a branch: If and Percent exclude each other, and all of a step have the same of them.
type CampaignBranch struct {
	If      json.RawMessage `json:"if,omitempty" doc:"A condition about the person."`
	Percent float64         `json:"percent,omitempty" doc:"Share of the people; those of a step make 100."`
	Next    string          `json:"next,omitempty" doc:"Id of the step that follows; nothing: the journey is done."`
}

// Reentry says when a person who was in a campaign may begin it again.
type Reentry struct {
	Rule string `json:"rule,omitempty" enum:"never,after_exit,always" doc:"never if left out. always: also while under way."`
	Wait string `json:"wait,omitempty" doc:"At least so long after the last start (always) or the last end (after_exit)."`
}

// The rules of re-entry.
const (
	ReentryNever     = "never"
	ReentryAfterExit = "after_exit"
	ReentryAlways    = "always"
)

// CampaignExit is when people under way are taken out.
type CampaignExit string

// The exits.
const (
	ExitNever     CampaignExit = "never"
	ExitUnmatched CampaignExit = "unmatched"
	ExitGoal      CampaignExit = "goal"
)

// CampaignMembers is who begins when a campaign goes live.
type CampaignMembers string

// Who begins.
const (
	FutureMembers  CampaignMembers = "future"
	CurrentMembers CampaignMembers = "current"
)

// JourneyState is where a journey is in its life.
type JourneyState string

// The states of a journey.
const (
	JourneyActive JourneyState = "active"
	JourneyDone   JourneyState = "done"   // it came to the end of the steps
	JourneyExited JourneyState = "exited" // it was taken out before; Reason says why
)

// Why a journey exited.
const (
	ExitedByStep    = "step"      // an exit step
	ExitedByFilter  = "filter"    // the filter no longer fits
	ExitedUnmatched = "unmatched" // the trigger no longer fits
	ExitedByGoal    = "goal"
	ExitedMerged    = "merged"   // the person was merged into one who is under way as well
	ExitedArchived  = "archived" // the campaign was
	ExitedByHand    = "manual"
)

// Journey is one person on their way through a campaign.
type Journey struct {
	ID          string          `json:"id"` // jrn_…, see [JourneyID]
	Campaign    string          `json:"campaign"`
	Version     int             `json:"version"` // of the campaign
	Person      string          `json:"person"`  // key
	State       JourneyState    `json:"state"`
	Reason      string          `json:"reason,omitempty"`
	Step        string          `json:"step"`    // id; "" before the first
	Waiting     bool            `json:"waiting"` // at a step that waits; else Step is to be done at DueAt
	Lap         int             `json:"-"`       // how often it went back to a step that is not behind the one before
	Moves       int             `json:"-"`       // how many entries its path has
	StartedAt   Millis          `json:"started_at"`
	StepAt      Millis          `json:"step_at"` // since when it is at Step
	DueAt       Millis          `json:"due_at"`  // when it goes on by itself
	EndedAt     Millis          `json:"ended_at,omitzero"`
	ConvertedAt Millis          `json:"converted_at,omitzero"`
	Data        json.RawMessage `json:"data,omitempty"` // the variables event and trigger of its messages
}

// PathEntry is one move of a journey.
type PathEntry struct {
	Journey string `json:"-"`
	N       int    `json:"n"` // from 1
	At      Millis `json:"at"`
	Step    string `json:"step"` // "" for the end
	What    string `json:"what"` // how it came there: started, next, waited, event, timeout, branch, moved; of the end: done or why it exited
}

// JourneyID derives the id of the journey that an occurrence starts: the same for the same, so that nothing starts twice.
func JourneyID(campaign, person, occurrence string) string {
	h := sha256.New()
	for _, part := range []string{"journey", campaign, person, occurrence} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return "jrn_" + base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:20])
}
