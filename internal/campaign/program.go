// Package campaign decides who gets what: it moves people through campaigns and plans broadcasts. It writes rows of the
// records, in the transaction that moves its cursor, and sends nothing.
//
// A campaign in three layers, each of which can be understood without the next:
//
//	state.go    Step: one journey, one moment, what is known → the journey after it and what follows. Pure.
//	round.go    Round: one thing that happened → the journeys that it starts, moves and ends, as one batch. Its world is functions.
//	runner_*.go reads the engine's feed and journal, commits batches, and tells the engine what they ask for.
//
// The simulation in simulate_test.go drives the first two through made-up months.
package campaign

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// Program is one version of a campaign, ready to run. Immutable.
type Program struct {
	Campaign string
	Version  int
	Spec     carpel.CampaignSpec

	first       string
	steps       map[string]*step
	filter      carpel.Condition // nil: everybody
	fits        carpel.Condition // what must still hold before each send, of a campaign that people leave when it does not; nil
	where       carpel.Condition // of the trigger's event
	goalWhere   carpel.Condition
	goalWithin  carpel.Millis
	reentryWait carpel.Millis
}

// step is a step with what its texts say.
type step struct {
	carpel.CampaignStep
	index    int
	wait     carpel.Millis      // wait, or the longest wait for an event
	clock    int                // wait_until: minutes after midnight
	weekdays [7]bool            // wait_until
	where    carpel.Condition   // wait_until an event
	ifs      []carpel.Condition // branch
}

// Compile makes a campaign's specification ready to run. It fails on one that [carpel.CampaignSpec.Check] refuses.
func Compile(campaign string, version int, spec carpel.CampaignSpec) (*Program, error) {
	if _, err := spec.Check(); err != nil {
		return nil, fmt.Errorf("campaign %s, version %d: %w", campaign, version, err)
	}
	p := &Program{Campaign: campaign, Version: version, Spec: spec, first: spec.Steps[0].ID, steps: map[string]*step{}}
	p.filter = parse(spec.Filter)
	p.where, _ = carpel.ParseWhere(spec.Trigger.Where)
	p.reentryWait = span(spec.Reentry.Wait)
	if spec.Exit == carpel.ExitUnmatched {
		p.fits = &carpel.InSegment{Ref: spec.Trigger.Segment}
		if spec.Trigger.Kind == carpel.TriggerLeft {
			p.fits = &carpel.Not{Of: p.fits}
		}
	}
	if g := spec.Goal; g != nil {
		p.goalWhere, _ = carpel.ParseWhere(g.Where)
		p.goalWithin = span(g.Within)
	}
	for i, s := range spec.Steps {
		x := &step{CampaignStep: s, index: i, wait: span(s.For + s.Timeout)} // a step has one of them
		x.where, _ = carpel.ParseWhere(s.Where)
		x.clock, _ = carpel.ParseClock(s.At)
		for _, day := range s.Weekdays {
			x.weekdays[carpel.Weekday(day)] = true
		}
		if len(s.Weekdays) == 0 {
			x.weekdays = [7]bool{true, true, true, true, true, true, true}
		}
		for _, b := range s.Branches {
			x.ifs = append(x.ifs, parse(b.If))
		}
		p.steps[s.ID] = x
	}
	return p, nil
}

// parse and span read what was checked.
func parse(raw json.RawMessage) carpel.Condition {
	c, _ := carpel.ParseCondition(raw)
	return c
}

func span(s string) carpel.Millis {
	d, _ := carpel.ParseDuration(s)
	return d.Millis()
}

// Events are the names of the events that the program waits for, starts on, or has as its goal.
func (p *Program) Events() []string {
	var names []string
	add := func(name string) {
		if name != "" {
			names = append(names, name)
		}
	}
	add(p.Spec.Trigger.Event)
	if p.Spec.Goal != nil {
		add(p.Spec.Goal.Event)
	}
	for i := range p.Spec.Steps {
		add(p.Spec.Steps[i].Event)
	}
	return names
}

// Segments are the segments whose feed the program reads.
func (p *Program) Segments() []string {
	var ids []string
	if p.Spec.Trigger.Segment != "" {
		ids = append(ids, p.Spec.Trigger.Segment)
	}
	if p.Spec.Trigger.Kind == carpel.TriggerDate {
		ids = append(ids, p.Campaign)
	}
	if g := p.Spec.Goal; g != nil && g.Segment != "" {
		ids = append(ids, g.Segment)
	}
	return ids
}

// nextAt is the first moment after now at which the step's time of day comes, on one of its weekdays, in a zone. A time
// that clocks skip is the moment they skip to.
func (s *step) nextAt(now carpel.Millis, zone *time.Location) carpel.Millis {
	day := carpel.DateOf(now, zone)
	for i := range 9 {
		d := day.AddDays(i)
		at := clockOn(d, s.clock, zone)
		if at > now && s.weekdays[at.Time().In(zone).Weekday()] {
			return at
		}
	}
	return now + 86_400_000 // not reached: within nine days every weekday comes
}

// clockOn is a time of day on a date in a zone; of two that clocks show alike the first.
func clockOn(d carpel.Date, minutes int, zone *time.Location) carpel.Millis {
	at := time.Date(d.Year, d.Month, d.Day, minutes/60, minutes%60, 0, 0, zone)
	if before := at.Add(-time.Hour); before.Hour() == at.Hour() && before.Minute() == at.Minute() {
		at = before
	}
	return carpel.MillisOf(at)
}
