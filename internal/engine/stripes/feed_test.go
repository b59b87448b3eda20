package stripes_test

import (
	"context"
	"fmt"
	"slices"
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
	members, _, err := db.Members(ctx, engine.MembersQuery{Segment: "s", Limit: 10})
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
	for _, q := range []engine.ChangesQuery{{}, {Segment: "a"}, {Segment: "b"}, {Person: all[7].Person}, {Segment: "a", Person: all[7].Person},
		{Segments: []string{"b"}}, {Segments: []string{"a", "b", "none"}, Person: all[7].Person}} {
		var want []carpel.Change
		for _, c := range all {
			if (q.Segment == "" || q.Segment == c.Segment) && (q.Segments == nil || slices.Contains(q.Segments, c.Segment)) && (q.Person == "" || q.Person == c.Person) {
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
	for _, segment := range []string{"", "a", "b"} {
		var of []carpel.Change
		for _, c := range all {
			if segment == "" || c.Segment == segment {
				of = append(of, c)
			}
		}
		for _, last := range []int{1, 2, 60, 299, len(of), len(of) + 5} {
			got, _, err := db.Changes(context.Background(), engine.ChangesQuery{Segment: segment, Last: last, Limit: len(all)})
			must(t, err)
			if diff := cmp.Diff(of[max(0, len(of)-last):], got); diff != "" {
				t.Fatalf("the last %d of %q:\n%s", last, segment, diff)
			}
		}
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
	for _, step := range []time.Duration{time.Minute, 7 * time.Minute, time.Hour} {
		sameCounts(t, db, from, to, step)
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
	sameCounts(t, db, clock.millis()-7_200_000, clock.millis(), time.Hour)
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

// sameCounts fails unless the counts at the ends of the steps are those that the histories say.
func sameCounts(t *testing.T, db *stripes.DB, from, to carpel.Millis, step time.Duration) {
	t.Helper()
	ids := []string{"b", "a"}
	var want [][]int64
	var ends []carpel.Millis
	for _, id := range ids {
		points, err := db.History(context.Background(), id, from, to, step)
		must(t, err)
		ends = ends[:0]
		var counts []int64
		for _, p := range points {
			counts, ends = append(counts, p.Count), append(ends, min(to, p.At+carpel.Millis(step.Milliseconds())))
		}
		want = append(want, counts)
	}
	got, err := db.Counts(context.Background(), ids, ends)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("histories (-) and counts (+) by %s:\n%s", step, diff)
	}
}

// Wherever one begins, the members from there on are the same.
func TestMembersFromTheMiddle(t *testing.T) {
	db := feedEngine(t, vfs.NewMem(), newWall())
	defer db.Close()
	all, _, err := db.Members(context.Background(), engine.MembersQuery{Segment: "b", Limit: 10_000})
	must(t, err)
	if len(all) != 300 {
		t.Fatalf("%d members", len(all))
	}
	for _, skip := range []int{0, 1, 128, 255, 256, 257, len(all) - 1, len(all), len(all) + 1} {
		got, _, err := db.Members(context.Background(), engine.MembersQuery{Segment: "b", Skip: skip, Limit: 7})
		must(t, err)
		from := min(skip, len(all))
		if diff := cmp.Diff(append([]carpel.Member{}, all[from:min(len(all), from+7)]...), append([]carpel.Member{}, got...)); diff != "" {
			t.Fatalf("past %d:\n%s", skip, diff)
		}
	}
	page, next, err := db.Members(context.Background(), engine.MembersQuery{Segment: "b", Limit: 100})
	must(t, err)
	rest, _, err := db.Members(context.Background(), engine.MembersQuery{Segment: "b", After: next, Skip: 150, Limit: 10_000})
	must(t, err)
	if diff := cmp.Diff(all[len(page)+150:], rest); diff != "" {
		t.Fatalf("past 150 after a cursor:\n%s", diff)
	}
}
