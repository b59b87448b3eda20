package server

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/demo"
	"github.com/carpel/carpel/internal/engine"
)

// demos are the made-up companies at work, one goroutine each while the server runs. Safe for concurrent use.
type demos struct {
	work sync.WaitGroup
	mu   sync.Mutex
	ctx  context.Context               // of Run; nil before; guarded by mu
	stop map[string]context.CancelFunc // by workspace, of those at work; guarded by mu
}

// betaTesters is the key of the demo's manual segment.
const betaTesters = "beta-testers"

// FoundDemo makes up the company of the first workspace, if it is not all there, and tells progress how many of its people
// are. A running server does it by itself, for every demo.
func (s *Server) FoundDemo(ctx context.Context, progress func(people int)) error {
	return s.found(ctx, s.local.Workspace, progress)
}

func (s *Server) found(ctx context.Context, workspace string, progress func(people int)) error {
	w, err := s.records.Workspace(ctx, workspace)
	if err != nil || w.Demo.Ready || w.Demo.People == 0 {
		return err
	}
	testers, err := s.records.Segment(ctx, workspace, betaTesters)
	if err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound { // without them the company does without testers
		return err
	}
	commit := func(items []carpel.Item) ([]engine.Outcome, error) { return s.commit(ctx, workspace, items) }
	if err := companyOf(w).Fill(commit, testers.ID, progress); err != nil {
		return fmt.Errorf("make up a company: %w", err)
	}
	if err := s.waitBuilt(ctx, workspace); err != nil {
		return err
	}
	w.Demo.Ready = true
	return s.records.SetDemo(ctx, workspace, w.Demo)
}

// waitBuilt waits until no segment of a workspace is being built.
func (s *Server) waitBuilt(ctx context.Context, workspace string) error {
	db, release, err := s.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	building := func(st engine.Status) bool { return st.State == carpel.StateBuilding }
	for {
		watch := db.Watch()
		if !slices.ContainsFunc(db.Statuses(), building) {
			return nil
		}
		select {
		case <-watch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// companyOf is the made-up company of a workspace: its history ends when the workspace was made.
func companyOf(w carpel.Workspace) demo.Company {
	return demo.Company{People: w.Demo.People, Days: w.Demo.Days, Seed: w.Demo.Seed, Now: w.CreatedAt}
}

// runDemos brings every made-up company to life until ctx ends.
func (s *Server) runDemos(ctx context.Context) error {
	s.demos.mu.Lock()
	s.demos.ctx, s.demos.stop = ctx, map[string]context.CancelFunc{}
	s.demos.mu.Unlock()
	all, err := s.records.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		s.bringToLife(w)
	}
	return nil
}

// bringToLife begins to make up a workspace's company, and lets its people come and go. A server that does not run does
// it at its next run.
func (s *Server) bringToLife(w carpel.Workspace) {
	s.demos.mu.Lock()
	defer s.demos.mu.Unlock()
	if w.Demo.People == 0 || s.demos.ctx == nil || s.demos.ctx.Err() != nil || s.demos.stop[w.ID] != nil {
		return
	}
	ctx, stop := context.WithCancel(s.demos.ctx)
	s.demos.stop[w.ID] = stop
	s.demos.work.Go(func() {
		defer s.endDemo(w.ID)
		run := fmt.Sprintf("live-%d", s.config.Now().UnixNano())
		for n := 0; ctx.Err() == nil; n++ {
			err := s.found(ctx, w.ID, nil)
			if err == nil {
				err = s.trickle(ctx, w, fmt.Sprintf("%s-%d", run, n))
			}
			if _, gone := s.records.Workspace(ctx, w.ID); err == nil || ctx.Err() != nil || carpel.ErrorCode(gone) == carpel.CodeNotFound {
				return
			}
			s.config.Log.Error("made-up company stands still, and is tried again", "workspace", w.ID, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Second):
			}
		}
	})
}

// endDemo forgets a company that is no longer at work.
func (s *Server) endDemo(workspace string) {
	s.demos.mu.Lock()
	defer s.demos.mu.Unlock()
	s.demos.stop[workspace]()
	delete(s.demos.stop, workspace)
}

// trickle lets a company's people go on using its service until ctx ends.
func (s *Server) trickle(ctx context.Context, w carpel.Workspace, run string) error {
	if s.config.DemoRate < 0 {
		return nil
	}
	company := companyOf(w)
	tick := time.NewTicker(time.Duration(float64(time.Second) / s.config.DemoRate))
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if _, err := s.commit(ctx, w.ID, company.Trickle(run, n, s.config.Now())); err != nil {
				return err
			}
		}
	}
}

// createWorkspace makes a workspace; a made-up company begins to live in it.
func (s *Server) createWorkspace(ctx context.Context, w carpel.Workspace) (carpel.Workspace, error) {
	w, err := s.workspaces.Create(ctx, w)
	if err == nil {
		s.bringToLife(w)
	}
	return w, err
}

// removeWorkspace takes a workspace of made-up data away; see [records.DB.RemoveWorkspace]. Its directory goes when nobody
// uses its engine any more.
func (s *Server) removeWorkspace(ctx context.Context, id, by string) error {
	if !s.backingUp.TryLock() { // it has the workspace in its list
		return carpel.Errorf(carpel.CodeConflict, "a backup is at work; try again when it has ended")
	}
	defer s.backingUp.Unlock()
	if err := s.records.RemoveWorkspace(ctx, id, by); err != nil {
		return err
	}
	s.demos.mu.Lock()
	defer s.demos.mu.Unlock()
	if stop := s.demos.stop[id]; stop != nil {
		stop()
	}
	return nil
}
