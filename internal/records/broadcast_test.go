package records_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

func draft(t *testing.T, db *records.DB, ws string, spec carpel.BroadcastSpec) carpel.Broadcast {
	t.Helper()
	b, err := db.CreateBroadcast(t.Context(), ws, carpel.Broadcast{Name: " news ", Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func ready() carpel.BroadcastSpec {
	return carpel.BroadcastSpec{Audience: []byte(`{"attribute":"plan","op":"is","value":"pro"}`), Variants: []carpel.BroadcastVariant{{Template: "tpl_1"}}}
}

func TestBroadcastEdits(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	b := draft(t, db, ws, carpel.BroadcastSpec{})
	if b.Name != "news" || b.State != carpel.BroadcastDraft || b.Spec.Kind != carpel.Email || b.Spec.Mode != carpel.AtMostOnce {
		t.Fatalf("a new broadcast is %+v", b)
	}
	if read, err := db.BroadcastByAlias(t.Context(), ws, b.Alias); err != nil || !cmp.Equal(read, b) {
		t.Errorf("read by alias (-want +got):\n%s%v", cmp.Diff(b, read), err)
	}
	for _, move := range []carpel.BroadcastMove{carpel.SendBroadcast, carpel.ScheduleBroadcast} {
		_, err := db.MoveBroadcast(t.Context(), ws, b.ID, records.BroadcastMove{Move: move})
		wantCode(t, "an empty draft: "+string(move), err, carpel.CodeInvalid)
	}
	name, spec := "spring", ready()
	b2, err := db.UpdateBroadcast(t.Context(), ws, b.ID, records.BroadcastEdit{Name: &name, Spec: &spec, IfVersion: b.UpdatedAt})
	if err != nil || b2.Name != name || b2.Spec.Variants[0].Share != 100 {
		t.Fatalf("edited: %+v, %v", b2, err)
	}
	_, err = db.UpdateBroadcast(t.Context(), ws, b.ID, records.BroadcastEdit{Name: &name, IfVersion: b.UpdatedAt})
	wantCode(t, "an edit of what was changed since", err, carpel.CodeVersion)
	_, err = db.MoveBroadcast(t.Context(), ws, b.ID, records.BroadcastMove{Move: carpel.ScheduleBroadcast})
	wantCode(t, "scheduled without a schedule", err, carpel.CodeInvalid)
	_, err = db.CreateBroadcast(t.Context(), ws, carpel.Broadcast{})
	wantCode(t, "no name", err, carpel.CodeLimit)
	if err := db.DeleteBroadcast(t.Context(), ws, b.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, err = db.Broadcast(t.Context(), ws, b.ID)
	wantCode(t, "a deleted one", err, carpel.CodeNotFound)
}

func TestBroadcastSchedules(t *testing.T) {
	db, c, _ := open(t)
	ws := workspace(t, db)
	now := carpel.MillisOf(c.now())
	for _, row := range []struct {
		schedule carpel.BroadcastSchedule
		wanted   string
	}{
		{carpel.BroadcastSchedule{At: now + 1000}, ""},
		{carpel.BroadcastSchedule{At: now - 1000}, carpel.CodeInvalid},
		{carpel.BroadcastSchedule{At: now + 400*86_400_000}, carpel.CodeLimit},
		{carpel.BroadcastSchedule{Local: "2026-05-01T09:00"}, ""}, // it is noon here, and earlier elsewhere
		{carpel.BroadcastSchedule{Local: "2026-04-29T09:00"}, carpel.CodeInvalid},
	} {
		spec := ready()
		spec.Schedule = &row.schedule
		b := draft(t, db, ws, spec)
		_, err := db.MoveBroadcast(t.Context(), ws, b.ID, records.BroadcastMove{Move: carpel.ScheduleBroadcast})
		wantCode(t, fmt.Sprintf("%+v", row.schedule), err, row.wanted)
	}
	spec := ready()
	spec.Schedule = &carpel.BroadcastSchedule{At: now + 60_000}
	b := draft(t, db, ws, spec)
	if _, err := db.MoveBroadcast(t.Context(), ws, b.ID, records.BroadcastMove{Move: carpel.ScheduleBroadcast}); err != nil {
		t.Fatal(err)
	}
	_, err := db.UpdateBroadcast(t.Context(), ws, b.ID, records.BroadcastEdit{Spec: &spec})
	wantCode(t, "an edit of what is scheduled", err, carpel.CodeConflict)
	wantCode(t, "to delete it", db.DeleteBroadcast(t.Context(), ws, b.ID, time.Time{}), carpel.CodeConflict)
	if b, err = db.StartBroadcast(t.Context(), ws, b.ID); err != nil || b.State != carpel.BroadcastScheduled {
		t.Errorf("before its time it is %s, %v", b.State, err)
	}
	c.pass(time.Minute)
	if b, err = db.StartBroadcast(t.Context(), ws, b.ID); err != nil || b.State != carpel.BroadcastSending || b.StartedAt != now+60_000 {
		t.Errorf("at its time it is %s since %s, %v", b.State, b.StartedAt, err)
	}
}

// page is a page of an audience, of the people from one number to another.
func page(b carpel.Broadcast, from, to int, done bool) records.BroadcastPage {
	p := records.BroadcastPage{To: fmt.Sprint(to), Done: done}
	if from > 0 {
		p.From = fmt.Sprint(from)
	}
	for i := from; i < to; i++ {
		p.Deliveries = append(p.Deliveries, carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromBroadcast, ID: b.ID, Variant: "A"}, Person: fmt.Sprint("p_", i),
			Kind: carpel.Email, Template: "tpl_1", Mode: carpel.AtMostOnce, State: carpel.DeliveryHeld})
	}
	return p
}

// statesOf counts deliveries by "state reason".
func statesOf(t *testing.T, db *records.DB, ws, origin string) map[string]int {
	t.Helper()
	tallies, err := db.Tallies(t.Context(), ws, origin)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, c := range tallies {
		counts[string(c.State)+" "+c.Reason] += int(c.Deliveries)
	}
	return counts
}

// Planning goes on where it was after the records were opened again in the middle, and nobody is planned twice.
func TestBroadcastPlanResumes(t *testing.T) {
	db, _, path := open(t)
	ws := workspace(t, db)
	b := sending(t, db, ws, 30)
	plan := func(db *records.DB, p records.BroadcastPage) error {
		_, err := db.PlanBroadcast(t.Context(), ws, b.ID, p)
		return err
	}
	if err := plan(db, page(b, 0, 10, false)); err != nil {
		t.Fatal(err)
	}
	copied := path + "-copy" // what a crash right now would leave
	if err := db.CopyTo(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	again, err := records.Open(t.Context(), copied, records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	roll, cursor, err := again.Audience(t.Context(), ws, b.ID)
	if err != nil || string(roll) != "roll" || cursor != "10" {
		t.Fatalf("the audience after a restart: %q at %q, %v", roll, cursor, err)
	}
	wantCode(t, "the first page again", plan(again, page(b, 0, 10, false)), carpel.CodeConflict)
	if err := plan(again, page(b, 10, 20, false)); err != nil {
		t.Fatal(err)
	}
	last := page(b, 20, 28, true) // two are gone
	last.Deliveries = append(last.Deliveries, page(b, 5, 6, false).Deliveries...)
	if err := plan(again, last); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"held ": 28}, statesOf(t, again, ws, b.ID)); diff != "" {
		t.Errorf("the deliveries (-want +got):\n%s", diff)
	}
	b, err = again.Broadcast(t.Context(), ws, b.ID)
	if err != nil || b.Stage != carpel.StagePlanned || b.People != 30 || b.Gone != 2 {
		t.Errorf("after the last page: %s, %d people, %d gone, %v", b.Stage, b.People, b.Gone, err)
	}
	if _, _, err := again.Audience(t.Context(), ws, b.ID); carpel.ErrorCode(err) != carpel.CodeNotFound {
		t.Errorf("the roll is still there: %v", err)
	}
}

// What is paused or cancelled is not taken up any more from the moment on at which the call returns.
func TestBroadcastPauseAndCancel(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	b := sending(t, db, ws, 30)
	if _, err := db.PlanBroadcast(t.Context(), ws, b.ID, page(b, 0, 30, true)); err != nil {
		t.Fatal(err)
	}
	move := func(m carpel.BroadcastMove) {
		t.Helper()
		if _, err := db.MoveBroadcast(t.Context(), ws, b.ID, records.BroadcastMove{Move: m}); err != nil {
			t.Fatal(err)
		}
	}
	letOut := func(most int, wanted int64) {
		t.Helper()
		if n, err := db.LetOut(t.Context(), ws, b.ID, most); err != nil || n != wanted {
			t.Errorf("let out: %d, %v; want %d", n, err, wanted)
		}
	}
	states := func(wanted map[string]int) {
		t.Helper()
		if diff := cmp.Diff(wanted, statesOf(t, db, ws, b.ID)); diff != "" {
			t.Errorf("the deliveries (-want +got):\n%s", diff)
		}
	}
	letOut(12, 12)
	states(map[string]int{"held ": 18, "planned ": 12})
	if err := db.EraseMessages(t.Context(), ws, records.Erased{People: []string{"p_29"}}); err != nil {
		t.Fatal(err)
	}
	states(map[string]int{"held ": 17, "planned ": 12, "skipped erased": 1})
	if l, err := db.Backlog(t.Context(), ws, b.ID); err != nil || l != (records.Backlog{Due: 12, Open: true}) {
		t.Errorf("the backlog is %+v, %v", l, err)
	}
	move(carpel.PauseBroadcast)
	states(map[string]int{"held ": 29, "skipped erased": 1})
	letOut(12, 0)
	if n, err := db.DropHeld(t.Context(), ws, b.ID, 10); err != nil || n != 0 {
		t.Errorf("%d of a paused broadcast were dropped, %v", n, err)
	}
	move(carpel.ResumeBroadcast)
	letOut(100, 29)
	move(carpel.CancelBroadcast)
	letOut(100, 0)
	for _, wanted := range []int64{20, 9, 0} {
		if n, err := db.DropHeld(t.Context(), ws, b.ID, 20); err != nil || n != wanted {
			t.Errorf("dropped: %d, %v; want %d", n, err, wanted)
		}
	}
	states(map[string]int{"skipped cancelled": 29, "skipped erased": 1})
	if l, err := db.Backlog(t.Context(), ws, b.ID); err != nil || l != (records.Backlog{}) {
		t.Errorf("the backlog is %+v, %v", l, err)
	}
	at, err := db.BroadcastsAtWork(t.Context())
	if err != nil || len(at) != 1 {
		t.Fatalf("at work: %+v, %v", at, err)
	}
	if err := db.EndBroadcast(t.Context(), ws, b.ID); err != nil {
		t.Fatal(err)
	}
	if at, err = db.BroadcastsAtWork(t.Context()); err != nil || len(at) != 0 {
		t.Errorf("at work after the end: %+v, %v", at, err)
	}
	_, err = db.MoveBroadcast(t.Context(), ws, b.ID, records.BroadcastMove{Move: carpel.ResumeBroadcast})
	wantCode(t, "to resume what was cancelled", err, carpel.CodeConflict)
	var e *carpel.Error
	if _, err := db.Broadcast(t.Context(), ws, "bc_none"); !errors.As(err, &e) || e.Code != carpel.CodeNotFound {
		t.Errorf("a broadcast that is not there: %v", err)
	}
}

// With a winner to be found the sample is written first, and the rest once it is.
func TestBroadcastWinner(t *testing.T) {
	db, c, _ := open(t)
	ws := workspace(t, db)
	spec := ready()
	spec.Variants = []carpel.BroadcastVariant{{Template: "tpl_1"}, {Template: "tpl_2"}}
	spec.Winner = &carpel.BroadcastWinner{Measure: "opened", After: "4h", Sample: 20}
	b := draft(t, db, ws, spec)
	if _, err := db.MoveBroadcast(t.Context(), ws, b.ID, records.BroadcastMove{Move: carpel.SendBroadcast}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.SetAudience(t.Context(), ws, b.ID, records.Audience{Roll: []byte("roll"), People: 30, Versions: []int{1, 2}}); err != nil {
		t.Fatal(err)
	}
	p := page(b, 0, 6, true)
	p.TestEnds = 4 * time.Hour
	b, err := db.PlanBroadcast(t.Context(), ws, b.ID, p)
	if err != nil || b.Stage != carpel.StageTesting || b.DueAt != carpel.MillisOf(c.now().Add(4*time.Hour)) {
		t.Fatalf("after the sample: %s until %s, %v", b.Stage, b.DueAt, err)
	}
	_, err = db.PlanBroadcast(t.Context(), ws, b.ID, page(b, 0, 30, true))
	wantCode(t, "the rest before there is a winner", err, carpel.CodeConflict)
	if err := db.DecideBroadcast(t.Context(), ws, b.ID, "B"); err != nil {
		t.Fatal(err)
	}
	if b, err = db.PlanBroadcast(t.Context(), ws, b.ID, page(b, 0, 30, true)); err != nil || b.Stage != carpel.StagePlanned || b.Winner != "B" || b.Gone != 0 {
		t.Errorf("after the rest: %s, winner %q, %d gone, %v", b.Stage, b.Winner, b.Gone, err)
	}
}
