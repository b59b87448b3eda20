package carpel

import (
	"encoding/json"
	"slices"
	"time"
)

// BroadcastState is where a broadcast is in its life:
//
//	draft → scheduled → sending → sent
//
// Sending may be paused and go on; what is scheduled, sending or paused may be cancelled, for good.
type BroadcastState string

// The states of a broadcast.
const (
	BroadcastDraft     BroadcastState = "draft" // alone can be changed
	BroadcastScheduled BroadcastState = "scheduled"
	BroadcastSending   BroadcastState = "sending"
	BroadcastPaused    BroadcastState = "paused" // by hand, or by itself: Reason says why
	BroadcastSent      BroadcastState = "sent"   // nothing is left to be sent
	BroadcastCancelled BroadcastState = "cancelled"
)

// Over reports whether nothing more happens to the broadcast.
func (s BroadcastState) Over() bool { return s == BroadcastSent || s == BroadcastCancelled }

// BroadcastMove is what may be asked of a broadcast.
type BroadcastMove string

// The moves.
const (
	ScheduleBroadcast   BroadcastMove = "schedule"
	UnscheduleBroadcast BroadcastMove = "unschedule" // back to a draft
	SendBroadcast       BroadcastMove = "send"       // now, whatever the schedule says
	PauseBroadcast      BroadcastMove = "pause"
	ResumeBroadcast     BroadcastMove = "resume"
	CancelBroadcast     BroadcastMove = "cancel"
)

// From returns the state that the move leads to from another; CodeConflict when it is not possible from there.
func (m BroadcastMove) From(s BroadcastState) (BroadcastState, error) {
	move := map[BroadcastMove]struct {
		from []BroadcastState
		to   BroadcastState
	}{
		ScheduleBroadcast:   {[]BroadcastState{BroadcastDraft}, BroadcastScheduled},
		UnscheduleBroadcast: {[]BroadcastState{BroadcastScheduled}, BroadcastDraft},
		SendBroadcast:       {[]BroadcastState{BroadcastDraft, BroadcastScheduled}, BroadcastSending},
		PauseBroadcast:      {[]BroadcastState{BroadcastSending}, BroadcastPaused},
		ResumeBroadcast:     {[]BroadcastState{BroadcastPaused}, BroadcastSending},
		CancelBroadcast:     {[]BroadcastState{BroadcastScheduled, BroadcastSending, BroadcastPaused}, BroadcastCancelled},
	}[m]
	if !slices.Contains(move.from, s) {
		return s, Errorf(CodeConflict, "the broadcast is %s: it cannot be told to %s", s, m)
	}
	return move.to, nil
}

// BroadcastStage is how far the planning of a broadcast that is being sent has come.
type BroadcastStage string

// The stages.
const (
	StageNone     BroadcastStage = ""         // whom it goes to is not known yet
	StagePlanning BroadcastStage = "planning" // the audience stands; its deliveries are being written
	StageTesting  BroadcastStage = "testing"  // the sample has its variants; the rest waits for the winner
	StageRest     BroadcastStage = "rest"     // the winner is known; the deliveries of the rest are being written
	StagePlanned  BroadcastStage = "planned"  // everybody of the audience has a delivery
)

// Broadcast is one message to an audience.
type Broadcast struct {
	ID        string         `json:"id"`    // bc_…
	Alias     int64          `json:"alias"` // integer alias for the Customer.io family
	Name      string         `json:"name"`
	State     BroadcastState `json:"state"`
	Reason    string         `json:"reason,omitempty"` // of a pause that nobody asked for
	Spec      BroadcastSpec  `json:"spec"`
	Stage     BroadcastStage `json:"stage"`
	People    int64          `json:"people"`          // in the audience, once it stands
	Gone      int64          `json:"gone"`            // of those: erased or merged before their delivery was written
	Winner    string         `json:"winner"`          // name of the variant; "" while there is none
	DueAt     Millis         `json:"due_at,omitzero"` // when the runner has to look at it next by itself: the start, the end of the test
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
	StartedAt Millis         `json:"started_at,omitzero"`
	EndedAt   Millis         `json:"ended_at,omitzero"`
}

// BroadcastSpec is what a broadcast sends to whom, and when; see [BroadcastSpec.Check] for what is valid.
type BroadcastSpec struct {
	Audience json.RawMessage    `json:"audience,omitempty" doc:"A definition of the segment language: segments, and any other condition."`
	Kind     ChannelKind        `json:"kind,omitempty" enum:"email,push,webhook" doc:"email if left out."`
	Variants []BroadcastVariant `json:"variants,omitempty" maxItems:"10" doc:"What is sent: one, or several that share the audience (A/B)."`
	HoldOut  float64            `json:"hold_out,omitempty" minimum:"0" maximum:"50" doc:"Percent of the people who get nothing, to compare with."`
	Winner   *BroadcastWinner   `json:"winner,omitempty" doc:"Send the variants to a sample first, and the best one to the rest."`
	Schedule *BroadcastSchedule `json:"schedule,omitempty" doc:"When it starts; nothing: when it is told to send."`
	Rate     int                `json:"rate,omitempty" minimum:"0" maximum:"1000000" doc:"Messages a minute at most; 0 for no bound."`
	Topic    string             `json:"topic,omitempty" doc:"Of consent; who refused it is left out."`
	Mode     DeliveryMode       `json:"mode,omitempty" enum:"at_most_once,at_least_once" doc:"What is promised after a crash; at most once if left out."`
	Goal     *Goal              `json:"goal,omitempty" doc:"What counts as converted."`
}

// BroadcastVariant is one of the messages that a broadcast sends.
type BroadcastVariant struct {
	Name     string  `json:"name,omitempty" maxLength:"50" doc:"A, B, … if left out."`
	Template string  `json:"template" doc:"Id of a template of the broadcast's kind."`
	Share    float64 `json:"share,omitempty" minimum:"0" maximum:"100" doc:"Percent of those who get a message; equal shares if all are left out."`
	Version  int     `json:"template_version,omitempty" readOnly:"true" doc:"Of the template, as it was when the sending began."`
}

// BroadcastWinner says how the best of several variants is found.
type BroadcastWinner struct {
	Measure string  `json:"measure" enum:"opened,clicked,converted" doc:"The share of the sent that opened, clicked or converted; machines do not count."`
	After   string  `json:"after" doc:"How long after the sample was sent out it is decided, such as 4h; at most 30d."`
	Sample  float64 `json:"sample" minimum:"1" maximum:"90" doc:"Percent of the people who get the variants first."`
}

// BroadcastSchedule is when a broadcast starts: exactly one of the two is set.
type BroadcastSchedule struct {
	At    Millis `json:"at,omitzero" doc:"A moment."`
	Local string `json:"local,omitempty" doc:"A date and time of day, such as 2026-12-01T09:00, in each person's own zone (attribute timezone), else the workspace's."`
}

// WithDefaults returns the spec with what was left out and has only one meaning filled in.
func (s BroadcastSpec) WithDefaults() BroadcastSpec {
	if s.Kind == "" {
		s.Kind = Email
	}
	if s.Mode == "" {
		s.Mode = AtMostOnce
	}
	s.Variants = slices.Clone(s.Variants)
	equal := !slices.ContainsFunc(s.Variants, func(v BroadcastVariant) bool { return v.Share != 0 })
	for i := range s.Variants {
		if s.Variants[i].Name == "" {
			s.Variants[i].Name = string(rune('A' + i))
		}
		if equal {
			s.Variants[i].Share = 100 / float64(len(s.Variants))
		}
	}
	return s
}

// Variant returns the variant of a name; false when there is none.
func (s BroadcastSpec) Variant(name string) (BroadcastVariant, bool) {
	i := slices.IndexFunc(s.Variants, func(v BroadcastVariant) bool { return v.Name == name })
	if i < 0 {
		return BroadcastVariant{}, false
	}
	return s.Variants[i], true
}
