// Package ingest makes items of what comes in: it scans the bodies, checks them against the limits, commits what holds
// and lists what does not. The wire formats in internal/compat say what the bodies mean; everything they share, and
// that is not HTTP, is here.
//
//	Scan → the family's decoder → Commit → list what was refused
//
// An answer of success is written only after Commit has returned: what it acknowledges is on the disk. What a protocol
// makes us acknowledge without having taken it is listed under Data → Rejected, durable as well before the answer.
package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// Options is what an intake works on. All must be set but what says otherwise.
type Options struct {
	Records *records.DB
	// Commit hands items to a workspace's engine; see engine.Writer.
	Commit func(ctx context.Context, workspace string, items []carpel.Item) ([]engine.Outcome, error)
	// Person finds a person before they are erased; CodeNotFound for nobody. See engine.People.
	Person func(ctx context.Context, workspace string, ref carpel.PersonRef) (*carpel.Person, error)
	// Reported is told what became of deliveries of this server, as callers report it, after it was committed; it may be
	// told the same again. nil for nobody.
	Reported func(ctx context.Context, workspace string, reports []carpel.Item) error
}

// Intake commits items and lists what is refused. Safe for concurrent use.
type Intake struct {
	options Options
	repeats *repeats
}

// New returns an intake.
func New(o Options) *Intake { return &Intake{options: o, repeats: newRepeats()} }

// commitError wraps what kept a batch from being stored.
func commitError(workspace string, n int, err error) error {
	var e *carpel.Error
	if errors.As(err, &e) {
		return e
	}
	return fmt.Errorf("commit %d items of workspace %s: %w", n, workspace, err)
}
