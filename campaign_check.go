package carpel

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Limits of a campaign.
const (
	MaxCampaignSteps    = 100
	MaxCampaignBranches = 20
)

// Weekdays are the days of the week as a campaign names them, from Sunday as time.Weekday has it.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Weekday returns the number of a day, from 0 for sun; -1 for a word that is none.
func Weekday(day string) int { return slices.Index(weekdays, day) }

// ParseClock reads a time of day such as 09:30 as minutes after midnight.
func ParseClock(s string) (int, error) {
	if len(s) == 5 && s[2] == ':' && digits(s[:2]) && digits(s[3:]) {
		h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
		if h < 24 && m < 60 {
			return 60*h + m, nil
		}
	}
	return 0, Errorf(CodeInvalid, "%.20q is no time of day; write it like 09:30", s)
}

// ParseWhere reads conditions over the properties of an event, as they stand beside its name; nil for none.
func ParseWhere(raw json.RawMessage) (Condition, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	c, err := ParseCondition(slices.Concat([]byte(`{"event":"*","where":`), raw, []byte{'}'}))
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			moved := *e
			moved.Pointer = strings.TrimPrefix(e.Pointer, "/where")
			return nil, &moved
		}
		return nil, err
	}
	return c.(*Activity).Where, nil
}

// Check refuses what no campaign may be, with the JSON pointer of the fault, and returns what its writer may not mean:
// unreachable steps. Whether what it refers to is there (segments, templates, topics) is the caller's to see to.
func (s *CampaignSpec) Check() ([]Finding, error) {
	c := &campaignCheck{spec: s, index: map[string]int{}}
	for _, check := range []func() error{c.trigger, c.rules, c.goal, c.steps, c.ways} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return c.findings, nil
}

// campaignCheck is one check under way.
type campaignCheck struct {
	spec     *CampaignSpec
	index    map[string]int // of steps by id
	findings []Finding
}

func fault(pointer, format string, args ...any) error {
	return &Error{Code: CodeInvalid, Pointer: pointer, Message: fmt.Sprintf(format, args...)}
}

// at puts an error below a place.
func at(pointer string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		moved := *e
		moved.Pointer = pointer + e.Pointer
		return &moved
	}
	return err
}

func condition(raw json.RawMessage, pointer string) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	_, err := ParseCondition(raw)
	return at(pointer, err)
}

func (c *campaignCheck) trigger() error {
	t := c.spec.Trigger
	allowed := map[string]bool{}
	switch t.Kind {
	case TriggerEntered, TriggerLeft:
		if t.Segment == "" {
			return fault("/trigger/segment", "which segment starts it?")
		}
		allowed["segment"] = true
	case TriggerEvent:
		if err := eventName(t.Event, "/trigger/event"); err != nil {
			return err
		}
		if _, err := ParseWhere(t.Where); err != nil {
			return at("/trigger/where", err)
		}
		allowed["event"], allowed["where"] = true, true
	case TriggerDate:
		if err := c.date(); err != nil {
			return err
		}
		allowed["attribute"], allowed["every"], allowed["days"], allowed["at"] = true, true, true, true
	case TriggerAPI:
	default:
		return &Error{Code: CodeInvalid, Pointer: "/trigger/kind", Suggestion: Nearest(string(t.Kind), []string{"segment_entered", "segment_left", "event", "date", "api"}),
			Message: fmt.Sprintf("%.40q starts no campaign", t.Kind)}
	}
	for name, set := range map[string]bool{"segment": t.Segment != "", "event": t.Event != "", "where": len(t.Where) > 0, "attribute": t.Attribute != "", "every": t.Every != "", "days": t.Days != 0, "at": t.At != ""} {
		if set && !allowed[name] {
			return fault("/trigger/"+name, "a trigger of the kind %s has no %s", t.Kind, name)
		}
	}
	for i, cause := range t.Causes {
		if cause != CauseImport && cause != CauseDefinition && cause != CauseMerge {
			return fault(fmt.Sprintf("/trigger/causes/%d", i), "%.40q cannot be chosen; import, definition and merge can, and the rest starts it anyway", cause)
		}
	}
	return nil
}

func eventName(name, pointer string) error {
	if name == "" || name == AnyEvent || name != strings.TrimSpace(name) {
		return fault(pointer, "an event is named exactly, without blanks at its ends")
	}
	if len(name) > MaxNameBytes {
		return &Error{Code: CodeLimit, Pointer: pointer, Limit: MaxNameBytes, Actual: int64(len(name)), Message: fmt.Sprintf("a name has at most %d bytes", MaxNameBytes)}
	}
	return nil
}

func (c *campaignCheck) date() error {
	t := c.spec.Trigger
	if t.Attribute == "" || len(t.Attribute) > MaxNameBytes {
		return fault("/trigger/attribute", "which attribute holds the date?")
	}
	if t.Every != "" && t.Every != "once" && t.Every != "year" {
		return fault("/trigger/every", "a date comes once, or every year")
	}
	if t.Days < -365 || t.Days > 365 {
		return &Error{Code: CodeLimit, Pointer: "/trigger/days", Limit: 365, Actual: int64(t.Days), Message: "at most 365 days before or after the date"}
	}
	if t.At != "" {
		if _, err := ParseClock(t.At); err != nil {
			return at("/trigger/at", err)
		}
	}
	return nil
}

func (c *campaignCheck) rules() error {
	s := c.spec
	if err := condition(s.Filter, "/filter"); err != nil {
		return err
	}
	switch s.Reentry.Rule {
	case "", ReentryNever:
		if s.Reentry.Wait != "" {
			return fault("/reentry/wait", "nobody enters again: there is nothing to wait for")
		}
	case ReentryAfterExit, ReentryAlways:
	default:
		return fault("/reentry/rule", "%.40q is no rule; there are never, after_exit and always", s.Reentry.Rule)
	}
	if s.Reentry.Wait != "" {
		if _, err := ParseDuration(s.Reentry.Wait); err != nil {
			return at("/reentry/wait", err)
		}
	}
	segment := s.Trigger.Kind == TriggerEntered || s.Trigger.Kind == TriggerLeft
	switch s.Exit {
	case "", ExitNever:
	case ExitUnmatched:
		if !segment {
			return fault("/exit", "only a segment can stop fitting")
		}
	case ExitGoal:
		if s.Goal == nil {
			return fault("/exit", "there is no goal to exit on")
		}
	default:
		return fault("/exit", "%.40q is no exit; there are never, unmatched and goal", s.Exit)
	}
	switch s.Members {
	case "", FutureMembers:
	case CurrentMembers:
		if s.Trigger.Kind != TriggerEntered {
			return fault("/members", "only a segment that people enter has current members")
		}
	default:
		return fault("/members", "%.40q: there are future and current", s.Members)
	}
	if s.Mode != "" && s.Mode != AtMostOnce && s.Mode != AtLeastOnce {
		return fault("/mode", "%.40q is no mode; there are at_most_once and at_least_once", s.Mode)
	}
	return nil
}

func (c *campaignCheck) goal() error {
	if c.spec.Goal == nil {
		return nil
	}
	return at("/goal", c.spec.Goal.Check())
}

func (c *campaignCheck) steps() error {
	all := c.spec.Steps
	if len(all) == 0 {
		return fault("/steps", "a campaign has at least one step")
	}
	if len(all) > MaxCampaignSteps {
		return &Error{Code: CodeLimit, Pointer: "/steps", Limit: MaxCampaignSteps, Actual: int64(len(all)), Message: fmt.Sprintf("a campaign has at most %d steps", MaxCampaignSteps)}
	}
	for i := range all {
		here := fmt.Sprintf("/steps/%d", i)
		if err := stepID(all[i].ID); err != nil {
			return at(here+"/id", err)
		}
		if _, twice := c.index[all[i].ID]; twice {
			return fault(here+"/id", "there are two steps %q", all[i].ID)
		}
		c.index[all[i].ID] = i
		if err := all[i].check(); err != nil {
			return at(here, err)
		}
	}
	return nil
}

func stepID(id string) error {
	if id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return Errorf(CodeInvalid, "a step's id is 1 to 64 small letters, digits, - and _")
	}
	return nil
}

// check refuses what a step of its kind may not be.
func (s *CampaignStep) check() error {
	own := map[StepKind][]string{
		StepSend: {"template", "everyone"}, StepWait: {"for"}, StepWaitUntil: {"weekdays", "at", "event", "where", "timeout", "else"},
		StepBranch: {"branches", "else"}, StepUpdate: {"attributes"}, StepWebhook: {"webhook"}, StepExit: {},
	}
	keys, known := own[s.Kind]
	if !known {
		return &Error{Code: CodeInvalid, Pointer: "/kind", Suggestion: Nearest(string(s.Kind), []string{"send", "wait", "wait_until", "branch", "update", "webhook", "exit"}), Message: fmt.Sprintf("%.40q is no kind of step", s.Kind)}
	}
	for name, set := range map[string]bool{"template": s.Template != "", "everyone": s.Everyone, "for": s.For != "", "weekdays": len(s.Weekdays) > 0, "at": s.At != "", "event": s.Event != "",
		"where": len(s.Where) > 0, "timeout": s.Timeout != "", "else": s.Else != "", "branches": len(s.Branches) > 0, "attributes": len(s.Attributes) > 0, "webhook": s.Webhook != nil} {
		if set && !slices.Contains(keys, name) {
			return fault("/"+name, "a step of the kind %s has no %s", s.Kind, name)
		}
	}
	switch s.Kind {
	case StepSend:
		if s.Template == "" {
			return fault("/template", "which template is sent?")
		}
	case StepWait:
		_, err := ParseDuration(s.For)
		return at("/for", err)
	case StepWaitUntil:
		return s.checkUntil()
	case StepBranch:
		return s.checkBranches()
	case StepUpdate:
		return s.checkUpdate()
	case StepWebhook:
		return s.checkWebhook()
	case StepExit:
		if s.Next != "" {
			return fault("/next", "nothing follows an exit")
		}
	}
	return nil
}

func (s *CampaignStep) checkUntil() error {
	if (s.At == "") == (s.Event == "") {
		return fault("", "wait_until has a time of day (at) or an event")
	}
	if s.Event != "" {
		if len(s.Weekdays) > 0 {
			return fault("/weekdays", "weekdays are of a time of day")
		}
		if err := eventName(s.Event, "/event"); err != nil {
			return err
		}
		if _, err := ParseWhere(s.Where); err != nil {
			return at("/where", err)
		}
		if s.Timeout == "" {
			return fault("/timeout", "how long to wait for it at most?")
		}
		_, err := ParseDuration(s.Timeout)
		return at("/timeout", err)
	}
	if len(s.Where) > 0 || s.Timeout != "" || s.Else != "" {
		return fault("", "where, timeout and else are of an event")
	}
	for i, day := range s.Weekdays {
		if Weekday(day) < 0 {
			return fault(fmt.Sprintf("/weekdays/%d", i), "%.20q is no weekday; there are mon, tue, wed, thu, fri, sat and sun", day)
		}
	}
	_, err := ParseClock(s.At)
	return at("/at", err)
}

func (s *CampaignStep) checkBranches() error {
	if len(s.Branches) == 0 {
		return fault("/branches", "a branch has at least one way")
	}
	if len(s.Branches) > MaxCampaignBranches {
		return &Error{Code: CodeLimit, Pointer: "/branches", Limit: MaxCampaignBranches, Actual: int64(len(s.Branches)), Message: fmt.Sprintf("a branch has at most %d ways", MaxCampaignBranches)}
	}
	if s.Next != "" {
		return fault("/next", "a branch goes on by its ways, and else")
	}
	shares, sum := len(s.Branches[0].If) == 0, 0.0
	for i, b := range s.Branches {
		here := fmt.Sprintf("/branches/%d", i)
		if shares {
			if len(b.If) > 0 {
				return fault(here+"/if", "the ways of a branch are all conditions, or all shares")
			}
			if !(b.Percent > 0 && b.Percent <= 100) {
				return fault(here+"/percent", "a share is more than 0 and at most 100")
			}
			sum += b.Percent
			continue
		}
		if b.Percent != 0 || len(b.If) == 0 || string(b.If) == "null" {
			return fault(here, "the ways of a branch are all conditions, or all shares")
		}
		if err := condition(b.If, here+"/if"); err != nil {
			return err
		}
	}
	if shares && (math.Abs(sum-100) > 1e-6 || s.Else != "") {
		return fault("/branches", "the shares make 100, and nobody is left for else")
	}
	return nil
}

func (s *CampaignStep) checkUpdate() error {
	if len(s.Attributes) == 0 {
		return fault("/attributes", "which attributes are set?")
	}
	if len(s.Attributes) > 100 {
		return &Error{Code: CodeLimit, Pointer: "/attributes", Limit: 100, Actual: int64(len(s.Attributes)), Message: "a step sets at most 100 attributes"}
	}
	for name := range s.Attributes {
		here := "/attributes/" + escapePointer(name)
		switch {
		case strings.HasPrefix(name, "$"):
			return &Error{Code: CodeReserved, Pointer: here, Message: "names that begin with $ are ours"}
		case name == "id" || name == "email" || name == AttrUnsubscribed:
			return fault(here, "a campaign does not change %s", name)
		case name == "" || len(name) > MaxNameBytes:
			return &Error{Code: CodeLimit, Pointer: here, Limit: MaxNameBytes, Actual: int64(len(name)), Message: fmt.Sprintf("a name has 1 to %d bytes", MaxNameBytes)}
		}
	}
	return nil
}

func (s *CampaignStep) checkWebhook() error {
	w := s.Webhook
	if w == nil || w.URL == "" {
		return fault("/webhook", "which address is called?")
	}
	if !slices.Contains([]string{"POST", "PUT", "PATCH", "GET", "DELETE"}, w.Method) {
		return fault("/webhook/method", "%.20q is no method; there are POST, PUT, PATCH, GET and DELETE", w.Method)
	}
	return nil
}

// Ways are the steps that may follow a step, by the pointer below it of what leads there; "" ends the journey.
func (s *CampaignStep) ways() map[string]string {
	ways := map[string]string{}
	switch s.Kind {
	case StepExit:
	case StepBranch:
		for i, b := range s.Branches {
			ways[fmt.Sprintf("/branches/%d/next", i)] = b.Next
		}
		if len(s.Branches[0].If) > 0 {
			ways["/else"] = s.Else
		}
	case StepWaitUntil:
		if ways["/next"] = s.Next; s.Event != "" {
			ways["/else"] = s.Else
		}
	default:
		ways["/next"] = s.Next
	}
	return ways
}

// ways refuses steps that are not there and circles in which nobody waits, and finds steps that nobody comes to.
func (c *campaignCheck) ways() error {
	all := c.spec.Steps
	for i := range all {
		for pointer, to := range all[i].ways() {
			if _, ok := c.index[to]; to != "" && !ok {
				return &Error{Code: CodeNotFound, Pointer: fmt.Sprintf("/steps/%d%s", i, pointer), Suggestion: Nearest(to, c.ids()), Message: fmt.Sprintf("there is no step %.64q", to)}
			}
		}
	}
	reached := make([]bool, len(all))
	var reach func(i int)
	reach = func(i int) {
		if reached[i] {
			return
		}
		reached[i] = true
		for _, to := range all[i].ways() {
			if to != "" {
				reach(c.index[to])
			}
		}
	}
	reach(0)
	for i := range all {
		if !reached[i] {
			c.findings = append(c.findings, Finding{Code: "unreachable", Pointer: fmt.Sprintf("/steps/%d", i), Message: fmt.Sprintf("Nobody comes to the step %q.", all[i].ID)})
		}
	}
	return c.circles()
}

func (c *campaignCheck) ids() []string {
	ids := make([]string, len(c.spec.Steps))
	for i := range c.spec.Steps {
		ids[i] = c.spec.Steps[i].ID
	}
	return ids
}

// circles refuses a way from a step back to itself on which nobody waits.
func (c *campaignCheck) circles() error {
	const under, done = 1, 2
	state := make([]int, len(c.spec.Steps))
	var walk func(i int) error
	walk = func(i int) error {
		s := &c.spec.Steps[i]
		if s.Kind == StepWait || s.Kind == StepWaitUntil || state[i] == done {
			return nil
		}
		if state[i] == under {
			return &Error{Code: CodeCycle, Pointer: fmt.Sprintf("/steps/%d", i), Message: fmt.Sprintf("the step %q comes back to itself without a wait", s.ID)}
		}
		state[i] = under
		for _, to := range s.ways() {
			if to == "" {
				continue
			}
			if err := walk(c.index[to]); err != nil {
				return err
			}
		}
		state[i] = done
		return nil
	}
	for i := range c.spec.Steps {
		if err := walk(i); err != nil {
			return err
		}
	}
	return nil
}
