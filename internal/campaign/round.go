package campaign

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

const (
	// oldestEvent is how old an event may be on receipt to start a campaign.
	oldestEvent = carpel.Millis(72 * 3_600_000)
	// maxStarts is how often a person may begin a campaign within a day: one whose own updates or messages start it again
	// stops there.
	maxStarts = 10
	day       = carpel.Millis(86_400_000)
)

// Live is a campaign that is live or paused, with the version that people begin now.
type Live struct {
	carpel.Campaign
	Program *Program
}

// World is what a round asks of everything around it. The functions must answer alike however often they are asked within
// a round.
type World struct {
	Now       carpel.Millis
	Campaigns []*Live
	Program   func(campaign string, version int) (*Program, error)
	// Person finds somebody by a key, which may be that of a person merged into them. CodeNotFound for nobody.
	Person func(key string) (*Person, error)
	// Answer holds a condition against a person. CodeNotFound for nobody.
	Answer func(person string, c carpel.Condition) (bool, error)
	// Matches holds conditions over properties against those of an event.
	Matches func(where carpel.Condition, properties map[string]carpel.Value) (bool, error)
	// Active returns a person's journeys that are under way; Recent the newest of one campaign, at most maxStarts + 1, newest
	// first, over or not.
	Active func(person string) ([]carpel.Journey, error)
	Recent func(campaign, person string) ([]carpel.Journey, error)
	// Reached finds the last delivery of a campaign to a person that a goal counts for; nil for none.
	Reached func(q records.GoalQuery) (*carpel.Delivery, error)
}

// Person is what a campaign needs to know of somebody.
type Person struct {
	Key       string
	Zone      *time.Location
	Workspace *time.Location // zone of bare dates
	Attribute func(name string) carpel.Value
}

// Round works out what comes of things that happened: it starts, moves and ends journeys, and gathers what is to be
// written in one transaction. It changes nothing but itself. After an error it is to be dropped.
type Round struct {
	world   World
	changed map[string]*carpel.Journey // by id
	batch   records.JourneyBatch
}

// NewRound begins a round.
func NewRound(w World) *Round {
	return &Round{world: w, changed: map[string]*carpel.Journey{}, batch: records.JourneyBatch{Starts: map[string]int{}, Refused: map[string]int{}}}
}

// Batch is what came of the round so far.
func (r *Round) Batch() records.JourneyBatch {
	r.batch.Journeys = r.batch.Journeys[:0]
	for _, id := range slices.Sorted(maps.Keys(r.changed)) {
		r.batch.Journeys = append(r.batch.Journeys, *r.changed[id])
	}
	return r.batch
}

// Change takes in that somebody entered a segment, or left it.
func (r *Round) Change(c carpel.Change) error {
	if c.Person == "" {
		return nil
	}
	if err := r.unmatched(c); err != nil {
		return err
	}
	for _, l := range r.world.Campaigns {
		if g := l.Program.Spec.Goal; g != nil && g.Segment == c.Segment && g.Leave != c.Enter {
			if err := r.goal(l, c.Person, c.At); err != nil {
				return err
			}
		}
	}
	for _, l := range r.world.Campaigns {
		t := l.Program.Spec.Trigger
		// A date is watched for from now on, by a definition: whom that finds at once is still ahead of the moment.
		dated := t.Kind == carpel.TriggerDate && c.Segment == l.ID && c.Cause == carpel.CauseDefinition
		if c.At < l.LiveSince || !dated && !t.Starts(c.Cause) {
			continue
		}
		var err error
		switch {
		case t.Kind == carpel.TriggerEntered && c.Enter && t.Segment == c.Segment, t.Kind == carpel.TriggerLeft && !c.Enter && t.Segment == c.Segment:
			err = r.Start(l, Beginning{Person: c.Person, Occurrence: "change:" + c.Seq})
		case t.Kind == carpel.TriggerDate && c.Enter && c.Segment == l.ID:
			err = r.startDated(l, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unmatched takes out those for whom the trigger no longer fits.
func (r *Round) unmatched(c carpel.Change) error {
	all, err := r.active(c.Person)
	if err != nil {
		return err
	}
	for _, j := range all {
		p, err := r.world.Program(j.Campaign, j.Version)
		if err != nil {
			return err
		}
		if t := p.Spec.Trigger; p.fits != nil && t.Segment == c.Segment && (t.Kind == carpel.TriggerEntered) != c.Enter {
			r.apply(Exit(j, r.world.Now, carpel.ExitedUnmatched))
		}
	}
	return nil
}

// Event takes in what somebody did, that people were merged, or that one was erased. Nothing may follow a merge or an
// erasure in the same round.
func (r *Round) Event(e engine.Followed) error {
	switch e.Kind {
	case carpel.ItemErase:
		r.erase(e.Person)
		return nil
	case carpel.ItemMerge:
		return r.merge(e.Other, e.Person)
	}
	if err := r.arrivals(e); err != nil {
		return err
	}
	for _, l := range r.world.Campaigns {
		if g := l.Program.Spec.Goal; g != nil && g.Event == e.Name {
			if ok, err := r.matches(l.Program.goalWhere, e); err != nil {
				return err
			} else if ok {
				if err := r.goal(l, e.Person, e.At); err != nil {
					return err
				}
			}
		}
	}
	cause := carpel.CauseData
	if e.Source == "import" {
		cause = carpel.CauseImport
	}
	for _, l := range r.world.Campaigns {
		t := l.Program.Spec.Trigger
		if t.Kind != carpel.TriggerEvent || t.Event != e.Name || e.Now < l.LiveSince || e.Now-e.At > oldestEvent || !t.Starts(cause) {
			continue
		}
		if ok, err := r.matches(l.Program.where, e); err != nil {
			return err
		} else if ok {
			if err := r.Start(l, Beginning{Person: e.Person, Occurrence: "event:" + e.Seq, Data: eventData(e.Properties)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Round) matches(where carpel.Condition, e engine.Followed) (bool, error) {
	if where == nil {
		return true, nil
	}
	return r.world.Matches(where, e.Properties)
}

func eventData(properties map[string]carpel.Value) json.RawMessage {
	b, _ := json.Marshal(map[string]any{"event": properties}) // values always encode
	return b
}

// arrivals moves on those who wait for the event. In a paused campaign they move to the step behind, which is then not
// done before it goes on.
func (r *Round) arrivals(e engine.Followed) error {
	all, err := r.active(e.Person)
	if err != nil {
		return err
	}
	for _, j := range all {
		p, err := r.world.Program(j.Campaign, j.Version)
		if err != nil {
			return err
		}
		s := p.steps[j.Step]
		if !j.Waiting || s == nil || s.Event != e.Name || e.Now >= j.DueAt || e.Now-e.At > oldestEvent {
			continue
		}
		if ok, err := r.matches(s.where, e); err != nil {
			return err
		} else if ok {
			r.apply(Arrive(p, j, r.world.Now))
			if r.live(j.Campaign) {
				if err := r.move(*r.changed[j.ID], true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (r *Round) live(campaign string) bool {
	return slices.ContainsFunc(r.world.Campaigns, func(l *Live) bool { return l.ID == campaign && l.State == carpel.CampaignLive })
}

// goal counts a conversion, and takes out those whose campaign ends on it.
func (r *Round) goal(l *Live, person string, at carpel.Millis) error {
	who, err := r.world.Person(person)
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		return nil
	} else if err != nil {
		return err
	}
	of := l.Program.Spec.Goal.Of
	if of == "" {
		of = "sent"
	}
	d, err := r.world.Reached(records.GoalQuery{Campaign: l.ID, Person: who.Key, Of: of, After: at - l.Program.goalWithin, Before: at})
	if err != nil {
		return err
	}
	if d != nil {
		r.batch.Converted = append(r.batch.Converted, records.Mark{Delivery: d.ID, What: "converted", At: at})
		r.batch.Updates = append(r.batch.Updates, records.Update{MessageID: d.ID + ":converted", Person: who.Key, At: at,
			Message: &carpel.MessageInfo{Channel: string(d.Kind), Action: "converted", Delivery: d.ID, Campaign: l.ID}})
	}
	all, err := r.active(who.Key)
	if err != nil {
		return err
	}
	for _, j := range all {
		if j.Campaign != l.ID {
			continue
		}
		p, err := r.world.Program(j.Campaign, j.Version)
		if err != nil {
			return err
		}
		if d != nil && j.ConvertedAt == 0 {
			j.ConvertedAt = at
			r.keep(j)
		}
		if p.Spec.Exit == carpel.ExitGoal {
			r.apply(Exit(j, r.world.Now, carpel.ExitedByGoal))
		}
	}
	return nil
}

// Due moves a journey on whose moment has come.
func (r *Round) Due(j carpel.Journey) error {
	who, err := r.world.Person(j.Person)
	switch {
	case carpel.ErrorCode(err) == carpel.CodeNotFound:
		r.erase(j.Person)
		return nil
	case err != nil:
		return err
	case who.Key != j.Person: // merged, and not told of yet
		return nil
	}
	return r.move(j, true)
}

// move runs the state machine, with what it wants to know. It reports nothing of a journey that may not begin.
func (r *Round) move(j carpel.Journey, begun bool) error {
	p, err := r.world.Program(j.Campaign, j.Version)
	if err != nil {
		return err
	}
	f := Facts{Answers: map[string]bool{}}
	for {
		out := Step(p, j, r.world.Now, f)
		if len(out.Wants) == 0 {
			if begun || out.Journey.State != carpel.JourneyExited || out.Journey.Reason != carpel.ExitedByFilter || out.Journey.Step != "" {
				r.apply(out)
			}
			return nil
		}
		for _, w := range out.Wants {
			if err := r.find(w, j.Person, &f); err != nil {
				if carpel.ErrorCode(err) == carpel.CodeNotFound {
					r.erase(j.Person)
					return nil
				}
				return err
			}
		}
	}
}

// find finds out one fact.
func (r *Round) find(w Want, person string, f *Facts) error {
	if w.Condition == nil {
		who, err := r.world.Person(person)
		if err == nil {
			f.Zone = who.Zone
		}
		return err
	}
	ok, err := r.world.Answer(person, w.Condition)
	f.Answers[w.Name] = ok
	return err
}

// apply takes over what came of a journey.
func (r *Round) apply(out Outcome) {
	r.keep(out.Journey)
	r.batch.Path = append(r.batch.Path, out.Path...)
	r.batch.Deliveries = append(r.batch.Deliveries, out.Deliveries...)
	r.batch.Updates = append(r.batch.Updates, out.Updates...)
}

func (r *Round) keep(j carpel.Journey) { r.changed[j.ID] = &j }

// active returns a person's journeys under way, those of this round included.
func (r *Round) active(person string) ([]carpel.Journey, error) {
	all, err := r.world.Active(person)
	if err != nil {
		return nil, err
	}
	return r.overlay(all, func(j *carpel.Journey) bool { return j.Person == person && j.State == carpel.JourneyActive }), nil
}

// recent returns a person's journeys through a campaign, the newest and those under way, this round's included.
func (r *Round) recent(campaign, person string) ([]carpel.Journey, error) {
	newest, err := r.world.Recent(campaign, person)
	if err != nil {
		return nil, err
	}
	active, err := r.world.Active(person)
	if err != nil {
		return nil, err
	}
	for _, j := range active { // one may be older than all the newest
		if !slices.ContainsFunc(newest, func(n carpel.Journey) bool { return n.ID == j.ID }) {
			newest = append(newest, j)
		}
	}
	return r.overlay(newest, func(j *carpel.Journey) bool { return j.Campaign == campaign && j.Person == person }), nil
}

// overlay brings journeys that were read to what this round made of them; in order of their start.
func (r *Round) overlay(read []carpel.Journey, wanted func(*carpel.Journey) bool) []carpel.Journey {
	var out []carpel.Journey
	for _, j := range read {
		if r.changed[j.ID] == nil && wanted(&j) {
			out = append(out, j)
		}
	}
	for _, j := range r.changed {
		if wanted(j) {
			out = append(out, *j)
		}
	}
	slices.SortFunc(out, func(a, b carpel.Journey) int {
		if a.StartedAt != b.StartedAt {
			return int(max(min(a.StartedAt-b.StartedAt, 1), -1))
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

func (r *Round) erase(person string) {
	r.batch.Erase = append(r.batch.Erase, person)
	maps.DeleteFunc(r.changed, func(_ string, j *carpel.Journey) bool { return j.Person == person })
}

// merge gives the journeys of one person to another. Of a campaign in which both are under way, the other's goes on, and
// so does that of whoever the trigger still fits.
func (r *Round) merge(from, to string) error {
	r.batch.Merge = &records.JourneyMerge{From: from, To: to}
	theirs, err := r.active(from)
	if err != nil {
		return err
	}
	ours, err := r.active(to)
	if err != nil {
		return err
	}
	for _, j := range theirs {
		p, err := r.world.Program(j.Campaign, j.Version)
		if err != nil {
			return err
		}
		j.Person = to
		reason := ""
		if slices.ContainsFunc(ours, func(o carpel.Journey) bool { return o.Campaign == j.Campaign }) {
			reason = carpel.ExitedMerged
		} else if p.fits != nil {
			ok, err := r.world.Answer(to, p.fits)
			if err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
				return err
			}
			if !ok {
				reason = carpel.ExitedUnmatched
			}
		}
		if reason == "" {
			continue // moved with all the others
		}
		r.apply(Exit(j, r.world.Now, reason))
	}
	return nil
}

// Stop ends a journey for a reason of its campaign's: archived, manual.
func (r *Round) Stop(j carpel.Journey, reason string) { r.apply(Exit(j, r.world.Now, reason)) }
