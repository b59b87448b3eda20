package stripes

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// segmentRecord is what is kept of a segment on disk, as JSON.
type segmentRecord struct {
	ID        string          `json:"id"`
	Key       string          `json:"key"`
	Number    uint32          `json:"number"` // names its keys; given once
	Manual    bool            `json:"manual,omitempty"`
	Version   int             `json:"version"`             // defined last
	Condition json.RawMessage `json:"condition,omitempty"` // of Version
	Serving   int             `json:"serving"`             // the version that serves; 0 when none was built yet
	Served    json.RawMessage `json:"served,omitempty"`    // its condition
	Paused    bool            `json:"paused,omitempty"`
	Cancelled bool            `json:"cancelled,omitempty"` // the build of Version was
	Rebuild   bool            `json:"rebuild,omitempty"`   // the serving version must be evaluated anew
}

// segment is a segment in memory. The writer alone changes it, holding view.mu for what readers look at: everything
// but build.
type segment struct {
	segmentRecord
	want   carpel.Condition // of Version; nil for manual
	served carpel.Condition // of Serving
	masks  []block.Mask     // members by stripe; stripes beyond the end have none
	count  int64
	build  *build // under way; the writer's, but for its progress
}

// mask returns the members in a stripe. For the writer, and for readers who hold view.mu.
func (s *segment) mask(stripe uint32) block.Mask {
	if int(stripe) >= len(s.masks) {
		return block.Mask{}
	}
	return s.masks[stripe]
}

// set replaces the members in a stripe, and keeps the count. The writer's, holding view.mu.
func (s *segment) set(stripe uint32, m block.Mask) {
	for int(stripe) >= len(s.masks) {
		s.masks = append(s.masks, block.Mask{})
	}
	s.count += int64(m.Count() - s.masks[stripe].Count())
	s.masks[stripe] = m
}

// toBuild reports whether the segment waits for a build.
func (s *segment) toBuild() bool {
	return !s.Manual && !s.Paused && (s.Rebuild || s.Version != s.Serving && !s.Cancelled)
}

// evaluated reports whether the segment's members follow its definition at every moment.
func (s *segment) evaluated() bool { return !s.Manual && !s.Paused && s.Serving > 0 }

// status is how the segment stands. For whoever holds view.mu.
func (s *segment) status(stripes uint32) engine.Status {
	st := engine.Status{ID: s.ID, State: carpel.StateLive, Serving: s.Serving, Count: s.count}
	switch {
	case s.Paused:
		st.State = carpel.StatePaused
	case s.toBuild():
		st.State, st.Building = carpel.StateBuilding, s.Version
		if s.build != nil && stripes > 0 {
			st.Progress = min(float64(s.build.progress.Load())/float64(stripes), 1)
		}
	case s.Serving == 0:
		st.State, st.Reason = carpel.StateFailed, "cancelled"
	}
	return st
}

// view is what readers see.
type view struct {
	mu       sync.RWMutex
	position engine.Position     // guarded by mu
	changed  chan struct{}       // closed and replaced at every change; guarded by mu
	byID     map[string]*segment // guarded by mu
	byKey    map[string]*segment // guarded by mu
	feed     feedSpan            // guarded by mu
}

// find returns a segment by id or key, nil when there is none. For the writer, and for readers who hold mu.
func (v *view) find(ref string) *segment {
	if s := v.byID[ref]; s != nil {
		return s
	}
	return v.byKey[ref]
}

// all returns the segments in order of id.
func (v *view) all() []*segment {
	out := make([]*segment, 0, len(v.byID))
	for _, id := range slices.Sorted(maps.Keys(v.byID)) {
		out = append(out, v.byID[id])
	}
	return out
}

// segmentOf returns a segment and its number for a reader; CodeNotFound when there is none.
func (db *DB) segmentOf(ref string) (*segment, uint32, error) {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	if s := db.view.find(ref); s != nil {
		return s, s.Number, nil
	}
	return nil, 0, noSegment(ref)
}

func noSegment(ref string) error {
	return carpel.Errorf(carpel.CodeNotFound, "there is no segment %q", ref)
}

// Status returns how one segment stands.
func (db *DB) Status(id string) (engine.Status, error) {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	s := db.view.find(id)
	if s == nil {
		return engine.Status{}, noSegment(id)
	}
	return s.status(db.store.Stripes()), nil
}

// Statuses returns how all segments stand, by id.
func (db *DB) Statuses() []engine.Status {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	var out []engine.Status
	for _, s := range db.view.all() {
		out = append(out, s.status(db.store.Stripes()))
	}
	return out
}

// loadSegments reads the segments and who is in them.
func (db *DB) loadSegments() error {
	v := &db.view
	v.byID, v.byKey = map[string]*segment{}, map[string]*segment{}
	byNumber := map[uint32]*segment{}
	err := db.scan([]byte{keySegment}, []byte{keySegment + 1}, func(_, value []byte) (bool, error) {
		s := &segment{}
		if err := json.Unmarshal(value, &s.segmentRecord); err != nil {
			return false, fmt.Errorf("read segment: %w", err)
		}
		if err := s.parse(); err != nil {
			return false, err
		}
		v.byID[s.ID], v.byKey[s.Key], byNumber[s.Number] = s, s, s
		return true, nil
	})
	if err != nil {
		return err
	}
	return db.scan([]byte{keyMembers}, []byte{keyMembers + 1}, func(key, value []byte) (bool, error) {
		if len(key) != 9 {
			return false, errMembers
		}
		s := byNumber[binary.BigEndian.Uint32(key[1:])]
		if s == nil {
			return true, nil // of a segment that was dropped
		}
		m, err := decodeMask(value)
		if err == nil {
			s.set(binary.BigEndian.Uint32(key[5:]), m)
		}
		return true, err
	})
}

// parse fills in the conditions from their JSON.
func (s *segment) parse() (err error) {
	for _, c := range []struct {
		from json.RawMessage
		to   *carpel.Condition
	}{{s.Condition, &s.want}, {s.Served, &s.served}} {
		if len(c.from) == 0 {
			continue
		}
		if *c.to, err = carpel.ParseCondition(c.from); err != nil {
			return fmt.Errorf("read the definition of segment %s: %w", s.ID, err)
		}
	}
	return nil
}

// writeSegment puts a segment's record into a batch.
func writeSegment(b *pebble.Batch, r *segmentRecord) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write segment %s: %w", r.ID, err)
	}
	return b.Set(segmentKey(r.ID), data, nil)
}

// references returns the segments that a condition refers to, in order, each once. For the writer, or under view.mu.
func (v *view) references(c carpel.Condition) []*segment {
	if c == nil {
		return nil
	}
	var out []*segment
	for _, ref := range carpel.References(c) {
		if s := v.find(ref); s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// dependants returns the evaluated segments that refer to s, directly or through others, each after those it refers
// to. For the writer, or under view.mu.
func (v *view) dependants(s *segment) []*segment {
	var out []*segment
	seen := map[*segment]bool{s: true}
	var visit func(x *segment) bool // reports whether x depends on s
	visited := map[*segment]bool{}
	visit = func(x *segment) bool {
		if visited[x] {
			return seen[x]
		}
		visited[x] = true
		depends := false
		if x.evaluated() {
			for _, r := range v.references(x.served) {
				if r == s || visit(r) {
					depends = true
				}
			}
		}
		if depends && x != s {
			seen[x] = true
			out = append(out, x)
		}
		return depends
	}
	for _, x := range v.all() {
		if x != s {
			visit(x)
		}
	}
	return out
}
