package server

import (
	"context"
	"database/sql"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/render"
	"github.com/carpel/carpel/internal/tracking"
)

// CloseIdle closes idle workspaces now, which Run does every second.
func (s *Server) CloseIdle(ctx context.Context) error { return s.workspaces.closeIdle(ctx) }

// KeepWatermarks records how far each engine has acknowledged, which Run does every ten seconds.
func (s *Server) KeepWatermarks(ctx context.Context) error { return s.workspaces.keepWatermarks(ctx) }

// Data is the data directory.
func (s *Server) Data() string { return s.config.Data }

// MetricNames are the names of our metrics.
func MetricNames() []string {
	ch := make(chan *prometheus.Desc, 64)
	m := newMetrics(&Workspaces{}, &disk{})
	m.requests.Describe(ch)
	m.items.Describe(ch)
	m.commits.Describe(ch)
	m.feed.Describe(ch)
	m.refused.Describe(ch)
	newEngineCollector(&Workspaces{}, &disk{}).Describe(ch)
	close(ch)
	var names []string
	for d := range ch {
		_, rest, _ := strings.Cut(d.String(), `fqName: "`)
		name, _, _ := strings.Cut(rest, `"`)
		names = append(names, name)
	}
	return names
}

// NewHTTPServer is newHTTPServer.
var NewHTTPServer = newHTTPServer

// OpenWorkspaces is how many workspaces have an open engine.
func (s *Server) OpenWorkspaces() int { return len(s.workspaces.opened()) }

// DoDue opens the workspaces in which time has work, which Run does every second, and returns how many those were that had.
func (s *Server) DoDue(ctx context.Context) (int, error) {
	due, err := s.records.DueWorkspaces(ctx, carpel.MillisOf(s.config.Now()))
	return len(due), errors.Join(err, s.workspaces.openDue(ctx))
}

// Behind is behind.
var Behind = behind

// CopyBackups lets backups be copied, as to another file system, and calls before when a checkpoint has been made and is
// not copied yet.
func (s *Server) CopyBackups(before func()) {
	s.move = func(ctx context.Context, from, to string) error {
		before()
		return copyDirectory(ctx, from, to)
	}
}

// SweepRemoved removes the directories of removed workspaces, as Run does from time to time.
func (s *Server) SweepRemoved(ctx context.Context) error { return s.workspaces.sweepRemoved(ctx) }

// Metrics is what Prometheus is told.
func (s *Server) Metrics() string {
	w := httptest.NewRecorder()
	s.metrics.handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// Sent makes a delivery that was sent at a moment without anything being sent, and returns its id and its links.
func (s *Server) Sent(ctx context.Context, workspace string, d carpel.Delivery, at carpel.Millis) (string, render.Links, error) {
	if _, err := s.records.PlanDeliveries(ctx, workspace, d); err != nil {
		return "", render.Links{}, err
	}
	id := carpel.DeliveryID(workspace, d.Person, d.Origin)
	db, err := sql.Open("sqlite", filepath.Join(s.config.Data, recordsFile))
	if err != nil {
		return "", render.Links{}, err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "UPDATE deliveries SET state = 'sent', recipient = ?, sent_at = ? WHERE workspace = ? AND id = ?", d.Recipient, int64(at), workspace, id); err != nil {
		return "", render.Links{}, err
	}
	d.ID = id
	return id, s.tracking.Links(workspace, d), nil
}

// Delivery returns a delivery.
func (s *Server) Delivery(ctx context.Context, workspace, id string) (carpel.Delivery, error) {
	return s.records.Delivery(ctx, workspace, id)
}

// SetSending says how the messages of a workspace go out.
func (s *Server) SetSending(ctx context.Context, workspace string, how carpel.Sending) error {
	return s.records.SetSending(ctx, workspace, how)
}

// Tell tells the engines of what came back, which Run does by itself.
func (s *Server) Tell(ctx context.Context) error {
	_, err := s.tracking.Tell(ctx)
	return err
}

// MoveJourneys takes in what happened in a workspace, which Run does by itself.
func (s *Server) MoveJourneys(ctx context.Context, workspace string) error {
	return s.journeys.Turn(ctx, workspace)
}

// FillDisk makes the disk nearly full from now on, as far as whoever takes something in sees it.
func (s *Server) FillDisk() { s.disk.minFree = 1 << 62 }

// SuppressedFor is why nothing is sent to an address; "" when something may be.
func (s *Server) SuppressedFor(ctx context.Context, workspace, address string) (string, error) {
	x, err := s.records.Suppression(ctx, workspace, carpel.Email, address)
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		return "", nil
	}
	return string(x.Reason), err
}

// BounceToken is what stands in the return path of a delivery.
func (s *Server) BounceToken(delivery string) string {
	return tracking.BounceToken(s.ring, delivery)
}

// ListenForReports lets Run receive bounces, too.
func (s *Server) ListenForReports(at string) { s.config.BounceListen = at }

// CallHooks plans and makes the calls of webhooks that are due, which Run does by itself.
func (s *Server) CallHooks(ctx context.Context) error { return s.hooks.Round(ctx) }

// WorkOnMessages lets broadcasts go on and the sender send until nothing is left to be done at this moment.
func (s *Server) WorkOnMessages(ctx context.Context) error {
	for {
		for more := true; more; {
			var err error
			if more, err = s.broadcasts.Turn(ctx); err != nil {
				return err
			}
		}
		if due, err := s.due(ctx); err != nil || !due {
			return err
		}
		sending, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- s.sender.Run(sending) }()
		tick := time.NewTicker(time.Millisecond)
		for due := true; due; <-tick.C {
			var err error
			if due, err = s.due(ctx); err != nil {
				break
			}
		}
		tick.Stop()
		stop()
		if err := <-ended; err != nil {
			return err
		}
	}
}

// due reports whether a delivery is due now.
func (s *Server) due(ctx context.Context) (bool, error) {
	all, err := s.records.DueDeliveries(ctx)
	for _, d := range all {
		if d.Next <= carpel.MillisOf(s.config.Now()) {
			return true, err
		}
	}
	return false, err
}
