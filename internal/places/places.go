// Package places bounds how many requests are at work at once, fairly between those who ask.
package places

import (
	"context"
	"net"
	"slices"
	"sync"

	"github.com/carpel/carpel"
)

// Places bounds how many requests of a kind are at work, fairly between those who ask: a free place goes to the one who has
// the fewest at work, and among those to the one who was served longest ago; of one asker the first comes first. One never
// has all places, so that another's request begins at once. Safe for concurrent use.
//
// Heavy questions take places by their workspace: each takes every core for as long as it goes on, and what comes in
// meanwhile has to be stored and evaluated beside it. Every call with a credential takes one of many more, by its workspace,
// and one without takes others, by its address.
type Places struct {
	of      string // what they are for, in metrics
	most    int    // at work
	waiters int    // that wait, of one asker

	mu    sync.Mutex
	busy  int               // guarded by mu
	turn  int64             // counts the places given; guarded by mu
	lines map[string]*queue // of those who ask; guarded by mu
}

// queue is one asker's requests. Guarded by Places.mu.
type queue struct {
	busy    int
	served  int64           // turn of its last place
	waiting []chan struct{} // closed when the place is given
}

// New returns so many places, for which so many of one asker may wait.
func New(of string, most, waiters int) *Places {
	return &Places{of: of, most: most, waiters: waiters, lines: map[string]*queue{}}
}

// Take waits for a place and returns the function that gives it back. CodeOverloaded when too many of the same asker wait
// already; ctx's error when that ends first.
func (p *Places) Take(ctx context.Context, who string) (leave func(), err error) {
	given, err := p.ask(who)
	if err != nil {
		return nil, err
	}
	select {
	case <-given:
		return sync.OnceFunc(func() { p.leave(who) }), nil
	case <-ctx.Done():
		p.withdraw(who, given)
		return nil, ctx.Err()
	}
}

// ask puts a request in its asker's line.
func (p *Places) ask(who string) (given chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.lines[who]
	if q == nil {
		q = &queue{}
		p.lines[who] = q
	}
	given = make(chan struct{})
	q.waiting = append(q.waiting, given)
	p.give()
	n := len(q.waiting)
	if n <= p.waiters { // it waits, or has its place
		return given, nil
	}
	q.waiting = q.waiting[:n-1]
	p.forget(who)
	if p.waiters == 0 {
		return nil, &carpel.Error{Code: carpel.CodeOverloaded, Bound: p.of, Limit: int64(p.most), Actual: int64(p.most + 1), Message: "too many are open already; try again a little later"}
	}
	return nil, &carpel.Error{Code: carpel.CodeOverloaded, Bound: p.of, Limit: int64(p.waiters), Actual: int64(n),
		Message: "too many requests wait already; ask again a little later"}
}

// withdraw takes a request out of the line, or gives back the place that it got meanwhile.
func (p *Places) withdraw(who string, given chan struct{}) {
	p.mu.Lock()
	q := p.lines[who]
	i := slices.Index(q.waiting, given)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		p.forget(who)
	}
	p.mu.Unlock()
	if i < 0 {
		p.leave(who)
	}
}

func (p *Places) leave(who string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.lines[who].busy--
	p.forget(who)
	p.give()
}

// forget drops who asks nothing any more. The caller holds mu.
func (p *Places) forget(who string) {
	if q := p.lines[who]; q.busy == 0 && len(q.waiting) == 0 {
		delete(p.lines, who)
	}
}

// give hands out free places. The caller holds mu.
func (p *Places) give() {
	for p.busy < p.most {
		var next *queue
		for _, q := range p.lines {
			if len(q.waiting) == 0 || q.busy >= p.most-1 {
				continue
			}
			if next == nil || q.busy < next.busy || q.busy == next.busy && q.served < next.served {
				next = q
			}
		}
		if next == nil {
			return
		}
		p.turn++
		next.served = p.turn
		next.busy++
		p.busy++
		close(next.waiting[0])
		next.waiting = next.waiting[1:]
	}
}

// Address is the address, or of IPv6 the network, of the other end of a connection.
func Address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}
