package campaign

import (
	"encoding/json"

	"github.com/carpel/carpel"
)

// Beginning asks that a person begin a campaign.
type Beginning struct {
	Person     string          // key
	Occurrence string          // what asks for it; the same asks once
	Data       json.RawMessage // the variables event and trigger
	DueAt      carpel.Millis   // when the first step comes; 0 for now
}

// Start begins a campaign for a person, if it is live and its rules allow it.
func (r *Round) Start(l *Live, b Beginning) error {
	if l.State != carpel.CampaignLive {
		return nil
	}
	who, err := r.world.Person(b.Person)
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		return nil
	} else if err != nil {
		return err
	}
	id := carpel.JourneyID(l.ID, who.Key, b.Occurrence)
	recent, err := r.recent(l.ID, who.Key)
	if err != nil {
		return err
	}
	for _, j := range recent {
		if j.ID == id {
			return nil
		}
	}
	if !r.mayEnter(l, recent) {
		return nil
	}
	j := carpel.Journey{ID: id, Campaign: l.ID, Version: l.Version, Person: who.Key, State: carpel.JourneyActive, StartedAt: r.world.Now, StepAt: r.world.Now, DueAt: max(b.DueAt, r.world.Now), Data: b.Data}
	if j.DueAt > r.world.Now {
		r.keep(j) // the filter is asked when the moment comes
	} else if err := r.move(j, false); err != nil {
		return err
	}
	if r.changed[id] != nil {
		r.batch.Starts[l.ID]++
	}
	return nil
}

// mayEnter holds the rule of re-entry, and the bound of starts a day, against a person's newest journeys.
func (r *Round) mayEnter(l *Live, recent []carpel.Journey) bool {
	today := 0
	for _, j := range recent {
		if j.StartedAt > r.world.Now-day {
			today++
		}
		switch l.Program.Spec.Reentry.Rule {
		case carpel.ReentryAlways:
			if j.StartedAt+l.Program.reentryWait > r.world.Now && l.Program.reentryWait > 0 {
				return false
			}
		case carpel.ReentryAfterExit:
			if j.State == carpel.JourneyActive || j.EndedAt+l.Program.reentryWait > r.world.Now && l.Program.reentryWait > 0 {
				return false
			}
		default:
			return false
		}
	}
	if today >= maxStarts {
		r.batch.Refused[l.ID]++
		return false
	}
	return true
}

// startDated begins a campaign of a date for somebody whose date comes near, to go on at the moment itself. One that has
// passed for more than a day, because the attribute was set too late, starts nothing.
func (r *Round) startDated(l *Live, c carpel.Change) error {
	who, err := r.world.Person(c.Person)
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		return nil
	} else if err != nil {
		return err
	}
	at, ok := l.Program.planned(r.world.Now, who)
	if !ok || at <= r.world.Now-day || c.Cause == carpel.CauseDefinition && at <= r.world.Now {
		return nil
	}
	return r.Start(l, Beginning{Person: who.Key, Occurrence: "date:" + at.String(), DueAt: at})
}

// leadDays is how long before the moment people are noticed: zones are up to a day apart, and one more is to spare.
const leadDays = 2

// planned is the moment of a date trigger that is next for somebody.
func (p *Program) planned(now carpel.Millis, who *Person) (carpel.Millis, bool) {
	t := p.Spec.Trigger
	value, ok := who.Attribute(t.Attribute).AsTime(who.Workspace)
	if !ok {
		return 0, false
	}
	date := carpel.DateOf(value, who.Workspace)
	if t.Every == "year" {
		date = anniversary(date, carpel.DateOf(now, who.Workspace).AddDays(-leadDays))
	}
	minutes, err := carpel.ParseClock(t.At)
	if err != nil {
		minutes = 9 * 60
	}
	return clockOn(date.AddDays(t.Days), minutes, who.Zone), true
}

// anniversary is the first day not before from on which a date comes round; 29 February counts as 28 February.
func anniversary(d, from carpel.Date) carpel.Date {
	if d.Month == 2 && d.Day == 29 {
		d.Day = 28
	}
	d.Year = from.Year
	if d.Month < from.Month || d.Month == from.Month && d.Day < from.Day {
		d.Year++
	}
	return d
}

// DateCondition is the segment that a date trigger follows: people whose moment is at most [leadDays] ahead, or has just
// passed. The engine keeps it to the second, so nobody's dates are looked through day by day.
func DateCondition(t carpel.CampaignTrigger) carpel.Condition {
	test := func(op carpel.Op, days int) carpel.Condition {
		d := carpel.Duration{N: int64(days), Unit: 'd'}
		if days == 0 && op != carpel.OpAnniversaryWithinNext {
			d = carpel.Duration{N: 1, Unit: 's'}
		}
		return &carpel.Attribute{Name: t.Attribute, Test: carpel.Test{Op: op, Duration: d}}
	}
	if t.Every == "year" {
		return test(carpel.OpAnniversaryWithinNext, max(leadDays-t.Days, 0))
	}
	passed := func(days int) carpel.Condition { // the date and so many days, or fewer when negative, have passed
		if days >= 0 {
			return test(carpel.OpMoreThanAgo, days)
		}
		return &carpel.Not{Of: test(carpel.OpMoreThanAhead, -days)}
	}
	return &carpel.Group{Quantifier: carpel.AllOf, Of: []carpel.Condition{
		&carpel.Attribute{Name: t.Attribute, Test: carpel.Test{Op: carpel.OpIsTime}}, passed(t.Days - leadDays), &carpel.Not{Of: passed(t.Days + 1)}}}
}
