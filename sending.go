package carpel

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// Sending is how the messages of a workspace go out. The zero value sends without caps, quiet hours and topics.
type Sending struct {
	From    string  `json:"from,omitempty"`    // "Name <address>" of messages whose template and channel have none
	Address string  `json:"address,omitempty"` // postal address, for the foot of emails: {{ workspace.address }}
	Topics  []Topic `json:"topics,omitempty"`
	Caps    []Cap   `json:"caps,omitempty"`
	Quiet   *Quiet  `json:"quiet,omitempty"`
}

// Topic is something that people may want messages about or not. Their choice is the attribute [AttrTopic] + Key.
type Topic struct {
	Key         string `json:"key"` // slug
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	OptIn       bool   `json:"opt_in,omitempty"` // wanted only when chosen; else unless refused
}

// Cap is how many messages a person gets at most.
type Cap struct {
	Kind  ChannelKind `json:"kind,omitempty"` // "" for all together
	Count int         `json:"count"`
	Hours int         `json:"hours"` // of any so many hours
}

// Quiet are the hours in which nothing that asks for consent goes out, in each person's time zone (attribute
// timezone, an IANA name; else the workspace's). What falls into them waits until To.
type Quiet struct {
	From string `json:"from"` // "21:00"
	To   string `json:"to"`   // "08:00": of the next day when not after From
}

// Bounds of [Sending].
const (
	maxTopics   = 100
	maxCaps     = 10
	maxCapCount = 10_000
	maxCapHours = 24 * 90
)

var topicKey = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate returns the first fault, with a pointer to it; nil for none.
func (s Sending) Validate() error {
	if s.From != "" {
		if err := validateAddress("/from", s.From); err != nil {
			return err
		}
	}
	if len(s.Address) > 1000 {
		return &Error{Code: CodeLimit, Pointer: "/address", Limit: 1000, Actual: int64(len(s.Address)), Message: TooLarge("the postal address", int64(len(s.Address)), 1000)}
	}
	if len(s.Topics) > maxTopics {
		return &Error{Code: CodeLimit, Pointer: "/topics", Limit: maxTopics, Actual: int64(len(s.Topics)), Message: fmt.Sprintf("there are %d topics, and may be %d", len(s.Topics), maxTopics)}
	}
	seen := map[string]bool{}
	for i, t := range s.Topics {
		at := fmt.Sprintf("/topics/%d", i)
		switch {
		case !topicKey.MatchString(t.Key) || len(t.Key) > 100:
			return &Error{Code: CodeInvalid, Pointer: at + "/key", Message: "the key of a topic is made of small letters and digits, with single hyphens between, at most 100"}
		case seen[t.Key]:
			return &Error{Code: CodeInvalid, Pointer: at + "/key", Message: fmt.Sprintf("there are two topics %q", t.Key)}
		case strings.TrimSpace(t.Name) == "" || len(t.Name) > MaxNameBytes:
			return &Error{Code: CodeLimit, Pointer: at + "/name", Limit: MaxNameBytes, Actual: int64(len(t.Name)), Message: fmt.Sprintf("the name of a topic has 1 to %d bytes", MaxNameBytes)}
		case len(t.Description) > 1000:
			return &Error{Code: CodeLimit, Pointer: at + "/description", Limit: 1000, Actual: int64(len(t.Description)), Message: TooLarge("the description", int64(len(t.Description)), 1000)}
		}
		seen[t.Key] = true
	}
	if err := s.validateCaps(); err != nil {
		return err
	}
	if s.Quiet == nil {
		return nil
	}
	return s.Quiet.validate()
}

func (s Sending) validateCaps() error {
	if len(s.Caps) > maxCaps {
		return &Error{Code: CodeLimit, Pointer: "/caps", Limit: maxCaps, Actual: int64(len(s.Caps)), Message: fmt.Sprintf("there are %d caps, and may be %d", len(s.Caps), maxCaps)}
	}
	for i, c := range s.Caps {
		at := fmt.Sprintf("/caps/%d", i)
		switch {
		case c.Kind != "" && c.Kind != Email && c.Kind != Push && c.Kind != Webhook:
			return &Error{Code: CodeInvalid, Pointer: at + "/kind", Message: "the kind must be email, push, webhook, or left out for all of them"}
		case c.Count < 1 || c.Count > maxCapCount:
			return &Error{Code: CodeLimit, Pointer: at + "/count", Limit: maxCapCount, Actual: int64(c.Count), Message: fmt.Sprintf("the count must be 1 to %d", maxCapCount)}
		case c.Hours < 1 || c.Hours > maxCapHours:
			return &Error{Code: CodeLimit, Pointer: at + "/hours", Limit: maxCapHours, Actual: int64(c.Hours), Message: fmt.Sprintf("the hours must be 1 to %d", maxCapHours)}
		}
	}
	return nil
}

func (q Quiet) validate() error {
	if _, ok := clockTime(q.From); !ok {
		return &Error{Code: CodeInvalid, Pointer: "/quiet/from", Message: "the time must be written like 21:00"}
	}
	if _, ok := clockTime(q.To); !ok {
		return &Error{Code: CodeInvalid, Pointer: "/quiet/to", Message: "the time must be written like 08:00"}
	}
	if q.From == q.To {
		return &Error{Code: CodeInvalid, Pointer: "/quiet/to", Message: "quiet hours that last the whole day would let nothing out"}
	}
	return nil
}

// Until returns when the quiet hours at hand end, at a moment in a zone; false outside of them.
func (q Quiet) Until(at time.Time) (time.Time, bool) {
	from, _ := clockTime(q.From)
	to, _ := clockTime(q.To)
	y, m, d := at.Date()
	on := func(day, minutes int) time.Time { return time.Date(y, m, d+day, 0, minutes, 0, 0, at.Location()) }
	for _, day := range [...]int{-1, 0} {
		end := on(day, to)
		if to <= from {
			end = on(day+1, to)
		}
		if !at.Before(on(day, from)) && at.Before(end) {
			return end, true
		}
	}
	return time.Time{}, false
}

// clockTime reads "21:00" as minutes since midnight.
func clockTime(s string) (minutes int, ok bool) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}

// validateAddress refuses what is no "Name <address>" or plain address of email in one line.
func validateAddress(pointer, s string) error {
	a, err := mail.ParseAddress(s)
	if err != nil || strings.ContainsAny(s, "\r\n\x00") || len(s) > 500 || len(a.Address) > MaxIDBytes {
		return &Error{Code: CodeInvalid, Pointer: pointer, Message: `write a sender like "Name <address@example.com>"`}
	}
	return nil
}
