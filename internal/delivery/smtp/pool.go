package smtp

import (
	"context"
	"errors"
	"sync"
	"time"
)

// idleTime is how long a connection waits for its next message: shorter than servers wait for the next command.
const idleTime = 45 * time.Second

// errClosed is why a closed channel sends nothing.
var errClosed = errors.New("the channel was closed")

// pool keeps a bounded number of connections. Who takes one puts it back.
type pool struct {
	dial     func(ctx context.Context) (*connection, error)
	places   chan struct{} // one in it for each connection that is taken
	messages int           // over one connection

	mu     sync.Mutex
	free   []*connection // the last one put back is taken first; guarded by mu
	sweep  *time.Timer   // closes those that are idle for too long; nil while there are none; guarded by mu
	closed bool          // guarded by mu
}

func newPool(size, messages int, dial func(ctx context.Context) (*connection, error)) *pool {
	return &pool{dial: dial, places: make(chan struct{}, size), messages: messages}
}

// take waits for a place and returns a connection: one that was used before, else, or when it has to be new, one just made.
// The caller puts it back.
func (p *pool) take(ctx context.Context, mustBeNew bool) (c *connection, err error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		if err != nil {
			<-p.places
		}
	}()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed
	}
	if n := len(p.free); n > 0 && !mustBeNew {
		c, p.free = p.free[n-1], p.free[:n-1]
	}
	p.mu.Unlock()
	if c != nil {
		return c, nil
	}
	return p.dial(ctx)
}

// put gives a connection back: to be used again, or to be ended when it is broken or has carried enough.
func (p *pool) put(c *connection) {
	defer func() { <-p.places }()
	p.mu.Lock()
	keep := !c.broken && c.sent < p.messages && !p.closed
	if keep {
		c.idle = time.Now()
		p.free = append(p.free, c)
		if p.sweep == nil {
			p.sweep = time.AfterFunc(idleTime, p.endIdle)
		}
	}
	p.mu.Unlock()
	if !keep {
		c.quit()
	}
}

// endIdle ends the connections that were idle for too long, and comes again while there are others.
func (p *pool) endIdle() {
	p.mu.Lock()
	old := 0 // they lie in the order of their being put back
	for old < len(p.free) && time.Since(p.free[old].idle) >= idleTime {
		old++
	}
	ended := p.free[:old:old]
	p.free = append([]*connection(nil), p.free[old:]...)
	p.sweep = nil
	if len(p.free) > 0 {
		p.sweep = time.AfterFunc(idleTime-time.Since(p.free[0].idle), p.endIdle)
	}
	p.mu.Unlock()
	for _, c := range ended {
		c.quit()
	}
}

// close ends the idle connections; those at work end when they are put back.
func (p *pool) close() {
	p.mu.Lock()
	ended := p.free
	p.free, p.closed = nil, true
	if p.sweep != nil {
		p.sweep.Stop()
	}
	p.mu.Unlock()
	for _, c := range ended {
		c.quit()
	}
}
