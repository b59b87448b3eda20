package stripes

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Define makes a segment known, or gives it a new version.
func (db *DB) Define(ctx context.Context, d engine.Definition) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	if err := db.checkReferences(d); err != nil {
		return err
	}
	if err := db.define(d); err != nil {
		return err
	}
	return db.settleBuilds(ctx)
}

// settleBuilds lets builds begin; with Options.Manual it runs them.
func (db *DB) settleBuilds(ctx context.Context) error {
	if db.options.Manual {
		return db.buildAll(ctx)
	}
	db.poke()
	return nil
}

// checkReferences refuses what may not be referred to.
func (db *DB) checkReferences(d engine.Definition) error {
	if d.Condition == nil {
		return nil
	}
	for _, ref := range carpel.References(d.Condition) {
		s := db.view.find(ref)
		switch {
		case ref == d.ID || ref == d.Key || s != nil && s.ID == d.ID:
			return carpel.Errorf(carpel.CodeCycle, "the segment would refer to itself")
		case s == nil:
			return noSegment(ref)
		case s.Serving == 0:
			return carpel.Errorf(carpel.CodeNotBuilt, "the segment %q was not built yet; refer to it when it is live", ref)
		case db.reaches(s, d.ID, map[*segment]bool{}):
			return carpel.Errorf(carpel.CodeCycle, "the segment would refer to itself through %q", ref)
		}
	}
	return nil
}

// reaches reports whether a segment refers to the id, by any version that serves or is to serve.
func (db *DB) reaches(s *segment, id string, seen map[*segment]bool) bool {
	if s.ID == id {
		return true
	}
	if seen[s] {
		return false
	}
	seen[s] = true
	for _, c := range []carpel.Condition{s.want, s.served} {
		for _, r := range db.view.references(c) {
			if db.reaches(r, id, seen) {
				return true
			}
		}
	}
	return false
}

// define stores a definition. One that is known already changes nothing.
func (db *DB) define(d engine.Definition) error {
	s := db.view.byID[d.ID]
	rec := segmentRecord{ID: d.ID, Key: d.Key, Manual: d.Manual, Version: d.Version, Number: db.live.numbers}
	fresh := s == nil
	if !fresh {
		rec = s.segmentRecord
		rec.Key = d.Key
	} else {
		s = &segment{}
		if d.Manual {
			rec.Serving = max(d.Version, 1)
		}
	}
	if d.Condition != nil {
		definition := carpel.Canonical(d.Condition)
		if !fresh && rec.Version == d.Version && bytes.Equal(rec.Condition, definition) {
			return nil
		}
		rec.Condition, rec.Cancelled = definition, false
		if rec.Serving > 0 && bytes.Equal(rec.Served, definition) {
			rec.Serving = d.Version // nothing to build
		} else if rec.Serving == d.Version {
			rec.Rebuild = true // the same number with another definition
		}
	} else if !fresh {
		return nil
	}
	rec.Version = d.Version
	b := db.store.DB().NewBatch()
	defer b.Close()
	err := writeSegment(b, &rec)
	if fresh {
		err = errors.Join(err, b.Set([]byte{keyNext}, binary.BigEndian.AppendUint32(nil, rec.Number+1), nil))
	}
	if err = errors.Join(err, db.store.Sync(b)); err != nil {
		return db.fail(fmt.Errorf("define segment %s: %w", d.ID, err))
	}
	db.dropBuild(s)
	db.view.mu.Lock()
	s.segmentRecord, s.want = rec, d.Condition
	db.view.byID[s.ID], db.view.byKey[s.Key] = s, s
	db.view.mu.Unlock()
	if fresh {
		db.live.numbers++
	}
	return nil
}

// Drop forgets a segment.
func (db *DB) Drop(ctx context.Context, id string) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	s := db.view.byID[id]
	if s == nil {
		return noSegment(id)
	}
	for _, x := range db.view.all() {
		for _, c := range []carpel.Condition{x.want, x.served} {
			for _, r := range db.view.references(c) {
				if r == s && x != s {
					return carpel.Errorf(carpel.CodeInUse, "the segment %s refers to it", x.Key)
				}
			}
		}
	}
	return db.drop(s)
}

func (db *DB) drop(s *segment) error {
	b := db.store.DB().NewBatch()
	defer b.Close()
	err := errors.Join(b.Delete(segmentKey(s.ID), nil),
		b.DeleteRange(membersKey(s.Number, 0), membersKey(s.Number+1, 0), nil),
		b.DeleteRange(feedOfKey(s.Number, 0), feedOfKey(s.Number+1, 0), nil),
		db.store.Sync(b))
	if err != nil {
		return db.fail(fmt.Errorf("drop segment %s: %w", s.ID, err))
	}
	db.dropBuild(s)
	db.view.mu.Lock()
	delete(db.view.byID, s.ID)
	if db.view.byKey[s.Key] == s { // a segment defined since may have the key
		delete(db.view.byKey, s.Key)
	}
	db.view.mu.Unlock()
	return db.live.compile(db)
}

// Pause freezes a segment's members as they are now: what is due is evaluated before.
func (db *DB) Pause(ctx context.Context, id string) error {
	return db.change(ctx, id, func(s *segmentRecord) error {
		s.Paused = true
		return db.advance(math.MaxInt)
	})
}

// Resume evaluates a segment again.
func (db *DB) Resume(ctx context.Context, id string) error {
	return db.change(ctx, id, func(s *segmentRecord) error {
		if s.Paused {
			s.Paused, s.Rebuild = false, true
		}
		return nil
	})
}

// CancelBuild stops the build under way.
func (db *DB) CancelBuild(ctx context.Context, id string) error {
	return db.change(ctx, id, func(s *segmentRecord) error {
		if !(&segment{segmentRecord: *s}).toBuild() {
			return carpel.Errorf(carpel.CodeConflict, "no build of the segment is under way")
		}
		if s.Version == s.Serving {
			return carpel.Errorf(carpel.CodeConflict, "the segment is being brought up to date; that is not to be stopped")
		}
		s.Cancelled = true
		return nil
	})
}

// change edits a segment's record durably and begins or ends builds accordingly.
func (db *DB) change(ctx context.Context, id string, edit func(*segmentRecord) error) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	s := db.view.byID[id]
	if s == nil {
		return noSegment(id)
	}
	if s.Manual {
		return carpel.Errorf(carpel.CodeConflict, "a manual segment is as it was made by hand: it is not built, paused or resumed")
	}
	rec := s.segmentRecord
	if err := edit(&rec); err != nil {
		return err
	}
	if err := db.saveRecord(s, &rec); err != nil {
		return err
	}
	return db.settleBuilds(ctx)
}

// saveRecord replaces a segment's record, durably, and lets go of its build.
func (db *DB) saveRecord(s *segment, rec *segmentRecord) error {
	b := db.store.DB().NewBatch()
	defer b.Close()
	if err := errors.Join(writeSegment(b, rec), db.store.Sync(b)); err != nil {
		return db.fail(fmt.Errorf("change segment %s: %w", s.ID, err))
	}
	db.dropBuild(s)
	db.view.mu.Lock()
	s.segmentRecord = *rec
	db.view.mu.Unlock()
	return db.live.compile(db)
}

// Reconcile brings the engine to exactly these definitions.
func (db *DB) Reconcile(ctx context.Context, all []engine.Definition) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	wanted := map[string]bool{}
	for _, d := range all {
		wanted[d.ID] = true
		if err := db.define(d); err != nil {
			return err
		}
	}
	for _, s := range db.view.all() {
		if !wanted[s.ID] {
			if err := db.drop(s); err != nil {
				return err
			}
		}
	}
	return db.settleBuilds(ctx)
}

// SetZone changes the workspace's time zone and evaluates every segment anew.
func (db *DB) SetZone(ctx context.Context, zone *time.Location) error {
	if err := db.lock(ctx); err != nil {
		return err
	}
	defer db.unlock()
	if zone.String() == db.zone().String() {
		return nil
	}
	b := db.store.DB().NewBatch()
	defer b.Close()
	if err := errors.Join(db.rezone(b, zone), db.store.Sync(b)); err != nil {
		return db.fail(fmt.Errorf("set the zone: %w", err))
	}
	db.location.Store(zone)
	db.store.SetZone(zone)
	db.live.dropAll()
	db.view.mu.Lock()
	for _, s := range db.view.byID {
		s.Rebuild = s.rebuilt()
	}
	db.view.mu.Unlock()
	for _, s := range db.view.all() {
		db.dropBuild(s)
	}
	if err := db.live.compile(db); err != nil {
		return err
	}
	return db.settleBuilds(ctx)
}

// rebuilt reports whether a change of zone concerns the segment.
func (s *segment) rebuilt() bool { return !s.Manual && s.Serving > 0 }

// rezone writes the zone that the engine is evaluated in, and that everything is to be evaluated anew.
func (db *DB) rezone(b *pebble.Batch, zone *time.Location) error {
	for _, s := range db.view.all() {
		rec := s.segmentRecord
		rec.Rebuild = s.rebuilt()
		if err := writeSegment(b, &rec); err != nil {
			return err
		}
	}
	return b.Set([]byte{keyZone}, []byte(zone.String()), nil)
}
