package records_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func campaignSpec(steps ...carpel.CampaignStep) carpel.CampaignSpec {
	return carpel.CampaignSpec{Trigger: carpel.CampaignTrigger{Kind: carpel.TriggerAPI}, Steps: steps}
}

func waits(ids ...string) (steps []carpel.CampaignStep) {
	for i, id := range ids {
		s := carpel.CampaignStep{ID: id, Kind: carpel.StepWait, For: "1d"}
		if i+1 < len(ids) {
			s.Next = ids[i+1]
		}
		steps = append(steps, s)
	}
	return steps
}

// A draft is changed in place; a campaign that was live keeps every version. An archived one stays as it is.
func TestCampaignLife(t *testing.T) {
	db, c, _ := open(t)
	ws := workspace(t, db)
	update := func(e records.CampaignEdit, id, code string) carpel.Campaign {
		t.Helper()
		out, err := db.UpdateCampaign(t.Context(), ws, "ann", id, e)
		if carpel.ErrorCode(err) != code {
			t.Fatalf("%v, not %q", err, code)
		}
		return out
	}
	one, err := db.CreateCampaign(t.Context(), ws, "ann", carpel.Campaign{Name: " Welcome ", Spec: campaignSpec(waits("a")...)})
	if err != nil || one.Name != "Welcome" || one.State != carpel.CampaignDraft {
		t.Fatal(one, err)
	}
	if _, err := db.CreateCampaign(t.Context(), ws, "ann", carpel.Campaign{Name: "x"}); carpel.ErrorCode(err) != carpel.CodeInvalid {
		t.Error(err)
	}
	two, three := campaignSpec(waits("a", "b")...), campaignSpec(waits("a", "c")...)
	if got := update(records.CampaignEdit{Spec: &two}, one.ID, ""); got.Version != 1 {
		t.Errorf("a draft is at version %d", got.Version)
	}
	update(records.CampaignEdit{Spec: &three, IfVersion: one.UpdatedAt}, one.ID, carpel.CodeVersion)
	c.pass(time.Hour)
	live := update(records.CampaignEdit{State: carpel.CampaignLive}, one.ID, "")
	if live.LiveSince != carpel.MillisOf(c.now()) {
		t.Errorf("live since %s", live.LiveSince)
	}
	if got := update(records.CampaignEdit{Spec: &three}, one.ID, ""); got.Version != 2 || got.LiveSince != live.LiveSince {
		t.Errorf("%+v", got)
	}
	if got := update(records.CampaignEdit{Spec: &three}, one.ID, ""); got.Version != 2 {
		t.Errorf("the same again is version %d", got.Version)
	}
	if err := db.DeleteCampaign(t.Context(), ws, one.ID, time.Time{}); carpel.ErrorCode(err) != carpel.CodeConflict {
		t.Error(err)
	}
	versions, err := db.CampaignVersions(t.Context(), ws, one.ID)
	if err != nil || len(versions) != 2 || versions[0].Version != 2 || versions[1].Spec.Steps[1].ID != "b" {
		t.Errorf("%+v, %v", versions, err)
	}
	if ids, err := db.RunningWorkspaces(t.Context()); err != nil || cmp.Diff([]string{ws}, ids) != "" {
		t.Error(ids, err)
	}
	update(records.CampaignEdit{State: carpel.CampaignArchived}, one.ID, "")
	update(records.CampaignEdit{State: carpel.CampaignLive}, one.ID, carpel.CodeConflict)
	if got, err := db.CampaignByAlias(t.Context(), ws, one.Alias); err != nil || got.ID != one.ID {
		t.Error(got, err)
	}
}

// A batch of journeys is one transaction; what it wrote is found by person, by step and when it is due.
func TestJourneys(t *testing.T) {
	db, c, _ := open(t)
	ws, now := workspace(t, db), carpel.MillisOf(c.now())
	one, err := db.CreateCampaign(t.Context(), ws, "ann", carpel.Campaign{Name: "x", Spec: campaignSpec(waits("a", "b")...)})
	if err != nil {
		t.Fatal(err)
	}
	commit := func(b records.JourneyBatch) {
		t.Helper()
		if err := db.CommitJourneys(t.Context(), ws, b); err != nil {
			t.Fatal(err)
		}
	}
	journey := func(person, step string, due carpel.Millis) carpel.Journey {
		return carpel.Journey{ID: carpel.JourneyID(one.ID, person, "x"), Campaign: one.ID, Version: 1, Person: person, State: carpel.JourneyActive, Step: step, Waiting: true, Moves: 1,
			StartedAt: now, StepAt: now, DueAt: due, Data: []byte(`{"event":{"total":5}}`)}
	}
	ann, bob, cyd := journey("p_ann", "a", now+1000), journey("p_bob", "b", now+2000), journey("p_cyd", "b", now+9000)
	d := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromCampaign, ID: one.ID, Version: 1, Step: "a", Occurrence: bob.ID}, Person: "p_bob", Kind: carpel.Email, Mode: carpel.AtMostOnce}
	update := records.Update{MessageID: "m1", Person: "p_bob", At: now, Attributes: map[string]carpel.Value{"old": {}, "n": carpel.NumberValue(1)}}
	commit(records.JourneyBatch{Journeys: []carpel.Journey{ann, bob, cyd}, Path: []carpel.PathEntry{{Journey: bob.ID, N: 1, At: now, Step: "b", What: "started"}},
		Deliveries: []carpel.Delivery{d, d}, Updates: []records.Update{update}, Reader: "campaigns:feed", Cursor: "c1", Refused: map[string]int{one.ID: 2}})
	check := func(what string, want, got any, err error) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
		}
	}
	due, err := db.DueJourneys(t.Context(), ws, []string{one.ID, "none"}, now+2000, 100)
	check("due", []carpel.Journey{ann, bob}, due, err)
	next, err := db.NextJourney(t.Context(), ws, []string{one.ID})
	check("next", now+1000, next, err)
	cursor, err := db.Cursor(t.Context(), ws, "campaigns:feed")
	check("cursor", "c1", cursor, err)
	updates, err := db.JourneyUpdates(t.Context(), ws, 10)
	if len(updates) != 1 || updates[0].Attributes["n"] != carpel.NumberValue(1) || updates[0].Attributes["old"].IsSet() || err != nil {
		t.Errorf("%+v, %v", updates, err)
	}
	// A batch that fails leaves nothing behind.
	if err := db.CommitJourneys(t.Context(), ws, records.JourneyBatch{Journeys: []carpel.Journey{journey("p_dan", "a", now)}, Path: []carpel.PathEntry{{Journey: bob.ID, N: 1, What: "twice"}}}); err == nil {
		t.Error("a path has two first entries")
	}
	counts, converted, err := db.CountJourneys(t.Context(), ws, one.ID)
	check("counts", []records.JourneyCount{{State: "active", Step: "a", N: 1}, {State: "active", Step: "b", N: 2}}, counts, err)
	check("converted", int64(0), converted, nil)

	commit(records.JourneyBatch{Merge: &records.JourneyMerge{From: "p_bob", To: "p_ann"}})
	active, err := db.ActiveJourneys(t.Context(), ws, "p_ann")
	if len(active) != 2 || err != nil {
		t.Errorf("after the merge: %+v, %v", active, err)
	}
	moved, err := db.MoveJourneys(t.Context(), ws, one.ID, 2, []string{"b"})
	check("moved", int64(2), moved, err)
	path, err := db.JourneyPath(t.Context(), ws, bob.ID)
	check("path", []carpel.PathEntry{{N: 1, At: now, Step: "b", What: "started"}, {N: 2, At: now, Step: "b", What: "moved"}}, path, err)

	if err := db.EraseMessages(t.Context(), ws, records.Erased{People: []string{"p_ann"}}); err != nil {
		t.Fatal(err)
	}
	left, err := db.Journeys(t.Context(), ws, records.JourneyFilter{Campaign: one.ID, Limit: 10})
	if len(left) != 1 || left[0].ID != cyd.ID || err != nil {
		t.Errorf("after the erasure: %+v, %v", left, err)
	}
	path, err = db.JourneyPath(t.Context(), ws, bob.ID)
	check("path after the erasure", []carpel.PathEntry{}, path, err)
	updates, err = db.JourneyUpdates(t.Context(), ws, 10)
	check("updates after the erasure", []records.Update{}, updates, err)
	ended, err := db.EndJourneys(t.Context(), ws, one.ID, carpel.ExitedArchived)
	check("ended", int64(1), ended, err)
	after, err := db.Journey(t.Context(), ws, cyd.ID)
	if after.State != carpel.JourneyExited || after.Reason != carpel.ExitedArchived || err != nil {
		t.Errorf("%+v, %v", after, err)
	}
	if got, err := db.Campaign(t.Context(), ws, one.ID); err != nil || got.Refused != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Lists of journeys are cut into pages without a gap, whatever is asked for, and with a newest and a last.
func TestJourneyPages(t *testing.T) {
	db, c, _ := open(t)
	ws, now := workspace(t, db), carpel.MillisOf(c.now())
	var b records.JourneyBatch
	for i := range 50 {
		b.Journeys = append(b.Journeys, carpel.Journey{ID: carpel.JourneyID("c", string(rune('a'+i)), ""), Campaign: "c", Person: "p", State: []carpel.JourneyState{"active", "exited"}[i%2],
			Step: []string{"a", "b", "c"}[i%3], StartedAt: now + carpel.Millis(i/7)})
	}
	if err := db.CommitJourneys(t.Context(), ws, b); err != nil {
		t.Fatal(err)
	}
	for _, f := range []records.JourneyFilter{{}, {State: "active", Step: "b"}, {State: "exited"}, {Person: "p", Step: "c"}, {Person: "q"}} {
		want := 0
		for _, j := range b.Journeys {
			if (f.State == "" || f.State == j.State) && (f.Step == "" || f.Step == j.Step) && (f.Person == "" || f.Person == j.Person) {
				want++
			}
		}
		f.Campaign, f.Limit = "c", 7
		seen := map[string]bool{}
		for {
			page, err := db.Journeys(t.Context(), ws, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range page {
				if seen[j.ID] || f.AfterID != "" && j.StartedAt > f.AfterStart {
					t.Errorf("%+v: %s comes twice, or out of order", f, j.ID)
				}
				seen[j.ID], f.AfterStart, f.AfterID = true, j.StartedAt, j.ID
			}
			if len(page) < f.Limit {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%+v: %d journeys, not %d", f, len(seen), want)
		}
	}
}
