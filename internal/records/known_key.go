package records

import (
	"sync"
	"time"
)

// knownKeys are the keys found last, by the hashes of their secrets: every request has one, and few are asked for all the
// time. Any change of the records empties it, before whoever made the change is answered. Safe for concurrent use.
type knownKeys struct {
	mu      sync.Mutex
	keys    map[string]Key       // by hash; guarded by mu
	changes uint64               // of the records; guarded by mu
	used    map[string]time.Time // when use last said so of a key, by its id; guarded by mu
}

// maxKnownKeys is where it is emptied.
const maxKnownKeys = 1024

// get returns a key, and how many changes there were, for put.
func (x *knownKeys) get(hash []byte) (k Key, changes uint64, ok bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	k, ok = x.keys[string(hash)]
	return k, x.changes, ok
}

// put remembers a key that was read after there were so many changes; not if there were more since.
func (x *knownKeys) put(hash []byte, k Key, changes uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if changes != x.changes {
		return
	}
	if x.keys == nil || len(x.keys) >= maxKnownKeys {
		x.keys = map[string]Key{}
	}
	x.keys[string(hash)] = k
}

// use reports whether it is to be noted that a key is used: once in an hour, and to one of those who ask at once.
func (x *knownKeys) use(k Key, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if last := x.used[k.ID]; now.Sub(last) < time.Hour || now.Sub(k.UsedAt) < time.Hour {
		return false
	}
	if x.used == nil || len(x.used) >= maxKnownKeys {
		x.used = map[string]time.Time{}
	}
	x.used[k.ID] = now
	return true
}

// changed forgets all keys.
func (x *knownKeys) changed() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.keys = nil
	x.changes++
}
