package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// nameStats is what was seen under a name: for completion and the data screens, never for evaluation. The top values
// are those of a space-saving sketch (Metwally and others, 2005): exact up to maxTop different values, beyond it an
// over-estimate.
type nameStats struct {
	Count    int64            `json:"n"`
	LastSeen carpel.Millis    `json:"at"`
	Kinds    map[string]int64 `json:"kinds,omitempty"`
	Top      []topValue       `json:"top,omitempty"`

	index map[carpel.Value]int // of Top; made when first needed
}

type topValue struct {
	Value carpel.Value `json:"v"`
	Count int64        `json:"n"`
}

// maxTop is how many values of a name are kept.
const maxTop = 100

// maxTopText bounds a value kept among the top.
const maxTopText = 200

// The kinds of names that have statistics of their own but no table: a property of an event (name is event NUL
// property), a page, a screen, a link, a campaign, a property of devices, and an attribute.
const (
	statEvent    = byte(120)
	statProperty = byte(121)
	statPage     = byte(122)
	statScreen   = byte(123)
	statLink     = byte(124)
	statCampaign = byte(125)
	statDevice   = byte(126)
	statAttr     = byte(127)
)

// maxStatNames bounds the names of one kind that have statistics: pages and links are as many as somebody likes.
const maxStatNames = 10_000

// allStats are the committed statistics. Safe for concurrent use.
type allStats struct {
	mu     sync.RWMutex
	byName map[uint32]*nameStats // guarded by mu; what it points to is immutable once there
	kinds  map[byte]int          // how many names of a kind; guarded by mu
}

func (s *Store) loadStats() error {
	s.stats = &allStats{byName: map[uint32]*nameStats{}, kinds: map[byte]int{}}
	return s.scan([]byte{keyStats}, func(k, v []byte) error {
		if len(k) != 5 {
			return fmt.Errorf("read statistics: a damaged key %x", k)
		}
		st := &nameStats{}
		if err := json.Unmarshal(v, st); err != nil {
			return fmt.Errorf("read statistics: %w", err)
		}
		n := uint32(k[1])<<24 | uint32(k[2])<<16 | uint32(k[3])<<8 | uint32(k[4])
		s.stats.byName[n] = st
		s.stats.kinds[s.names.of(n).kind]++
		return nil
	})
}

// stat returns the statistics of a name, to be changed by this transaction; nil when there are too many names of the
// kind already.
func (t *Tx) stat(k nameKey) *nameStats {
	n := t.store.names.lookup(k)
	if n != 0 {
		if st := t.stats[n]; st != nil {
			return st
		}
	}
	all := t.store.stats
	all.mu.RLock()
	defer all.mu.RUnlock()
	have := all.byName[n]
	if n == 0 || have == nil {
		if all.kinds[k.kind] >= maxStatNames {
			return nil
		}
		n = t.name(k)
		have = &nameStats{}
	}
	own := &nameStats{Count: have.Count, LastSeen: have.LastSeen, Kinds: make(map[string]int64, len(have.Kinds)), Top: slices.Clone(have.Top)}
	for kind, c := range have.Kinds {
		own.Kinds[kind] = c
	}
	t.stats[n] = own
	return own
}

// count adds one sight of a value.
func (st *nameStats) count(v carpel.Value, now carpel.Millis) {
	st.Count++
	st.LastSeen = max(st.LastSeen, now)
	if !v.IsSet() {
		return
	}
	st.Kinds[v.Kind().String()]++
	_, _, text := v.Parts()
	if v.Kind() == carpel.List || v.Kind() == carpel.Object || v.Kind() == carpel.Time || len(text) > maxTopText {
		return
	}
	if st.index == nil {
		st.index = make(map[carpel.Value]int, len(st.Top))
		for i, x := range st.Top {
			st.index[x.Value] = i
		}
	}
	if i, ok := st.index[v]; ok {
		st.Top[i].Count++
		return
	}
	if len(st.Top) < maxTop {
		st.index[v] = len(st.Top)
		st.Top = append(st.Top, topValue{v, 1})
		return
	}
	least := 0
	for i := range st.Top {
		if st.Top[i].Count < st.Top[least].Count {
			least = i
		}
	}
	delete(st.index, st.Top[least].Value)
	st.Top[least] = topValue{v, st.Top[least].Count + 1}
	st.index[v] = least
}

// countNames adds an event, page, screen, message or device with its properties.
func (a *application) countNames(table eval.Table, name string, props map[string]carpel.Value) {
	add := func(kind byte, name string, v carpel.Value) {
		if name == "" || len(name) > 2*carpel.MaxNameBytes+1 {
			return
		}
		if st := a.stat(nameKey{kind, name}); st != nil {
			st.count(v, a.it.At)
		}
	}
	switch table.Kind {
	case eval.EventTable:
		add(statEvent, name, carpel.Value{})
		for p, v := range props {
			add(statProperty, name+"\x00"+p, v)
		}
	case eval.PageTable:
		add(statPage, props["$url"].Text(), carpel.Value{})
	case eval.ScreenTable:
		add(statScreen, name, carpel.Value{})
	case eval.MessageTable:
		add(statLink, props["$link"].Text(), carpel.Value{})
		add(statCampaign, props["$campaign"].Text(), carpel.Value{})
	case eval.DeviceTable:
		for p, v := range props {
			if p != "token" {
				add(statDevice, p, v)
			}
		}
	}
}

// countAttribute adds one write of an attribute.
func (a *application) countAttribute(name string, v carpel.Value) {
	if st := a.stat(nameKey{statAttr, name}); st != nil && v.IsSet() {
		st.count(v, a.it.At)
	}
}

// writeStats writes the statistics that changed.
func (t *Tx) writeStats() error {
	for n, st := range t.stats {
		data, err := json.Marshal(st)
		if err != nil {
			return fmt.Errorf("write statistics: %w", err)
		}
		if err := t.batch.Set([]byte{keyStats, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, data, nil); err != nil {
			return err
		}
	}
	return nil
}

// installStats shows a transaction's statistics to readers.
func (s *Store) installStats(changed map[uint32]*nameStats) {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	for n, st := range changed {
		if s.stats.byName[n] == nil {
			s.stats.kinds[s.names.of(n).kind]++
		}
		st.index = nil
		s.stats.byName[n] = st
	}
}
