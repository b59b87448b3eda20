package delivery

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// line sends what is due in one workspace, for one turn:
//
//	lease (one transaction: checks, attempting) → render and send, Workers at once → end (one transaction for what is there)
//	→ tell the engine → the next lease, while half of the last one is still on its way
//
// The goroutine that leases also ends and tells: while it writes, messages go on, and what ends meanwhile is written
// together. So the number of transactions depends on how long they take, not on how many messages there are.
type line struct {
	*Sender
	workspace carpel.Workspace
	engine    engine.Engine
	send      context.Context // of messages under way: outlives the line's own
	slots     chan struct{}
	results   chan result
	told      []string // that the engine knows, and the records do not yet
}

// result is what came of one delivery.
type result struct {
	delivery carpel.Delivery
	ended    records.Ended
	items    []carpel.Item // to be told beside it: devices that are gone
}

// work has a line's turn. It returns when nothing is due, when the turn is over, or ctx ends.
func (s *Sender) work(ctx, send context.Context, workspace string) error {
	w, err := s.Records.Workspace(ctx, workspace)
	if err != nil {
		return err
	}
	db, release, err := s.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	l := &line{Sender: s, workspace: w, engine: db, send: send, slots: make(chan struct{}, s.Workers), results: make(chan result, s.Batch)}
	if err := l.tellOld(ctx); err != nil {
		return err
	}
	return l.run(ctx)
}

func (l *line) run(ctx context.Context) (err error) {
	began, more := l.Now(), true
	for atWork := 0; ; {
		if more = more && ctx.Err() == nil && l.Now().Sub(began) < turnTime; more && atWork <= l.Batch/2 {
			var n int
			if n, more, err = l.lease(ctx, l.Batch-atWork); err != nil {
				more = false // what is on its way is ended first
			}
			atWork += n
		}
		if atWork == 0 {
			return l.flush(err)
		}
		ended := l.collect()
		atWork -= len(ended)
		if fault := l.end(ended); fault != nil && err == nil {
			err, more = fault, false
		}
	}
}

var leases atomic.Uint64

// lease leases at most so many deliveries and lets them go. more tells whether more may be due.
func (l *line) lease(ctx context.Context, limit int) (n int, more bool, err error) {
	if l.Room != nil {
		if err := l.Room(); err != nil {
			return 0, false, err
		}
	}
	check, err := l.newCheck(ctx)
	if err != nil {
		return 0, false, err
	}
	lease := records.Lease{ID: fmt.Sprint(l.process, leases.Add(1)), Limit: limit, Until: l.Records.LeaseUntil(), Check: check.one}
	leased, looked, err := l.Records.LeaseDeliveries(ctx, l.workspace.ID, lease)
	if err != nil {
		return 0, false, err
	}
	for _, d := range leased {
		go l.one(ctx, lease, d, check.ready[d.ID])
	}
	return len(leased), looked == limit, nil
}

// sendTime is how long handing one message over may take.
const sendTime = 90 * time.Second

// one waits for a slot, and sends. What did not begin when the line stops is given back.
func (l *line) one(ctx context.Context, lease records.Lease, d carpel.Delivery, r *ready) {
	e := records.Ended{ID: d.ID, Lease: lease.ID, Attempt: d.Attempt}
	giveBack := func() {
		e.State, e.Untouched = carpel.DeliveryPlanned, true
		l.results <- result{delivery: d, ended: e}
	}
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		giveBack()
		return
	}
	if ctx.Err() != nil || l.Now().Add(2*sendTime).After(lease.Until.Time()) { // others were slow
		giveBack()
		return
	}
	l.results <- l.attempt(d, r, e)
}

// collect waits for one that ended, and takes those that have ended as well.
func (l *line) collect() []result {
	ended := []result{<-l.results}
	for {
		select {
		case r := <-l.results:
			ended = append(ended, r)
		default:
			return ended
		}
	}
}

// end keeps what came of deliveries, and tells the engine. What cannot be kept stays attempting: it is expired with its
// lease, and decided by its mode.
func (l *line) end(all []result) error {
	ctx := context.WithoutCancel(l.send)
	ended := make([]records.Ended, len(all))
	for i, r := range all {
		ended[i] = r.ended
	}
	late, err := l.Records.EndDeliveries(ctx, l.workspace.ID, ended, l.told)
	if err != nil {
		return err
	}
	if len(late) > 0 {
		l.Log.Warn("outcomes of deliveries came too late and change nothing", "workspace", l.workspace.ID, "deliveries", late)
	}
	l.told = nil
	return l.tell(ctx, all, late)
}

// flush keeps what the engine was told last.
func (l *line) flush(fault error) error {
	_, err := l.Records.EndDeliveries(context.WithoutCancel(l.send), l.workspace.ID, nil, l.told)
	if fault != nil {
		return fault
	}
	return err
}
