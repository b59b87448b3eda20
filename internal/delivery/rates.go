package delivery

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/carpel/carpel"
)

// rates lets no more through in a second than is allowed, by token buckets. What comes too early gets the moment at which
// its token is there, and is planned for then: nothing waits in memory. The bucket remembers who that token is for, so
// that each delivery waits once, however many there are. After a restart it is asked for anew.
type rates struct {
	mu      sync.Mutex
	buckets map[string]*bucket // guarded by mu
}

// bucket is a token bucket of a workspace, a channel, or a domain at a channel.
type bucket struct {
	limiter  *rate.Limiter
	reserved map[string]time.Time // when a delivery's token is there
	last     time.Time            // the last token given away
}

// Bounds of what is remembered.
const (
	maxReserved = 100_000 // tokens of a bucket that are given away in advance
	maxBuckets  = 10_000
)

// limit names a bucket and how many messages it lets through in a second.
type limit struct {
	key  string
	rate float64
}

func newRates() *rates { return &rates{buckets: map[string]*bucket{}} }

// wait returns how long a delivery must wait for a token of every bucket; 0 to go now.
func (r *rates) wait(id string, now time.Time, limits []limit) (delay time.Duration) {
	if len(limits) == 0 {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range limits {
		delay = max(delay, r.bucket(l, now).reserve(id, now))
	}
	if delay == 0 {
		for _, l := range limits {
			delete(r.buckets[l.key].reserved, id)
		}
	}
	return delay
}

func (r *rates) bucket(l limit, now time.Time) *bucket {
	b := r.buckets[l.key]
	if b == nil {
		if len(r.buckets) >= maxBuckets {
			r.drop(now)
		}
		b = &bucket{}
		r.buckets[l.key] = b
	}
	if b.limiter == nil || b.limiter.Limit() != rate.Limit(l.rate) { // tokens of the old rate are none
		*b = bucket{limiter: rate.NewLimiter(rate.Limit(l.rate), max(1, int(l.rate))), reserved: map[string]time.Time{}}
	}
	return b
}

// reserve takes a token for a delivery, or remembers the one that was taken, and returns how long until it is there.
func (b *bucket) reserve(id string, now time.Time) time.Duration {
	at, known := b.reserved[id]
	if !known {
		if len(b.reserved) >= maxReserved { // behind those that have one
			return max(time.Minute, b.last.Sub(now)/2)
		}
		at = now.Add(b.limiter.ReserveN(now, 1).DelayFrom(now))
		b.reserved[id] = at
		if at.After(b.last) {
			b.last = at
		}
	}
	return max(0, at.Sub(now))
}

// sweep forgets buckets whose tokens have all been there for a while.
func (r *rates) sweep(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(now.Add(-sweepEvery))
}

func (r *rates) drop(before time.Time) {
	for key, b := range r.buckets {
		if b.last.Before(before) {
			delete(r.buckets, key)
		}
	}
}

// buckets are the limits that a delivery must pass. A channel's own are its settings rate and domain_rate.
func (c *check) buckets(r *ready) (all []limit) {
	add := func(rate float64, parts ...string) {
		if rate > 0 {
			all = append(all, limit{strings.Join(append(parts, c.workspace.ID), " "), rate})
		}
	}
	way := r.targets[0].way
	if way.channel.Provider == carpel.Sandbox {
		return all
	}
	add(c.Rate, "workspace")
	add(way.setting("rate"), "channel", way.channel.ID)
	if domain := r.targets[0].domain(); domain != "" {
		add(way.setting("domain_rate"), "domain", way.channel.ID, domain)
	}
	return all
}

// domain is who receives an email.
func (t target) domain() string {
	_, domain, _ := strings.Cut(t.address, "@")
	return carpel.Fold(domain)
}
