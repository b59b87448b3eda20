package stripes_test

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// A round that panics is answered and ends the engine: nobody waits for a writer that is gone.
func TestPanicEndsTheEngine(t *testing.T) {
	var fatal error
	db := mustOpen(t, vfs.NewMem(), stripes.Options{Manual: true, Fatal: func(err error) { fatal = err }})
	broken := []carpel.Item{{Kind: carpel.ItemMessage, Person: carpel.PersonRef{UserID: "u"}}} // an activity without a message breaks the contract
	if _, err := db.Commit(t.Context(), broken); err == nil {
		t.Error("the broken item was acknowledged")
	}
	if fatal == nil {
		t.Error("Fatal was not told")
	}
	whole := []carpel.Item{{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: "u"}}}
	if _, err := db.Commit(t.Context(), whole); err == nil {
		t.Error("the engine went on")
	}
	must(t, db.Close())
}
