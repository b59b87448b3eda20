package carpel

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Hook is a webhook out to another system: it is called for everything of its events that happens from when it is made
// on, at least once, in order within a segment and for a person. While it is off nothing is kept for it.
type Hook struct {
	ID        string    `json:"id"` // wh_…
	Name      string    `json:"name"`
	URL       string    `json:"url"`
	Events    []string  `json:"events"`   // of [HookEvents]
	Segments  []string  `json:"segments"` // ids, of the events segment.…
	On        bool      `json:"on"`
	Reason    string    `json:"reason"` // why it was turned off by itself; "" when it was not
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	Secrets      []byte `json:"-"` // sealed JSON; see internal/hooks
	FailingSince Millis `json:"-"` // since when no call has been taken; 0 for not
}

// HookEvents are what a hook may be called for.
func HookEvents() []string {
	return []string{HookEntered, HookLeft, "delivery.sent", "delivery.failed", "delivery.delivered", "delivery.opened", "delivery.clicked", "delivery.converted",
		"delivery.bounced", "delivery.complained", "delivery.unsubscribed", HookErased}
}

// Events of hooks that are made in more than one place.
const (
	HookEntered = "segment.entered"
	HookLeft    = "segment.left"
	HookErased  = "person.erased"
	HookPing    = "ping" // a try-out, asked for by hand
	HookGap     = "gap"  // no call: something was not kept, and is missing
)

// OfSegments reports whether the hook is called for changes of segments.
func (h Hook) OfSegments() bool {
	return h.Wants(HookEntered) || h.Wants(HookLeft)
}

// Wants reports whether the hook is called for an event.
func (h Hook) Wants(event string) bool { return slices.Contains(h.Events, event) }

// MaxHooks is how many hooks a workspace has at most.
const MaxHooks = 50

// Validate refuses a hook that cannot be called.
func (h Hook) Validate() error {
	if h.Name == "" || len(h.Name) > MaxNameBytes {
		return &Error{Code: CodeLimit, Pointer: "/name", Limit: MaxNameBytes, Actual: int64(len(h.Name)), Message: fmt.Sprintf("the name must have 1 to %d bytes", MaxNameBytes)}
	}
	u, err := url.Parse(h.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(h.URL) > 2048 || strings.ContainsAny(h.URL, "\r\n\x00") {
		return &Error{Code: CodeInvalid, Pointer: "/url", Message: "give an address such as https://example.com/hooks, without a password"}
	}
	if len(h.Events) == 0 {
		return &Error{Code: CodeInvalid, Pointer: "/events", Message: "a webhook is called for at least one event"}
	}
	for i, e := range h.Events {
		if !slices.Contains(HookEvents(), e) {
			return &Error{Code: CodeInvalid, Pointer: fmt.Sprintf("/events/%d", i), Message: fmt.Sprintf("there is no event %.40q", e), Suggestion: Nearest(e, HookEvents())}
		}
	}
	if h.OfSegments() && len(h.Segments) == 0 {
		return &Error{Code: CodeInvalid, Pointer: "/segments", Message: "name the segments whose changes it is called for"}
	}
	if len(h.Segments) > MaxListValues {
		return &Error{Code: CodeLimit, Pointer: "/segments", Limit: MaxListValues, Actual: int64(len(h.Segments)), Message: fmt.Sprintf("a webhook has at most %d segments", MaxListValues)}
	}
	return nil
}

// HookCall is one call of a hook, made or to be made. It holds no personal data but a key: who the person is, is read
// when the call is made.
type HookCall struct {
	Seq      int64           `json:"seq"`
	Hook     string          `json:"-"`
	ID       string          `json:"id"`    // of the header webhook-id: the same whenever it is called again
	Event    string          `json:"event"` // of [HookEvents], ping, or gap
	Lane     string          `json:"-"`     // calls of a lane go out one after the other
	Data     json.RawMessage `json:"data"`
	At       Millis          `json:"at"` // when it happened
	State    HookCallState   `json:"state"`
	Attempts int             `json:"attempts"`
	DueAt    Millis          `json:"due_at"`   // when it is tried next
	Answer   string          `json:"answer"`   // what the receiver said last: status and beginning, at most 500 bytes
	EndedAt  Millis          `json:"ended_at"` // 0 while it is planned
}

// HookCallState is how a call stands.
type HookCallState string

// The states of a call.
const (
	HookPlanned HookCallState = "planned"
	HookSent    HookCallState = "sent"
	HookFailed  HookCallState = "failed" // for three days
	HookMissing HookCallState = "missing"
)
