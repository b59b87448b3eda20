// Package hooks calls other systems when something happens: who enters or leaves a segment, what becomes of messages.
//
//	feed (engine) ──▶ calls (records), with the cursor ──▶ POST, signed ──▶ the receiver
//	deliveries, erasures (records) ──▶ calls, in the same transaction
//
// A call is planned in the transaction that moves the reader, or in the one of what happened, so that a crash loses none;
// it is made until the receiver takes it, so that a crash may make one twice, with the same id. Calls of a lane, which is a
// segment or a person, go out one after the other: the next waits until the receiver has the one before.
package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery/webhook"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/outbound"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/secret"
)

// Options is what a runner works on. All must be set.
type Options struct {
	Records *records.DB
	Ring    *secret.Ring
	// Engine opens a workspace's engine; the function returned is called when done with it.
	Engine   func(ctx context.Context, workspace string) (engine.Engine, func(), error)
	Outbound *outbound.Outbound
	Now      func() time.Time
	Log      *slog.Logger
}

// Runner calls hooks. Safe for concurrent use.
type Runner struct {
	o       Options
	client  webhook.Client
	round   sync.Mutex // held during a round
	dropped time.Time  // when old calls were last dropped; guarded by round

	work   sync.WaitGroup // of the lanes that are busy
	mu     sync.Mutex
	busy   map[lane]bool  // lanes whose calls are being made: one at a time of each; guarded by mu
	ofHook map[string]int // how many of each hook; guarded by mu
}

// lane is calls that go out one after the other.
type lane struct{ workspace, hook, name string }

// New returns a runner.
func New(o Options) *Runner {
	return &Runner{o: o, client: webhook.Client{Outbound: o.Outbound, Now: o.Now}, busy: map[lane]bool{}, ofHook: map[string]int{}}
}

const (
	lookEvery   = time.Second // for what has happened
	lanesLooked = 1000
	lanesAtOnce = 64
	lanesOfHook = 8      // so that a slow receiver does not keep the others waiting
	ofLane      = 100    // calls of one lane at a time
	readAtOnce  = 500    // changes
	backlog     = 10_000 // calls of a hook that wait; its feed is read on when there are fewer
)

// Run calls hooks until ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	defer r.work.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := r.begin(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Round plans and makes everything that is due, and returns when that is done.
func (r *Runner) Round(ctx context.Context) error {
	defer r.work.Wait()
	return r.begin(ctx)
}

// begin plans everything that is due, and begins to make the calls.
func (r *Runner) begin(ctx context.Context) error {
	r.round.Lock()
	defer r.round.Unlock()
	if now := r.o.Now(); now.Sub(r.dropped) > time.Hour {
		if err := r.o.Records.DropOldHookCalls(ctx); err != nil {
			return err
		}
		r.dropped = now
	}
	all, err := r.o.Records.WorkspacesWithHooks(ctx)
	if err != nil {
		return err
	}
	for _, workspace := range all {
		if err := r.of(ctx, workspace); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.o.Log.ErrorContext(ctx, "webhooks of a workspace are tried again", "workspace", workspace, "error", err) // the others go on
		}
	}
	return nil
}

// of plans and makes the calls of one workspace.
func (r *Runner) of(ctx context.Context, workspace string) error {
	hooks, err := r.o.Records.Hooks(ctx, workspace)
	if err != nil {
		return err
	}
	db, release, err := r.o.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	for _, h := range hooks {
		if h.On && h.OfSegments() {
			if err := r.plan(ctx, db, workspace, h); err != nil {
				return fmt.Errorf("plan %s: %w", h.ID, err)
			}
		}
	}
	return r.send(ctx, workspace)
}

// plan reads the feed of a hook's segments as far as it goes.
func (r *Runner) plan(ctx context.Context, db engine.Engine, workspace string, h carpel.Hook) error {
	cursor, err := r.o.Records.HookCursor(ctx, workspace, h.ID)
	if err != nil {
		return err
	}
	for {
		if waiting, err := r.o.Records.PlannedHookCalls(ctx, workspace, h.ID, backlog); err != nil || waiting >= backlog {
			return err
		}
		changes, next, err := db.Changes(ctx, engine.ChangesQuery{Segments: h.Segments, After: cursor, Limit: readAtOnce})
		gap := ""
		if carpel.ErrorCode(err) == carpel.CodeGone || cursor == "" {
			if cursor != "" {
				gap = "The feed does not reach back to where this webhook had read, because it is kept for 90 days or the server was restored. Changes until now are missing: read the members anew."
			}
			changes, next, err = nil, "", nil
			if next, err = Now(ctx, db); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if next == cursor && len(changes) == 0 {
			return nil
		}
		if err := r.o.Records.HookChanges(ctx, workspace, h.ID, next, gap, events(h, changes)); err != nil {
			return err
		}
		if len(changes) < readAtOnce {
			return nil
		}
		cursor = next
	}
}

// Now is a cursor at the end of the feed.
func Now(ctx context.Context, db engine.Engine) (string, error) {
	_, cursor, err := db.Changes(ctx, engine.ChangesQuery{Segments: []string{}, After: "now", Limit: 1})
	return cursor, err
}

func events(h carpel.Hook, changes []carpel.Change) (all []records.HookEvent) {
	for _, c := range changes {
		event := carpel.HookLeft
		if c.Enter {
			event = carpel.HookEntered
		}
		if !h.Wants(event) {
			continue
		}
		all = append(all, records.HookEvent{Event: event, Lane: c.Segment, Key: c.Seq, At: c.At, Data: map[string]any{"segment": c.Segment, "person": c.Person, "cause": c.Cause}})
	}
	return all
}

// Secrets sign the calls of a hook: while they rotate the receiver may know the old one or the new.
type Secrets struct {
	Secret        string        `json:"secret"`
	Previous      string        `json:"previous,omitempty"`
	PreviousUntil carpel.Millis `json:"previous_until,omitempty"`
}

func purpose(workspace, hook string) string { return "hook " + workspace + " " + hook }

// Seal makes what the records keep of secrets.
func (s Secrets) Seal(ring *secret.Ring, workspace, hook string) []byte {
	b, _ := json.Marshal(s) // texts always encode
	return ring.Seal(purpose(workspace, hook), b)
}

// OpenSecrets reads what the records keep of a hook's secrets.
func OpenSecrets(ring *secret.Ring, workspace string, h carpel.Hook) (s Secrets, err error) {
	b, err := ring.Open(purpose(workspace, h.ID), h.Secrets)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(b, &s)
}

// oldSecret is how long calls are signed with the old secret as well.
const oldSecret = 24 * time.Hour

// Rotated puts a new secret in the place of the one in use.
func (s Secrets) Rotated(secret string, now carpel.Millis) Secrets {
	return Secrets{Secret: secret, Previous: s.Secret, PreviousUntil: now + carpel.Millis(oldSecret.Milliseconds())}
}

// inUse are the secrets that sign at a moment.
func (s Secrets) inUse(now carpel.Millis) []string {
	if s.Previous != "" && now < s.PreviousUntil {
		return []string{s.Secret, s.Previous}
	}
	return []string{s.Secret}
}
