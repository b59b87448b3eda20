package compat

import (
	"fmt"
	"sync"
	"time"

	"github.com/carpel/carpel"
)

// gate decides who comes in. What it lets in is answered soon, and what it cannot is refused at once, which costs next
// to nothing: a server that takes in more than it can do answers everybody late. It bounds
//
//   - requests and the bytes of their bodies, of everybody together, and so the memory;
//   - what one workspace has of both: at most three times what is free, so that room is left for the others however
//     hard one pushes (dynamic thresholds: Choudhury and Hahne, 1998);
//   - what those may have whose key is in the body, and who are nobody until it is read: an eighth;
//   - how long what waits for a workspace's writer takes at the pace at which it has worked: see [share.wait].
//
// All but the last of the bytes of a body are decided before any of it is read. Safe for concurrent use.
type gate struct {
	maxRequests int64
	maxBytes    int64
	now         func() time.Time

	mu     sync.Mutex
	all    room              // guarded by mu
	shares map[string]*share // by workspace, "" for nobody; guarded by mu
}

// room is what is inside.
type room struct{ requests, bytes int64 }

// share is what one workspace has inside, and how fast its writer works. Guarded by the gate's mu.
type share struct {
	room
	waiting int64 // weight of what waits for the writer, or is with it
	pace    pace
}

const (
	// maxBodies is how many bodies of the greatest size are at work at once; of the usual size it is thousands.
	maxBodies = 16
	// requestWeight is what a request weighs beside the bytes of its body.
	requestWeight = 512
	// maxWait is how much work may wait for a workspace's writer. What is let in behind it waits as long, and then as
	// long as it takes itself: an acknowledgement within 250 ms leaves room for that.
	maxWait = 150 * time.Millisecond
	// freeWeight may always wait: some 500 events. Less than that says nothing about how fast the writer can be, since
	// most of the time goes into the sync.
	freeWeight = 128 << 10
	// freeShare is how many times what is free one workspace may have.
	freeShare = 3
	// nobodyShare is the part of the whole that those have whose key is not known.
	nobodyShare = 8
)

// newGate returns a gate for so many requests.
func newGate(requests int, now func() time.Time) *gate {
	return &gate{maxRequests: int64(requests), maxBytes: maxBodies * carpel.MaxBody, now: now, shares: map[string]*share{"": {}}}
}

// enter lets a request in as nobody's, or returns CodeOverloaded. Who came in calls leave once.
func (g *gate) enter() (*visit, *carpel.Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all.requests >= g.maxRequests {
		return nil, tooMany(g.maxRequests, g.all.requests+1)
	}
	g.all.requests++
	return &visit{gate: g}, nil
}

// visit is one request inside the gate. Its fields are guarded by the gate's mu.
type visit struct {
	gate    *gate
	share   *share // nil until it is known whose it is
	held    int64  // bytes
	waiting int64  // weight
	left    bool
}

// of makes the request a workspace's, or returns CodeOverloaded: its workspace has too much inside, or too much waits
// for its writer. "" is for a request that nobody knows yet; it may become somebody's later.
func (v *visit) of(workspace string) *carpel.Error {
	g := v.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.shares[workspace]
	if to == nil {
		to = &share{}
		g.shares[workspace] = to
	}
	limit := freeShare * (g.maxRequests - g.all.requests + 1)
	if workspace == "" {
		limit = max(1, g.maxRequests/nobodyShare)
	}
	if to.requests >= limit {
		return tooMany(limit, to.requests+1)
	}
	if err := to.tooLong(g.now()); err != nil {
		return err
	}
	if v.share != nil {
		v.share.requests--
		v.share.bytes -= v.held
	}
	v.share = to
	to.requests++
	to.bytes += v.held
	return nil
}

// hold counts bytes of the request's body, or returns CodeOverloaded.
func (v *visit) hold(n int) *carpel.Error {
	g := v.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	v.held += int64(n)
	g.all.bytes += int64(n)
	v.share.bytes += int64(n)
	limit := freeShare * (g.maxBytes - g.all.bytes)
	if v.share == g.shares[""] {
		limit = g.maxBytes / nobodyShare
	}
	if v.share.bytes > limit && v.share.bytes > carpel.MaxBody || g.all.bytes > g.maxBytes {
		return &carpel.Error{Code: carpel.CodeOverloaded, Bound: "bytes", Limit: g.maxBytes, Actual: g.all.bytes, Message: fmt.Sprintf("too much is being sent at once: bodies of %s would be at work, of %s in all; send it again a little later", carpel.Bytes(g.all.bytes), carpel.Bytes(g.maxBytes))}
	}
	return nil
}

// wait puts the request among those that wait for the writer, until it leaves; or returns CodeOverloaded.
func (v *visit) wait() *carpel.Error {
	g := v.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if err := v.share.tooLong(now); err != nil {
		return err
	}
	v.waiting = v.held + requestWeight
	v.share.pace.passed(now)
	v.share.waiting += v.waiting
	v.share.pace.weigh(v.share.waiting)
	return nil
}

// admit lets a batch that lies here already in as far as the writer, or returns CodeOverloaded.
func (g *gate) admit(workspace string, bytes int) (*visit, *carpel.Error) {
	v, refused := g.enter()
	if refused != nil {
		return nil, refused
	}
	if refused = v.of(workspace); refused == nil {
		refused = v.hold(bytes)
	}
	if refused == nil {
		refused = v.wait()
	}
	if refused != nil {
		v.leave()
		return nil, refused
	}
	return v, nil
}

// leave ends the visit; leaving twice is leaving once.
func (v *visit) leave() {
	g := v.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if v.left {
		return
	}
	v.left = true
	g.all.requests--
	g.all.bytes -= v.held
	if v.share == nil {
		return
	}
	v.share.requests--
	v.share.bytes -= v.held
	if v.waiting > 0 {
		v.share.pace.passed(g.now())
		v.share.pace.done(v.waiting)
		v.share.waiting -= v.waiting
		v.share.pace.weigh(v.share.waiting)
	}
}

// tooLong returns CodeOverloaded when what waits takes too long. What the request itself weighs does not count: a
// large one must have its turn, too.
func (s *share) tooLong(now time.Time) *carpel.Error {
	s.pace.passed(now)
	if wait := s.wait(); wait > maxWait {
		return &carpel.Error{Code: carpel.CodeOverloaded, Bound: "writer", Limit: maxWait.Milliseconds(), Actual: wait.Milliseconds(),
			Message: fmt.Sprintf("more is sent than can be taken in: what waits takes %d ms, and %d ms is the most; send it again a little later", wait.Milliseconds(), maxWait.Milliseconds())}
	}
	return nil
}

// wait is how long what waits will take, at the pace of lately; 0 as long as that is not known, or little waits.
func (s *share) wait() time.Duration {
	if s.waiting <= freeWeight {
		return 0
	}
	return s.pace.time(s.waiting)
}

// pace is how fast a writer works while it has enough to do: what it did, over the time that it took, of the last
// second or so of such time. Time with less to do does not count, so that a quiet hour does not make a writer look
// slow that commits one event in the time in which it could commit a thousand. Such a spell begins when more than
// freeWeight waits and ends when hardly anything does.
type pace struct {
	busy  bool
	since time.Time // up to when took counts, while busy
	did   float64   // weight
	took  float64   // seconds
}

const (
	paceSpan  = 1.0  // seconds of work that count
	paceKnown = 0.05 // seconds of work before it is known
)

// passed counts the time until now. What goes beyond the span is let go of only when more time has passed: the work
// that took the last of it is counted a moment later.
func (p *pace) passed(now time.Time) {
	gone := max(0, now.Sub(p.since).Seconds())
	p.since = now
	if !p.busy || gone == 0 {
		return
	}
	if p.took > paceSpan {
		p.did, p.took = p.did*paceSpan/p.took, paceSpan
	}
	p.took += gone
}

// done counts what was done.
func (p *pace) done(weight int64) {
	if p.busy {
		p.did += float64(weight)
	}
}

// weigh takes note of how much waits.
func (p *pace) weigh(waiting int64) {
	if waiting > freeWeight {
		p.busy = true
	} else if waiting < freeWeight/4 {
		p.busy = false
	}
}

// time is how long a weight takes; 0 while the pace is not known.
func (p *pace) time(weight int64) time.Duration {
	if p.took < paceKnown {
		return 0
	}
	return time.Duration(float64(weight) * p.took / max(p.did, 1) * float64(time.Second))
}

func tooMany(limit, actual int64) *carpel.Error {
	return &carpel.Error{Code: carpel.CodeOverloaded, Bound: "requests", Limit: limit, Actual: actual, Message: "too many requests are at work; send it again a little later"}
}
