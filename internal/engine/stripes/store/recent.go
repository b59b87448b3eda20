package store

import (
	"cmp"
	"slices"
	"sync"

	"github.com/carpel/carpel"
)

// recent is what was read or written last of people and of who is who: most items are of people who were there a
// moment ago. It holds only what is committed; at most 2*size entries of a kind. The writer's, but for ids.
type recent struct {
	ids    identities
	people generations[uint32, *person]
}

// identities are identity keys that mean somebody. Safe for concurrent use. Whoever is not the writer puts in what was
// read only while holding visible, so that a commit comes either before the reading or after the putting.
type identities struct {
	mu sync.Mutex
	of generations[string, uint32] // guarded by mu
}

func (x *identities) get(k string) (uint32, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.of.get(k)
}

func (x *identities) put(k string, ordinal uint32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.of.put(k, ordinal)
}

func (x *identities) remove(k string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.of.remove(k)
}

// Warm looks up who items are of, so that the writer finds it in memory: callers do it beside each other, before they wait
// for the one writer. Whatever goes wrong shows when the writer looks.
func (s *Store) Warm(items []carpel.Item) {
	for i := range items {
		kind, text := refKey(items[i].Person)
		if kind == 0 {
			continue
		}
		k := identityKey(kind, text)
		if _, ok := s.recent.ids.get(string(k)); !ok {
			s.warm(k)
		}
	}
}

// warm looks up one key, unless a batch syncs: who waits for that is to be in the queue, so that the next sync is theirs.
func (s *Store) warm(k []byte) {
	if !s.visible.TryRLock() {
		return
	}
	defer s.visible.RUnlock()
	if v, ok, err := s.get(k); ok && err == nil {
		if n, err := decodeOrdinal(v); err == nil {
			s.recent.ids.put(string(k), n)
		}
	}
}

// recentSize is the most entries of a generation; recentBytes is what a person and their identities take, about, and a
// store keeps no more than its share of the budget allows.
const (
	recentSize  = 100_000
	recentBytes = 8 << 10 // an eighth of the share, for two generations
)

// fit makes the generations as large as the share of a budget allows.
func (r *recent) fit(share int64) {
	size := int(min(recentSize, 64+share/recentBytes))
	r.ids.mu.Lock()
	r.ids.of.size = size
	r.ids.mu.Unlock()
	r.people.size = size
}

// person returns a copy of a person record that the transaction may change; nil when it is not here.
func (r *recent) person(ordinal uint32) *person {
	p, ok := r.people.get(ordinal)
	if !ok {
		return nil
	}
	c := *p
	c.keys, c.users, c.emails = slices.Clip(c.keys), slices.Clip(c.users), slices.Clip(c.emails)
	c.anonymous, c.devices = slices.Clip(c.anonymous), slices.Clip(c.devices)
	return &c
}

// commit takes over what a transaction has read and written.
func (r *recent) commit(t *Tx) {
	for k, ordinal := range t.ids {
		if k[0] != keyIdentity {
			continue // of a suppression
		}
		if ordinal == deleted {
			r.ids.remove(k)
		} else {
			r.ids.put(k, ordinal)
		}
	}
	for ordinal, p := range t.persons {
		if p == nil || p.gone {
			r.people.remove(ordinal)
		} else {
			r.people.put(ordinal, p)
		}
	}
}

// generations is a bounded map: what was not asked for while so many others were goes.
type generations[K comparable, V any] struct {
	young, old map[K]V
	size       int // of a generation; 0 for recentSize
}

func (g *generations[K, V]) get(k K) (V, bool) {
	if v, ok := g.young[k]; ok {
		return v, true
	}
	v, ok := g.old[k]
	if ok {
		g.put(k, v)
	}
	return v, ok
}

func (g *generations[K, V]) put(k K, v V) {
	if g.young == nil || len(g.young) >= cmp.Or(g.size, recentSize) {
		g.young, g.old = make(map[K]V, 1024), g.young
	}
	g.young[k] = v
}

func (g *generations[K, V]) remove(k K) {
	delete(g.young, k)
	delete(g.old, k)
}
