package compat

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carpel/carpel"
)

// crowd sends requests through a gate by a clock of its own.
type crowd struct {
	t    *testing.T
	gate *gate
	at   time.Time
}

func newCrowd(t *testing.T, requests int) *crowd {
	c := &crowd{t: t, at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	c.gate = newGate(requests, func() time.Time { return c.at })
	return c
}

// try sends one request of a workspace as far as the writer, and one of nobody as far as its body.
func (c *crowd) try(workspace string, size int) (*visit, *carpel.Error) {
	v, err := c.gate.enter()
	if err != nil {
		return nil, err
	}
	for _, step := range []func() *carpel.Error{
		func() *carpel.Error { return v.of(workspace) },
		func() *carpel.Error { return v.hold(size) },
		func() *carpel.Error {
			if workspace == "" {
				return nil
			}
			return v.wait()
		},
	} {
		if err := step(); err != nil {
			v.leave()
			return nil, err
		}
	}
	return v, nil
}

func (c *crowd) enter(workspace string, size int) *visit {
	c.t.Helper()
	v, err := c.try(workspace, size)
	if err != nil {
		c.t.Fatal(err)
	}
	return v
}

func (c *crowd) refused(what, workspace string, size int) {
	c.t.Helper()
	if v, err := c.try(workspace, size); err == nil || err.Code != carpel.CodeOverloaded || statusOf(err) != 429 {
		c.t.Errorf("%s: %v %v", what, v, err)
	}
}

// empty fails the test unless the gate has forgotten everybody.
func (c *crowd) empty() {
	c.t.Helper()
	if c.gate.all != (room{}) {
		c.t.Errorf("%+v stays", c.gate.all)
	}
	for name, s := range c.gate.shares {
		if s.room != (room{}) || s.waiting != 0 {
			c.t.Errorf("%+v stays of %q", *s, name)
		}
	}
}

// TestGateRequests holds that one workspace gets no more than its share of the requests, that the others find room
// beside it, that what leaves makes room, and that there is an end to it for everybody together.
func TestGateRequests(t *testing.T) {
	c := newCrowd(t, 16)
	var inside []*visit
	for range 12 {
		inside = append(inside, c.enter("loud", 10))
	}
	c.refused("more than three quarters", "loud", 10)
	for range 3 {
		inside = append(inside, c.enter("quiet", 10))
	}
	c.refused("three quarters of the rest", "quiet", 10)
	inside = append(inside, c.enter("third", 10))
	c.refused("more than there is room for", "fourth", 10)
	inside[0].leave()
	inside[0].leave() // leaving twice makes no more room
	inside = append(inside[1:], c.enter("fourth", 10))
	c.refused("one more", "fifth", 10)
	for _, v := range inside {
		v.leave()
	}
	c.empty()
}

// TestGateBytes is the same for the bytes of bodies.
func TestGateBytes(t *testing.T) {
	c := newCrowd(t, 1000)
	var inside []*visit
	for range maxBodies * 3 / 4 {
		inside = append(inside, c.enter("loud", carpel.MaxBody))
	}
	c.refused("more than three quarters", "loud", 1)
	inside = append(inside, c.enter("quiet", carpel.MaxBody))
	for _, v := range inside {
		v.leave()
	}
	c.empty()
}

// TestGateNobody holds that bodies of nobody known have little room, and that they move to whom they turn out to be of.
func TestGateNobody(t *testing.T) {
	c := newCrowd(t, 16)
	a, b := c.enter("", 10), c.enter("", 10)
	c.refused("a third of nobody", "", 10)
	if err := a.of("known"); err != nil {
		t.Error(err)
	}
	third := c.enter("", 10)
	for _, v := range []*visit{a, b, third} {
		v.leave()
	}
	c.empty()
}

// TestGateWait holds that what would wait longer than maxWait is refused, by what the writer has done lately.
func TestGateWait(t *testing.T) {
	c := newCrowd(t, 1000)
	const size = 64<<10 - requestWeight
	const perSecond = 1 << 20 // of the writer: 64 KiB in 62.5 ms
	work := func(v *visit) {
		c.at = c.at.Add(time.Second / 16)
		v.leave()
	}
	for range 20 { // one at a time says nothing about the pace
		work(c.enter("w", size))
	}
	var queue []*visit
	for range 8 {
		queue = append(queue, c.enter("w", size)) // nothing is known yet: all come in
	}
	for len(queue) > 2 {
		work(queue[0])
		queue = queue[1:]
	}
	// 128 KiB always may wait; with a third, it is 188 ms at the pace that is known by now.
	queue = append(queue, c.enter("w", size))
	c.refused("behind 188 ms of work", "w", 10)
	c.enter("other", size).leave() // whose writer has nothing to do
	work(queue[0])
	queue = append(queue[1:], c.enter("w", carpel.MaxBody-requestWeight)) // a large one has its turn like any other
	c.refused("behind a large one", "w", 10)
	if wait := c.gate.shares["w"].wait(); wait < 3900*time.Millisecond || wait > 4400*time.Millisecond {
		t.Errorf("4 MiB and 128 KiB at 1 MiB/s take %s", wait)
	}
	c.at = c.at.Add(4 * time.Second)
	for _, v := range queue {
		v.leave()
	}
	c.at = c.at.Add(time.Hour)
	for range 2 {
		c.enter("w", 10).leave() // a quiet hour
	}
	first, second, third := c.enter("w", size), c.enter("w", size), c.enter("w", size)
	if wait := c.gate.shares["w"].wait(); wait < 150*time.Millisecond || wait > 250*time.Millisecond {
		t.Errorf("after a quiet hour 192 KiB at %d a second take %s", perSecond, wait)
	}
	for _, v := range []*visit{first, second, third} {
		v.leave()
	}
	c.empty()
}

// TestGateCountsWhatWasRead holds that small bodies in large buffers, left from earlier requests, do not fill the gate.
func TestGateCountsWhatWasRead(t *testing.T) {
	const requests = 200
	c := newCrowd(t, 2*requests)
	for i := range requests {
		v, refused := c.gate.enter()
		if refused == nil {
			refused = v.of("w")
		}
		if refused != nil {
			t.Fatal(refused)
		}
		b, err := readBody(httptest.NewRequest("POST", "/", bytes.NewReader([]byte("{}"))), v, make([]byte, 0, keptBuffer))
		if err != nil || string(b) != "{}" {
			t.Fatalf("request %d: %q, %v", i, b, err)
		}
	}
	if n := c.gate.all.bytes; n != 2*requests {
		t.Errorf("%d bytes are counted", n)
	}
}

// A batch from our own disk waits until it is let in beside the requests, as one of its workspace's, and then makes them
// wait as a request does; who no longer wants it to goes away.
func TestAdmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &Door{gate: newGate(1, time.Now)}
		inside, refused := d.gate.enter()
		if refused != nil {
			t.Fatal(refused)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := d.Admit(ctx, "w", 100)
			gone <- err
		}()
		admitted := make(chan func(), 1)
		go func() {
			leave, err := d.Admit(t.Context(), "w", 100)
			if err != nil {
				t.Error(err)
			}
			admitted <- leave
		}()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who went away got %v", err)
		}
		if len(admitted) > 0 {
			t.Error("a batch was let in beside what fills the gate")
		}
		inside.leave()
		leave := <-admitted
		if s := d.gate.shares["w"]; s.requests != 1 || s.bytes != 100 || s.waiting != 100+requestWeight {
			t.Errorf("inside it is %+v", *s)
		}
		leave()
		c := crowd{t: t, gate: d.gate}
		c.empty()
	})
}
