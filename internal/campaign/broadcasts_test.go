package campaign_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
	"github.com/carpel/carpel/internal/records"
)

// stage is records and an engine with people, and broadcasts that run in turns.
type stage struct {
	t         *testing.T
	path      string
	now       time.Time
	records   *records.DB
	engine    engine.Engine
	runner    *campaign.Broadcasts
	workspace string
	templates []string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, path: filepath.Join(t.TempDir(), "records.db"), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	if s.engine, err = stripes.Open("engine", stripes.Options{FS: vfs.NewMem(), Zone: time.UTC, Now: s.clock, Manual: true}); err != nil {
		t.Fatal(err)
	}
	s.open()
	t.Cleanup(func() {
		if err := s.engine.Close(); err != nil {
			t.Error(err)
		}
		if err := s.records.Close(); err != nil {
			t.Error(err)
		}
	})
	ws, err := s.records.CreateWorkspace(t.Context(), carpel.Workspace{Name: "w", Zone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	s.workspace = ws.ID
	for _, name := range []string{"one", "two"} {
		tpl, err := s.records.CreateTemplate(t.Context(), s.workspace, "test", carpel.Template{Name: name, Kind: carpel.Email,
			Content: carpel.Content{Email: &carpel.EmailContent{Subject: name, Format: "html", Body: "<p>" + name + "</p>"}}})
		if err != nil {
			t.Fatal(err)
		}
		s.templates = append(s.templates, tpl.ID)
	}
	return s
}

func (s *stage) clock() time.Time { return s.now }

// open opens the records and begins to run broadcasts anew, as a start of the server does.
func (s *stage) open() {
	s.t.Helper()
	var err error
	if s.records, err = records.Open(s.t.Context(), s.path, records.Options{Now: s.clock}); err != nil {
		s.t.Fatal(err)
	}
	s.runner = campaign.NewBroadcasts(campaign.BroadcastOptions{Records: s.records, Page: 50, Now: s.clock, Log: slog.New(slog.DiscardHandler),
		Engine: func(context.Context, string) (engine.Engine, func(), error) { return s.engine, func() {}, nil }})
}

func (s *stage) restart() {
	s.t.Helper()
	if err := s.records.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

func (s *stage) commit(items ...carpel.Item) {
	s.t.Helper()
	outcomes, err := s.engine.Commit(s.t.Context(), items)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range outcomes {
		if o.Refused != nil {
			s.t.Fatal(o.Refused)
		}
	}
}

// people makes so many people with an email and a plan; change may make them others.
func (s *stage) people(n int, change func(i int, set map[string]carpel.Value)) {
	s.t.Helper()
	var items []carpel.Item
	for i := range n {
		set := map[string]carpel.Value{"email": carpel.TextValue(fmt.Sprintf("u%d@example.com", i)), "plan": carpel.TextValue("pro")}
		if change != nil {
			change(i, set)
		}
		items = append(items, carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: fmt.Sprint("u", i)}, At: carpel.MillisOf(s.now), Source: "test", Properties: set})
	}
	s.commit(items...)
}

func (s *stage) spec() carpel.BroadcastSpec {
	return carpel.BroadcastSpec{Audience: []byte(`{"attribute":"plan","op":"is","value":"pro"}`), Variants: []carpel.BroadcastVariant{{Template: s.templates[0]}}}
}

// begin makes a broadcast and asks something of it.
func (s *stage) begin(spec carpel.BroadcastSpec, move carpel.BroadcastMove) carpel.Broadcast {
	s.t.Helper()
	b, err := s.records.CreateBroadcast(s.t.Context(), s.workspace, carpel.Broadcast{Name: "news", Spec: spec})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.move(b.ID, move)
}

func (s *stage) move(id string, move carpel.BroadcastMove) carpel.Broadcast {
	s.t.Helper()
	b, err := s.records.MoveBroadcast(s.t.Context(), s.workspace, id, records.BroadcastMove{Move: move})
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func (s *stage) turn() (more bool) {
	s.t.Helper()
	more, err := s.runner.Turn(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return more
}

// turns takes turns until there is nothing more to be done right now.
func (s *stage) turns() {
	s.t.Helper()
	for range 1000 {
		if !s.turn() {
			return
		}
	}
	s.t.Fatal("a thousand turns, and still more to be done")
}

// states counts deliveries by state, reason and variant.
func (s *stage) states(id string) map[string]int64 {
	s.t.Helper()
	tallies, err := s.records.Tallies(s.t.Context(), s.workspace, id)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]int64{}
	for _, t := range tallies {
		out[string(t.State)+t.Reason+t.Variant] += t.Deliveries
	}
	return out
}

func (s *stage) wantStates(id string, wanted map[string]int64) {
	s.t.Helper()
	if diff := cmp.Diff(wanted, s.states(id)); diff != "" {
		s.t.Errorf("the deliveries (-want +got):\n%s", diff)
	}
}

func (s *stage) wantState(id string, wanted carpel.BroadcastState, reason string) carpel.Broadcast {
	s.t.Helper()
	b, err := s.records.Broadcast(s.t.Context(), s.workspace, id)
	if err != nil {
		s.t.Fatal(err)
	}
	if b.State != wanted || b.Reason != reason {
		s.t.Errorf("the broadcast is %s (%s), want %s (%s)", b.State, b.Reason, wanted, reason)
	}
	return b
}

// send takes everything that is due and ends it as the sender would, with what end says of each; it returns how many.
func (s *stage) send(end func(i int, d carpel.Delivery, e *records.Ended)) int {
	s.t.Helper()
	n := 0
	for {
		leased, _, err := s.records.LeaseDeliveries(s.t.Context(), s.workspace, records.Lease{ID: "test", Limit: 1000, Until: s.records.LeaseUntil(),
			Check: func(carpel.Delivery, *records.LeaseTx) (records.Verdict, error) {
				return records.Verdict{State: carpel.DeliveryAttempting}, nil
			}})
		if err != nil {
			s.t.Fatal(err)
		}
		if len(leased) == 0 {
			return n
		}
		var ended []records.Ended
		for _, d := range leased {
			e := records.Ended{ID: d.ID, Lease: "test", Attempt: d.Attempt, State: carpel.DeliverySent, SentAt: carpel.MillisOf(s.now)}
			if end != nil {
				end(n, d, &e)
			}
			ended = append(ended, e)
			n++
		}
		if _, err := s.records.EndDeliveries(s.t.Context(), s.workspace, ended, nil); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Everybody of the audience has a delivery: to be sent, or skipped for the first reason that applies.
func TestBroadcastAccountsForEverybody(t *testing.T) {
	s := newStage(t)
	s.people(700, func(i int, set map[string]carpel.Value) {
		if i%10 == 0 {
			set["unsubscribed"] = carpel.BoolValue(true)
		}
		if i%5 == 0 {
			set["topic.news"] = carpel.BoolValue(false)
		}
		if i%7 == 0 {
			delete(set, "email")
		}
		if i >= 600 {
			set["plan"] = carpel.TextValue("free")
		}
	})
	if err := s.records.Suppress(t.Context(), s.workspace, carpel.Suppression{Kind: carpel.Email, Address: "U1@Example.com", Reason: carpel.SuppressedByHand},
		carpel.Suppression{Kind: carpel.Email, Address: "stranger@example.com", Reason: carpel.SuppressedByHand}); err != nil {
		t.Fatal(err)
	}
	spec := s.spec()
	spec.Topic, spec.HoldOut = "news", 10
	spec.Variants = []carpel.BroadcastVariant{{Template: s.templates[0], Share: 70}, {Template: s.templates[1], Share: 30}}
	b := s.begin(spec, carpel.SendBroadcast)
	want := map[string]int64{}
	for i := range 600 {
		p, err := s.engine.Person(t.Context(), carpel.PersonRef{UserID: fmt.Sprint("u", i)})
		if err != nil {
			t.Fatal(err)
		}
		place := b.Spec.Place(b.ID, p.Key)
		switch {
		case i%10 == 0:
			want["skippedunsubscribed"]++
		case i%5 == 0:
			want["skippedtopic"]++
		case i%7 == 0:
			want["skippedno_address"]++
		case i == 1:
			want["skippedsuppressed"]++
		case place.HeldOut:
			want["skippedhold_out"]++
		default:
			want["planned"+place.Variant]++
		}
	}
	s.turns()
	s.wantStates(b.ID, want)
	if b = s.wantState(b.ID, carpel.BroadcastSending, ""); b.People != 600 || b.Gone != 0 || b.Stage != carpel.StagePlanned {
		t.Errorf("%d people, %d gone, %s; want 600 people, all planned", b.People, b.Gone, b.Stage)
	}
	if n := s.send(nil); int64(n) != want["plannedA"]+want["plannedB"] {
		t.Errorf("%d were sent, want %d", n, want["plannedA"]+want["plannedB"])
	}
	s.turns()
	s.wantState(b.ID, carpel.BroadcastSent, "")
}

// Who is in the audience is decided once: what changes while it is planned, and a restart in the middle, make no difference.
func TestBroadcastAudienceStays(t *testing.T) {
	s := newStage(t)
	s.people(400, nil)
	b := s.begin(s.spec(), carpel.SendBroadcast)
	s.turn() // the audience
	s.turn() // the first page
	s.people(500, func(i int, set map[string]carpel.Value) {
		if i < 390 {
			set["plan"] = carpel.TextValue("free")
		}
	})
	for i := range 3 { // one of the first page, and two who are still to come
		s.commit(carpel.Item{Kind: carpel.ItemErase, Person: carpel.PersonRef{UserID: fmt.Sprint("u", 150*i)}, At: carpel.MillisOf(s.now), Source: "test"})
	}
	if got := s.states(b.ID)["heldA"] + s.states(b.ID)["plannedA"]; got != 50 {
		t.Fatalf("after one page there are %d deliveries, want 50", got)
	}
	for range 3 {
		s.restart()
		s.turn()
	}
	s.restart()
	s.turns()
	s.wantStates(b.ID, map[string]int64{"plannedA": 398})
	if b = s.wantState(b.ID, carpel.BroadcastSending, ""); b.People != 400 || b.Gone != 2 {
		t.Errorf("%d people, %d gone; want 400 and 2", b.People, b.Gone)
	}
}

func TestBroadcastPausesAndGoesOn(t *testing.T) {
	s := newStage(t)
	s.people(200, nil)
	b := s.begin(s.spec(), carpel.SendBroadcast)
	s.turn()
	s.turn()
	s.move(b.ID, carpel.PauseBroadcast)
	s.turns()
	if n := s.send(nil); n != 0 {
		t.Errorf("%d were sent of a paused broadcast", n)
	}
	s.wantStates(b.ID, map[string]int64{"heldA": 50})
	s.move(b.ID, carpel.ResumeBroadcast)
	s.turns()
	deferred := s.send(func(i int, _ carpel.Delivery, e *records.Ended) {
		if i < 5 {
			e.State, e.SentAt, e.DueAt = carpel.DeliveryPlanned, 0, carpel.MillisOf(s.now.Add(time.Hour))
		}
	})
	s.turns()
	s.wantState(b.ID, carpel.BroadcastSending, "") // five are still to be tried
	s.move(b.ID, carpel.CancelBroadcast)
	s.turns()
	s.wantStates(b.ID, map[string]int64{"sentA": int64(deferred) - 5, "skippedcancelledA": 5})
	if b = s.wantState(b.ID, carpel.BroadcastCancelled, ""); b.EndedAt == 0 {
		t.Error("it has not ended")
	}
}

// The rate is kept: over a minute as many as it says, and nothing is made up for after a pause.
func TestBroadcastRate(t *testing.T) {
	s := newStage(t)
	s.people(500, nil)
	spec := s.spec()
	spec.Rate = 120
	b := s.begin(spec, carpel.SendBroadcast)
	s.turns()
	sent := s.send(nil)
	for range 60 {
		s.now = s.now.Add(time.Second)
		s.turns()
		sent += s.send(nil)
	}
	if sent < 119 || sent > 122 {
		t.Errorf("%d were sent in a minute, want 120", sent)
	}
	s.now = s.now.Add(time.Hour)
	s.turns()
	if n := s.send(nil); n > 4 {
		t.Errorf("%d were sent at once after an hour of nothing, want at most two seconds' worth", n)
	}
	s.wantState(b.ID, carpel.BroadcastSending, "")
}

func TestBroadcastInEachZone(t *testing.T) {
	s := newStage(t)
	zones := []string{"Asia/Tokyo", "America/New_York", "", "nowhere"}
	s.people(40, func(i int, set map[string]carpel.Value) { set["timezone"] = carpel.TextValue(zones[i%4]) })
	spec := s.spec()
	spec.Schedule = &carpel.BroadcastSchedule{Local: "2026-05-03T09:00"}
	b := s.begin(spec, carpel.ScheduleBroadcast)
	at := func(moment string, wanted int) {
		t.Helper()
		var err error
		if s.now, err = time.Parse(time.RFC3339, moment); err != nil {
			t.Fatal(err)
		}
		s.turns()
		if n := s.send(nil); n != wanted {
			t.Errorf("at %s %d were sent, want %d", moment, n, wanted)
		}
	}
	at("2026-05-02T18:59:59Z", 0)
	s.wantState(b.ID, carpel.BroadcastScheduled, "")
	at("2026-05-02T19:00:00Z", 0)
	s.wantState(b.ID, carpel.BroadcastSending, "")
	s.restart()
	at("2026-05-02T23:59:59Z", 0)
	at("2026-05-03T00:00:00Z", 10) // nine in Tokyo
	at("2026-05-03T07:00:00Z", 20) // in Berlin, the workspace's
	at("2026-05-03T12:59:59Z", 0)
	at("2026-05-03T13:00:00Z", 10) // in New York
	s.turns()
	s.wantState(b.ID, carpel.BroadcastSent, "")
}

// The sample gets its variants, and the rest the one that did better.
func TestBroadcastFindsTheWinner(t *testing.T) {
	for _, row := range []struct {
		name, opens, winner string
	}{{"the better", "B", "B"}, {"a tie", "", "A"}} {
		t.Run(row.name, func(t *testing.T) {
			s := newStage(t)
			s.people(600, nil)
			spec := s.spec()
			spec.Variants = []carpel.BroadcastVariant{{Template: s.templates[0]}, {Template: s.templates[1]}}
			spec.Winner = &carpel.BroadcastWinner{Measure: "opened", After: "4h", Sample: 25}
			spec.HoldOut = 10
			b := s.begin(spec, carpel.SendBroadcast)
			s.turns()
			var marks []records.Mark
			sample := s.send(func(_ int, d carpel.Delivery, _ *records.Ended) {
				if d.Origin.Variant == row.opens {
					marks = append(marks, records.Mark{Delivery: d.ID, What: "opened"})
				}
			})
			if sample < 100 || sample > 170 {
				t.Errorf("the sample has %d people, want about 135", sample)
			}
			if err := s.records.MarkDeliveries(t.Context(), s.workspace, marks); err != nil {
				t.Fatal(err)
			}
			first := s.states(b.ID)
			s.now = s.now.Add(4*time.Hour - time.Second)
			s.turns()
			if n := s.send(nil); n != 0 {
				t.Errorf("%d of the rest were sent before there was a winner", n)
			}
			s.restart()
			s.now = s.now.Add(time.Second)
			s.turn()
			s.turn()
			s.restart()
			s.turns()
			rest := s.send(func(_ int, d carpel.Delivery, _ *records.Ended) {
				if d.Origin.Variant != row.winner {
					t.Errorf("one of the rest got %s", d.Origin.Variant)
				}
			})
			if got := int64(sample+rest) + first["skippedhold_out"]; got != 600 {
				t.Errorf("%d sent and held out, want all 600", got)
			}
			s.turns()
			if b := s.wantState(b.ID, carpel.BroadcastSent, ""); b.Winner != row.winner || b.Gone != 0 {
				t.Errorf("the winner is %q, and %d are gone", b.Winner, b.Gone)
			}
		})
	}
}

// A broadcast that does harm stops by itself, and goes on when somebody says so.
func TestBroadcastStopsItself(t *testing.T) {
	for _, row := range []struct {
		name      string
		bad, sent int
		what      string
		reason    string
	}{
		{"few complaints", 1, 1100, "complained", ""},
		{"complaints", 2, 1100, "complained", campaign.PausedComplaints},
		{"few bounces", 20, 1100, "bounced", ""},
		{"bounces", 22, 1100, "bounced", campaign.PausedBounces},
		{"too early to tell", 50, 490, "bounced", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newStage(t)
			s.people(1500, nil)
			b := s.begin(s.spec(), carpel.SendBroadcast)
			s.turns()
			var marks []records.Mark
			left := row.sent
			s.send(func(i int, d carpel.Delivery, e *records.Ended) {
				if i < row.bad {
					marks = append(marks, records.Mark{Delivery: d.ID, What: row.what})
				}
				if left--; left < 0 {
					e.State, e.SentAt, e.DueAt = carpel.DeliveryPlanned, 0, carpel.MillisOf(s.now.Add(time.Hour))
				}
			})
			if err := s.records.MarkDeliveries(t.Context(), s.workspace, marks); err != nil {
				t.Fatal(err)
			}
			s.turns()
			if row.reason == "" {
				s.wantState(b.ID, carpel.BroadcastSending, "")
				return
			}
			s.wantState(b.ID, carpel.BroadcastPaused, row.reason)
			s.move(b.ID, carpel.ResumeBroadcast)
			s.turns()
			s.wantState(b.ID, carpel.BroadcastSending, row.reason)
		})
	}
}

// A broadcast whose audience or template is gone stops and says so.
func TestBroadcastWithoutItsParts(t *testing.T) {
	s := newStage(t)
	s.people(3, nil)
	spec := s.spec()
	spec.Audience = []byte(`{"segment":"seg_gone"}`)
	b := s.begin(spec, carpel.SendBroadcast)
	s.turns()
	s.wantState(b.ID, carpel.BroadcastPaused, campaign.PausedAudience)
	spec = s.spec()
	spec.Variants[0].Template = "tpl_gone"
	b = s.begin(spec, carpel.SendBroadcast)
	s.turns()
	s.wantState(b.ID, carpel.BroadcastPaused, campaign.PausedTemplate)
}
