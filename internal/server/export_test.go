package server

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/carpel/carpel"
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
