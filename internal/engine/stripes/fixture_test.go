package stripes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// wall is a clock that a test moves, also backwards. Safe for concurrent use.
type wall struct{ ms atomic.Int64 }

func newWall() *wall {
	w := &wall{}
	w.ms.Store(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	return w
}

func (w *wall) now() time.Time        { return time.UnixMilli(w.ms.Load()).UTC() }
func (w *wall) millis() carpel.Millis { return carpel.Millis(w.ms.Load()) }
func (w *wall) move(d time.Duration)  { w.ms.Add(d.Milliseconds()) }

func mustOpen(t testing.TB, fs vfs.FS, o stripes.Options) *stripes.DB {
	t.Helper()
	o.FS = fs
	db, err := stripes.Open("engine", o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for what another goroutine brings about, looking every millisecond; it fails the test after a minute.
func until(t testing.TB, done func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for start := time.Now(); !done(); <-tick.C {
		if time.Since(start) > time.Minute {
			t.Fatal("it did not come about within a minute")
		}
	}
}

// parsed reads a definition.
func parsed(t testing.TB, text string) carpel.Condition {
	t.Helper()
	c, err := carpel.ParseCondition([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

// definitions are conditions of many kinds over what a stream makes.
func definitions() []string {
	return []string{
		`{"attribute": "plan", "op": "is", "value": "pro"}`,
		`{"event": "order", "count": {"at_least": 2}, "when": {"last": "7d"}}`,
		`{"none": [{"event": "*", "when": {"last": "2d"}}]}`,
		`{"all": [{"event": "order", "where": [{"property": "total", "op": "greater_than", "value": 50}]}, {"attribute": "$first_seen_at", "op": "more_than_ago", "value": "1d"}]}`,
		`{"device": "mobile"}`,
		`{"message": "email", "action": "opened", "when": {"last": "3d"}}`,
		`{"sequence": [{"event": "login"}, {"event": "order"}], "within": "1d"}`,
		`{"page": "/pricing*", "when": {"last": "12h"}}`,
		`{"attribute": "plan", "op": "is", "value": "free", "for": "1d"}`,
		`{"event": "login", "days": {"at_least": 2}, "when": {"last_calendar_days": 5}}`,
	}
}

// stream makes random items about a few people, each with a message id of its own, so that sending them again is
// harmless.
type stream struct {
	*rand.Rand
	clock *wall
	n     int
	users int
}

func newStream(seed uint64, clock *wall) *stream {
	return &stream{Rand: rand.New(rand.NewPCG(seed, 3)), clock: clock, users: 30}
}

func (s *stream) user() string { return fmt.Sprintf("u%d", s.IntN(s.users)) }

func (s *stream) batch(most int) []carpel.Item {
	out := make([]carpel.Item, 1+s.IntN(most))
	for i := range out {
		out[i] = s.item()
	}
	return out
}

func (s *stream) item() carpel.Item {
	s.n++
	now := s.clock.millis()
	it := carpel.Item{MessageID: fmt.Sprintf("message-%d", s.n), At: now - carpel.Millis(s.Int64N(5*86_400_000)), Received: now, Source: "api",
		Person: carpel.PersonRef{UserID: s.user()}}
	switch k := s.IntN(100); {
	case k < 20:
		it.Kind, it.Properties = carpel.ItemIdentify, map[string]carpel.Value{"plan": carpel.TextValue([]string{"pro", "free", "team"}[s.IntN(3)])}
		if s.IntN(4) == 0 {
			it.Properties["email"] = carpel.TextValue(fmt.Sprintf("%s@example.com", it.Person.UserID))
		}
		if s.IntN(3) == 0 {
			it.Person.AnonymousID = fmt.Sprintf("a%d", s.IntN(2*s.users))
		}
	case k < 55:
		it.Kind, it.Name = carpel.ItemEvent, []string{"order", "login", "search"}[s.IntN(3)]
		it.Properties = map[string]carpel.Value{"total": carpel.NumberValue(float64(s.IntN(100))), "n": carpel.NumberValue(float64(s.n))}
	case k < 65:
		it.Kind, it.Name, it.URL = carpel.ItemPage, "Pricing", "https://example.com/pricing/plans"
	case k < 75:
		it.Kind, it.Name, it.Person = carpel.ItemEvent, "order", carpel.PersonRef{AnonymousID: fmt.Sprintf("a%d", s.IntN(2*s.users))}
		it.Properties = map[string]carpel.Value{"n": carpel.NumberValue(float64(s.n))}
	case k < 82:
		it.Kind, it.Device = carpel.ItemDevice, &carpel.DeviceInfo{Token: fmt.Sprintf("token-%d", s.IntN(s.users)), Platform: []string{"ios", "web"}[s.IntN(2)], LastUsed: now}
	case k < 88:
		it.Kind, it.Message = carpel.ItemMessage, &carpel.MessageInfo{Channel: "email", Action: []string{"opened", "sent"}[s.IntN(2)]}
	case k < 94:
		it.Kind, it.Segment = carpel.ItemMember, &carpel.MemberChange{ID: "manual", Remove: s.IntN(3) == 0, Cause: carpel.CauseManual}
	case k < 97:
		it.Kind, it.Other = carpel.ItemMerge, carpel.PersonRef{UserID: s.user()}
	case k < 98:
		it.Kind, it.Other = carpel.ItemAlias, carpel.PersonRef{AnonymousID: fmt.Sprintf("a%d", s.IntN(2*s.users))}
	default:
		it.Kind = carpel.ItemErase
	}
	return it
}

// everything writes down all that an engine answers, people by their user ids (their keys are random).
func everything(t testing.TB, db engine.Engine) string {
	t.Helper()
	ctx := context.Background()
	var b strings.Builder
	people, _, err := db.ListPeople(ctx, engine.PeopleQuery{Limit: 1 << 20})
	must(t, err)
	for _, p := range people {
		ref := carpel.PersonRef{Key: p.Key}
		full, err := db.Person(ctx, ref)
		must(t, err)
		fmt.Fprintf(&b, "person %s %v %s first %s last %s\n", full.UserID, full.IDs, full.Email, full.FirstSeenAt, full.LastSeenAt)
		for _, name := range sortedKeys(full.Attributes) {
			fmt.Fprintf(&b, "  %s = %v\n", name, full.Attributes[name])
		}
		events, _, err := db.Events(ctx, ref, engine.EventsQuery{Limit: 1 << 20})
		must(t, err)
		lines := make([]string, len(events))
		for i, e := range events {
			lines[i] = fmt.Sprintf("  %s %s %q %v\n", e.At, e.Kind, e.Name, e.Properties)
		}
		sort.Strings(lines)
		b.WriteString(strings.Join(lines, ""))
		devices, err := db.Devices(ctx, ref)
		must(t, err)
		fmt.Fprintf(&b, "  devices %v\n", devices)
	}
	for _, st := range db.Statuses() {
		fmt.Fprintf(&b, "segment %s %s %d of %d: %d\n", st.ID, st.State, st.Serving, st.Building, st.Count)
		members, _, err := db.Members(ctx, engine.MembersQuery{Segment: st.ID, Limit: 1 << 20})
		must(t, err)
		for _, m := range members {
			fmt.Fprintf(&b, "  %s since %s\n", m.UserID, m.EnteredAt)
		}
	}
	st := db.Stats()
	fmt.Fprintf(&b, "people %d anonymous %d events %d\n", st.People, st.Anonymous, st.Events)
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// feed reads the whole feed of an engine after a cursor, with the cursor behind it.
func feed(t testing.TB, db engine.Engine, after string) ([]carpel.Change, string) {
	t.Helper()
	var all []carpel.Change
	for {
		changes, next, err := db.Changes(context.Background(), engine.ChangesQuery{After: after, Limit: 1000})
		must(t, err)
		all, after = append(all, changes...), next
		if len(changes) == 0 {
			return all, after
		}
	}
}

// sound fails the test when a check of the engine finds a problem.
func sound(t testing.TB, db engine.Engine) {
	t.Helper()
	report, err := db.Check(context.Background(), nil)
	must(t, err)
	if report.ProblemsAll > 0 {
		t.Fatalf("%d problems, the first: %+v", report.ProblemsAll, report.Problems[0])
	}
}
