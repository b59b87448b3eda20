package stripes_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// A purge is due a day after the first erasure, and not before; the engine tells when, and does it by itself, also after
// a restart.
func TestPurgeIsDueADayAfterErasure(t *testing.T) {
	fs, clock := vfs.NewMem(), newWall()
	db := mustOpen(t, fs, stripes.Options{Now: clock.now, Manual: true})
	ann := carpel.PersonRef{UserID: "ann"}
	commit := func(kind carpel.ItemKind) {
		_, err := db.Commit(t.Context(), []carpel.Item{{Kind: kind, Person: ann, At: clock.millis()}})
		must(t, err)
	}
	commit(carpel.ItemIdentify)
	if due := db.NextDue(); due != carpel.Never {
		t.Fatalf("due at %s before anybody is erased", due)
	}
	commit(carpel.ItemErase)
	due := clock.millis() + 24*3600*1000
	clock.move(23 * time.Hour)
	commit(carpel.ItemIdentify)
	commit(carpel.ItemErase)
	must(t, db.Purge())
	if got := db.NextDue(); got != due {
		t.Fatalf("due at %s, want %s", got, due)
	}
	must(t, db.Close())
	clock.move(2 * time.Hour)
	db = mustOpen(t, fs, stripes.Options{Now: clock.now})
	defer func() { must(t, db.Close()) }()
	until(t, func() bool { return db.NextDue() == carpel.Never })
}
