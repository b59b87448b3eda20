package stripes_test

import (
	gocmp "cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

var crashes = flag.Int("engine.crashes", 60, "how many power cuts the crash test makes")

// powerCut takes what a disk holds after a power cut, before a chosen call of the filesystem.
type powerCut struct {
	fs      *vfs.MemFS
	percent int // of what is not synced that is kept

	mu    sync.Mutex
	calls int        // until the cut; negative: none to come
	disk  *vfs.MemFS // after the cut; nil before
	rng   *rand.Rand
}

func (c *powerCut) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsRead {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls--; c.calls == 0 {
		c.disk = c.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: c.percent, RNG: c.rng})
	}
	return nil
}

func (c *powerCut) String() string { return "power cut" }

// cut returns the disk after the cut, nil while there was none.
func (c *powerCut) cut() *vfs.MemFS {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.disk
}

// arm begins to count calls on a disk.
func (c *powerCut) arm(fs *vfs.MemFS, calls, percent int) vfs.FS {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fs, c.calls, c.percent, c.disk = fs, calls, percent, nil
	return errorfs.Wrap(fs, c)
}

// action is one step of a crash test; doing it again after it was done changes nothing.
type action struct {
	name string
	drop string // id of the segment it drops
	do   func(db engine.Engine) error
}

// nextAction makes a random step.
func (s *stream) nextAction(t testing.TB) action {
	ctx := context.Background()
	if s.IntN(3) == 0 {
		s.clock.move(time.Duration(s.Int64N(int64(10 * time.Hour))))
	}
	id := fmt.Sprintf("s%d", s.IntN(6))
	known := func(err error) error {
		switch carpel.ErrorCode(err) {
		case carpel.CodeNotFound, carpel.CodeInUse, carpel.CodeNotBuilt, carpel.CodeCycle, carpel.CodeConflict:
			return nil
		}
		return err
	}
	switch k := s.IntN(100); {
	case k < 78:
		items := s.batch(12)
		return action{name: "commit", do: func(db engine.Engine) error {
			_, err := db.Commit(ctx, items)
			return err
		}}
	case k < 84:
		return action{name: "advance", do: func(db engine.Engine) error { return db.Advance(ctx) }}
	case k < 93:
		s.n++
		d := engine.Definition{ID: id, Key: id, Version: s.n, Condition: parsed(t, definitions()[s.IntN(len(definitions()))])}
		if s.IntN(4) == 0 {
			d.Condition = parsed(t, fmt.Sprintf(`{"not": {"segment": "s%d"}}`, s.IntN(6)))
		}
		return action{name: "define " + id, do: func(db engine.Engine) error { return known(db.Define(ctx, d)) }}
	case k < 95:
		return action{name: "pause " + id, do: func(db engine.Engine) error { return known(db.Pause(ctx, id)) }}
	case k < 98:
		return action{name: "resume " + id, do: func(db engine.Engine) error { return known(db.Resume(ctx, id)) }}
	default:
		return action{name: "drop " + id, drop: id, do: func(db engine.Engine) error { return known(db.Drop(ctx, id)) }}
	}
}

// told is what a reader of the feed was told, with the cursor behind it.
type told struct {
	changes []carpel.Change
	cursor  string

	followed []string // without what differs between two engines
	behind   string   // the cursor behind those
}

func (r *told) read(t testing.TB, db engine.Engine) {
	more, next := feed(t, db, r.cursor)
	r.changes, r.cursor = append(r.changes, more...), next
	entries, behind, err := db.Followed(context.Background(), gocmp.Or(r.behind, "now"), 1<<20)
	must(t, err)
	r.behind = behind
	for _, f := range entries {
		r.followed = append(r.followed, fmt.Sprint(f.Kind, f.Now, f.Name, f.At, f.Source, len(f.Properties)))
	}
}

// forget lets go of what was told of a segment that is not there any more: the feed does not tell it again.
func (r *told) forget(db engine.Engine, id string) {
	if _, err := db.Status(id); id != "" && err != nil {
		r.changes = slices.DeleteFunc(r.changes, func(c carpel.Change) bool { return c.Segment == id })
	}
}

// A stream of everything runs on an engine whose power is cut again and again, in the middle of calls, and on one
// that never stops. What was acknowledged is there after each cut, exactly once; what was under way is there as a
// whole or not at all, and can be sent again.
func TestPowerCuts(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { powerCuts(t, seed, *crashes/4) })
	}
}

func powerCuts(t *testing.T, seed uint64, cuts int) {
	clock := newWall()
	s := newStream(seed, clock)
	options := stripes.Options{Now: clock.now, Manual: true, SplitRows: 16, HeavyRows: 32}
	twin := mustOpen(t, vfs.NewMem(), options)
	defer twin.Close()
	power := &powerCut{rng: rand.New(rand.NewPCG(seed, 1))}
	db := mustOpen(t, power.arm(vfs.NewCrashableMem(), -1, 0), options)
	manual := action{name: "define manual", do: func(db engine.Engine) error {
		return db.Define(context.Background(), engine.Definition{ID: "manual", Key: "manual", Version: 1, Manual: true})
	}}
	must(t, manual.do(db))
	must(t, manual.do(twin))
	must(t, db.Follow(context.Background(), []string{"order", "login"}))
	must(t, twin.Follow(context.Background(), []string{"order", "login"}))
	var reader, other told
	reader.read(t, db)
	other.read(t, twin)
	for done := 0; done < cuts; {
		a := s.nextAction(t)
		before := db.Position()
		power.mu.Lock()
		if power.calls < 0 && s.IntN(4) == 0 {
			power.calls = 1 + s.IntN(40)
			power.percent = []int{0, 0, 50, 100, s.IntN(101)}[s.IntN(5)]
		}
		power.mu.Unlock()
		if s.IntN(5) == 0 {
			must(t, db.Flush())
		}
		must(t, a.do(db))
		if disk := power.cut(); disk != nil {
			done++
			_ = db.Close() // of no consequence: the disk is a copy
			db = mustOpen(t, power.arm(disk, -1, 0), options)
			if now := db.Position(); now.Seq < before.Seq || now.Seq > before.Seq+1 {
				t.Fatalf("%s: batch %d was acknowledged, after the power cut the last one is %d", a.name, before.Seq, now.Seq)
			}
			reader.forget(db, a.drop)
			all, _ := feed(t, db, "")
			if len(all) < len(reader.changes) {
				t.Fatalf("%s: the feed has %d changes after the power cut, %d were told", a.name, len(all), len(reader.changes))
			}
			if diff := cmp.Diff(bare(reader.changes), bare(all[:len(reader.changes)])); diff != "" {
				t.Fatalf("%s: the feed told (-) is not what it is after the power cut (+):\n%s", a.name, diff)
			}
			// A check evaluates what is due, so the other engine is checked at the same point of the history.
			sound(t, db)
			if db.Position().Seq == before.Seq {
				sound(t, twin)
				must(t, a.do(twin))
			} else {
				must(t, a.do(twin))
				sound(t, twin)
			}
			must(t, a.do(db))
		} else {
			must(t, a.do(twin))
		}
		reader.forget(db, a.drop)
		reader.read(t, db)
		other.forget(twin, a.drop)
		other.read(t, twin)
		if s.IntN(6) == 0 {
			if diff := cmp.Diff(everything(t, twin), everything(t, db)); diff != "" {
				t.Fatalf("%s: an engine that never stopped (-) and one whose power was cut (+) differ:\n%s", a.name, diff)
			}
		}
	}
	if diff := cmp.Diff(everything(t, twin), everything(t, db)); diff != "" {
		t.Fatalf("an engine that never stopped (-) and one whose power was cut (+) differ:\n%s", diff)
	}
	if diff := cmp.Diff(plain(other.changes), plain(reader.changes)); diff != "" {
		t.Fatalf("the feed of an engine that never stopped (-) and what was read over power cuts (+) differ:\n%s", diff)
	}
	if diff := cmp.Diff(other.followed, reader.followed); diff != "" || len(reader.followed) == 0 {
		t.Fatalf("of %d that were followed, an engine that never stopped (-) and what was read over power cuts (+) differ:\n%s", len(reader.followed), diff)
	}
	must(t, db.Close())
}

// bare is changes without what may have become different since they were told.
func bare(changes []carpel.Change) []carpel.Change {
	out := slices.Clone(changes)
	for i := range out {
		out[i].UserID, out[i].Email = "", ""
	}
	return out
}

// plain is changes without what differs between two engines.
func plain(changes []carpel.Change) (out []string) {
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%s %s %s %s %s", c.At, c.Segment, c.Change, c.UserID, c.Cause))
	}
	return out
}
