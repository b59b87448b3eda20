package stripes_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// reader is asked during a sync, once.
type reader struct {
	armed atomic.Bool
	ask   func()
	asked chan struct{} // closed when it was answered
	goes  atomic.Bool   // the sync goes on
}

func (r *reader) String() string { return "reader" }

// MaybeError asks while a file is synced, and lets the sync go on when that is answered or has waited for long enough to
// tell that it waits for the sync.
func (r *reader) MaybeError(op errorfs.Op) error {
	if op.Kind != errorfs.OpFileSync && op.Kind != errorfs.OpFileSyncData && op.Kind != errorfs.OpFileSyncTo || !r.armed.CompareAndSwap(true, false) {
		return nil
	}
	go func() {
		defer close(r.asked)
		r.ask()
	}()
	select {
	case <-r.asked:
	case <-time.After(100 * time.Millisecond):
	}
	r.goes.Store(true)
	return nil
}

// Pebble shows a batch before its sync ends. Nothing of it may be told until then, for a power cut would take it back:
// whoever asks meanwhile waits, or is answered from before.
func TestNothingIsToldBeforeItsSync(t *testing.T) {
	ctx := context.Background()
	clock := newWall()
	ref := carpel.PersonRef{UserID: "u1"}
	for name, told := range map[string]func(db *stripes.DB) bool{
		"person": func(db *stripes.DB) bool { _, err := db.Person(ctx, ref); return err == nil },
		"members": func(db *stripes.DB) bool {
			members, _, _ := db.Members(ctx, engine.MembersQuery{Segment: "s", Limit: 10})
			return len(members) > 0
		},
		"feed": func(db *stripes.DB) bool {
			changes, _, _ := db.Changes(ctx, engine.ChangesQuery{Limit: 10})
			return len(changes) > 0
		},
		"preview": func(db *stripes.DB) bool {
			p, err := db.Preview(ctx, engine.PreviewQuery{Condition: parsed(t, `{"event": "*"}`)})
			return err == nil && p.Count > 0
		},
		"timeline": func(db *stripes.DB) bool {
			events, _, _ := db.Events(ctx, ref, engine.EventsQuery{Limit: 10})
			return len(events) > 0
		},
		"activity": func(db *stripes.DB) bool { entries, _, _ := db.Activity(ctx, 0, 10); return len(entries) > 0 },
	} {
		t.Run(name, func(t *testing.T) {
			r := &reader{asked: make(chan struct{})}
			db := mustOpen(t, errorfs.Wrap(vfs.NewMem(), r), stripes.Options{Now: clock.now, Manual: true})
			defer db.Close()
			must(t, db.Define(ctx, engine.Definition{ID: "s", Key: "s", Version: 1, Condition: parsed(t, `{"event": "order"}`)}))
			var early atomic.Bool
			r.ask = func() { early.Store(told(db) && !r.goes.Load()) }
			r.armed.Store(true)
			_, err := db.Commit(ctx, []carpel.Item{{Kind: carpel.ItemEvent, Name: "order", Person: ref, At: clock.millis()}})
			must(t, err)
			<-r.asked
			if early.Load() {
				t.Error("what is not synced was told")
			}
			if !told(db) {
				t.Error("what is synced is not told")
			}
		})
	}
}
