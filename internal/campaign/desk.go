package campaign

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// deskState joins a [Desk] to a workspace's engine and records, and keeps between turns what saves reading.
type deskState struct {
	*Journeys
	workspace string
	work      *work
	ctx       context.Context // of the turn
	engine    engine.Engine   // of the turn

	loaded   map[string]loadedCampaign // by id
	programs map[programKey]*Program
	segments []string // whose feed is read
	live     []string // ids of live campaigns
	zone     *time.Location

	next   carpel.Millis // no journey is due before; 0: not known
	told   bool          // no update is left to tell
	member map[string]bool
}

type programKey struct {
	campaign string
	version  int
}

// loadedCampaign is a campaign as it was last read.
type loadedCampaign struct {
	updated time.Time
	live    *Live
}

// load reads the campaigns, compiles what is new, and reports whether any is live or paused.
func (s *deskState) load(d *Desk) (running bool, err error) {
	all, err := s.options.Records.Campaigns(s.ctx, s.workspace)
	if err != nil {
		return false, err
	}
	if s.loaded == nil {
		s.loaded, s.programs, s.member = map[string]loadedCampaign{}, map[programKey]*Program{}, map[string]bool{}
	}
	d.Campaigns, s.live = nil, nil
	var events, segments []string
	for _, c := range slices.Backward(all) { // the oldest first
		if c.State != carpel.CampaignLive && c.State != carpel.CampaignPaused {
			delete(s.loaded, c.ID)
			continue
		}
		have := s.loaded[c.ID]
		if have.live == nil || !have.updated.Equal(c.UpdatedAt) {
			if err := s.compile(c); err != nil {
				return false, err
			}
			s.next, s.zone = 0, nil
		}
		d.Campaigns = append(d.Campaigns, s.loaded[c.ID].live)
		if c.State == carpel.CampaignLive {
			s.live = append(s.live, c.ID)
		}
		for key, p := range s.programs {
			if key.campaign == c.ID {
				events, segments = append(events, p.Events()...), append(segments, p.Segments()...)
			}
		}
	}
	if len(d.Campaigns) == 0 {
		return false, nil
	}
	slices.Sort(segments)
	s.segments = slices.Compact(segments)
	if s.zone == nil {
		w, err := s.options.Records.Workspace(s.ctx, s.workspace)
		if err != nil {
			return false, err
		}
		if s.zone, err = time.LoadLocation(w.Zone); err != nil {
			return false, err
		}
	}
	if err := s.follow(events); err != nil {
		return false, err
	}
	return true, s.dates(all)
}

// dates brings the segments of dates to what the campaigns say.
func (s *deskState) dates(all []carpel.Campaign) error {
	for _, d := range DateSegments(all) {
		st, err := s.engine.Status(d.ID)
		if err == nil && (st.Serving == d.Version || st.Building == d.Version) {
			continue
		}
		if err := s.engine.Define(s.ctx, d); err != nil {
			return fmt.Errorf("watch the dates of campaign %s: %w", d.ID, err)
		}
	}
	return nil
}

// compile makes every version of a campaign ready that was not yet: people may be under way on any.
func (s *deskState) compile(c carpel.Campaign) error {
	versions, err := s.options.Records.CampaignVersions(s.ctx, s.workspace, c.ID)
	if err != nil {
		return err
	}
	for _, v := range versions {
		key := programKey{c.ID, v.Version}
		if s.programs[key] != nil {
			continue
		}
		if s.programs[key], err = Compile(c.ID, v.Version, v.Spec); err != nil {
			return err
		}
	}
	s.loaded[c.ID] = loadedCampaign{c.UpdatedAt, &Live{Campaign: c, Program: s.programs[programKey{c.ID, c.Version}]}}
	return nil
}

// program finds a version; of an archived campaign, whose journeys are about to be ended, it is read.
func (s *deskState) program(campaign string, version int) (*Program, error) {
	if p := s.programs[programKey{campaign, version}]; p != nil {
		return p, nil
	}
	c, err := s.options.Records.Campaign(s.ctx, s.workspace, campaign)
	if err != nil {
		return nil, err
	}
	if err := s.compile(c); err != nil {
		return nil, err
	}
	delete(s.loaded, campaign)
	if p := s.programs[programKey{campaign, version}]; p != nil {
		return p, nil
	}
	return nil, carpel.Errorf(carpel.CodeInternal, "campaign %s has no version %d", campaign, version)
}

// desk is the desk of a workspace.
func (s *deskState) desk() *Desk {
	db := s.options.Records
	d := &Desk{World: World{
		Program: s.program, Person: s.person, Answer: s.answer,
		Matches: func(where carpel.Condition, properties map[string]carpel.Value) (bool, error) {
			return s.engine.Matches(where, properties)
		},
		Active: func(person string) ([]carpel.Journey, error) { return db.ActiveJourneys(s.ctx, s.workspace, person) },
		Recent: func(campaign, person string) ([]carpel.Journey, error) {
			return db.RecentJourneys(s.ctx, s.workspace, campaign, person, maxStarts+1)
		},
		Reached: func(q records.GoalQuery) (*carpel.Delivery, error) { return db.ReachedDelivery(s.ctx, s.workspace, q) },
	}}
	d.Changes = func(after string, limit int) ([]carpel.Change, string, error) {
		return s.engine.Changes(s.ctx, engine.ChangesQuery{Segments: append([]string{}, s.segments...), After: after, Limit: limit})
	}
	d.Followed = func(after string, limit int) ([]engine.Followed, string, error) {
		return s.engine.Followed(s.ctx, after, limit)
	}
	d.Members = s.members
	d.Due = s.due
	d.Cursor = func(reader string) (string, error) {
		if s.member[reader] {
			return membersDone, nil
		}
		cursor, err := db.Cursor(s.ctx, s.workspace, reader)
		s.member[reader] = cursor == membersDone
		return cursor, err
	}
	d.Commit = s.commit
	d.Updates = func(limit int) ([]records.Update, error) {
		if s.told {
			return nil, nil
		}
		all, err := db.JourneyUpdates(s.ctx, s.workspace, limit)
		s.told = err == nil && len(all) == 0
		return all, err
	}
	d.Tell = s.tell
	d.Told = func(all []records.Update) error { return db.ForgetUpdates(s.ctx, s.workspace, all) }
	d.Lost = func(reader string) {
		s.options.Log.Error("campaigns have missed what happened for a while: nobody starts or ends by it", "workspace", s.workspace, "reader", reader)
		if err := db.LoseCampaigns(s.ctx, s.workspace); err != nil {
			s.options.Log.Error("note that campaigns missed something", "workspace", s.workspace, "error", err)
		}
	}
	return d
}

// person reads what campaigns need to know of somebody.
func (s *deskState) person(key string) (*Person, error) {
	p, err := s.engine.Person(s.ctx, carpel.PersonRef{Key: key})
	if err != nil {
		return nil, err
	}
	who := &Person{Key: p.Key, Zone: s.zone, Workspace: s.zone, Attribute: func(name string) carpel.Value { return p.Attributes[name].Value }}
	if name := p.Attributes["timezone"].Value; name.Kind() == carpel.Text && name.Text() != "" && name.Text() != "Local" && len(name.Text()) < 64 {
		if zone, err := time.LoadLocation(name.Text()); err == nil {
			who.Zone = zone
		}
	}
	return who, nil
}

// answer holds a condition against somebody. One that cannot be answered, since a segment that it refers to is gone, fits
// nobody.
func (s *deskState) answer(person string, c carpel.Condition) (bool, error) {
	x, err := s.engine.Explain(s.ctx, engine.ExplainQuery{Person: carpel.PersonRef{Key: person}, Condition: c})
	if carpel.ErrorCode(err) == carpel.CodeNotFound || carpel.ErrorCode(err) == carpel.CodeNotBuilt {
		if _, err := s.engine.Person(s.ctx, carpel.PersonRef{Key: person}); err != nil {
			return false, err
		}
		s.options.Log.Error("a condition of a campaign has no answer", "workspace", s.workspace, "error", err)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return x.Matched, nil
}

func (s *deskState) members(segment, after string, limit int) ([]string, string, error) {
	all, next, err := s.engine.Members(s.ctx, engine.MembersQuery{Segment: segment, After: after, Limit: limit})
	keys := make([]string, len(all))
	for i, m := range all {
		keys[i] = m.Key
	}
	return keys, next, err
}

// due reads journeys only when one is known to be due.
func (s *deskState) due(now carpel.Millis, limit int) ([]carpel.Journey, error) {
	if now < s.next {
		return nil, nil
	}
	all, err := s.options.Records.DueJourneys(s.ctx, s.workspace, s.live, now, limit)
	if err != nil || len(all) > 0 {
		return all, err
	}
	s.next, err = s.options.Records.NextJourney(s.ctx, s.workspace, s.live)
	return nil, err
}

// commit writes a batch, with what only the templates know of its deliveries.
func (s *deskState) commit(b records.JourneyBatch) error {
	kinds := map[string]carpel.Template{}
	for i := range b.Deliveries {
		d := &b.Deliveries[i]
		if d.Template == "" {
			continue
		}
		t, known := kinds[d.Template]
		if !known {
			var err error
			if t, err = s.options.Records.Template(s.ctx, s.workspace, d.Template); err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
				return err
			}
			kinds[d.Template] = t
		}
		d.Kind, d.TemplateVersion = t.Kind, t.Version
		if t.ID == "" {
			d.Kind, d.State, d.Reason = carpel.Email, carpel.DeliverySkipped, "no_template"
		}
	}
	if err := s.options.Records.CommitJourneys(s.ctx, s.workspace, b); err != nil {
		return err
	}
	if len(b.Updates) > 0 {
		s.told = false
	}
	for i := range b.Journeys {
		if b.Journeys[i].State == carpel.JourneyActive {
			s.next = min(s.next, b.Journeys[i].DueAt)
		}
	}
	return nil
}

// tell commits what journeys ask for to the engine.
func (s *deskState) tell(all []records.Update) error {
	items := make([]carpel.Item, len(all))
	for i, u := range all {
		items[i] = carpel.Item{Kind: carpel.ItemIdentify, MessageID: u.MessageID, Person: carpel.PersonRef{Key: u.Person}, At: u.At, Received: s.now(), Source: "campaign", Properties: u.Attributes, UpdateOnly: true}
		if u.Message != nil {
			items[i].Kind, items[i].Message, items[i].Properties = carpel.ItemMessage, u.Message, nil
		}
	}
	outcomes, err := s.engine.Commit(s.ctx, items)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		if o.Refused != nil {
			s.options.Log.Warn("the engine refuses what a campaign asks", "workspace", s.workspace, "message", all[i].MessageID, "code", o.Refused.Code)
		}
	}
	return nil
}
