package stripes

import (
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// source is a stripe as evaluation reads it: what the store has, and the members of segments.
type source struct {
	*store.Stripe
	db    *DB
	round *round // the writer's step under way; nil for readers
	zone  *time.Location
	asOf  carpel.Millis // only people first seen by then; Never for all
}

var _ eval.Source = (*source)(nil)

// committed returns a stripe as committed, for readers, or for the writer when nothing is under way.
func (db *DB) committed(stripe uint32) (*source, error) {
	st, err := db.store.Stripe(stripe)
	if err != nil {
		return nil, err
	}
	return &source{Stripe: st, db: db, zone: db.zone(), asOf: carpel.Never}, nil
}

// zone is the workspace's time zone.
func (db *DB) zone() *time.Location { return db.location.Load() }

// People is the slots that are identified people; those first seen after asOf are not there yet.
func (s *source) People() block.Mask {
	people := s.Stripe.People()
	if s.asOf == carpel.Never {
		return people
	}
	seen := s.FirstSeen()
	for slot := range people.Slots {
		if seen[slot] > s.asOf {
			people.Clear(slot)
		}
	}
	return people
}

// Segment returns the members of a segment as it serves; none when there is no such segment.
func (s *source) Segment(ref string) block.Mask {
	if s.round != nil {
		if seg := s.db.view.find(ref); seg != nil {
			return s.round.mask(seg, s.Number())
		}
		return block.Mask{}
	}
	s.db.view.mu.RLock()
	defer s.db.view.mu.RUnlock()
	if seg := s.db.view.find(ref); seg != nil {
		return seg.mask(s.Number())
	}
	return block.Mask{}
}

// Zone is the workspace's time zone.
func (s *source) Zone() *time.Location { return s.zone }
