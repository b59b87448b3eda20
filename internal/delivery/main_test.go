package delivery

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
	"github.com/carpel/carpel/internal/records"
)

// TestMain fails when a goroutine outlives the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a workspace with people, a sink that stands for the receivers, and a clock that the test moves.
type world struct {
	t         testing.TB
	path      string
	records   *records.DB
	engine    engine.Engine
	workspace string
	options   Options
	sender    *Sender
	sink      *sink

	mu sync.Mutex
	at time.Time // guarded by mu
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, path: filepath.Join(t.TempDir(), "records.db"), at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), sink: &sink{}}
	w.openRecords()
	t.Cleanup(func() { w.records.Close() })
	db, err := stripes.Open("engine", stripes.Options{FS: vfs.NewMem(), Now: w.now, Manual: true})
	if err != nil {
		t.Fatal(err)
	}
	w.engine = db
	t.Cleanup(func() { w.engine.Close() })
	made, err := w.records.CreateWorkspace(t.Context(), carpel.Workspace{Name: "test", Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	w.workspace = made.ID
	w.options = Options{Now: w.now, Jitter: func() float64 { return 1 - 1e-9 }, Sandbox: w.sink, Stop: time.Second,
		Engine: func(context.Context, string) (engine.Engine, func(), error) { return w.engine, func() {}, nil },
		Content: func(ctx context.Context, workspace, template string, version int) (carpel.Content, error) {
			return w.records.TemplateContent(ctx, workspace, template, version)
		}}
	w.start()
	return w
}

func (w *world) openRecords() {
	w.t.Helper()
	var err error
	if w.records, err = records.Open(w.t.Context(), w.path, records.Options{Now: w.now}); err != nil {
		w.t.Fatal(err)
	}
}

// start makes a new sender, as a new process would.
func (w *world) start() {
	w.options.Records = w.records
	w.sender = New(w.options)
}

// restart closes the records as they are, and opens them for a new sender, which begins with what the old one left.
func (w *world) restart() {
	w.t.Helper()
	if err := w.records.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.openRecords()
	w.start()
	if _, _, err := w.records.ExpireLeases(w.t.Context(), w.sender.process); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// person makes somebody, with a user id, an email of it and attributes, and returns their key.
func (w *world) person(id string, attributes map[string]carpel.Value) string {
	w.t.Helper()
	all := map[string]carpel.Value{"email": carpel.TextValue(id + "@example.com")}
	for name, v := range attributes {
		all[name] = v
	}
	return w.commit(carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: id}, Properties: all})
}

func (w *world) commit(it carpel.Item) (key string) {
	w.t.Helper()
	it.At, it.Received, it.Source = carpel.MillisOf(w.now()), carpel.MillisOf(w.now()), cmp.Or(it.Source, "api")
	out, err := w.engine.Commit(w.t.Context(), []carpel.Item{it})
	if err != nil || out[0].Refused != nil {
		w.t.Fatal(err, out)
	}
	return out[0].Person
}

// hello is the content of deliveries that say nothing else.
var hello = carpel.Content{Email: &carpel.EmailContent{Subject: "Hello {{ customer.id }}", Format: "html", Body: "<p>Hello {{ customer.name | default: 'you' }}</p>"}}

// plan plans a delivery, filled in where the test left it open, and returns its id.
func (w *world) plan(d carpel.Delivery) string {
	w.t.Helper()
	d.Origin.Kind, d.Origin.ID = cmp.Or(d.Origin.Kind, carpel.FromBroadcast), cmp.Or(d.Origin.ID, "b1")
	d.Kind, d.Mode, d.DueAt = cmp.Or(d.Kind, carpel.Email), cmp.Or(d.Mode, carpel.AtMostOnce), cmp.Or(d.DueAt, carpel.MillisOf(w.now()))
	if d.Content == nil && d.Template == "" {
		d.Content = &hello
	}
	if n, err := w.records.PlanDeliveries(w.t.Context(), w.workspace, d); err != nil || n != 1 {
		w.t.Fatal(n, err)
	}
	return carpel.DeliveryID(w.workspace, d.Person, d.Origin)
}

// turn lets the workspace's line have its turn.
func (w *world) turn() {
	w.t.Helper()
	if err := w.sender.work(w.t.Context(), context.WithoutCancel(w.t.Context()), w.workspace); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delivery(id string) carpel.Delivery {
	w.t.Helper()
	d, err := w.records.Delivery(w.t.Context(), w.workspace, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// state says what a delivery is: its state, why, and after how many attempts.
func (w *world) state(id string) string {
	w.t.Helper()
	d := w.delivery(id)
	return fmt.Sprintf("%s %s %d", d.State, d.Reason, d.Attempt)
}

// actions are what the engine was told of a person and messages, newest first.
func (w *world) actions(key string) (all []string) {
	w.t.Helper()
	events, _, err := w.engine.Events(w.t.Context(), carpel.PersonRef{Key: key}, engine.EventsQuery{Kind: "message", Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range events {
		all = append(all, e.Properties["$action"].Text())
	}
	return all
}

// sink stands for all receivers: it answers as it is told, and remembers what came.
type sink struct {
	mu     sync.Mutex
	answer func(m *carpel.Message) Outcome // nil: taken
	got    []*carpel.Message
}

func (s *sink) Send(_ context.Context, m *carpel.Message) Outcome {
	s.mu.Lock()
	s.got = append(s.got, m)
	answer := s.answer
	s.mu.Unlock()
	if answer == nil {
		return Outcome{Result: Accepted}
	}
	return answer(m)
}

func (s *sink) Close() error { return nil }

// to is who got something, in order.
func (s *sink) to() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.got {
		all = append(all, m.Recipient)
	}
	return all
}
