package stripes_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

var errDisk = errors.New("the disk failed")

// faulty fails one call of the filesystem.
type faulty struct{ calls atomic.Int64 } // until the one that fails

func (f *faulty) String() string { return "faulty" }

func (f *faulty) MaybeError(op errorfs.Op) error {
	if op.Kind == errorfs.OpFileSync && op.Path == "engine" {
		return nil // Pebble itself ends the process when a directory does not sync
	}
	if f.calls.Add(-1) == 0 {
		return errDisk
	}
	return nil
}

// faultScenario opens an engine, uses it a little and closes it, and returns how many commits were acknowledged.
func faultScenario(t testing.TB, fs vfs.FS, died chan error) (acknowledged int, err error) {
	ctx := context.Background()
	clock := newWall()
	db, err := stripes.Open("engine", stripes.Options{FS: fs, Now: clock.now, Manual: true, Fatal: func(err error) {
		died <- err
		close(died)
	}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Define(ctx, engine.Definition{ID: "s", Key: "s", Version: 1, Condition: parsed(t, `{"event": "order", "when": {"last": "1d"}}`)}); err != nil {
		return 0, err
	}
	for i := range 3 {
		clock.move(time.Hour)
		if _, err := db.Commit(ctx, faultItem(i, clock.millis())); err != nil {
			return acknowledged, err
		}
		acknowledged++
	}
	_, err = db.Check(ctx, nil)
	return acknowledged, err
}

func faultItem(i int, at carpel.Millis) []carpel.Item {
	return []carpel.Item{{Kind: carpel.ItemEvent, Name: "order", MessageID: fmt.Sprint(i), Person: carpel.PersonRef{UserID: fmt.Sprint(i)}, At: at}}
}

// Every call of the filesystem fails once, each in a run of its own. Nothing hangs, and what was acknowledged before the
// fault is on the disk.
func TestFaultAtEveryCall(t *testing.T) {
	for call := int64(1); ; call++ {
		disk := vfs.NewCrashableMem()
		f := &faulty{}
		f.calls.Store(call)
		type result struct {
			acknowledged int
			err          error
		}
		done, died := make(chan result, 1), make(chan error, 1)
		go func() {
			n, err := faultScenario(t, errorfs.Wrap(disk, f), died)
			done <- result{n, err}
		}()
		var r result
		select {
		case r = <-done:
		case <-time.After(30 * time.Second):
			t.Fatalf("the fault at call %d: something hangs", call)
		}
		if f.calls.Load() > 0 {
			if r.err != nil || r.acknowledged != 3 {
				t.Fatalf("without a fault: %+v", r)
			}
			if call < 100 {
				t.Fatalf("the scenario has %d calls only", call)
			}
			return
		}
		db, err := stripes.Open("engine", stripes.Options{FS: disk.CrashClone(vfs.CrashCloneCfg{}), Now: newWall().now, Manual: true})
		if err != nil {
			t.Fatalf("the fault at call %d: open again: %v", call, err)
		}
		for i := range r.acknowledged {
			out, err := db.Commit(context.Background(), faultItem(i, 0))
			if err != nil || !out[0].Repeated {
				t.Fatalf("the fault at call %d: item %d was acknowledged and is not there: %+v %v", call, i, out, err)
			}
		}
		sound(t, db)
		must(t, db.Close())
	}
}

// A method of an engine that is closed fails, and says so.
func TestClosed(t *testing.T) {
	clock := newWall()
	db := mustOpen(t, vfs.NewMem(), stripes.Options{Now: clock.now, Manual: true})
	must(t, db.Close())
	must(t, db.Close())
	ctx := context.Background()
	for n := range 18 {
		if err := ask(t, ctx, db, n); carpel.ErrorCode(err) != carpel.CodeOverloaded {
			t.Errorf("question %d: %v", n, err)
		}
	}
	for n := range 7 {
		if err := edit(t, ctx, db, n); carpel.ErrorCode(err) != carpel.CodeOverloaded {
			t.Errorf("edit %d: %v", n, err)
		}
	}
	if _, err := db.Commit(ctx, faultItem(0, 0)); carpel.ErrorCode(err) != carpel.CodeOverloaded {
		t.Errorf("commit: %v", err)
	}
	if err := db.Checkpoint(ctx, "copy"); carpel.ErrorCode(err) != carpel.CodeOverloaded {
		t.Errorf("checkpoint: %v", err)
	}
	_ = db.Stats()
	_ = db.NextDue()
}
