package carpel

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Goal is what a broadcast or a campaign is for: an event, or joining or leaving a segment, within a time of a message.
// It counts for the last delivery before it.
type Goal struct {
	Event   string          `json:"event,omitempty"`
	Where   json.RawMessage `json:"where,omitempty" doc:"Conditions over the event's properties."`
	Segment string          `json:"segment,omitempty" doc:"Id of a segment, in place of an event."`
	Leave   bool            `json:"leave,omitempty" doc:"On leaving the segment instead of joining it."`
	Within  string          `json:"within" doc:"At most 90d."`
	Of      string          `json:"of,omitempty" enum:"sent,opened,clicked" doc:"What must have come before: sent if left out."`
}

// MaxGoalDays is how long after a message a goal may count.
const MaxGoalDays = 90

// Check refuses what no goal may be, with the JSON pointer of the fault. That the segment is there is the caller's to see to.
func (g *Goal) Check() error {
	switch {
	case (g.Event == "") == (g.Segment == ""):
		return fault("", "a goal is an event or a segment")
	case g.Event != "":
		if err := eventName(g.Event, "/event"); err != nil {
			return err
		}
		if g.Leave {
			return fault("/leave", "only a segment is left")
		}
		if _, err := ParseWhere(g.Where); err != nil {
			return at("/where", err)
		}
	case len(g.Where) > 0:
		return fault("/where", "only an event has properties")
	}
	d, err := ParseDuration(g.Within)
	if err != nil {
		return at("/within", err)
	}
	if d.Millis() > MaxGoalDays*86_400_000 {
		return &Error{Code: CodeLimit, Pointer: "/within", Limit: MaxGoalDays, Actual: int64(d.Millis() / 86_400_000), Message: fmt.Sprintf("a goal counts for at most %d days", MaxGoalDays)}
	}
	if !slices.Contains([]string{"", "sent", "opened", "clicked"}, g.Of) {
		return fault("/of", "%.40q: there are sent, opened and clicked", g.Of)
	}
	return nil
}
