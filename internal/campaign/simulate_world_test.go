package campaign

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// simWorld is an engine and records in memory, plain and slow: people with attributes, one segment an attribute, a feed, a
// journal of events, and what transactions wrote. It checks every transaction as it comes.
type simWorld struct {
	now      carpel.Millis
	people   map[string]*simPerson
	feed     []carpel.Change
	journal  []engine.Followed
	told     map[string]bool // message ids that the engine knows
	programs map[string]*Program

	campaigns  []*Live
	journeys   map[string]carpel.Journey
	path       map[string][]carpel.PathEntry
	deliveries map[string]carpel.Delivery
	updates    []records.Update
	cursors    map[string]string
	merged     map[string]bool // people whom a merge brought journeys
	faults     []string
}

type simPerson struct {
	attributes map[string]bool
	zone       *time.Location
	into       string // merged into
	gone       bool   // erased
}

// simAttributes are the attributes; each is a segment too, of those for whom it is true.
var simAttributes = []string{"a", "b", "c"}

func newSimWorld(rng *rand.Rand) *simWorld {
	w := &simWorld{now: carpel.MillisOf(time.Date(2026, 3, 14, 8, 0, 0, 0, time.UTC)), people: map[string]*simPerson{}, told: map[string]bool{}, programs: map[string]*Program{},
		journeys: map[string]carpel.Journey{}, path: map[string][]carpel.PathEntry{}, deliveries: map[string]carpel.Delivery{}, cursors: map[string]string{}, merged: map[string]bool{}}
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland"}
	for i := range 12 {
		zone, err := time.LoadLocation(zones[rng.IntN(len(zones))])
		if err != nil {
			panic(err)
		}
		p := &simPerson{attributes: map[string]bool{}, zone: zone}
		for _, name := range simAttributes {
			p.attributes[name] = rng.IntN(3) == 0
		}
		w.people[fmt.Sprintf("p_%02d", i)] = p
	}
	return w
}

func (w *simWorld) fault(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf("%s: ", w.now)+fmt.Sprintf(format, args...))
}

// resolve finds who a key means.
func (w *simWorld) resolve(key string) (string, *simPerson) {
	for p := w.people[key]; p != nil && !p.gone; p = w.people[key] {
		if p.into == "" {
			return key, p
		}
		key = p.into
	}
	return "", nil
}

// set changes an attribute, which somebody enters or leaves a segment by.
func (w *simWorld) set(key, name string, value bool, cause carpel.Cause) {
	key, p := w.resolve(key)
	if p == nil || p.attributes[name] == value {
		return
	}
	p.attributes[name] = value
	w.feed = append(w.feed, carpel.Change{Seq: fmt.Sprintf("f%d", len(w.feed)+1), At: w.now, Segment: name, Person: key, Enter: value, Cause: cause})
}

func (w *simWorld) follow(e engine.Followed) {
	e.Seq, e.Now = fmt.Sprintf("j%d", len(w.journal)+1), w.now
	w.journal = append(w.journal, e)
}

func (w *simWorld) merge(from, to string) {
	from, p := w.resolve(from)
	to, q := w.resolve(to)
	if p == nil || q == nil || from == to {
		return
	}
	p.into = to
	for _, name := range simAttributes {
		if p.attributes[name] {
			w.feed = append(w.feed, carpel.Change{Seq: fmt.Sprintf("f%d", len(w.feed)+1), At: w.now, Segment: name, Person: from, Cause: carpel.CauseMerge})
			w.set(to, name, true, carpel.CauseMerge)
		}
	}
	w.follow(engine.Followed{Kind: carpel.ItemMerge, Person: to, Other: from})
}

func (w *simWorld) erase(key string) {
	key, p := w.resolve(key)
	if p == nil {
		return
	}
	p.gone = true
	w.follow(engine.Followed{Kind: carpel.ItemErase, Person: key})
}

// desk is what a turn sees of the world. crash is called between any two transactions; when it returns an error, the turn
// is over, and what it kept in memory is gone.
func (w *simWorld) desk(crash func() error) *Desk {
	d := &Desk{World: World{
		Campaigns: w.campaigns,
		Program: func(campaign string, version int) (*Program, error) {
			return w.programs[fmt.Sprint(campaign, version)], nil
		},
		Person: func(key string) (*Person, error) {
			key, p := w.resolve(key)
			if p == nil {
				return nil, carpel.Errorf(carpel.CodeNotFound, "nobody")
			}
			return &Person{Key: key, Zone: p.zone, Workspace: time.UTC, Attribute: func(string) carpel.Value { return carpel.Value{} }}, nil
		},
		Answer: w.answer,
		Matches: func(where carpel.Condition, properties map[string]carpel.Value) (bool, error) {
			return simWhere(where, properties), nil
		},
		Active: func(person string) ([]carpel.Journey, error) {
			return w.find(func(j carpel.Journey) bool { return j.Person == person && j.State == carpel.JourneyActive }), nil
		},
		Recent: func(campaign, person string) ([]carpel.Journey, error) {
			all := w.find(func(j carpel.Journey) bool { return j.Person == person && j.Campaign == campaign })
			slices.Reverse(all)
			return all[:min(len(all), maxStarts+1)], nil
		},
		Reached: w.reached,
	}}
	d.Changes = func(after string, limit int) ([]carpel.Change, string, error) {
		return simPage(w.feed, "f", after, limit)
	}
	d.Followed = func(after string, limit int) ([]engine.Followed, string, error) {
		return simPage(w.journal, "j", after, limit)
	}
	d.Members = func(segment, after string, limit int) ([]string, string, error) {
		var keys []string
		for _, key := range slices.Sorted(maps.Keys(w.people)) {
			if _, p := w.resolve(key); p != nil && p.into == "" && p == w.people[key] && p.attributes[segment] && key > after {
				keys = append(keys, key)
			}
		}
		if limit = 3; len(keys) > limit {
			return keys[:limit], keys[limit-1], nil
		}
		return keys, "", nil
	}
	d.Due = func(now carpel.Millis, limit int) ([]carpel.Journey, error) {
		all := w.find(func(j carpel.Journey) bool {
			return j.State == carpel.JourneyActive && j.DueAt <= now && w.live(j.Campaign) != nil && w.live(j.Campaign).State == carpel.CampaignLive
		})
		slices.SortStableFunc(all, func(a, b carpel.Journey) int { return cmp.Compare(a.DueAt, b.DueAt) })
		return all[:min(len(all), limit)], nil
	}
	d.Cursor = func(reader string) (string, error) { return w.cursors[reader], nil }
	d.Commit = func(b records.JourneyBatch) error {
		if err := crash(); err != nil {
			return err
		}
		w.commit(b)
		return crash()
	}
	d.Updates = func(limit int) ([]records.Update, error) {
		return slices.Clone(w.updates[:min(len(w.updates), limit)]), nil
	}
	d.Tell = func(all []records.Update) error {
		for _, u := range all {
			if w.told[u.MessageID] {
				continue
			}
			w.told[u.MessageID] = true
			for name, v := range u.Attributes {
				w.set(u.Person, name, v == carpel.BoolValue(true), carpel.CauseData)
			}
		}
		return crash()
	}
	d.Told = func(all []records.Update) error {
		w.updates = slices.DeleteFunc(w.updates, func(u records.Update) bool {
			return slices.ContainsFunc(all, func(t records.Update) bool { return t.MessageID == u.MessageID })
		})
		return crash()
	}
	d.Lost = func(reader string) { w.fault("the place of %s is lost", reader) }
	return d
}

func (w *simWorld) live(campaign string) *Live {
	for _, l := range w.campaigns {
		if l.ID == campaign {
			return l
		}
	}
	return nil
}

func (w *simWorld) find(wanted func(carpel.Journey) bool) []carpel.Journey {
	var out []carpel.Journey
	for _, j := range w.journeys {
		if wanted(j) {
			out = append(out, j)
		}
	}
	slices.SortFunc(out, func(a, b carpel.Journey) int {
		return cmp.Or(cmp.Compare(a.StartedAt, b.StartedAt), strings.Compare(a.ID, b.ID))
	})
	return out
}

// answer holds one of the conditions that simSpec writes against a person.
func (w *simWorld) answer(key string, c carpel.Condition) (bool, error) {
	_, p := w.resolve(key)
	if p == nil {
		return false, carpel.Errorf(carpel.CodeNotFound, "nobody")
	}
	switch c := c.(type) {
	case *carpel.Not:
		ok, err := w.answer(key, c.Of)
		return !ok, err
	case *carpel.InSegment:
		return p.attributes[c.Ref], nil
	case *carpel.Attribute:
		return p.attributes[c.Name], nil
	}
	panic(fmt.Sprintf("%T", c))
}

func simWhere(where carpel.Condition, properties map[string]carpel.Value) bool {
	p := where.(*carpel.Group).Of[0].(*carpel.Property)
	return properties[p.Name] == p.Test.Value
}

// reached looks for the last delivery before a goal; here all are sent as soon as they are planned.
func (w *simWorld) reached(q records.GoalQuery) (*carpel.Delivery, error) {
	var last *carpel.Delivery
	for _, id := range slices.Sorted(maps.Keys(w.deliveries)) {
		d := w.deliveries[id]
		if d.Origin.ID == q.Campaign && d.Person == q.Person && d.DueAt > q.After && d.DueAt <= q.Before && (last == nil || d.DueAt > last.DueAt) {
			last = &d
		}
	}
	return last, nil
}

// simPage is a page of a list behind a cursor, which is a letter and a number.
func simPage[T any](all []T, letter, after string, limit int) ([]T, string, error) {
	at := len(all)
	if after != "now" {
		n, err := strconv.Atoi(strings.TrimPrefix(after, letter))
		if err != nil {
			return nil, "", err
		}
		at = n
	}
	end := min(at+limit, len(all))
	return all[at:end], fmt.Sprint(letter, end), nil
}

// picture is everything that a world holds of journeys, to be compared.
func (w *simWorld) picture() string {
	var b strings.Builder
	for _, j := range w.find(func(carpel.Journey) bool { return true }) {
		line, _ := json.Marshal(j)
		fmt.Fprintf(&b, "%s\n", line)
		for _, e := range w.path[j.ID] {
			fmt.Fprintf(&b, "  %d %s %q %s\n", e.N, e.At, e.Step, e.What)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.deliveries)) {
		d := w.deliveries[id]
		fmt.Fprintf(&b, "%s %s %s %s converted %s\n", id, d.Person, d.Origin.Step, d.DueAt, d.ConvertedAt)
	}
	for _, key := range slices.Sorted(maps.Keys(w.people)) {
		fmt.Fprintf(&b, "%s %v\n", key, w.people[key].attributes)
	}
	return b.String()
}
