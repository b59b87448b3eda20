package records_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t *testing.T) (*records.DB, *clock, string) {
	t.Helper()
	c := &clock{at: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	path := filepath.Join(t.TempDir(), "records.db")
	db, err := records.Open(t.Context(), path, records.Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, c, path
}

func workspace(t *testing.T, db *records.DB) string {
	t.Helper()
	w, err := db.CreateWorkspace(t.Context(), carpel.Workspace{Name: "test", Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	return w.ID
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if got := carpel.ErrorCode(err); got != code {
		t.Errorf("%s: the code is %q (%v), want %q", what, got, err, code)
	}
}

func definition(t *testing.T, text string) carpel.Condition {
	t.Helper()
	c, err := carpel.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What was written is there after a reopening, the schema is brought up to date once, and a newer one is refused.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder with blanks", "records.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := records.Open(t.Context(), path, records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := workspace(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if db, err = records.Open(t.Context(), path, records.Options{}); err != nil {
			t.Fatal(err)
		}
		if w, err := db.Workspace(t.Context(), id); err != nil || w.Name != "test" {
			t.Errorf("the workspace is %v, %v", w, err)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)"); err != nil {
		t.Fatal(err)
	}
	raw.Close()
	_, err = records.Open(t.Context(), path, records.Options{})
	wantCode(t, "open records of a newer schema", err, carpel.CodeConflict)
}

func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if db, err := records.Open(t.Context(), path, records.Options{}); err == nil {
		db.Close()
		t.Error("a file that is no database opens")
	}
}

// Many readers and writers at once all get through: one writer, no lock errors.
func TestConcurrentUse(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 20 {
				if err := db.Audit(context.Background(), ws, records.AuditEntry{Who: "key_1", Action: "test"}); err != nil {
					t.Error(err)
				}
				if _, err := db.AuditLog(context.Background(), ws, records.AuditFilter{Limit: 10}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	all, err := db.AuditLog(t.Context(), ws, records.AuditFilter{Limit: 1000})
	if err != nil || len(all) != 160 {
		t.Errorf("%d entries, %v; want 160", len(all), err)
	}
	if len(all) > 1 && all[0].ID < all[1].ID {
		t.Error("the newest entry is not in front")
	}
}

func TestCopy(t *testing.T) {
	db, _, path := open(t)
	id := workspace(t, db)
	to := path + ".copy"
	if err := db.CopyTo(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	workspace(t, db) // not in the copy
	copied, err := records.Open(t.Context(), to, records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	all, err := copied.Workspaces(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != id {
		t.Errorf("the copy has %v, %v", all, err)
	}
	if err := db.CopyTo(t.Context(), to); err == nil {
		t.Error("a copy goes over a file that is there")
	}
}

func TestWorkspaces(t *testing.T) {
	db, _, _ := open(t)
	for _, c := range []struct{ name, zone, code string }{
		{"", "UTC", carpel.CodeLimit}, {strings.Repeat("x", 151), "UTC", carpel.CodeLimit}, {"x", "Berlin", carpel.CodeInvalid}, {"x", "Local", carpel.CodeInvalid}, {"x", "", carpel.CodeInvalid},
	} {
		_, err := db.CreateWorkspace(t.Context(), carpel.Workspace{Name: c.name, Zone: c.zone})
		wantCode(t, "create "+c.name+" "+c.zone, err, c.code)
	}
	w, err := db.CreateWorkspace(t.Context(), carpel.Workspace{Name: "x", Zone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	w.Name = "y"
	if err := db.UpdateWorkspace(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	got, err := db.Workspace(t.Context(), w.ID)
	if diff := cmp.Diff(w, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	_, err = db.Workspace(t.Context(), "ws_other")
	wantCode(t, "another workspace", err, carpel.CodeNotFound)

	if err := db.SetDue(t.Context(), records.Due{Workspace: w.ID, Next: 7, Acknowledged: 100}); err != nil {
		t.Fatal(err)
	}
	if err := db.SetDue(t.Context(), records.Due{Workspace: w.ID, Next: 8, Acknowledged: 90}); err != nil {
		t.Fatal(err)
	}
	due, err := db.DueWorkspaces(t.Context(), carpel.Never)
	if diff := cmp.Diff([]records.Due{{Workspace: w.ID, Next: 8, Acknowledged: 100}}, due); diff != "" || err != nil {
		t.Error("the watermark went back:", err, diff)
	}
}

func TestRejections(t *testing.T) {
	db, c, _ := open(t)
	ws, other := workspace(t, db), workspace(t, db)
	r := records.Rejection{At: c.now(), Family: "segment", Kind: "track", MessageID: "m1", Code: "limit", Pointer: "/x", Message: "too long", Warning: true, Body: []byte(`{"userId":"u\u0031"}`)}
	if err := db.Reject(t.Context(), ws, []records.Rejection{r, r, {At: c.now(), Body: []byte(`{"userId":"ann"}`)}}); err != nil {
		t.Fatal(err)
	}
	all, err := db.Rejections(t.Context(), ws, records.RejectionFilter{Limit: 10})
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	r.ID = all[2].ID
	if diff := cmp.Diff(r, all[2]); diff != "" {
		t.Error(diff)
	}
	if page, err := db.Rejections(t.Context(), ws, records.RejectionFilter{Before: all[1].ID, Limit: 10}); err != nil || len(page) != 1 {
		t.Errorf("the page behind has %d, %v", len(page), err)
	}
	if coded, err := db.Rejections(t.Context(), ws, records.RejectionFilter{Code: "limit", Limit: 10}); err != nil || len(coded) != 2 {
		t.Errorf("of the code limit are %d, %v", len(coded), err)
	}
	if counts, err := db.CountRejections(t.Context(), ws); err != nil || !cmp.Equal(counts, []records.RejectionCount{{Code: "limit", Count: 2}, {Code: "", Count: 1}}) {
		t.Errorf("the counts are %v, %v", counts, err)
	}
	_, err = db.Rejection(t.Context(), other, r.ID)
	wantCode(t, "read another workspace's", err, carpel.CodeNotFound)
	if err := db.DropRejection(t.Context(), other, r.ID); err != nil {
		t.Error(err)
	}
	if err := db.EraseRejections(t.Context(), ws, []string{"", "ann"}); err != nil {
		t.Fatal(err)
	}
	if left, err := db.Rejections(t.Context(), ws, records.RejectionFilter{Limit: 10}); err != nil || len(left) != 2 {
		t.Errorf("after the erasure of ann %d are left, %v; want 2", len(left), err)
	}
}

// What is kept of rejections is bounded in bytes as well as in number, also of those from before a restart; the newest
// stay, and one workspace's do not cost another's.
func TestRejectionBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	const keep = 64 << 10
	reopen := func() *records.DB {
		db, err := records.Open(t.Context(), path, records.Options{KeepRejected: keep})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := reopen()
	ws, other := workspace(t, db), workspace(t, db)
	reject := func(workspace string, n int) {
		t.Helper()
		rs := make([]records.Rejection, n)
		for i := range rs {
			rs[i].Body = bytes.Repeat([]byte("x"), 1<<10)
		}
		if err := db.Reject(t.Context(), workspace, rs); err != nil {
			t.Fatal(err)
		}
	}
	count := func(workspace string) int {
		t.Helper()
		all, err := db.Rejections(t.Context(), workspace, records.RejectionFilter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	reject(other, 10)
	reject(ws, 60)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = reopen()
	defer db.Close()
	for range 20 {
		reject(ws, 7)
		if n := count(ws); n < 56 || n > 64 {
			t.Errorf("%d of a KiB are kept", n)
		}
	}
	newest, err := db.Rejections(t.Context(), ws, records.RejectionFilter{Limit: 1})
	if err != nil || newest[0].ID != 10+60+20*7 {
		t.Errorf("the newest is %v, %v", newest[0].ID, err)
	}
	reject(ws, 1000) // more than there is room for at once
	if n := count(ws); n != 56 {
		t.Errorf("%d of a KiB are kept", n)
	}
	if n := count(other); n != 10 {
		t.Errorf("another workspace has %d", n)
	}
}

// The audit log is asked by who it was and by what it is about.
func TestAuditFilter(t *testing.T) {
	db, _, _ := open(t)
	ws := workspace(t, db)
	for _, e := range []records.AuditEntry{{Who: "usr_1", Action: "segment.create", Object: "a"}, {Who: "usr_2", Action: "segment.update", Object: "b"},
		{Who: "usr_1", Action: "key.create", Object: "c"}, {Who: "usr_1", Action: "segments", Object: "d"}} {
		if err := db.Audit(t.Context(), ws, e); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		filter records.AuditFilter
		want   string
	}{
		{records.AuditFilter{}, "dcba"}, {records.AuditFilter{Who: "usr_1"}, "dca"}, {records.AuditFilter{About: "segment"}, "ba"},
		{records.AuditFilter{Who: "usr_1", About: "segment"}, "a"}, {records.AuditFilter{About: "%"}, ""},
	} {
		c.filter.Limit = 10
		es, err := db.AuditLog(t.Context(), ws, c.filter)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range es {
			got += e.Object
		}
		if got != c.want {
			t.Errorf("%+v gives %q, want %q", c.filter, got, c.want)
		}
	}
}
