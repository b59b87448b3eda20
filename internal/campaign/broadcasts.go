package campaign

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// BroadcastOptions is what broadcasts need of others.
type BroadcastOptions struct {
	Records *records.DB
	Engine  func(ctx context.Context, workspace string) (engine.Engine, func(), error)
	Sent    func() // tells the sender that deliveries were let out; nil for nobody
	Page    int    // how many people are planned in a transaction; default 10,000: few enough that others who write do not wait long
	Now     func() time.Time
	Log     *slog.Logger
}

// Broadcasts runs the broadcasts of all workspaces: it starts them when they are due, plans them, lets their deliveries
// out at their rate, finds winners, stops what does harm, and notes the end. All state is in the records: stopping at any
// moment loses nothing.
//
// A turn looks at every broadcast at work and does at most a page of work for each, so that none keeps another waiting.
type Broadcasts struct {
	BroadcastOptions
	wake    chan struct{}
	zones   zones
	buckets map[string]*bucket // by broadcast; of Run's goroutine
}

// NewBroadcasts returns broadcasts that wait for Run.
func NewBroadcasts(o BroadcastOptions) *Broadcasts {
	if o.Sent == nil {
		o.Sent = func() {}
	}
	o.Page = cmp.Or(o.Page, 10_000)
	return &Broadcasts{BroadcastOptions: o, wake: make(chan struct{}, 1), buckets: map[string]*bucket{}}
}

// Wake tells that something was asked of a broadcast. It may be called by anybody, and is never needed for more than speed.
func (r *Broadcasts) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

const (
	lookEvery = time.Second
	// ahead is how many deliveries of a broadcast are out at once at most: what a pause takes back.
	ahead = 10_000
	// When a broadcast stops by itself: from so many sent on, at one complaint in so many, at one hard bounce in so many.
	judgedFrom      = 500
	complaintsOneIn = 1000
	bouncesOneIn    = 50
)

// The reasons for which a broadcast pauses by itself.
const (
	PausedComplaints = "complaints"
	PausedBounces    = "bounces"
	PausedAudience   = "audience" // it cannot be found: a segment of it is gone
	PausedTemplate   = "template" // it is gone
)

// Run works until ctx ends.
func (r *Broadcasts) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		more, err := r.Turn(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-tick.C:
		}
	}
}

// Turn does what is to be done now, a page of each broadcast at most, and reports whether there is more. A workspace that
// cannot be worked on does not keep the others from it.
func (r *Broadcasts) Turn(ctx context.Context) (more bool, err error) {
	all, err := r.Records.BroadcastsAtWork(ctx)
	if err != nil {
		return false, err
	}
	at := map[string]bool{}
	for _, b := range all {
		at[b.ID] = true
		again, err := r.one(ctx, b.Workspace, b.Broadcast)
		if ctx.Err() != nil {
			return false, nil
		}
		if err != nil && carpel.ErrorCode(err) != carpel.CodeConflict { // it was moved meanwhile: the next turn sees it
			r.Log.ErrorContext(ctx, "broadcast does not go on", "workspace", b.Workspace, "broadcast", b.ID, "error", err)
			continue
		}
		more = more || again
	}
	for id := range r.buckets {
		if !at[id] {
			delete(r.buckets, id)
		}
	}
	return more, nil
}

// one does a turn's work for a broadcast.
func (r *Broadcasts) one(ctx context.Context, workspace string, b carpel.Broadcast) (more bool, err error) {
	now := carpel.MillisOf(r.Now())
	switch b.State {
	case carpel.BroadcastScheduled:
		if b.DueAt > now {
			return false, nil
		}
		if b, err = r.Records.StartBroadcast(ctx, workspace, b.ID); err != nil {
			return false, err
		}
	case carpel.BroadcastPaused:
		return false, r.Records.HoldDeliveries(ctx, workspace, b.ID)
	case carpel.BroadcastCancelled:
		return r.clear(ctx, workspace, b)
	}
	if b.State != carpel.BroadcastSending {
		return false, nil
	}
	if reason, err := r.harm(ctx, workspace, b); err != nil || reason != "" {
		return false, r.pause(ctx, workspace, b, reason, err)
	}
	if b, more, err = r.plan(ctx, workspace, b); err != nil {
		return false, err
	}
	if b.State != carpel.BroadcastSending {
		return false, nil
	}
	if err := r.letOut(ctx, workspace, b); err != nil || b.Stage != carpel.StagePlanned {
		return more, err
	}
	left, err := r.Records.Backlog(ctx, workspace, b.ID)
	if err == nil && !left.Open {
		err = r.Records.EndBroadcast(ctx, workspace, b.ID)
	}
	return false, err
}

// clear skips what is left of a cancelled broadcast.
func (r *Broadcasts) clear(ctx context.Context, workspace string, b carpel.Broadcast) (more bool, err error) {
	if err := r.Records.HoldDeliveries(ctx, workspace, b.ID); err != nil {
		return false, err
	}
	if n, err := r.Records.DropHeld(ctx, workspace, b.ID, r.Page); err != nil || n > 0 {
		return true, err
	}
	left, err := r.Records.Backlog(ctx, workspace, b.ID)
	if err != nil || left.Open { // some are being tried
		return false, err
	}
	return false, r.Records.EndBroadcast(ctx, workspace, b.ID)
}

// plan does a page of planning, or finds the winner when it is time.
func (r *Broadcasts) plan(ctx context.Context, workspace string, b carpel.Broadcast) (_ carpel.Broadcast, more bool, err error) {
	switch b.Stage {
	case carpel.StagePlanned:
		return b, false, nil
	case carpel.StageTesting:
		if b.DueAt > carpel.MillisOf(r.Now()) {
			return b, false, nil
		}
		winner, err := r.winner(ctx, workspace, b)
		if err == nil {
			err = r.Records.DecideBroadcast(ctx, workspace, b.ID, winner)
		}
		return b, true, err
	}
	ws, err := r.Records.Workspace(ctx, workspace)
	if err != nil {
		return b, false, err
	}
	db, release, err := r.Engine(ctx, workspace)
	if err != nil {
		return b, false, err
	}
	defer release()
	p := &planner{r.Records, db, ws, &r.zones}
	if b.Stage == carpel.StageNone {
		frozen, err := p.freeze(ctx, b)
		switch carpel.ErrorCode(err) {
		case "":
			return frozen, true, nil
		case carpel.CodeNotFound, carpel.CodeNotBuilt, carpel.CodeCycle:
			reason := PausedAudience
			if _, gone := r.missingTemplate(ctx, workspace, b); gone {
				reason = PausedTemplate
			}
			return b, false, r.pause(ctx, workspace, b, reason, nil)
		}
		return b, false, err
	}
	b, err = p.page(ctx, b, r.Page)
	return b, b.Stage == carpel.StagePlanning || b.Stage == carpel.StageRest, err
}

func (r *Broadcasts) missingTemplate(ctx context.Context, workspace string, b carpel.Broadcast) (string, bool) {
	for _, v := range b.Spec.Variants {
		if _, err := r.Records.Template(ctx, workspace, v.Template); carpel.ErrorCode(err) == carpel.CodeNotFound {
			return v.Template, true
		}
	}
	return "", false
}

// winner is the variant that did best in the sample; of equal ones the first.
func (r *Broadcasts) winner(ctx context.Context, workspace string, b carpel.Broadcast) (string, error) {
	tallies, err := r.Records.Tallies(ctx, workspace, b.ID)
	if err != nil {
		return "", err
	}
	sent, good := map[string]int64{}, map[string]int64{}
	for _, t := range tallies {
		sent[t.Variant] += t.Sent
		good[t.Variant] += map[string]int64{"opened": t.Opened, "clicked": t.Clicked, "converted": t.Converted}[b.Spec.Winner.Measure]
	}
	best := b.Spec.Variants[0].Name
	for _, v := range b.Spec.Variants[1:] {
		// good/sent compared without division: a share of none is 0.
		if good[v.Name]*max(sent[best], 1) > good[best]*max(sent[v.Name], 1) {
			best = v.Name
		}
	}
	return best, nil
}

// harm is why a broadcast must not go on; "" when it may. What somebody has decided to go on with in spite of it counts no
// more.
func (r *Broadcasts) harm(ctx context.Context, workspace string, b carpel.Broadcast) (string, error) {
	t, err := r.Records.Trouble(ctx, workspace, b.ID)
	if err != nil || t == (records.Trouble{}) {
		return "", err
	}
	if enough, err := r.Records.SentAtLeast(ctx, workspace, b.ID, judgedFrom); err != nil || !enough {
		return "", err
	}
	for _, limit := range []struct {
		reason   string
		n, oneIn int64
	}{{PausedComplaints, t.Complained, complaintsOneIn}, {PausedBounces, t.Bounced, bouncesOneIn}} {
		if limit.n == 0 || b.Reason == limit.reason {
			continue
		}
		fine, err := r.Records.SentAtLeast(ctx, workspace, b.ID, limit.n*limit.oneIn+1)
		if err != nil || !fine {
			return limit.reason, err
		}
	}
	return "", nil
}

func (r *Broadcasts) pause(ctx context.Context, workspace string, b carpel.Broadcast, reason string, err error) error {
	if err != nil {
		return err
	}
	if _, err := r.Records.MoveBroadcast(ctx, workspace, b.ID, records.BroadcastMove{Move: carpel.PauseBroadcast, Reason: reason}); err != nil {
		return fmt.Errorf("pause for %s: %w", reason, err)
	}
	r.Log.WarnContext(ctx, "broadcast paused by itself", "workspace", workspace, "broadcast", b.ID, "reason", reason)
	return nil
}

// letOut lets deliveries out: as many as the rate allows, and never more than a bound at once.
func (r *Broadcasts) letOut(ctx context.Context, workspace string, b carpel.Broadcast) error {
	out := r.buckets[b.ID]
	if out == nil {
		out = &bucket{at: r.Now()}
		if r.buckets[b.ID] = out; b.Spec.Rate > 0 {
			out.tokens = 1 // the first goes at once
		}
	}
	most := ahead
	if b.Spec.Rate > 0 {
		most = out.take(r.Now(), float64(b.Spec.Rate)/60)
	}
	left, err := r.Records.Backlog(ctx, workspace, b.ID)
	if err != nil || !left.Open {
		return err
	}
	if most = min(most, ahead-int(left.Due)); most <= 0 {
		return nil
	}
	n, err := r.Records.LetOut(ctx, workspace, b.ID, most)
	out.tokens -= float64(n)
	if n > 0 {
		r.Sent()
	}
	return err
}

// bucket is how many deliveries of a broadcast may be let out, by its rate.
type bucket struct {
	tokens float64
	at     time.Time // when tokens were last added
}

// take adds what has come since, at most two seconds' worth, so that nothing is made up for after a pause, and returns how
// many there are. Who takes some takes them off.
func (b *bucket) take(now time.Time, perSecond float64) int {
	b.tokens += now.Sub(b.at).Seconds() * perSecond
	b.tokens, b.at = min(b.tokens, max(2*perSecond, 1)), now
	return int(b.tokens)
}
