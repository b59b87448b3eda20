package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/campaign"
	"github.com/carpel/carpel/internal/demo"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
	"github.com/carpel/carpel/internal/records"
)

// Workspaces opens the engines of workspaces when they are first used, or when time has work in them, and closes
// the least recently used again. Safe for concurrent use.
//
// An engine is never closed under a user: [Workspaces.Engine] counts users, and only engines without any are
// closed. A workspace opens at most once at a time; others who want it wait for that one opening.
type Workspaces struct {
	dir     string
	records *records.DB
	options stripes.Options // FS, Now and the like; Zone is set for each
	maxOpen int
	log     *slog.Logger

	unswept map[string]time.Time // when a removed workspace's directory could not be removed; of Run's goroutine alone

	mu     sync.Mutex
	open   map[string]*openEngine // guarded by mu
	failed map[string]bool        // that did not open at the last try; guarded by mu
	closed bool                   // guarded by mu
}

// openEngine is one workspace's engine, opening or open.
type openEngine struct {
	ready   chan struct{} // closed when db and err are set
	db      *stripes.DB
	err     error
	closing bool          // set before the entry is seen: it stands for an engine that is being closed
	noted   atomic.Uint64 // the last batch that the records know to be acknowledged
	users   int           // guarded by Workspaces.mu
	lastAt  time.Time     // guarded by Workspaces.mu
}

// Engine returns a workspace's engine and a function to call when done with it. CodeNotFound for an unknown
// workspace.
func (w *Workspaces) Engine(ctx context.Context, id string) (engine.Engine, func(), error) {
	for {
		e, err := w.use(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		release := sync.OnceFunc(func() { w.release(id, e) })
		select {
		case <-e.ready:
		case <-ctx.Done():
			release()
			return nil, nil, ctx.Err()
		}
		if e.closing {
			continue // now it is closed, and can be opened again
		}
		if e.err != nil {
			release()
			return nil, nil, e.err
		}
		return e.db, release, nil
	}
}

// use counts a user of a workspace's engine, and begins to open it if nobody has.
func (w *Workspaces) use(ctx context.Context, id string) (*openEngine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, carpel.Errorf(carpel.CodeOverloaded, "the server is stopping")
	}
	e, ok := w.open[id]
	if !ok {
		e = &openEngine{ready: make(chan struct{})}
		w.open[id] = e
		// The opening outlives a caller who goes away: the next one finds it done.
		go w.openOne(context.WithoutCancel(ctx), id, e)
	}
	e.users++
	e.lastAt = w.options.Now()
	return e, nil
}

func (w *Workspaces) release(id string, e *openEngine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.users--
	if e.users > 0 || w.open[id] != e {
		return
	}
	select {
	case <-e.ready:
		if e.err != nil {
			delete(w.open, id) // the next caller tries again
		}
	default: // it opens still, for nobody: the next caller finds it done, or failed
	}
}

func (w *Workspaces) openOne(ctx context.Context, id string, e *openEngine) {
	defer close(e.ready)
	e.db, e.err = w.openEngine(ctx, id)
	w.noteOpening(id, e.err)
	if e.err != nil && carpel.ErrorCode(e.err) == carpel.CodeInternal {
		w.log.Error("workspace does not open", "workspace", id, "error", e.err)
	}
}

// noteOpening notes whether a workspace opens. One that nobody has made is none.
func (w *Workspaces) noteOpening(id string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil || carpel.ErrorCode(err) == carpel.CodeNotFound {
		delete(w.failed, id)
		return
	}
	w.failed[id] = true
}

// unopened are the workspaces that did not open at the last try, in order of their ids.
func (w *Workspaces) unopened() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.failed))
}

// openEngine opens the engine, refuses one that has lost what it acknowledged, and brings it to the records.
func (w *Workspaces) openEngine(ctx context.Context, id string) (*stripes.DB, error) {
	ws, err := w.records.Workspace(ctx, id)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(ws.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone of workspace %s: %w", id, err)
	}
	due, err := w.records.Due(ctx, id)
	if err != nil {
		return nil, err
	}
	o := w.options
	o.Zone = zone
	if err := w.makeDirectories(id); err != nil {
		return nil, fmt.Errorf("open workspace %s: %w", id, err)
	}
	db, err := stripes.Open(w.Dir(id), o)
	if err != nil {
		return nil, fmt.Errorf("open workspace %s: %w", id, err)
	}
	if have := db.Position().Seq; have < due.Acknowledged {
		return nil, errors.Join(db.Close(), carpel.Errorf(carpel.CodeInternal, "workspace %s has lost data: batch %d was acknowledged, the store ends at %d; restore a backup", id, due.Acknowledged, have))
	}
	definitions, err := w.definitions(ctx, id)
	if err == nil {
		err = db.Reconcile(ctx, definitions)
	}
	if err == nil {
		err = w.pauseAsRecorded(ctx, id, db)
	}
	if err == nil {
		err = w.records.SetDue(ctx, records.Due{Workspace: id, Next: 0, Acknowledged: db.Position().Seq})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// definitions is what the engine is to keep, by the records: every segment but the archived ones. Of a manual one it alone
// has the members, and keeps them.
func (w *Workspaces) definitions(ctx context.Context, id string) ([]engine.Definition, error) {
	segments, err := w.records.Segments(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []engine.Definition
	for _, s := range segments {
		if s.State != carpel.StateArchived || s.Kind == carpel.Manual {
			all = append(all, engine.Definition{ID: s.ID, Key: s.Key, Version: s.Version, Condition: s.Definition, Manual: s.Kind == carpel.Manual})
		}
	}
	campaigns, err := w.records.Campaigns(ctx, id)
	if err != nil {
		return nil, err
	}
	return append(all, campaign.DateSegments(campaigns)...), nil
}

// pauseAsRecorded pauses and resumes segments as the records say: the process may have ended between the two.
func (w *Workspaces) pauseAsRecorded(ctx context.Context, id string, db *stripes.DB) error {
	segments, err := w.records.Segments(ctx, id)
	if err != nil {
		return err
	}
	for _, s := range segments {
		st, err := db.Status(s.ID)
		if err != nil || s.State == carpel.StateArchived {
			continue // not in the engine
		}
		switch paused := st.State == carpel.StatePaused; {
		case s.State == carpel.StatePaused && !paused:
			err = db.Pause(ctx, s.ID)
		case s.State == carpel.StateLive && paused:
			err = db.Resume(ctx, s.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Dir is the workspace's own directory.
func (w *Workspaces) Dir(id string) string { return filepath.Join(w.dir, id, "engine") }

// makeDirectories makes those of a workspace, and makes their names durable, also when an earlier try made them and ended
// before it had.
func (w *Workspaces) makeDirectories(id string) error {
	files, dir := w.options.FS, w.Dir(id)
	if err := files.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for range 3 { // that of the workspace, that of all workspaces, the data directory
		dir = files.PathDir(dir)
		f, err := files.OpenDir(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// Create makes a workspace with the default segments, and the segments and templates of a demo. The engine opens at first use.
func (w *Workspaces) Create(ctx context.Context, ws carpel.Workspace) (carpel.Workspace, error) {
	segments := carpel.DefaultSegments()
	if ws.Demo.People > 0 {
		more, err := demo.Segments()
		if err != nil {
			return ws, err
		}
		segments = append(segments, more...)
	}
	made, err := w.records.CreateWorkspace(ctx, ws, segments...)
	if err != nil || ws.Demo.People == 0 {
		return made, err
	}
	templates, err := demo.Templates()
	for _, t := range templates {
		if err == nil {
			_, err = w.records.CreateTemplate(ctx, made.ID, "demo", t)
		}
	}
	return made, err
}

// isOpen reports whether the opening has ended well, and no closing has begun.
func (e *openEngine) isOpen() bool {
	select {
	case <-e.ready:
		return e.err == nil && !e.closing
	default:
		return false
	}
}

func (w *Workspaces) closeOne(ctx context.Context, id string, e *openEngine) error {
	next, seq := e.db.NextDue(), e.db.Position().Seq
	err := e.db.Close()
	if err == nil {
		err = w.records.SetDue(ctx, records.Due{Workspace: id, Next: max(next, 1), Acknowledged: seq})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if placeholder := w.open[id]; placeholder != e {
		close(placeholder.ready)
	}
	delete(w.open, id)
	return err
}

// Close closes every engine; nobody may use one any more.
func (w *Workspaces) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	all := make(map[string]*openEngine)
	for id, e := range w.open {
		all[id] = e
	}
	w.mu.Unlock()
	var errs []error
	for id, e := range all {
		<-e.ready
		if e.isOpen() {
			errs = append(errs, w.closeOne(ctx, id, e))
		}
	}
	return errors.Join(errs...)
}
