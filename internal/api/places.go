package api

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/carpel/carpel"
)

// places bounds how many heavy questions are at work: each takes every core for as long as it goes on, and what comes
// in meanwhile has to be stored and evaluated beside it. It is fair between workspaces: a free place goes to the one
// that has the fewest questions at work, and among those to the one that was served longest ago; within a workspace
// the first comes first. One workspace never has all places, so that another's question begins at once. Safe for
// concurrent use.
type places struct {
	most    int // at work
	waiters int // that wait, of one workspace

	mu    sync.Mutex
	busy  int               // guarded by mu
	turn  int64             // counts the places given; guarded by mu
	lines map[string]*queue // of the workspaces that ask; guarded by mu
}

// queue is one workspace's questions. Guarded by places.mu.
type queue struct {
	busy    int
	served  int64           // turn of its last place
	waiting []chan struct{} // closed when the place is given
}

// waitingQuestions is how many questions of a workspace wait before 429: more than a console asks at once.
const waitingQuestions = 32

// newPlaces returns as many places as there are cores, and at least two: what asks for the disk leaves cores free.
func newPlaces() *places {
	return &places{most: max(2, runtime.GOMAXPROCS(0)), waiters: waitingQuestions, lines: map[string]*queue{}}
}

// take waits for a place and returns the function that gives it back. CodeOverloaded when too many of the workspace
// wait already; ctx's error when that ends first.
func (p *places) take(ctx context.Context, workspace string) (leave func(), err error) {
	given, err := p.ask(workspace)
	if err != nil {
		return nil, err
	}
	select {
	case <-given:
		return sync.OnceFunc(func() { p.leave(workspace) }), nil
	case <-ctx.Done():
		p.withdraw(workspace, given)
		return nil, ctx.Err()
	}
}

// ask puts a question in its workspace's line.
func (p *places) ask(workspace string) (given chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.lines[workspace]
	if q == nil {
		q = &queue{}
		p.lines[workspace] = q
	}
	if n := len(q.waiting); n >= p.waiters {
		return nil, &carpel.Error{Code: carpel.CodeOverloaded, Limit: int64(p.waiters), Actual: int64(n + 1),
			Message: "too many requests wait already; ask again a little later"}
	}
	given = make(chan struct{})
	q.waiting = append(q.waiting, given)
	p.give()
	return given, nil
}

// withdraw takes a question out of the line, or gives back the place that it got meanwhile.
func (p *places) withdraw(workspace string, given chan struct{}) {
	p.mu.Lock()
	q := p.lines[workspace]
	i := slices.Index(q.waiting, given)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		p.forget(workspace)
	}
	p.mu.Unlock()
	if i < 0 {
		p.leave(workspace)
	}
}

func (p *places) leave(workspace string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.lines[workspace].busy--
	p.forget(workspace)
	p.give()
}

// forget drops a workspace that asks nothing any more. The caller holds mu.
func (p *places) forget(workspace string) {
	if q := p.lines[workspace]; q.busy == 0 && len(q.waiting) == 0 {
		delete(p.lines, workspace)
	}
}

// give hands out free places. The caller holds mu.
func (p *places) give() {
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
