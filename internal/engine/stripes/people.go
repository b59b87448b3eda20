package stripes

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
	"github.com/carpel/carpel/internal/engine/stripes/store"
)

// resolve finds a person; CodeNotFound for nobody.
func (db *DB) resolve(ref carpel.PersonRef) (uint32, error) {
	ordinal, ok, err := db.store.Resolve(ref)
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, carpel.Errorf(carpel.CodeNotFound, "there is no such person")
	}
	return ordinal, nil
}

// Person returns one person with their attributes.
func (db *DB) Person(_ context.Context, ref carpel.PersonRef) (*carpel.Person, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	ordinal, err := db.resolve(ref)
	if err != nil {
		return nil, err
	}
	p, err := db.store.Person(ordinal, db.now())
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, carpel.Errorf(carpel.CodeNotFound, "there is no such person")
	}
	src, err := db.committed(ordinal / block.Width)
	if err != nil {
		return nil, err
	}
	slot := uint8(ordinal % block.Width)
	var who block.Mask
	who.Set(slot)
	r := reach{db.unsubscribed().Evaluation(db.now())}
	reached, err := r.of(src, who)
	if err != nil {
		return nil, err
	}
	p.Reachable = map[string]bool{}
	for i, m := range reached {
		p.Reachable[channels[i]] = m.Has(slot)
	}
	return p, nil
}

func badCursor() error {
	return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/after", Message: "after is a cursor from an earlier answer"}
}

func encodePlace(place string) string { return base64.RawURLEncoding.EncodeToString([]byte(place)) }

func decodePlace(cursor string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", badCursor()
	}
	return string(b), nil
}

// ListPeople searches people.
func (db *DB) ListPeople(ctx context.Context, q engine.PeopleQuery) ([]carpel.Person, string, error) {
	if err := db.enter(); err != nil {
		return nil, "", err
	}
	defer db.leave()
	after, err := decodePlace(q.After)
	if err != nil {
		return nil, "", err
	}
	limit := max(q.Limit, 1)
	if q.Prefix != "" && q.Attribute == "" {
		return db.peopleByPrefix(ctx, q.Prefix, after, limit)
	}
	from := uint64(0)
	if after != "" {
		if from, err = strconv.ParseUint(after, 10, 32); err != nil {
			return nil, "", badCursor()
		}
	}
	if q.Attribute != "" {
		return db.peopleByAttribute(ctx, q, uint32(from), limit)
	}
	var out []carpel.Person
	next := ""
	err = db.store.PeopleFrom(uint32(from), func(ordinal uint32, p carpel.Person) bool {
		if len(out) == limit {
			next = encodePlace(strconv.FormatUint(uint64(ordinal), 10))
			return false
		}
		out = append(out, p)
		return ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	return out, next, err
}

func (db *DB) peopleByPrefix(ctx context.Context, prefix, after string, limit int) ([]carpel.Person, string, error) {
	var out []carpel.Person
	last, more := "", false
	err := db.store.PeopleByPrefix(prefix, after, func(place string, _ uint32, p carpel.Person) bool {
		if len(out) == limit {
			more = true
			return false
		}
		out, last = append(out, p), place
		return ctx.Err() == nil
	})
	if err == nil {
		err = ctx.Err()
	}
	if !more {
		return out, "", err
	}
	return out, encodePlace(last), err
}

func (db *DB) peopleByAttribute(ctx context.Context, q engine.PeopleQuery, from uint32, limit int) ([]carpel.Person, string, error) {
	query, err := eval.CompileQuery(&carpel.Attribute{Name: q.Attribute, Test: carpel.Test{Op: carpel.OpIs, Value: q.Value}}, db.zone(), fresh)
	if err != nil {
		return nil, "", err
	}
	asked := query.Evaluation(db.now())
	var out []carpel.Person
	for n := from / block.Width; n < db.store.Stripes(); n++ {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		src, err := db.committed(n)
		if err != nil {
			return nil, "", err
		}
		m, err := asked.Matched(src)
		if err != nil {
			return nil, "", err
		}
		for slot := range m.Slots {
			ordinal := n*block.Width + uint32(slot)
			if ordinal < from {
				continue
			}
			if len(out) == limit {
				return out, encodePlace(strconv.FormatUint(uint64(ordinal), 10)), nil
			}
			p, err := db.store.Identity(ordinal)
			if err != nil {
				return nil, "", err
			}
			out = append(out, p)
		}
	}
	return out, "", nil
}

// fresh says that a reference is read through the source.
func fresh(string) (carpel.Condition, bool) { return nil, false }

// Events returns a person's timeline, newest first.
func (db *DB) Events(_ context.Context, ref carpel.PersonRef, q engine.EventsQuery) ([]carpel.Event, string, error) {
	if err := db.enter(); err != nil {
		return nil, "", err
	}
	defer db.leave()
	ordinal, err := db.resolve(ref)
	if err != nil {
		return nil, "", err
	}
	t := store.TimelineQuery{Kind: q.Kind, Name: q.Name, Before: carpel.Never, Limit: max(q.Limit, 1)}
	if q.After != "" {
		place, err := decodePlace(q.After)
		if err != nil {
			return nil, "", err
		}
		at, skip, _ := strings.Cut(place, " ")
		before, err1 := strconv.ParseInt(at, 10, 64)
		n, err2 := strconv.Atoi(skip)
		if err1 != nil || err2 != nil || n < 0 {
			return nil, "", badCursor()
		}
		t.Before, t.Skip = carpel.Millis(before), n
	}
	t.Limit++ // one more tells whether there is a next page
	events, err := db.store.Timeline(ordinal, t)
	if err != nil || len(events) < t.Limit {
		return events, "", err
	}
	events = events[:len(events)-1]
	last, skip := events[len(events)-1].At, 0
	for i := len(events) - 1; i >= 0 && events[i].At == last; i-- {
		skip++
	}
	if last == t.Before {
		skip += t.Skip
	}
	return events, encodePlace(fmt.Sprintf("%d %d", last, skip)), nil
}

// Devices returns a person's devices.
func (db *DB) Devices(_ context.Context, ref carpel.PersonRef) ([]carpel.DeviceInfo, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	ordinal, err := db.resolve(ref)
	if err != nil {
		return nil, err
	}
	return db.store.Devices(ordinal)
}

// SegmentsOf returns the segments a person is in, with the moment of entry.
func (db *DB) SegmentsOf(_ context.Context, ref carpel.PersonRef) (map[string]carpel.Millis, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	ordinal, err := db.resolve(ref)
	if err != nil {
		return nil, err
	}
	stripe, slot := ordinal/block.Width, uint8(ordinal%block.Width)
	type in struct {
		id     string
		number uint32
	}
	var all []in
	db.view.mu.RLock()
	for _, s := range db.view.byID {
		if m := s.mask(stripe); m.Has(slot) {
			all = append(all, in{s.ID, s.Number})
		}
	}
	db.view.mu.RUnlock()
	out := make(map[string]carpel.Millis, len(all))
	for _, s := range all {
		m, err := db.syncedMembers(s.number, stripe)
		if err != nil {
			return nil, err
		}
		if m.mask.Has(slot) {
			out[s.id] = m.entered[slot]
		}
	}
	return out, nil
}

// Members lists the members of a segment in order of ordinal.
func (db *DB) Members(ctx context.Context, q engine.MembersQuery) ([]carpel.Member, string, error) {
	if err := db.enter(); err != nil {
		return nil, "", err
	}
	defer db.leave()
	s, number, err := db.segmentOf(q.Segment)
	if err != nil {
		return nil, "", err
	}
	place, err := decodePlace(q.After)
	if err != nil {
		return nil, "", err
	}
	from := uint64(0)
	if place != "" {
		if from, err = strconv.ParseUint(place, 10, 32); err != nil {
			return nil, "", badCursor()
		}
	}
	var out []carpel.Member
	skip := q.Skip
	for n := uint32(from) / block.Width; n < db.store.Stripes(); n++ {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		db.view.mu.RLock()
		mask := s.mask(n)
		db.view.mu.RUnlock()
		if mask.IsEmpty() {
			continue
		}
		if size := mask.Count(); size <= skip && uint64(n)*block.Width >= from {
			skip -= size
			continue
		}
		m, err := db.syncedMembers(number, n)
		if err != nil {
			return nil, "", err
		}
		for slot := range m.mask.Slots {
			ordinal := n*block.Width + uint32(slot)
			if uint64(ordinal) < from {
				continue
			}
			if skip > 0 {
				skip--
				continue
			}
			if len(out) >= q.Limit {
				return out, encodePlace(strconv.FormatUint(uint64(ordinal), 10)), nil
			}
			p, err := db.store.Identity(ordinal)
			if err != nil {
				return nil, "", err
			}
			out = append(out, carpel.Member{Key: p.Key, UserID: p.UserID, Email: p.Email, EnteredAt: m.entered[slot]})
		}
	}
	return out, "", nil
}

// Names returns names or values seen.
func (db *DB) Names(_ context.Context, q engine.NamesQuery) ([]engine.Name, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	return db.store.Names(q)
}

// Activity returns what the journal holds after a batch.
func (db *DB) Activity(_ context.Context, after uint64, limit int) ([]engine.ActivityEntry, uint64, error) {
	if err := db.enter(); err != nil {
		return nil, 0, err
	}
	defer db.leave()
	entries, last, err := db.store.Journal(after, limit)
	if err != nil {
		return nil, 0, err
	}
	out := make([]engine.ActivityEntry, len(entries))
	for i, e := range entries {
		p, err := db.store.Identity(e.Ordinal)
		if err != nil {
			return nil, 0, err
		}
		out[i] = engine.ActivityEntry{Seq: e.Seq, At: e.At, Kind: e.Kind.String(), Name: e.Name, Person: p.Key, ID: p.UserID, Email: p.Email}
	}
	return out, last, nil
}

// Stats returns sizes and rates.
func (db *DB) Stats() engine.Stats {
	now := db.now()
	st := engine.Stats{CacheBytes: db.store.CacheBytes(), EventsPerMinute: float64(db.rate.perMinute(now)), Minutes: db.rate.minutes(now)}
	if db.enter() != nil {
		return st
	}
	defer db.leave()
	st.People, st.Anonymous, st.Events = db.store.Counts()
	st.DiskBytes = int64(db.store.DB().Metrics().DiskSpaceUsage())
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	st.Segments = len(db.view.byID)
	return st
}
