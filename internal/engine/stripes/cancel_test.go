package stripes

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// A segment whose first build was cancelled was never built, also over a restart: it is failed and may not be referred
// to, and a new version is built as usual.
func TestCancelledFirstBuild(t *testing.T) {
	fs, ctx := vfs.NewMem(), t.Context()
	open := func() *DB {
		db, err := Open("engine", Options{FS: fs, Manual: true, Now: func() time.Time { return time.Unix(1_780_000_000, 0) }})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	of := func(text string) carpel.Condition {
		c, err := carpel.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	db := open()
	if err := db.lock(ctx); err != nil {
		t.Fatal(err)
	}
	err := db.define(engine.Definition{ID: "seg_a", Key: "a", Version: 1, Condition: of("plan is pro")}) // no build has begun yet
	db.unlock()
	if err != nil {
		t.Fatal(err)
	}
	if st, err := db.Status("seg_a"); err != nil || st.State != carpel.StateBuilding {
		t.Fatalf("before: %+v, %v", st, err)
	}
	if err := db.CancelBuild(ctx, "seg_a"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		st, err := db.Status("seg_a")
		if err != nil || st.State != carpel.StateFailed || st.Reason != "cancelled" || st.Serving != 0 {
			t.Errorf("cancelled: %+v, %v", st, err)
		}
		err = db.Define(ctx, engine.Definition{ID: "seg_b", Key: "b", Version: 1, Condition: &carpel.InSegment{Ref: "a"}})
		if carpel.ErrorCode(err) != carpel.CodeNotBuilt {
			t.Errorf("a reference to it: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = open()
	}
	if err := db.Define(ctx, engine.Definition{ID: "seg_a", Key: "a", Version: 2, Condition: of("plan is team")}); err != nil {
		t.Fatal(err)
	}
	if st, err := db.Status("seg_a"); err != nil || st.State != carpel.StateLive || st.Serving != 2 {
		t.Errorf("edited: %+v, %v", st, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
