package stripes

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// queue holds the commits that wait for the writer. Whoever becomes the writer takes all of them: concurrent commits
// share one evaluation and one sync.
type queue struct {
	mu      sync.Mutex
	waiting []*request    // guarded by mu
	cost    time.Duration // of an item, as the last rounds found it, without the sync; guarded by mu
}

// request is one call of Commit. outcomes and err are set before done is closed.
type request struct {
	items    []carpel.Item
	prepared []*store.Prepared // of the merges among items
	outcomes []engine.Outcome
	err      error
	done     chan struct{}
}

// A round takes at most maxGroup items, and of these only as many as are resolved and evaluated within roundTime, but at
// least leastGroup, unless a single request has more: it bounds how long others wait, and their memory.
const (
	maxGroup   = 4000
	leastGroup = 250
	roundTime  = 20 * time.Millisecond
)

// dueInRound is how many stripes that are due by time a round of new items takes along; the others are the
// background's, in rounds of their own, so that a midnight does not hold up what arrives.
const dueInRound = 32

func (q *queue) add(r *request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, r)
}

// took tells how long a round's items took. What it costs to sync does not count: smaller rounds would not make it less.
func (q *queue) took(items int, d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.cost = (7*q.cost + d/time.Duration(max(items, 1))) / 8
}

// take removes the oldest requests, up to what a round takes.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, items, most := 0, 0, maxGroup
	if q.cost > 0 {
		most = min(max(int(roundTime/q.cost), leastGroup), maxGroup)
	}
	for n < len(q.waiting) && (n == 0 || items+len(q.waiting[n].items) <= most) {
		items += len(q.waiting[n].items)
		n++
	}
	out := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return out
}

// withdraw removes a request that nobody has taken yet.
func (q *queue) withdraw(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, w := range q.waiting {
		if w == r {
			q.waiting = append(q.waiting[:i:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// Commit resolves, stores and evaluates items; see [engine.Writer].
func (db *DB) Commit(ctx context.Context, items []carpel.Item) ([]engine.Outcome, error) {
	if err := db.usable(); err != nil {
		return nil, err
	}
	if err := db.enter(); err != nil {
		return nil, err
	}
	db.store.Warm(items)
	r := &request{items: items, prepared: db.prepare(items), done: make(chan struct{})}
	db.leave()
	db.queue.add(r)
	for {
		select {
		case <-r.done:
			return r.outcomes, r.err
		case _, open := <-db.writing:
			if !open {
				if db.queue.withdraw(r) {
					return nil, db.usable()
				}
				<-r.done // somebody served it before the engine closed
				return r.outcomes, r.err
			}
			db.serve()
			db.unlock()
		case <-ctx.Done():
			if db.queue.withdraw(r) {
				return nil, ctx.Err()
			}
			<-r.done
			return r.outcomes, r.err
		}
	}
}

// prepare works out, beside the writer, what the merges among items do to people who did very much, so that the writer is
// held for the rest alone. Whatever goes wrong shows when the writer does it.
func (db *DB) prepare(items []carpel.Item) (all []*store.Prepared) {
	for i := range items {
		it := &items[i]
		if it.Public || it.Kind != carpel.ItemMerge && it.Kind != carpel.ItemAlias {
			continue
		}
		p, err := db.store.Prepare(it.Person, it.Other)
		if err != nil || p == nil {
			continue
		}
		stripe, slot := p.View()
		src := &source{Stripe: stripe, db: db, zone: db.zone(), asOf: carpel.Never}
		if db.program.Load().Warm(src, slot, db.now()) == nil {
			all = append(all, p)
		}
	}
	return all
}

// serve does one round for the requests that wait. The caller is the writer.
func (db *DB) serve() {
	requests := db.queue.take()
	if len(requests) == 0 {
		return
	}
	err := db.usable()
	if err == nil {
		err = db.roundOrEnd(requests)
	}
	for _, r := range requests {
		if err != nil {
			r.outcomes, r.err = nil, err
		}
		close(r.done)
	}
}

// roundOrEnd is round; a panic in it ends the engine. What is in memory may be half changed then, and a caller who
// recovers, as net/http does, would leave behind requests that nobody answers and a token that nobody gives back.
func (db *DB) roundOrEnd(requests []*request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = db.fail(fmt.Errorf("a round broke: %v\n%s", p, debug.Stack()))
		}
	}()
	return db.round(requests)
}

// round applies requests and evaluates what follows.
func (db *DB) round(requests []*request) error {
	now, start := db.engineNow(), db.options.Now()
	tx := db.store.Begin(now)
	events := 0
	for _, req := range requests {
		req.outcomes = make([]engine.Outcome, len(req.items))
		for _, p := range req.prepared {
			tx.Use(p)
		}
		for i := range req.items {
			if e := db.refuseEdit(&req.items[i]); e != nil {
				req.outcomes[i].Refused = e
				continue
			}
			out, err := tx.Apply(&req.items[i])
			if err != nil {
				tx.Abort()
				return err
			}
			req.outcomes[i] = out
		}
		events += len(req.items)
	}
	limit := min(dueInRound, db.live.dueChunk())
	if db.options.Manual {
		limit = math.MaxInt
	}
	r := db.newRound(tx, now)
	r.edit(tx.Touched())
	if err := r.evaluate(tx.Touched(), limit); err != nil {
		tx.Abort()
		return err
	}
	db.queue.took(events, db.options.Now().Sub(start))
	before := db.live.timers.next()
	if err := r.commit(); err != nil {
		return err
	}
	db.rate.add(now, events)
	if db.live.timers.next() < before {
		db.poke()
	}
	return nil
}

// refuseEdit refuses a manual edit of a segment that is not there or not manual; nil for every other item. The writer's.
func (db *DB) refuseEdit(it *carpel.Item) *carpel.Error {
	if it.Kind != carpel.ItemMember {
		return nil
	}
	switch s := db.view.find(it.Segment.ID); {
	case s == nil:
		return carpel.Errorf(carpel.CodeNotFound, "there is no segment %q", it.Segment.ID)
	case !s.Manual:
		return carpel.Errorf(carpel.CodeConflict, "the members of segment %q follow its definition; only a manual segment is edited by hand", s.Key)
	}
	return nil
}

// engineNow is the moment of the round about to begin. The writer's.
func (db *DB) engineNow() carpel.Millis {
	return max(carpel.MillisOf(db.options.Now()), db.live.now)
}

// Advance evaluates everything that is due by time.
func (db *DB) Advance(ctx context.Context) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	if err := db.advance(math.MaxInt); err != nil {
		return err
	}
	return db.writeNow()
}

// advance evaluates at most limit stripes that are due. The writer's.
func (db *DB) advance(limit int) error {
	now, start := db.engineNow(), db.options.Now()
	tx := db.store.Begin(now)
	r := db.newRound(tx, now)
	if err := r.evaluate(tx.Touched(), limit); err != nil {
		tx.Abort()
		return err
	}
	err := r.commit()
	if n := len(r.due); n > 0 {
		db.live.dueCost = r.ready.Sub(start) / time.Duration(n)
	}
	return err
}

// poke wakes the background.
func (db *DB) poke() {
	select {
	case db.wake <- struct{}{}:
	default:
	}
}

const (
	restAfter = 50 * time.Millisecond
	// longestNap is short because a nap is measured by a clock that is never set and stands still while the machine sleeps:
	// what the wall clock passes over meanwhile is due at once.
	longestNap = time.Second
)

// background runs timers and builds, a chunk at a time between the rounds of what arrives, until the engine closes.
func (db *DB) background() {
	defer db.done.Done()
	trimmed := time.Time{}
	nap := time.NewTimer(0)
	defer nap.Stop()
	for {
		select {
		case <-db.ctx.Done():
			return
		case <-db.wake:
		case <-nap.C:
		}
		if err := db.lock(db.ctx); err != nil {
			return
		}
		busy, err := db.step()
		if now := db.options.Now(); err == nil && now.Sub(trimmed) > time.Hour {
			trimmed = now
			err = db.trimFeed(carpel.MillisOf(now))
		}
		next := db.live.timers.next()
		db.unlock()
		if err != nil {
			db.fail(err)
			return
		}
		wait := longestNap
		if next != carpel.Never {
			wait = min(wait, max(next.Time().Sub(db.options.Now()), restAfter))
		}
		if busy {
			wait = 0
		}
		nap.Reset(wait)
	}
}

// step does one piece of work in the background and reports whether there is more. The writer's.
func (db *DB) step() (busy bool, err error) {
	if db.live.timers.next() <= db.engineNow() {
		if err := db.advance(db.live.dueChunk()); err != nil {
			return false, err
		}
		busy = db.live.timers.next() <= db.live.now
	}
	building, err := db.buildStep()
	return busy || building, err
}
