package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

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

// allStats are the statistics. Transactions collect what they see (sight), and a commit counts it: what is counted is
// written with a batch now and then and when the store closes, so that a crash may lose the counts of the last seconds,
// and never a name. Safe for concurrent use.
type allStats struct {
	mu      sync.RWMutex
	byName  map[uint32]*nameStats // guarded by mu
	kinds   map[byte]int          // how many names of a kind; guarded by mu
	dirty   map[uint32]bool       // not written since they changed; guarded by mu
	fresh   bool                  // a dirty one was never written; guarded by mu
	written carpel.Millis         // the writer's: when they were last written
}

// sight is one sight of a value under a name.
type sight struct {
	number uint32
	value  carpel.Value
	at     carpel.Millis
}

// statsEvery is how often changed statistics are written.
const statsEvery = 5000 // milliseconds

func (s *Store) loadStats() error {
	s.stats = &allStats{byName: map[uint32]*nameStats{}, kinds: map[byte]int{}, dirty: map[uint32]bool{}}
	return s.scan([]byte{keyStats}, func(k, v []byte) error {
		if len(k) != 5 {
			return fmt.Errorf("read statistics: a damaged key %x", k)
		}
		st := &nameStats{Kinds: map[string]int64{}}
		if err := json.Unmarshal(v, st); err != nil {
			return fmt.Errorf("read statistics: %w", err)
		}
		n := binary.BigEndian.Uint32(k[1:])
		s.stats.byName[n] = st
		s.stats.kinds[s.names.of(n).kind]++
		return nil
	})
}

// see notes a sight of a value under a name, unless the name is new and there are too many of the kind already.
func (t *Tx) see(k nameKey, v carpel.Value, at carpel.Millis) {
	n := t.store.names.lookup(k)
	if n == 0 {
		t.store.stats.mu.RLock()
		full := t.store.stats.kinds[k.kind] >= maxStatNames
		t.store.stats.mu.RUnlock()
		if full {
			return
		}
		n = t.name(k)
	}
	t.sights = append(t.sights, sight{n, v, at})
}

// count counts the sights of a transaction.
func (a *allStats) count(sights []sight, names *names) {
	if len(sights) == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range sights {
		st := a.byName[x.number]
		if st == nil {
			st = &nameStats{Kinds: map[string]int64{}}
			a.byName[x.number] = st
			a.kinds[names.of(x.number).kind]++
			a.fresh = true
		}
		st.count(x.value, x.at)
		a.dirty[x.number] = true
	}
}

// writeStats writes the statistics that changed, when it is time to, or when one was never written.
func (s *Store) writeStats(b *pebble.Batch, now carpel.Millis) error {
	a := s.stats
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.dirty) == 0 || !a.fresh && now >= a.written && now < a.written+statsEvery {
		return nil
	}
	for n := range a.dirty {
		data, err := json.Marshal(a.byName[n])
		if err != nil {
			return fmt.Errorf("write statistics: %w", err)
		}
		if err := b.Set(binary.BigEndian.AppendUint32([]byte{keyStats}, n), data, nil); err != nil {
			return err
		}
	}
	a.dirty, a.fresh, a.written = map[uint32]bool{}, false, now
	return nil
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
	st.indexed()
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

// indexed makes the index of the top values unless it is there.
func (st *nameStats) indexed() {
	if st.index != nil {
		return
	}
	st.index = make(map[carpel.Value]int, len(st.Top))
	for i, x := range st.Top {
		st.index[x.Value] = i
	}
}

// countNames adds an event, page, screen, message or device with its properties.
func (a *application) countNames(table eval.Table, name string, props map[string]carpel.Value) {
	add := func(kind byte, name string, v carpel.Value) {
		if name != "" && len(name) <= 2*carpel.MaxNameBytes+1 {
			a.see(nameKey{kind, name}, v, a.it.At)
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
	if v.IsSet() {
		a.see(nameKey{statAttr, name}, v, a.it.At)
	}
}
