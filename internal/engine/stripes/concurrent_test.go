package stripes_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// unordered is what everything wrote, without the order in which people came.
func unordered(text string) []string {
	var out []string
	head := ""
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "  ") {
			head = strings.TrimSuffix(line, "\n")
		}
		out = append(out, head+" | "+line)
	}
	slices.Sort(out)
	return out
}

// built waits until no segment waits for a build.
func built(t testing.TB, db engine.Engine) {
	t.Helper()
	for {
		changed := db.Watch()
		building := slices.ContainsFunc(db.Statuses(), func(st engine.Status) bool { return st.State == carpel.StateBuilding })
		if !building {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			t.Fatalf("a build does not end: %+v", db.Statuses())
		}
	}
}

// ask asks an engine questions of every kind; errors are the caller's.
func ask(t testing.TB, ctx context.Context, db engine.Engine, n int) error {
	id := fmt.Sprintf("s%d", n%6)
	ref := carpel.PersonRef{UserID: fmt.Sprintf("0-u%d", n%30)}
	c := parsed(t, definitions()[n%len(definitions())])
	questions := []func() error{
		func() error {
			_, err := db.Preview(ctx, engine.PreviewQuery{Condition: c, Nodes: true, Sample: 3})
			return err
		},
		func() error {
			_, err := db.Preview(ctx, engine.PreviewQuery{Condition: &carpel.InSegment{Ref: id}, AsOf: carpel.MillisOf(time.Date(2026, 6, 3, 0, 0, 0, 0, time.UTC))})
			return err
		},
		func() error {
			_, err := db.Explain(ctx, engine.ExplainQuery{Person: ref, Condition: c})
			return err
		},
		func() error { _, err := db.Impact(ctx, id, c, 2); return err },
		func() error { _, err := db.Overlap(ctx, []string{id, "manual"}); return err },
		func() error { _, _, err := db.Members(ctx, engine.MembersQuery{Segment: id, Limit: 100}); return err },
		func() error { _, _, err := db.Changes(ctx, engine.ChangesQuery{Limit: 100}); return err },
		func() error {
			_, err := db.History(ctx, id, 0, carpel.Millis(time.Hour.Milliseconds()), time.Hour)
			return err
		},
		func() error { _, err := db.Person(ctx, ref); return err },
		func() error { _, _, err := db.ListPeople(ctx, engine.PeopleQuery{Prefix: "0-u", Limit: 5}); return err },
		func() error {
			_, _, err := db.ListPeople(ctx, engine.PeopleQuery{Attribute: "plan", Value: carpel.TextValue("pro"), Limit: 5})
			return err
		},
		func() error { _, _, err := db.Events(ctx, ref, engine.EventsQuery{Limit: 10}); return err },
		func() error { _, err := db.Devices(ctx, ref); return err },
		func() error { _, err := db.SegmentsOf(ctx, ref); return err },
		func() error { _, err := db.Names(ctx, engine.NamesQuery{Kind: "event", Limit: 10}); return err },
		func() error { _, _, err := db.Activity(ctx, 0, 10); return err },
		func() error { _, err := db.Check(ctx, nil); return err },
		func() error { return db.Advance(ctx) },
		func() error { _, err := db.Status(id); return err },
	}
	err := questions[n%len(questions)]()
	switch carpel.ErrorCode(err) {
	case carpel.CodeNotFound, carpel.CodeNotBuilt, carpel.CodeConflict, carpel.CodeCycle:
		return nil
	}
	return err
}

// edit edits segments.
func edit(t testing.TB, ctx context.Context, db engine.Engine, n int) error {
	id := fmt.Sprintf("s%d", n%6)
	var err error
	switch n % 7 {
	case 0, 1, 2, 3:
		c := parsed(t, definitions()[n%len(definitions())])
		if n%5 == 0 {
			c = &carpel.Not{Of: &carpel.InSegment{Ref: fmt.Sprintf("s%d", (n+1)%6)}}
		}
		err = db.Define(ctx, engine.Definition{ID: id, Key: id, Version: n + 1, Condition: c})
	case 4:
		err = db.Pause(ctx, id)
	case 5:
		err = db.Resume(ctx, id)
	case 6:
		if n%2 == 0 {
			err = db.CancelBuild(ctx, id)
		} else {
			err = db.Drop(ctx, id)
		}
	}
	switch carpel.ErrorCode(err) {
	case carpel.CodeNotFound, carpel.CodeInUse, carpel.CodeNotBuilt, carpel.CodeCycle, carpel.CodeConflict:
		return nil
	}
	return err
}

// writer is a stream about people of its own, so that writers beside each other come to the same in any order.
func writer(seed uint64, clock *wall) [][]carpel.Item {
	s := newStream(seed, clock)
	var batches [][]carpel.Item
	own := func(id *string) {
		if *id != "" {
			*id = fmt.Sprintf("%d-%s", seed, *id)
		}
	}
	for range 40 {
		batch := s.batch(8)
		for i := range batch {
			it := &batch[i]
			own(&it.MessageID)
			own(&it.Person.UserID)
			own(&it.Person.AnonymousID)
			own(&it.Other.UserID)
			own(&it.Other.AnonymousID)
			if it.Device != nil {
				own(&it.Device.Token)
			}
			if email := it.Properties["email"]; email.IsSet() {
				it.Properties["email"] = carpel.TextValue(fmt.Sprintf("%d-%s", seed, email.Text()))
			}
		}
		batches = append(batches, batch)
	}
	return batches
}

const writers = 4

// Writers, editors and readers work at the same time, with little memory and small blocks, while segments are built
// and checked. The end is the same as that of an engine that took one after the other, quietly.
func TestAllAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx := context.Background()
	clock := newWall()
	budget := stripes.NewBudget(100 << 10)
	db := mustOpen(t, vfs.NewMem(), stripes.Options{Now: clock.now, Budget: budget, StateBytes: 10 << 10, SplitRows: 16, HeavyRows: 32})
	must(t, db.Define(ctx, engine.Definition{ID: "manual", Key: "manual", Version: 1, Manual: true}))
	var writing, beside sync.WaitGroup
	done := make(chan struct{})
	for w := range writers {
		writing.Go(func() {
			for _, batch := range writer(uint64(w), clock) {
				if _, err := db.Commit(ctx, batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	loop := func(do func(testing.TB, context.Context, engine.Engine, int) error) {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			if err := do(t, ctx, db, n); err != nil {
				t.Error(err)
				return
			}
		}
	}
	beside.Go(func() { loop(edit) })
	beside.Go(func() { loop(ask) })
	beside.Go(func() { loop(ask) })
	must(t, db.Checkpoint(ctx, "copy"))
	writing.Wait()
	close(done)
	beside.Wait()
	quiet := mustOpen(t, vfs.NewMem(), stripes.Options{Now: clock.now, Manual: true})
	defer quiet.Close()
	must(t, quiet.Define(ctx, engine.Definition{ID: "manual", Key: "manual", Version: 1, Manual: true}))
	for w := range writers {
		for _, batch := range writer(uint64(w), clock) {
			_, err := quiet.Commit(ctx, batch)
			must(t, err)
		}
	}
	// Whatever the editor left, both end with the same definitions.
	for _, e := range []engine.Engine{db, quiet} {
		var all []engine.Definition
		for i, text := range definitions() {
			all = append(all, engine.Definition{ID: fmt.Sprintf("t%d", i), Key: fmt.Sprintf("t%d", i), Version: 1, Condition: parsed(t, text)})
		}
		all = append(all, engine.Definition{ID: "of", Key: "of", Version: 1, Condition: parsed(t, `{"not": {"segment": "t1"}}`)},
			engine.Definition{ID: "manual", Key: "manual", Version: 1, Manual: true})
		must(t, e.Reconcile(ctx, all))
		built(t, e)
	}
	sound(t, db)
	if diff := cmp.Diff(unordered(everything(t, quiet)), unordered(everything(t, db))); diff != "" {
		t.Fatalf("a quiet engine (-) and one with everything at once (+) differ:\n%s", diff)
	}
	must(t, db.Close())
	if held := budget.Held(); held != 0 {
		t.Errorf("%d bytes are counted for an engine that is closed", held)
	}
	copied, err := stripes.Open("copy", stripes.Options{FS: vfs.NewMem(), Now: clock.now})
	must(t, err)
	must(t, copied.Close())
}

// Whatever is under way when the engine closes ends with an answer or with an error that says so.
func TestCloseDuringAllOfIt(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for round := range 10 {
		ctx := context.Background()
		clock := newWall()
		fs := vfs.NewMem()
		db := mustOpen(t, fs, stripes.Options{Now: clock.now, Budget: stripes.NewBudget(100 << 10)})
		must(t, db.Define(ctx, engine.Definition{ID: "manual", Key: "manual", Version: 1, Manual: true}))
		var all sync.WaitGroup
		var acknowledged, calls atomic.Int64
		go1 := func(do func(n int) error) {
			all.Go(func() {
				for n := 0; ; n++ {
					calls.Add(1)
					if err := do(n); err != nil {
						if carpel.ErrorCode(err) != carpel.CodeOverloaded {
							t.Errorf("a call that the engine was closed under: %v", err)
						}
						return
					}
				}
			})
		}
		for w := range 3 {
			go1(func(n int) error {
				items := []carpel.Item{{Kind: carpel.ItemEvent, Name: "order", Person: carpel.PersonRef{UserID: fmt.Sprintf("%d-%d", w, n%50)}, At: clock.millis(), MessageID: fmt.Sprintf("%d-%d", w, n)}}
				_, err := db.Commit(ctx, items)
				if err == nil {
					acknowledged.Add(1)
				}
				return err
			})
		}
		go1(func(n int) error { return edit(t, ctx, db, n) })
		for w := range 3 {
			go1(func(n int) error {
				if n%19 == 18 { // what only reads memory answers always
					n++
				}
				return ask(t, ctx, db, n+w)
			})
		}
		for calls.Load() < int64(100*(round+1)) {
			<-db.Watch()
		}
		for range 2 {
			all.Go(func() { must(t, db.Close()) })
		}
		all.Wait()
		db = mustOpen(t, fs, stripes.Options{Now: clock.now, Manual: true})
		if st := db.Stats(); st.Events < acknowledged.Load() {
			t.Fatalf("%d events were acknowledged, %d are there", acknowledged.Load(), st.Events)
		}
		sound(t, db)
		must(t, db.Close())
	}
}

// slowDisk holds up syncs of the log while it is told to.
type slowDisk struct {
	mu    sync.Mutex
	held  chan struct{} // not nil: syncs wait for it
	began chan struct{} // closed when the first sync waits
	syncs int
}

// hold makes syncs wait until held is closed, and returns a channel that is closed when the first one does.
func (d *slowDisk) hold() (began <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held, d.began, d.syncs = make(chan struct{}), make(chan struct{}), 0
	return d.began
}

func (d *slowDisk) String() string { return "slow disk" }

func (d *slowDisk) MaybeError(op errorfs.Op) error {
	if op.Kind != errorfs.OpFileSync && op.Kind != errorfs.OpFileSyncData || !strings.HasSuffix(op.Path, ".log") {
		return nil
	}
	d.mu.Lock()
	d.syncs++
	held := d.held
	if held != nil && d.syncs == 1 {
		close(d.began)
	}
	d.mu.Unlock()
	if held != nil {
		<-held
	}
	return nil
}

// Commits that come while another one syncs share the next sync.
func TestCommitsShareSyncs(t *testing.T) {
	disk := &slowDisk{}
	clock := newWall()
	db := mustOpen(t, errorfs.Wrap(vfs.NewMem(), disk), stripes.Options{Now: clock.now, Manual: true})
	defer db.Close()
	began := disk.hold()
	const commits = 50
	var all sync.WaitGroup
	for i := range commits {
		if i == 1 { // the first is held up before the others come
			<-began
		}
		all.Go(func() {
			out, err := db.Commit(context.Background(), []carpel.Item{{Kind: carpel.ItemEvent, Name: "order", Person: carpel.PersonRef{UserID: fmt.Sprint(i)}, At: clock.millis()}})
			if err != nil || len(out) != 1 || out[0].Person == "" {
				t.Errorf("commit %d: %v %v", i, out, err)
			}
		})
	}
	until(t, func() bool { return db.Waiting() == commits-1 })
	close(disk.held)
	all.Wait()
	disk.mu.Lock()
	defer disk.mu.Unlock()
	if disk.syncs > 6 {
		t.Fatalf("%d commits took %d syncs", commits, disk.syncs)
	}
	if st := db.Stats(); st.Events != commits {
		t.Fatalf("%d events of %d", st.Events, commits)
	}
}

// A commit whose caller goes away before its turn is not made; one that is being made is.
func TestCommitWithdrawn(t *testing.T) {
	disk := &slowDisk{}
	clock := newWall()
	db := mustOpen(t, errorfs.Wrap(vfs.NewMem(), disk), stripes.Options{Now: clock.now, Manual: true})
	defer db.Close()
	began := disk.hold()
	item := func(user string) []carpel.Item {
		return []carpel.Item{{Kind: carpel.ItemEvent, Name: "order", Person: carpel.PersonRef{UserID: user}, At: clock.millis()}}
	}
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { _, err := db.Commit(context.Background(), item("first")); first <- err }()
	<-began
	ctx, cancel := context.WithCancel(context.Background())
	go func() { _, err := db.Commit(ctx, item("second")); second <- err }()
	until(t, func() bool { return db.Waiting() == 1 })
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Fatalf("withdrawn: %v", err)
	}
	close(disk.held)
	must(t, <-first)
	must(t, db.Advance(context.Background()))
	if st := db.Stats(); st.People != 1 {
		t.Fatalf("%d people", st.People)
	}
}
