package server

import (
	"context"
	"path/filepath"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes"
	"github.com/carpel/carpel/internal/records"
)

const (
	sweepAgain = time.Hour        // for directories that could not be removed
	lookEvery  = time.Second      // for workspaces in which time has work
	noteEvery  = 10 * time.Second // how far engines have acknowledged
	idleAfter  = 10 * time.Minute // an engine that nobody used for so long is closed
	soon       = time.Minute      // but not if time has work in it before
)

// Run opens every workspace that was not closed in order, then, until ctx ends, those in which time has work, and
// closes those that nobody uses, and the least recently used beyond the bound.
func (w *Workspaces) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	swept, noted := time.Time{}, time.Time{}
	for {
		now := w.options.Now()
		if now.Sub(swept) > time.Hour {
			swept = now
			if err := w.records.DropOldAnswers(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
		if err := w.openDue(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if err := w.sweepRemoved(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		if now.Sub(noted) >= noteEvery {
			noted = now
			if err := w.keepWatermarks(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
		if err := w.closeIdle(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *Workspaces) openDue(ctx context.Context) error {
	all, err := w.records.DueWorkspaces(ctx, carpel.MillisOf(w.options.Now()))
	if err != nil {
		return err
	}
	for _, d := range all {
		w.mu.Lock()
		_, open := w.open[d.Workspace]
		w.mu.Unlock()
		if open {
			continue
		}
		_, release, err := w.Engine(ctx, d.Workspace)
		if err != nil && ctx.Err() != nil {
			return nil // the server stops
		}
		if err != nil { // the others go on
			w.log.Error("workspace does not open", "workspace", d.Workspace, "error", err)
			continue
		}
		release()
		if err := w.closeIdle(ctx); err != nil { // many may be due
			return err
		}
	}
	return nil
}

// keepWatermarks records how far each open engine has acknowledged, where that has changed.
func (w *Workspaces) keepWatermarks(ctx context.Context) error {
	for id, e := range w.entries() {
		seq := e.db.Position().Seq
		if seq == e.noted.Load() {
			continue
		}
		if err := w.records.SetDue(ctx, records.Due{Workspace: id, Next: 0, Acknowledged: seq}); err != nil {
			return err
		}
		e.noted.Store(seq)
	}
	return nil
}

func (w *Workspaces) opened() map[string]*stripes.DB {
	all := make(map[string]*stripes.DB)
	for id, e := range w.entries() {
		all[id] = e.db
	}
	return all
}

// entries are the engines that are open.
func (w *Workspaces) entries() map[string]*openEngine {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]*openEngine)
	for id, e := range w.open {
		if e.isOpen() {
			all[id] = e
		}
	}
	return all
}

// closeIdle closes the engines that nobody used for a while, and the least recently used without users until at most
// maxOpen are open.
func (w *Workspaces) closeIdle(ctx context.Context) error {
	now := w.options.Now()
	for id, e := range w.entries() {
		if !w.idle(e, now) || e.db.NextDue() < carpel.MillisOf(now.Add(soon)) {
			continue
		}
		if !w.take(id, e) {
			continue // somebody came
		}
		if err := w.closeOne(ctx, id, e); err != nil {
			return err
		}
	}
	for {
		id, e := w.oldestIdle()
		if e == nil {
			return nil
		}
		if err := w.closeOne(ctx, id, e); err != nil {
			return err
		}
	}
}

// sweepRemoved removes the directories of removed workspaces whose engines nobody uses any more. One that cannot be removed
// is told of, and tried again after an hour: the others do not wait for it.
func (w *Workspaces) sweepRemoved(ctx context.Context) error {
	ids, err := w.records.RemovedWorkspaces(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if w.options.Now().Sub(w.unswept[id]) < sweepAgain {
			continue
		}
		w.mu.Lock()
		e, there := w.open[id]
		w.mu.Unlock()
		if there {
			if !e.isOpen() || !w.take(id, e) {
				continue // a request is at work: later
			}
			if err := w.closeOne(ctx, id, e); err != nil {
				return err
			}
		}
		if err := w.options.FS.RemoveAll(filepath.Dir(w.Dir(id))); err != nil {
			w.unswept[id] = w.options.Now()
			w.log.Error("the directory of a removed workspace stays", "workspace", id, "error", err)
			continue
		}
		if err := w.records.ForgetWorkspace(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// idle reports whether nobody used an engine for a while.
func (w *Workspaces) idle(e *openEngine, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return e.users == 0 && now.Sub(e.lastAt) > idleAfter
}

// take puts an engine without users aside to be closed.
func (w *Workspaces) take(id string, e *openEngine) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.users > 0 || w.open[id] != e {
		return false
	}
	w.open[id] = closing()
	return true
}

// closing stands for an engine while it closes: whoever asks for it must wait.
func closing() *openEngine { return &openEngine{ready: make(chan struct{}), closing: true} }

// oldestIdle takes the least recently used idle engine aside when too many are open.
func (w *Workspaces) oldestIdle() (string, *openEngine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.open) <= w.maxOpen {
		return "", nil
	}
	var id string
	var oldest *openEngine
	for i, e := range w.open {
		if e.users == 0 && e.isOpen() && (oldest == nil || e.lastAt.Before(oldest.lastAt)) {
			id, oldest = i, e
		}
	}
	if oldest != nil {
		w.open[id] = closing()
	}
	return id, oldest
}
