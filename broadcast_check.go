package carpel

import (
	"fmt"
	"math"
	"slices"
)

// Limits of a broadcast.
const (
	MaxVariants    = 10
	MaxHoldOut     = 50 // percent
	MaxRate        = 1_000_000
	MaxTestDays    = 30
	MaxAheadDays   = 366 // of a schedule
	ConfirmPeople  = 1000
	localDateTime  = "2006-01-02T15:04"
	shareTolerance = 1e-6
)

// Check refuses what no broadcast may be, draft or not, with the JSON pointer of the fault. What it refers to (segments,
// templates, topics) is the caller's to look for.
func (s BroadcastSpec) Check() error {
	if len(s.Audience) > 0 && string(s.Audience) != "null" {
		if _, err := ParseCondition(s.Audience); err != nil {
			return at("/audience", err)
		}
	}
	if !slices.Contains(ChannelKinds(), s.Kind) {
		return fault("/kind", "%.40q is no kind of channel; there are email, push and webhook", s.Kind)
	}
	if !(s.HoldOut >= 0 && s.HoldOut <= MaxHoldOut) {
		return &Error{Code: CodeLimit, Pointer: "/hold_out", Limit: MaxHoldOut, Actual: whole(s.HoldOut), Message: "at most half of the people are held out"}
	}
	if s.Rate < 0 || s.Rate > MaxRate {
		return &Error{Code: CodeLimit, Pointer: "/rate", Limit: MaxRate, Actual: int64(s.Rate), Message: fmt.Sprintf("the rate is 0 (no bound) to %d messages a minute", MaxRate)}
	}
	if s.Mode != AtMostOnce && s.Mode != AtLeastOnce {
		return fault("/mode", "%.40q is no mode; there are at_most_once and at_least_once", s.Mode)
	}
	for _, check := range []func() error{s.checkVariants, s.checkWinner, s.checkSchedule} {
		if err := check(); err != nil {
			return err
		}
	}
	if s.Goal != nil {
		return at("/goal", s.Goal.Check())
	}
	return nil
}

// whole is a number as errors tell it, whatever it is.
func whole(f float64) int64 {
	if math.IsNaN(f) {
		return 0
	}
	return int64(max(-1e15, min(1e15, f)))
}

func (s BroadcastSpec) checkVariants() error {
	if len(s.Variants) > MaxVariants {
		return &Error{Code: CodeLimit, Pointer: "/variants", Limit: MaxVariants, Actual: int64(len(s.Variants)), Message: fmt.Sprintf("a broadcast has at most %d variants", MaxVariants)}
	}
	sum, names := 0.0, map[string]bool{}
	for i, v := range s.Variants {
		here := fmt.Sprintf("/variants/%d", i)
		switch {
		case v.Name == "" || len(v.Name) > 50:
			return &Error{Code: CodeLimit, Pointer: here + "/name", Limit: 50, Actual: int64(len(v.Name)), Message: "a variant's name has 1 to 50 bytes"}
		case names[v.Name]:
			return fault(here+"/name", "there are two variants %.50q", v.Name)
		case !(v.Share > 0 && v.Share <= 100):
			return fault(here+"/share", "a share is more than 0 and at most 100")
		}
		names[v.Name] = true
		sum += v.Share
	}
	if len(s.Variants) > 0 && math.Abs(sum-100) > shareTolerance {
		return fault("/variants", "the shares of the variants make %g; they must make 100", sum)
	}
	return nil
}

func (s BroadcastSpec) checkWinner() error {
	w := s.Winner
	if w == nil {
		return nil
	}
	if !slices.Contains([]string{"opened", "clicked", "converted"}, w.Measure) {
		return fault("/winner/measure", "%.40q: a winner is found by opened, clicked or converted", w.Measure)
	}
	if w.Measure == "converted" && s.Goal == nil {
		return fault("/winner/measure", "nobody converts without a goal")
	}
	d, err := ParseDuration(w.After)
	if err != nil {
		return at("/winner/after", err)
	}
	if d.Millis() > MaxTestDays*86_400_000 {
		return &Error{Code: CodeLimit, Pointer: "/winner/after", Limit: MaxTestDays, Actual: int64(d.Millis() / 86_400_000), Message: fmt.Sprintf("a winner is found within %d days", MaxTestDays)}
	}
	if !(w.Sample >= 1 && w.Sample <= 90) {
		return fault("/winner/sample", "the sample is 1 to 90 percent")
	}
	if s.Schedule != nil && s.Schedule.Local != "" {
		return fault("/winner", "with a time in each person's zone no winner is found: the rest would miss it")
	}
	return nil
}

func (s BroadcastSpec) checkSchedule() error {
	if s.Schedule == nil {
		return nil
	}
	if (s.Schedule.At == 0) == (s.Schedule.Local == "") {
		return fault("/schedule", "a schedule is a moment (at) or a time in each person's zone (local)")
	}
	if s.Schedule.Local != "" {
		if _, err := ParseLocal(s.Schedule.Local); err != nil {
			return at("/schedule/local", err)
		}
	}
	return nil
}

// CheckReady refuses what is still missing of a draft that is to be sent.
func (s BroadcastSpec) CheckReady() error {
	if len(s.Audience) == 0 || string(s.Audience) == "null" {
		return fault("/audience", "to whom does it go?")
	}
	if len(s.Variants) == 0 {
		return fault("/variants", "what is sent?")
	}
	for i, v := range s.Variants {
		if v.Template == "" {
			return fault(fmt.Sprintf("/variants/%d/template", i), "which template is sent?")
		}
	}
	if s.Winner != nil && len(s.Variants) < 2 {
		return fault("/winner", "a winner needs at least two variants")
	}
	return nil
}
