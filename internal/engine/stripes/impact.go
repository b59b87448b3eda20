package stripes

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Impact says what saving a definition would do.
func (db *DB) Impact(ctx context.Context, id string, c carpel.Condition, sample int) (*engine.Impact, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	db.view.mu.RLock()
	s := db.view.find(id)
	var err error
	if s == nil {
		err = noSegment(id)
	} else if s.Manual {
		err = carpel.Errorf(carpel.CodeConflict, "a manual segment has no definition")
	} else {
		err = db.checkReferences(engine.Definition{ID: s.ID, Key: s.Key, Condition: c})
	}
	var deps []*segment
	roots := []eval.Root{{ID: id, Condition: c}}
	if err == nil {
		deps = db.view.dependants(s)
		for _, d := range deps {
			roots = append(roots, eval.Root{ID: d.ID, Condition: d.served})
		}
	}
	db.view.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	affected := append([]*segment{s}, deps...)
	program, err := eval.Compile(roots, db.zone(), func(ref string) int {
		db.view.mu.RLock()
		defer db.view.mu.RUnlock()
		return slices.Index(affected, db.view.find(ref))
	})
	if err != nil {
		return nil, err
	}
	return db.compare(ctx, program, affected, sample)
}

// compare evaluates a program whose roots are what the segments would be, and counts the differences to what they are.
func (db *DB) compare(ctx context.Context, program *eval.Program, segments []*segment, sample int) (*engine.Impact, error) {
	now := db.now()
	out := &engine.Impact{Segments: make([]engine.SegmentImpact, len(segments)-1)}
	for i, s := range segments[1:] {
		out.Segments[i].ID = s.ID
	}
	var mu sync.Mutex
	joins, leaves := map[uint32]block.Mask{}, map[uint32]block.Mask{}
	err := db.eachStripe(ctx, func(src *source) error {
		n := src.Number()
		st, err := program.Fill(src, now)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		db.view.mu.RLock()
		defer db.view.mu.RUnlock()
		for i, s := range segments {
			before, after := s.mask(n), program.Members(i, st)
			join, leave := after.AndNot(before), before.AndNot(after)
			if i > 0 {
				out.Segments[i-1].Join += int64(join.Count())
				out.Segments[i-1].Leave += int64(leave.Count())
				continue
			}
			out.Join += int64(join.Count())
			out.Leave += int64(leave.Count())
			out.Stay += int64(before.And(after).Count())
			joins[n], leaves[n] = join, leave
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if out.JoinSample, err = db.sample(joins, sample); err != nil {
		return nil, err
	}
	out.LeaveSample, err = db.sample(leaves, sample)
	return out, err
}

// sample returns the first people of some stripes' masks, in order of ordinal.
func (db *DB) sample(masks map[uint32]block.Mask, limit int) ([]carpel.Person, error) {
	var out []carpel.Person
	for _, n := range slices.Sorted(maps.Keys(masks)) {
		for slot := range masks[n].Slots {
			if len(out) >= limit {
				return out, nil
			}
			p, err := db.store.Identity(n*block.Width + uint32(slot))
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// maxOverlap is how many segments an overlap is of.
const maxOverlap = 8

// Overlap returns the size of every region of some segments.
func (db *DB) Overlap(ctx context.Context, ids []string) ([]engine.Region, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	if len(ids) > maxOverlap {
		return nil, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/segments", Limit: maxOverlap, Actual: int64(len(ids)), Message: "an overlap is of at most 8 segments"}
	}
	found, masks, err := db.masksOf(ids)
	if err != nil {
		return nil, err
	}
	stripes := 0
	for _, m := range masks {
		stripes = max(stripes, len(m))
	}
	counts := make([]int64, 1<<len(found))
	for n := range stripes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for region := 1; region < len(counts); region++ {
			m := block.Full
			for i, masks := range masks {
				var members block.Mask
				if n < len(masks) {
					members = masks[n]
				}
				if region>>i&1 == 1 {
					m = m.And(members)
				} else {
					m = m.AndNot(members)
				}
			}
			counts[region] += int64(m.Count())
		}
	}
	var out []engine.Region
	for region, count := range counts {
		if count == 0 {
			continue
		}
		r := engine.Region{Count: count}
		for i, id := range found {
			if region>>i&1 == 1 {
				r.Segments = append(r.Segments, id)
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// masksOf returns the ids and a copy of the members of segments: commits wait for whoever looks at the view, and do not
// wait for what is computed from the copy.
func (db *DB) masksOf(ids []string) (found []string, masks [][]block.Mask, err error) {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	for _, id := range ids {
		s := db.view.find(id)
		if s == nil {
			return nil, nil, noSegment(id)
		}
		found, masks = append(found, s.ID), append(masks, slices.Clone(s.masks))
	}
	return found, masks, nil
}
