package records_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// byText compares conditions.
var byText = cmp.Comparer(func(a, b carpel.Condition) bool { return carpel.FormatText(a) == carpel.FormatText(b) })

func TestSegments(t *testing.T) {
	db, c, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	made, err := db.CreateSegment(t.Context(), ws, "key_1", carpel.Segment{Name: " Pro  ÄÖ users! ", Tags: []string{"a"}, Definition: definition(t, "plan is pro")})
	if err != nil {
		t.Fatal(err)
	}
	if made.Key != "pro-users" || made.Name != "Pro  ÄÖ users!" || made.Kind != carpel.Dynamic || made.Version != 1 || made.Alias != 1 {
		t.Errorf("made %+v", made)
	}
	for _, ref := range []string{made.ID, made.Key} {
		got, err := db.Segment(t.Context(), ws, ref)
		if diff := cmp.Diff(made, got, byText); diff != "" || err != nil {
			t.Error(ref, err, diff)
		}
		_, err = db.Segment(t.Context(), other, ref)
		wantCode(t, "another workspace's segment", err, carpel.CodeNotFound)
	}
	if got, err := db.SegmentByAlias(t.Context(), ws, 1); err != nil || got.ID != made.ID {
		t.Errorf("by alias: %v, %v", got, err)
	}
	again, err := db.CreateSegment(t.Context(), ws, "key_1", carpel.Segment{Name: "Pro users", Definition: definition(t, "plan is pro")})
	if err != nil || again.Key != "pro-users-2" || again.Alias != 2 {
		t.Errorf("the same name again makes %v, %v", again, err)
	}
	_, err = db.CreateSegment(t.Context(), ws, "key_1", carpel.Segment{Name: "x", Key: "pro-users", Definition: definition(t, "plan is pro")})
	wantCode(t, "a key that is taken", err, carpel.CodeConflict)

	c.pass(time.Minute)
	edited, err := db.UpdateSegment(t.Context(), ws, "key_2", made.ID, records.SegmentEdit{Definition: definition(t, "plan is team"), IfVersion: made.UpdatedAt})
	if err != nil || edited.Version != 2 || !edited.UpdatedAt.After(made.UpdatedAt) {
		t.Fatalf("edited %v, %v", edited, err)
	}
	same, err := db.UpdateSegment(t.Context(), ws, "key_2", made.ID, records.SegmentEdit{Definition: definition(t, `plan is "team"`)})
	if err != nil || same.Version != 2 || !same.UpdatedAt.After(edited.UpdatedAt) {
		t.Errorf("the same definition makes version %d, %v", same.Version, err)
	}
	_, err = db.UpdateSegment(t.Context(), ws, "key_2", made.ID, records.SegmentEdit{State: carpel.StatePaused, IfVersion: made.UpdatedAt})
	wantCode(t, "an edit of what was edited since", err, carpel.CodeVersion)

	versions, err := db.SegmentVersions(t.Context(), ws, made.ID)
	if err != nil || len(versions) != 2 || versions[0].Version != 2 || versions[0].SavedBy != "key_2" || carpel.FormatText(versions[1].Definition) != "plan is pro" {
		t.Errorf("versions are %v, %v", versions, err)
	}
	if err := db.RevertSegment(t.Context(), ws, made); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Segment(t.Context(), ws, made.ID); err != nil || cmp.Diff(made, got, byText) != "" {
		t.Errorf("reverted to %v, %v", got, err)
	}
	if err := db.DeleteSegment(t.Context(), ws, made.ID); err != nil {
		t.Fatal(err)
	}
	if all, err := db.Segments(t.Context(), ws); err != nil || len(all) != 1 {
		t.Errorf("left are %v, %v", all, err)
	}
	// An alias is never given twice.
	if last, err := db.CreateSegment(t.Context(), ws, "", carpel.Segment{Name: "x", Kind: carpel.Manual}); err != nil || last.Alias != 3 {
		t.Errorf("the alias is %d, %v", last.Alias, err)
	}
}

func TestBadSegments(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	def := definition(t, "plan is pro")
	for name, s := range map[string]carpel.Segment{
		"no name":                {Name: " ", Definition: def},
		"a long name":            {Name: strings.Repeat("x", 151), Definition: def},
		"a bad key":              {Name: "x", Key: "No Slug", Definition: def},
		"a key like an id":       {Name: "x", Key: "seg_1", Definition: def},
		"a long description":     {Name: "x", Description: strings.Repeat("x", 5000), Definition: def},
		"an empty tag":           {Name: "x", Tags: []string{""}, Definition: def},
		"many tags":              {Name: "x", Tags: make([]string, 51), Definition: def},
		"no definition":          {Name: "x"},
		"manual with definition": {Name: "x", Kind: carpel.Manual, Definition: def},
		"no such kind":           {Name: "x", Kind: "static", Definition: def},
	} {
		_, err := db.CreateSegment(t.Context(), ws, "", s)
		if code := carpel.ErrorCode(err); code != carpel.CodeInvalid && code != carpel.CodeLimit {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of edits at once that all saw the same version one is taken, whatever the clock says.
func TestConcurrentEdits(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	s, err := db.CreateSegment(t.Context(), ws, "", carpel.Segment{Name: "x", Definition: definition(t, "plan is pro")})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	codes := map[string]int{}
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			name := "y"
			_, err := db.UpdateSegment(context.Background(), ws, "", s.ID, records.SegmentEdit{Name: &name, IfVersion: s.UpdatedAt})
			mu.Lock()
			defer mu.Unlock()
			codes[carpel.ErrorCode(err)]++
		})
	}
	work.Wait()
	if diff := cmp.Diff(map[string]int{"": 1, carpel.CodeVersion: 7}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestAnswers(t *testing.T) {
	db, c, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	request := []byte("hash of the request")
	begin := func(workspace string, request []byte) (*records.Answer, error) {
		return db.BeginAnswer(t.Context(), workspace, "key", request)
	}
	if a, err := begin(ws, request); a != nil || err != nil {
		t.Fatalf("a new claim: %v, %v", a, err)
	}
	_, err := begin(ws, request)
	wantCode(t, "the same while it is under way", err, carpel.CodeConflict)
	if a, err := begin(other, request); a != nil || err != nil {
		t.Errorf("another workspace's claim: %v, %v", a, err)
	}
	want := records.Answer{Request: request, Status: 201, Header: `{"ETag":["1"]}`, Body: []byte("{}")}
	if err := db.EndAnswer(t.Context(), ws, "key", want); err != nil {
		t.Fatal(err)
	}
	got, err := begin(ws, request)
	if diff := cmp.Diff(&want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	_, err = begin(ws, []byte("another"))
	wantCode(t, "another request with the key", err, carpel.CodeConflict)
	c.pass(24*time.Hour + time.Second)
	if a, err := begin(ws, []byte("another")); a != nil || err != nil {
		t.Errorf("after a day: %v, %v", a, err)
	}
	if err := db.EndAnswer(t.Context(), ws, "key", records.Answer{}); err != nil { // let go
		t.Fatal(err)
	}
	if a, err := begin(ws, request); a != nil || err != nil {
		t.Errorf("after letting go: %v, %v", a, err)
	}
	if err := db.DropUnended(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, err := begin(ws, request); a != nil || err != nil {
		t.Errorf("after a restart: %v, %v", a, err)
	}
}

func TestImports(t *testing.T) {
	db, c, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	m, err := db.CreateImport(t.Context(), ws, records.Import{Kind: "people", Format: "csv", File: "a.csv", Bytes: 100, DryRun: true, CreatedBy: "key_1"})
	if err != nil || m.State != records.ImportRunning {
		t.Fatalf("%v, %v", m, err)
	}
	m.Rows, m.Accepted, m.Rejected, m.ReadBytes = 3, 2, 1, 50
	rejected := []records.RowRejection{{Row: 2, Line: 4, Code: "limit", Message: "too long", Raw: "x,y"}}
	for range 2 { // a resumed import repeats what it recorded
		if err := db.AdvanceImport(t.Context(), ws, m, rejected); err != nil {
			t.Fatal(err)
		}
	}
	m.UpdatedAt = c.now()
	got, err := db.Import(t.Context(), ws, m.ID)
	if diff := cmp.Diff(m, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	rows, err := db.ImportRejections(t.Context(), ws, m.ID, 0, 10)
	if diff := cmp.Diff(rejected, rows); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if rows, err := db.ImportRejections(t.Context(), ws, m.ID, 2, 10); err != nil || len(rows) != 0 {
		t.Errorf("behind the last: %v, %v", rows, err)
	}
	_, err = db.Import(t.Context(), other, m.ID)
	wantCode(t, "another workspace's import", err, carpel.CodeNotFound)
	running, err := db.RunningImports(t.Context())
	if err != nil || len(running) != 1 || running[0].Workspace != ws {
		t.Errorf("running are %v, %v", running, err)
	}
	if err := db.EraseRejections(t.Context(), ws, []string{"x,y"}); err != nil {
		t.Fatal(err)
	}
	if rows, err := db.ImportRejections(t.Context(), ws, m.ID, 0, 10); err != nil || len(rows) != 1 || rows[0].Raw != "(erased)" {
		t.Errorf("after an erasure: %v, %v", rows, err)
	}
	m.State = records.ImportDone
	if err := db.AdvanceImport(t.Context(), ws, m, nil); err != nil {
		t.Fatal(err)
	}
	if running, err := db.RunningImports(t.Context()); err != nil || len(running) != 0 {
		t.Errorf("still running are %v, %v", running, err)
	}
}
