package stripes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// Power is cut at every call of the filesystem inside Resume: while the segment is brought up to date, those that
// refer to it are what they were, which is no problem, and doing it again ends it.
func TestPowerCutInsideResume(t *testing.T) {
	ctx := context.Background()
	for call := 1; ; call++ {
		clock := newWall()
		options := stripes.Options{Now: clock.now, Manual: true}
		power := &powerCut{rng: rand.New(rand.NewPCG(1, 1))}
		db := mustOpen(t, power.arm(vfs.NewCrashableMem(), -1, 0), options)
		must(t, db.Define(ctx, engine.Definition{ID: "a", Key: "a", Version: 1, Condition: parsed(t, `{"event": "order", "when": {"last": "7d"}}`)}))
		must(t, db.Define(ctx, engine.Definition{ID: "b", Key: "b", Version: 1, Condition: parsed(t, `{"not": {"segment": "a"}}`)}))
		must(t, db.Pause(ctx, "a"))
		for i := range 3 {
			_, err := db.Commit(ctx, []carpel.Item{{Kind: carpel.ItemEvent, Name: "order", At: clock.millis(), Person: carpel.PersonRef{UserID: fmt.Sprint(i)}}})
			must(t, err)
		}
		power.mu.Lock()
		power.calls = call
		power.mu.Unlock()
		must(t, db.Resume(ctx, "a"))
		disk := power.cut()
		must(t, db.Close())
		if disk == nil {
			return // every call had its turn
		}
		db = mustOpen(t, disk, options)
		sound(t, db)
		must(t, db.Resume(ctx, "a"))
		sound(t, db)
		if a, _ := db.Status("a"); a.Count != 3 || a.State != carpel.StateLive {
			t.Fatalf("cut at call %d: a is %+v", call, a)
		}
		if b, _ := db.Status("b"); b.Count != 0 {
			t.Fatalf("cut at call %d: b is %+v", call, b)
		}
		must(t, db.Close())
	}
}
