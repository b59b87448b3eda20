package campaign

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// JourneysOptions says what moves people through campaigns, and on what.
type JourneysOptions struct {
	Records *records.DB
	// Engine returns a workspace's engine and a function to call when done with it.
	Engine func(ctx context.Context, workspace string) (engine.Engine, func(), error)
	Now    func() time.Time // default time.Now
	Log    *slog.Logger     // default: none
}

// Journeys moves people through the campaigns of every workspace. A workspace has one at work while a campaign of it is
// live or paused: it is woken by the engine's commits and by the next journey that is due. Safe for concurrent use.
type Journeys struct {
	options JourneysOptions

	mu      sync.Mutex
	working map[string]*work // by workspace; guarded by mu
}

// work is what is done in one workspace.
type work struct {
	wake   chan struct{} // one is enough
	mu     sync.Mutex    // held during a turn, and while what is followed changes
	events []string      // followed, sorted; guarded by mu
	desk   *Desk         // nil after a fault; guarded by mu
	state  *deskState    // guarded by mu
}

const (
	// lookAgain is how often campaigns and workspaces are read anew when nobody wakes.
	lookAgain = time.Second
	// restBetween is the least time between two turns, so that many commits share one.
	restBetween = 10 * time.Millisecond
	// longestTurn is how long a turn goes on before whoever changes campaigns comes in between.
	longestTurn = 200 * time.Millisecond
)

// NewJourneys returns one that does nothing until it runs, or is told to take a turn.
func NewJourneys(o JourneysOptions) *Journeys {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Journeys{options: o, working: map[string]*work{}}
}

func (r *Journeys) work(workspace string) *work {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.working[workspace]
	if w == nil {
		w = &work{wake: make(chan struct{}, 1)}
		r.working[workspace] = w
	}
	return w
}

// Run moves people until ctx ends. What fails in a workspace is logged and tried again.
func (r *Journeys) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	var mu sync.Mutex
	at := map[string]bool{}
	for {
		running, err := r.options.Records.RunningWorkspaces(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		for _, workspace := range running {
			mu.Lock()
			begun := at[workspace]
			at[workspace] = true
			mu.Unlock()
			if begun {
				continue
			}
			all.Go(func() {
				r.attend(ctx, workspace)
				mu.Lock()
				defer mu.Unlock()
				delete(at, workspace)
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookAgain):
		}
	}
}

// attend moves people in a workspace until none of its campaigns is live or paused. It holds the engine meanwhile: what
// happens must be seen, and time moves people even when nothing does.
func (r *Journeys) attend(ctx context.Context, workspace string) {
	e, release, err := r.options.Engine(ctx, workspace)
	if err != nil {
		if ctx.Err() == nil {
			r.options.Log.Error("campaigns wait for their workspace", "workspace", workspace, "error", err)
		}
		return
	}
	defer release()
	w := r.work(workspace)
	for ctx.Err() == nil {
		changed := e.Watch()
		next, running, err := r.turn(ctx, workspace, e)
		if err != nil {
			if ctx.Err() == nil {
				r.options.Log.Error("campaigns stand still, and go on in a moment", "workspace", workspace, "error", err)
			}
			next, changed = r.now()+carpel.Millis(lookAgain.Milliseconds()), nil
		} else if !running {
			return
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-w.wake:
		case <-time.After(min(max(next.Time().Sub(r.options.Now()), 0), lookAgain)):
		}
		select {
		case <-ctx.Done():
		case <-time.After(restBetween):
		}
	}
}

func (r *Journeys) now() carpel.Millis { return carpel.MillisOf(r.options.Now()) }

// Turn takes in what happened in a workspace up to now, and returns when that is durable. Run does so by itself; this is
// for callers that need it done.
func (r *Journeys) Turn(ctx context.Context, workspace string) error {
	e, release, err := r.options.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	for next := carpel.Millis(0); next <= r.now() && err == nil; {
		next, _, err = r.turn(ctx, workspace, e)
	}
	return err
}

// Wake tells that campaigns of a workspace changed.
func (r *Journeys) Wake(workspace string) {
	select {
	case r.work(workspace).wake <- struct{}{}:
	default:
	}
}

// turn takes one turn. It returns when the next is due, 0 for at once, and whether a campaign is live or paused.
func (r *Journeys) turn(ctx context.Context, workspace string, e engine.Engine) (next carpel.Millis, running bool, err error) {
	w := r.work(workspace)
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() {
		if err != nil { // what is kept in memory may be ahead of what is written
			w.desk, w.state = nil, nil
		}
	}()
	if w.desk == nil {
		w.state = &deskState{Journeys: r, workspace: workspace, work: w}
		w.desk = w.state.desk()
	}
	w.state.ctx, w.state.engine = ctx, e
	if running, err = w.state.load(w.desk); err != nil {
		return 0, false, err
	}
	if !running {
		w.desk, w.state, w.events = nil, nil, nil
		return carpel.Never, false, e.Follow(ctx, nil)
	}
	end := time.Now().Add(longestTurn)
	more, err := w.desk.Turn(r.now(), func() bool { return time.Now().After(end) })
	if err != nil || more {
		return 0, true, err
	}
	return w.state.next, true, nil
}

// Prepare makes sure that nothing is missed from now on of what a campaign starts and ends on: to be called before it
// becomes live, or its edit is saved. It may be called for one that then stays as it is.
func (r *Journeys) Prepare(ctx context.Context, workspace string, spec carpel.CampaignSpec) error {
	e, release, err := r.options.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	p, err := Compile("", 0, spec)
	if err != nil {
		return err
	}
	w := r.work(workspace)
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &deskState{Journeys: r, workspace: workspace, work: w, ctx: ctx, engine: e}
	running, err := s.load(&Desk{})
	if err != nil {
		return err
	}
	if err := s.follow(p.Events()); err != nil {
		return err
	}
	for reader, end := range map[string]func() (string, error){
		feedReader: func() (string, error) {
			_, at, err := e.Changes(ctx, engine.ChangesQuery{After: "now", Limit: 1})
			return at, err
		},
		followReader: func() (string, error) { _, at, err := e.Followed(ctx, "now", 1); return at, err },
	} {
		have, err := r.options.Records.Cursor(ctx, workspace, reader)
		if err != nil {
			return err
		}
		if running && have != "" {
			continue
		}
		at, err := end()
		if err != nil {
			return err
		}
		if err := r.options.Records.CommitJourneys(ctx, workspace, records.JourneyBatch{Reader: reader, Cursor: at}); err != nil {
			return err
		}
	}
	if !running {
		w.desk, w.state = nil, nil // its places are from before
	}
	return nil
}

// follow has the engine keep events of these names as well.
func (s *deskState) follow(names []string) error {
	all := slices.Concat(s.work.events, names)
	slices.Sort(all)
	all = slices.Compact(all)
	if s.work.events != nil && slices.Equal(all, s.work.events) {
		return nil
	}
	if all == nil {
		all = []string{}
	}
	if err := s.engine.Follow(s.ctx, all); err != nil {
		return fmt.Errorf("follow events: %w", err)
	}
	s.work.events = all
	return nil
}

// Trigger begins a campaign that calls start for people, or one of any other kind by hand, and returns for how many it
// did: who may not begin now, or is nobody, is passed over. The same occurrence begins once.
func (r *Journeys) Trigger(ctx context.Context, workspace, campaign string, people []Beginning) (started int, err error) {
	e, release, err := r.options.Engine(ctx, workspace)
	if err != nil {
		return 0, err
	}
	defer release()
	w := r.work(workspace)
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &deskState{Journeys: r, workspace: workspace, work: w, ctx: ctx, engine: e}
	d := s.desk()
	if _, err := s.load(d); err != nil {
		return 0, err
	}
	at := slices.IndexFunc(d.Campaigns, func(l *Live) bool { return l.ID == campaign })
	if at < 0 || d.Campaigns[at].State != carpel.CampaignLive {
		return 0, carpel.Errorf(carpel.CodeConflict, "the campaign is not live: it starts for nobody")
	}
	d.Now = r.now()
	round := NewRound(d.World)
	for _, b := range people {
		if err := round.Start(d.Campaigns[at], b); err != nil {
			return 0, err
		}
	}
	b := round.Batch()
	if err := s.commit(b); err != nil {
		return 0, err
	}
	if w.state != nil {
		w.state.told, w.state.next = false, 0
	}
	r.Wake(workspace)
	return b.Starts[campaign], nil
}

// Between runs what changes campaigns or journeys of a workspace between two turns, and wakes: no turn goes on that read
// them as they were.
func (r *Journeys) Between(workspace string, change func() error) error {
	w := r.work(workspace)
	w.mu.Lock()
	defer w.mu.Unlock()
	defer r.Wake(workspace)
	return change()
}

// DateSegments are what the engine keeps for campaigns of dates: who comes near. They are in no list of segments.
func DateSegments(all []carpel.Campaign) []engine.Definition {
	var out []engine.Definition
	for _, c := range all {
		if c.Spec.Trigger.Kind == carpel.TriggerDate && (c.State == carpel.CampaignLive || c.State == carpel.CampaignPaused) {
			out = append(out, engine.Definition{ID: c.ID, Key: c.ID, Version: c.Version, Condition: DateCondition(c.Spec.Trigger)})
		}
	}
	return out
}
