package delivery

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/render"
)

// Options is what a sender works with.
type Options struct {
	Records *records.DB
	// Engine opens a workspace's engine; the function returned is called when the sender is done with it.
	Engine func(ctx context.Context, workspace string) (engine.Engine, func(), error)
	// Channels lists the channels of a workspace.
	Channels func(ctx context.Context, workspace string) ([]carpel.Channel, error)
	// Open opens a channel other than the sandbox.
	Open func(c carpel.Channel) (Channel, error)
	// Sandbox takes what there is no channel for.
	Sandbox Channel
	// Content returns what a template said in a version.
	Content func(ctx context.Context, workspace, template string, version int) (carpel.Content, error)
	// Track returns what takes the place of the links of a delivery; nil for nothing.
	Track func(workspace string, d carpel.Delivery) render.Links
	// Name returns what the broadcast or campaign is called that a delivery is a part of; nil for nothing.
	Name func(ctx context.Context, workspace string, o carpel.Origin) (string, error)
	// Room returns an error when the disk is too full to note what came of a message: nothing goes out then. nil for always.
	Room func() error

	Workers int            // messages that are being sent at once, of a workspace; default 32
	Batch   int            // deliveries that are at work at once, of a workspace; default 256
	Lines   int            // workspaces at work at once; default 8
	Rate    float64        // messages of a workspace in a second; default 0: as fast as it goes
	Jitter  func() float64 // in [0, 1), for the moment of a retry; default a random number
	Stop    time.Duration  // how long messages under way may take when the sender stops; default 10 s
	Now     func() time.Time
	Log     *slog.Logger
}

// EnsureDefaults fills in what was left out.
func (o *Options) EnsureDefaults() {
	o.Workers = cmp.Or(o.Workers, 32)
	o.Batch = cmp.Or(o.Batch, 256)
	o.Lines = cmp.Or(o.Lines, 8)
	o.Stop = cmp.Or(o.Stop, 10*time.Second)
	if o.Jitter == nil {
		o.Jitter = mathrand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// Sender sends what is planned. Every workspace with something due has a line: it leases, checks, renders and sends, and
// keeps what came of it, see [line]. No more than Lines are at work at once, each for a turn: those that wait longest
// come first, so that a large broadcast of one workspace does not hold up a receipt of another.
//
// All state is in the records. A sender that stops or is killed is followed by one that begins with ExpireLeases: what
// its predecessor had on the way is unknown, or planned again, by the mode of each.
type Sender struct {
	Options
	process   string // begins the id of every lease
	wake      chan struct{}
	rates     *rates
	open      *opened
	templates *templates
	zones     zones

	mu    sync.Mutex
	lines map[string]*turn // by workspace; guarded by mu
}

// turn is when a workspace was last at work.
type turn struct {
	working bool
	began   time.Time
	failed  time.Time // not before a while after
}

// The beat of the sender.
const (
	lookEvery   = time.Second      // for what is due; planners wake the sender, a signal may be lost
	expireEvery = time.Minute      // leases of a process that lives: of what hangs
	turnTime    = 5 * time.Second  // of a line, while others wait
	afterFault  = 5 * time.Second  // before a line is tried again
	sweepEvery  = 30 * time.Minute // old messages of the inbox, buckets of nobody
)

// New returns a sender.
func New(o Options) *Sender {
	o.EnsureDefaults()
	return &Sender{Options: o, process: rand.Text() + ".", wake: make(chan struct{}, 1), rates: newRates(), open: newOpened(o), templates: newTemplates(o.Content), lines: map[string]*turn{}}
}

// Wake tells the sender that something was planned. It may be called by anybody, at any time.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends; then it gives back what was not begun, and lets what is under way end for a while. It returns
// an error when it cannot begin.
func (s *Sender) Run(ctx context.Context) error {
	if _, _, err := s.Records.ExpireLeases(ctx, s.process); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	send, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer s.open.close()
	var lines sync.WaitGroup
	defer lines.Wait()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(s.Stop, cut) })()
	now := s.Now()
	expired, swept := now, time.Time{}
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-tick.C:
		}
		now = s.Now()
		if now.Sub(expired) >= expireEvery {
			expired = now
			s.told(ctx, "leases do not expire", func() error {
				_, _, err := s.Records.ExpireLeases(ctx, s.process)
				return err
			})
		}
		if now.Sub(swept) >= sweepEvery {
			swept = now
			s.rates.sweep(now)
			s.told(ctx, "old messages stay in the inbox", func() error { return s.Records.DropOldInbox(ctx) })
		}
		wait := lookEvery
		s.told(ctx, "due deliveries are not known", func() error {
			due, err := s.Records.DueDeliveries(ctx)
			if err == nil {
				wait = s.begin(ctx, send, &lines, due)
			}
			return err
		})
		tick.Reset(wait)
	}
}

// told does something and logs its fault: it is done again later.
func (s *Sender) told(ctx context.Context, what string, do func() error) {
	if err := do(); err != nil && ctx.Err() == nil {
		s.Log.Error(what, "error", err)
	}
}

// begin lets lines of workspaces begin that have something to do and are not at work, and returns how long until there
// may be more.
func (s *Sender) begin(ctx, send context.Context, lines *sync.WaitGroup, due []records.DueDeliveries) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, wait := s.Now(), lookEvery
	at := carpel.MillisOf(now)
	var waiting []string
	for _, d := range due {
		t := s.lines[d.Workspace]
		switch {
		case t != nil && (t.working || now.Sub(t.failed) < afterFault):
		case d.Untold || d.Next <= at:
			waiting = append(waiting, d.Workspace)
		default:
			wait = min(wait, time.Duration(d.Next-at)*time.Millisecond)
		}
	}
	slices.SortStableFunc(waiting, func(a, b string) int { return s.began(a).Compare(s.began(b)) })
	working := 0
	for _, t := range s.lines {
		if t.working {
			working++
		}
	}
	for _, w := range waiting[:min(len(waiting), max(s.Lines-working, 0))] {
		t := &turn{working: true, began: now}
		s.lines[w] = t
		lines.Go(func() {
			err := s.work(ctx, send, w)
			if err != nil && ctx.Err() == nil {
				s.Log.Error("deliveries do not go out", "workspace", w, "error", err)
			}
			s.mu.Lock()
			t.working = false
			if err != nil {
				t.failed = s.Now()
			}
			s.mu.Unlock()
			s.Wake()
		})
	}
	return wait
}

// began is when a workspace last had its turn; s.mu is held.
func (s *Sender) began(workspace string) time.Time {
	if t := s.lines[workspace]; t != nil {
		return t.began
	}
	return time.Time{}
}
