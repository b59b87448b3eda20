package compat

import (
	"sync"
	"sync/atomic"

	"github.com/carpel/carpel"
)

// gate bounds what ingestion has at work: requests, and the bytes of their bodies. A request over the bound is
// refused at once, before any of its body is read. Safe for concurrent use.
type gate struct {
	maxRequests int64
	maxBytes    int64
	requests    atomic.Int64
	bytes       atomic.Int64
}

// maxBodies is how many bodies of the greatest size are at work at once; of the usual size it is thousands.
const maxBodies = 16

// newGate returns a gate for so many requests.
func newGate(requests int) *gate {
	return &gate{maxRequests: int64(requests), maxBytes: maxBodies * carpel.MaxBody}
}

// enter lets a request in, or returns CodeOverloaded. Who came in calls leave once.
func (g *gate) enter() (*visit, *carpel.Error) {
	if n := g.requests.Add(1); n > g.maxRequests {
		g.requests.Add(-1)
		return nil, &carpel.Error{Code: carpel.CodeOverloaded, Limit: g.maxRequests, Actual: n, Message: "too many requests are at work; send it again a little later"}
	}
	return &visit{gate: g}, nil
}

// visit is one request inside the gate.
type visit struct {
	gate *gate
	held int64
	once sync.Once
}

// hold counts bytes of the request's body, or returns CodeOverloaded.
func (v *visit) hold(n int) *carpel.Error {
	v.held += int64(n)
	if all := v.gate.bytes.Add(int64(n)); all > v.gate.maxBytes {
		return &carpel.Error{Code: carpel.CodeOverloaded, Limit: v.gate.maxBytes, Actual: all, Message: "too much is being sent at once; send it again a little later"}
	}
	return nil
}

func (v *visit) leave() {
	v.once.Do(func() {
		v.gate.bytes.Add(-v.held)
		v.gate.requests.Add(-1)
	})
}
