package stripes_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// feedEngine is an engine whose feed holds changes of two segments, of waves of people.
func feedEngine(t *testing.T, fs vfs.FS, clock *wall) *stripes.DB {
	ctx := context.Background()
	db := mustOpen(t, fs, stripes.Options{Now: clock.now, Manual: true})
	must(t, db.Define(ctx, engine.Definition{ID: "a", Key: "a", Version: 1, Condition: parsed(t, `{"event": "order", "when": {"last": "1d"}}`)}))
	must(t, db.Define(ctx, engine.Definition{ID: "b", Key: "b", Version: 1, Condition: parsed(t, `{"not": {"segment": "a"}}`)}))
	for wave := range 4 {
		var items []carpel.Item
		for i := range 300 {
			if i%(wave+1) == 0 {
				items = append(items, carpel.Item{Kind: carpel.ItemEvent, Name: "order", At: clock.millis(), Person: carpel.PersonRef{UserID: fmt.Sprint(i)}})
			}
		}
		_, err := db.Commit(ctx, items)
		must(t, err)
		clock.move(25 * time.Hour)
		must(t, db.Advance(ctx))
	}
	return db
}

// What time alone changes is told so, also when it fell due before a definition was switched in that others refer to.
func TestCauseOfTheDue(t *testing.T) {
	ctx := context.Background()
	clock := newWall()
	db := mustOpen(t, vfs.NewMem(), stripes.Options{Now: clock.now, Manual: true})
	defer db.Close()
	define := func(id string, version int, condition string) {
		t.Helper()
		must(t, db.Define(ctx, engine.Definition{ID: id, Key: id, Version: version, Condition: parsed(t, condition)}))
	}
	define("base", 1, `{"event": "login", "when": {"last": "1d"}}`)
	define("dependant", 1, `{"not": {"segment": "base"}}`)
	user := func(id string) carpel.PersonRef { return carpel.PersonRef{UserID: id} }
	_, err := db.Commit(ctx, []carpel.Item{
		{Kind: carpel.ItemEvent, Name: "login", At: clock.millis(), Person: user("passing")},
		{Kind: carpel.ItemEvent, Name: "order", At: clock.millis(), Person: user("edited")},
	})
	must(t, err)
	_, before := feed(t, db, "")
	clock.move(25 * time.Hour)
	define("base", 2, `{"event": "order"}`)
	changes, _ := feed(t, db, before)
	var got []string
	for _, c := range changes {
		got = append(got, fmt.Sprint(c.Segment, " ", c.Change, " ", c.UserID, " ", c.Cause))
	}
	want := []string{"base leave passing time", "dependant enter passing time", "base enter edited definition", "dependant leave edited definition"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

// Who is in a segment when it is paused stays: not who would have been out already had somebody looked.
func TestPauseOfTheDue(t *testing.T) {
	ctx := context.Background()
	clock := newWall()
	db := mustOpen(t, vfs.NewMem(), stripes.Options{Now: clock.now, Manual: true})
	defer db.Close()
	must(t, db.Define(ctx, engine.Definition{ID: "s", Key: "s", Version: 1, Condition: parsed(t, `{"event": "login", "when": {"last": "1d"}}`)}))
	login := func(user string) {
		_, err := db.Commit(ctx, []carpel.Item{{Kind: carpel.ItemEvent, Name: "login", At: clock.millis(), Person: carpel.PersonRef{UserID: user}}})
		must(t, err)
	}
	login("earlier")
	clock.move(20 * time.Hour)
	login("later")
	clock.move(5 * time.Hour)
	must(t, db.Pause(ctx, "s"))
	clock.move(20 * time.Hour)
	must(t, db.Advance(ctx))
	members, _, err := db.Members(ctx, "s", "", 10)
	must(t, err)
	if len(members) != 1 || members[0].UserID != "later" {
		t.Fatalf("members: %+v", members)
	}
}

// However the feed is cut into pages, it is the same, of all segments, of one, and of one person.
func TestFeedPages(t *testing.T) {
	clock := newWall()
	db := feedEngine(t, vfs.NewMem(), clock)
	defer db.Close()
	all, _ := feed(t, db, "")
	if len(all) < 1500 {
		t.Fatalf("%d changes", len(all))
	}
	for _, q := range []engine.ChangesQuery{{}, {Segment: "a"}, {Segment: "b"}, {Person: all[7].Person}, {Segment: "a", Person: all[7].Person}} {
		var want []carpel.Change
		for _, c := range all {
			if (q.Segment == "" || q.Segment == c.Segment) && (q.Person == "" || q.Person == c.Person) {
				want = append(want, c)
			}
		}
		for _, limit := range []int{1, 7, 100} {
			var got []carpel.Change
			for q.After, q.Limit = "", limit; ; {
				changes, next, err := db.Changes(context.Background(), q)
				must(t, err)
				if len(changes) > limit {
					t.Fatalf("%d changes of at most %d", len(changes), limit)
				}
				if len(changes) == 0 {
					break
				}
				got, q.After = append(got, changes...), next
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%+v: one read (-) and pages of %d (+):\n%s", q, limit, diff)
			}
		}
	}
	for _, i := range []int{0, 5, 299, 700, len(all) - 1} { // the cursor of each change goes on behind it
		rest, _ := feed(t, db, all[i].Seq)
		if diff := cmp.Diff(append([]carpel.Change{}, all[i+1:]...), append([]carpel.Change{}, rest...)); diff != "" {
			t.Fatalf("after change %d:\n%s", i, diff)
		}
	}
	if rest, _ := feed(t, db, "now"); len(rest) > 0 {
		t.Fatalf("%d changes after now", len(rest))
	}
	must(t, db.Drop(context.Background(), "b"))
	left, _ := feed(t, db, "")
	for _, c := range left {
		if c.Segment != "a" {
			t.Fatalf("a change of a segment that was dropped: %+v", c)
		}
	}
}

// A cursor behind what is kept, or from before a restore, is refused; a history begins with the count there was.
func TestFeedIsKeptForAWhile(t *testing.T) {
	ctx := context.Background()
	clock, fs := newWall(), vfs.NewMem()
	db := feedEngine(t, fs, clock)
	all, end := feed(t, db, "")
	from, to := all[0].At-3_600_000, clock.millis()+1
	points, err := db.History(ctx, "b", from, to, time.Hour)
	must(t, err)
	enters, leaves, count := int64(0), int64(0), int64(0)
	for _, p := range points {
		enters, leaves, count = enters+p.Enters, leaves+p.Leaves, count+p.Enters-p.Leaves
		if p.Count != count {
			t.Fatalf("%+v: the count should be %d", p, count)
		}
	}
	if st, _ := db.Status("b"); enters-leaves != st.Count || enters == 0 || leaves == 0 {
		t.Fatalf("%d enters, %d leaves, %+v", enters, leaves, st)
	}
	clock.move(100 * 24 * time.Hour)
	must(t, db.Advance(ctx))
	must(t, db.TrimFeed(clock.millis()))
	if _, _, err := db.Changes(ctx, engine.ChangesQuery{After: all[0].Seq}); carpel.ErrorCode(err) != carpel.CodeGone {
		t.Fatalf("a cursor behind what is kept: %v", err)
	}
	if changes, _ := feed(t, db, end); len(changes) != 0 {
		t.Fatalf("%d changes after the end", len(changes))
	}
	st, _ := db.Status("b")
	points, err = db.History(ctx, "b", clock.millis()-7_200_000, clock.millis(), time.Hour)
	must(t, err)
	if len(points) != 2 || points[0].Count != st.Count || points[1].Count != st.Count {
		t.Fatalf("the history %+v of a segment of %d", points, st.Count)
	}
	must(t, db.Close())
	marker, err := fs.Create(fs.PathJoin("engine", stripes.RestoredMarker), vfs.WriteCategoryUnspecified)
	must(t, err)
	must(t, marker.Close())
	db = mustOpen(t, fs, stripes.Options{Now: clock.now, Manual: true})
	defer db.Close()
	if _, _, err := db.Changes(ctx, engine.ChangesQuery{After: end}); carpel.ErrorCode(err) != carpel.CodeGone {
		t.Fatalf("a cursor from before a restore: %v", err)
	}
	if _, err := fs.Stat(fs.PathJoin("engine", stripes.RestoredMarker)); err == nil {
		t.Fatal("the marker is still there")
	}
}
