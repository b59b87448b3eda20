package stripes

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Options says how to open an engine. The zero value is valid.
type Options struct {
	FS         vfs.FS
	Cache      *pebble.Cache
	CacheBytes int64
	Zone       *time.Location
	Now        func() time.Time
	Log        *slog.Logger
	Fatal      func(error)
	// Manual: no background work at all: timers run in Advance and Commit only, builds run inside Define. For tests.
	Manual bool
	// SplitRows, HeavyRows: see store.Options, for tests.
	SplitRows, HeavyRows int
}

var errStub = errors.New("not built yet")

// DB is a workspace's engine.
type DB struct{}

var _ engine.Engine = (*DB)(nil)

func Open(dir string, o Options) (*DB, error) { return nil, errStub }
func (db *DB) NextDue() carpel.Millis         { return 0 }
func (db *DB) Commit(ctx context.Context, items []carpel.Item) ([]engine.Outcome, error) {
	return nil, errStub
}
func (db *DB) Position() engine.Position                                    { return engine.Position{} }
func (db *DB) Advance(ctx context.Context) error                            { return errStub }
func (db *DB) Define(ctx context.Context, d engine.Definition) error        { return errStub }
func (db *DB) Drop(ctx context.Context, id string) error                    { return errStub }
func (db *DB) Pause(ctx context.Context, id string) error                   { return errStub }
func (db *DB) Resume(ctx context.Context, id string) error                  { return errStub }
func (db *DB) CancelBuild(ctx context.Context, id string) error             { return errStub }
func (db *DB) Status(id string) (engine.Status, error)                      { return engine.Status{}, errStub }
func (db *DB) Statuses() []engine.Status                                    { return nil }
func (db *DB) Reconcile(ctx context.Context, all []engine.Definition) error { return errStub }
func (db *DB) SetZone(ctx context.Context, zone *time.Location) error       { return errStub }
func (db *DB) Preview(ctx context.Context, q engine.PreviewQuery) (*engine.Preview, error) {
	return nil, errStub
}
func (db *DB) Explain(ctx context.Context, q engine.ExplainQuery) (*engine.Explanation, error) {
	return nil, errStub
}
func (db *DB) Impact(ctx context.Context, id string, c carpel.Condition, sample int) (*engine.Impact, error) {
	return nil, errStub
}
func (db *DB) Overlap(ctx context.Context, ids []string) ([]engine.Region, error) {
	return nil, errStub
}
func (db *DB) Members(ctx context.Context, id, after string, limit int) ([]carpel.Member, string, error) {
	return nil, "", errStub
}
func (db *DB) Changes(ctx context.Context, q engine.ChangesQuery) ([]carpel.Change, string, error) {
	return nil, "", errStub
}
func (db *DB) History(ctx context.Context, id string, from, to carpel.Millis, step time.Duration) ([]engine.HistoryPoint, error) {
	return nil, errStub
}
func (db *DB) Watch() <-chan struct{} { return nil }
func (db *DB) Person(ctx context.Context, ref carpel.PersonRef) (*carpel.Person, error) {
	return nil, errStub
}
func (db *DB) ListPeople(ctx context.Context, q engine.PeopleQuery) ([]carpel.Person, string, error) {
	return nil, "", errStub
}
func (db *DB) Events(ctx context.Context, ref carpel.PersonRef, q engine.EventsQuery) ([]carpel.Event, string, error) {
	return nil, "", errStub
}
func (db *DB) Devices(ctx context.Context, ref carpel.PersonRef) ([]carpel.DeviceInfo, error) {
	return nil, errStub
}
func (db *DB) SegmentsOf(ctx context.Context, ref carpel.PersonRef) (map[string]carpel.Millis, error) {
	return nil, errStub
}
func (db *DB) Names(ctx context.Context, q engine.NamesQuery) ([]engine.Name, error) {
	return nil, errStub
}
func (db *DB) Activity(ctx context.Context, after uint64, limit int) ([]engine.ActivityEntry, uint64, error) {
	return nil, 0, errStub
}
func (db *DB) Stats() engine.Stats { return engine.Stats{} }
func (db *DB) Check(ctx context.Context, progress func(float64)) (*engine.CheckReport, error) {
	return nil, errStub
}
func (db *DB) Checkpoint(ctx context.Context, dir string) error { return errStub }
func (db *DB) Close() error                                     { return nil }
