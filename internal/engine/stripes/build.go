package stripes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// build evaluates a new definition, or one that serves already anew, beside live traffic. It walks the stripes in
// chunks; what arrives meanwhile, or falls due, is evaluated in the stripes it has passed as well (follow). When all
// are done it is switched in: the differences to what served, and what they mean for dependants, become one round with
// the cause definition.
//
// What a build knows is in memory alone: after a restart it begins again, which costs less than writing it down.
// One build runs at a time, each as fast as the cores allow: a segment is built after those it refers to.
type build struct {
	segment  *segment
	version  int
	of       carpel.Condition
	program  *eval.Program
	masks    []block.Mask    // of the stripes done
	next     []carpel.Millis // when time alone changes them
	done     uint32
	progress atomic.Int64 // done, for readers
}

// buildChunk is how many stripes are built before others may write; buildTime ends a chunk before that.
const (
	buildChunk = 512
	buildTime  = 10 * time.Millisecond
)

// evaluate answers the definition in one stripe.
func (b *build) evaluate(src eval.Source, now carpel.Millis) (block.Mask, carpel.Millis, error) {
	st, err := b.program.Fill(src, now)
	if err != nil {
		return block.Mask{}, 0, fmt.Errorf("build segment %s: %w", b.segment.ID, err)
	}
	return b.program.Members(0, st), st.NextDue(), nil
}

// follow evaluates those of the stripes that are done already, with what a round changes in them.
func (b *build) follow(r *round, stripes []uint32) error {
	return store.Parallel(len(stripes), func(i int) error {
		n := stripes[i]
		if n >= b.done {
			return nil
		}
		src, err := r.source(n)
		if err == nil {
			b.masks[n], b.next[n], err = b.evaluate(src, r.now)
		}
		return err
	})
}

// advance builds a chunk of stripes and reports whether all are done.
func (b *build) advance(db *DB, now carpel.Millis, until time.Time) (bool, error) {
	for all := db.store.Stripes(); b.done < all; {
		chunk := min(all-b.done, 16)
		for uint32(len(b.masks)) < b.done+chunk {
			b.masks, b.next = append(b.masks, block.Mask{}), append(b.next, carpel.Never)
		}
		err := store.Parallel(int(chunk), func(i int) error {
			n := b.done + uint32(i)
			src, err := db.committed(n)
			if err == nil {
				b.masks[n], b.next[n], err = b.evaluate(src, now)
			}
			return err
		})
		if err != nil {
			return false, err
		}
		b.done += chunk
		b.progress.Store(int64(b.done))
		if !until.IsZero() && db.options.Now().After(until) {
			return b.done >= all, nil
		}
	}
	return true, nil
}

// buildStep does one chunk of a build, beginning one if a segment waits for it, and reports whether there is more to
// do. The writer's.
func (db *DB) buildStep() (more bool, err error) {
	if db.live.build == nil && !db.beginBuild() {
		return false, nil
	}
	done, err := db.live.build.advance(db, db.engineNow(), db.options.Now().Add(buildTime))
	if err != nil || !done || db.live.timers.next() <= db.live.now { // much is due: a piece at a time, before the switch
		return true, err
	}
	return true, db.finishBuild()
}

// beginBuild begins the build of a segment that waits for one and refers to no segment that was never built. It
// reports false when there is none.
func (db *DB) beginBuild() bool {
	for _, s := range db.view.all() {
		b := db.waiting(s)
		if b == nil {
			continue
		}
		program, err := eval.Compile([]eval.Root{{ID: s.ID, Condition: b.of}}, db.zone(), func(string) int { return -1 })
		if err != nil { // a definition that was accepted always compiles
			db.options.Log.Error("segment does not compile", "segment", s.ID, "error", err)
			continue
		}
		b.program = program
		db.view.mu.Lock()
		s.build = b
		db.view.mu.Unlock()
		db.live.build = b
		return true
	}
	return false
}

// waiting is the build that a segment waits for, if it could begin; nil for none.
func (db *DB) waiting(s *segment) *build {
	b := &build{segment: s, version: s.Version, of: s.want}
	if s.Cancelled { // to be brought up to date in the version that serves
		b.version, b.of = s.Serving, s.served
	}
	if !s.toBuild() || !db.referencesServe(b.of) {
		return nil
	}
	return b
}

// builds reports whether a build is under way, or could begin. The writer's.
func (db *DB) builds() bool {
	return db.live.build != nil || slices.ContainsFunc(db.view.all(), func(s *segment) bool { return db.waiting(s) != nil })
}

func (db *DB) referencesServe(c carpel.Condition) bool {
	for _, r := range db.view.references(c) {
		if r.Serving == 0 {
			return false
		}
	}
	return true
}

// dropBuild ends the build of a segment, if it is under way.
func (db *DB) dropBuild(s *segment) {
	if db.live.build != nil && db.live.build.segment == s {
		db.live.build = nil
	}
	db.view.mu.Lock()
	s.build = nil
	db.view.mu.Unlock()
}

// finishBuild switches in what was built. What is due by then is told first, in a round of its own: it is not the
// definition that changes it.
func (db *DB) finishBuild() error {
	if err := db.advance(math.MaxInt); err != nil {
		return err
	}
	b := db.live.build
	s := b.segment
	now := db.live.now
	r := db.newRound(db.store.Begin(now), now)
	r.cause = carpel.CauseDefinition
	for n := range uint32(len(b.masks)) {
		if b.next[n] <= now { // it fell due since
			src, err := r.source(n)
			if err == nil {
				b.masks[n], b.next[n], err = b.evaluate(src, now)
			}
			if err != nil {
				r.tx.Abort()
				return err
			}
		}
		r.set(s, n, b.masks[n])
		if b.next[n] < db.live.timers.of(n) {
			r.timers[n] = max(b.next[n], now+1)
		}
	}
	if err := r.dependants(s); err != nil {
		r.tx.Abort()
		return err
	}
	rec := s.segmentRecord
	rec.Serving, rec.Served, rec.Rebuild = b.version, carpel.Canonical(b.of), false
	r.segments, r.switched = append(r.segments, &rec), b
	if err := r.commit(); err != nil {
		return err
	}
	db.live.build = nil
	return db.live.compile(db)
}

// dependants evaluates the segments that refer to s in the stripes where its members change.
func (r *round) dependants(s *segment) error {
	db := r.db
	deps := db.view.dependants(s)
	if len(deps) == 0 || len(r.masks[s]) == 0 {
		return nil
	}
	program, err := db.compileTogether(deps)
	if err != nil {
		return err
	}
	stripes := sortedStripes(r.masks[s])
	states := make([]*eval.State, len(stripes))
	err = store.Parallel(len(stripes), func(i int) error {
		src, err := r.source(stripes[i])
		if err == nil {
			states[i], err = program.Fill(src, r.now)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, n := range stripes {
		for root, d := range deps {
			r.set(d, n, program.Members(root, states[i]))
		}
		db.live.drop(int(n))
		if next := max(states[i].NextDue(), r.now+1); next < min(db.live.timers.of(n), r.timerOr(n)) {
			r.timers[n] = next
		}
	}
	return nil
}

func (r *round) timerOr(n uint32) carpel.Millis {
	if at, ok := r.timers[n]; ok {
		return at
	}
	return carpel.Never
}

// compileTogether compiles segments that refer to each other; references to others go through the source.
func (db *DB) compileTogether(segments []*segment) (*eval.Program, error) {
	roots := make([]eval.Root, len(segments))
	for i, s := range segments {
		roots[i] = eval.Root{ID: s.ID, Condition: s.served}
	}
	return eval.Compile(roots, db.zone(), func(ref string) int {
		s := db.view.find(ref)
		for i, d := range segments {
			if d == s {
				return i
			}
		}
		return -1
	})
}

// buildAll runs every build that waits, without a pause. The writer's.
func (db *DB) buildAll(ctx context.Context) error {
	for db.live.build != nil || db.beginBuild() {
		if _, err := db.live.build.advance(db, db.engineNow(), time.Time{}); err != nil {
			return err
		}
		if err := errors.Join(db.finishBuild(), ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}
