package store

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
)

// names numbers every (kind, name) that is stored, from 1. A transaction's new names get their numbers at once and
// become known to readers when it commits. Safe for concurrent use; only the writer adds.
type names struct {
	mu     sync.RWMutex
	number map[nameKey]uint32 // guarded by mu
	name   []nameKey          // by number; guarded by mu
	kinds  [256]int           // how many names of each kind there are; guarded by mu

	changes atomic.Uint64 // grows with every number given or taken back
}

func (s *Store) loadNames() (*names, error) {
	n := &names{number: map[nameKey]uint32{}, name: []nameKey{{}}}
	err := s.scan([]byte{keyName}, func(k, v []byte) error {
		if len(k) < 2 || len(v) != 4 {
			return fmt.Errorf("read names: a damaged entry %x", k)
		}
		n.add(nameKey{k[1], string(k[2:])}, binary.BigEndian.Uint32(v))
		return nil
	})
	return n, err
}

func (n *names) add(k nameKey, number uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.number[k] = number
	for len(n.name) <= int(number) {
		n.name = append(n.name, nameKey{})
	}
	n.name[number] = k
	n.kinds[k.kind]++
	n.changes.Add(1)
}

// remove takes back a number given by a transaction that was dropped; numbers are taken back last first.
func (n *names) remove(number uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := n.name[number]
	delete(n.number, k)
	n.name = n.name[:number]
	n.kinds[k.kind]--
	n.changes.Add(1)
}

// lookup returns a name's number; 0 when it was never stored.
func (n *names) lookup(k nameKey) uint32 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.number[k]
}

// of returns the name of a number.
func (n *names) of(number uint32) nameKey {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if int(number) >= len(n.name) {
		return nameKey{}
	}
	return n.name[number]
}

// count returns how many numbers are given.
func (n *names) count() uint32 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return uint32(len(n.name) - 1)
}

// room reports whether a name may be stored: it is known, or there are fewer than most of its kind.
func (n *names) room(k nameKey, most int) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.kinds[k.kind] < most || n.number[k] != 0
}

// kindEvent is the kind of event tables, as a name's kind.
const kindEvent = byte(1) // eval.EventTable
