package server

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/tracking"
)

// newTracker makes what answers the links of messages from the server's parts.
func (s *Server) newTracker() *tracking.Tracker {
	return tracking.New(tracking.Options{Records: s.records, Ring: s.ring, PublicURL: s.publicURL, Engine: s.Engine, Room: s.disk.room,
		Refused: s.metrics.refusedBy("tracking"), Now: s.config.Now, Log: s.config.Log})
}

// publicURL is where people outside reach this server, without a slash at the end.
func (s *Server) publicURL() string {
	if s.config.PublicURL != "" {
		return strings.TrimRight(s.config.PublicURL, "/")
	}
	if at := s.listensAt.Load(); at != nil {
		return "http://" + *at
	}
	return "http://" + s.config.Listen
}

// checkPublicURL refuses what is no address of a server, and warns when mail programs will not take it.
func (c Config) checkPublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return &carpel.Error{Code: carpel.CodeInvalid, Message: fmt.Sprintf("%.80q is no public URL; give one such as https://carpel.example.com", c.PublicURL)}
	}
	if u.Scheme != "https" {
		c.Log.Warn("the public URL is not https: mail programs will not offer to unsubscribe with one click")
	}
	return nil
}

// listenForReports opens the listener of bounces and complaints, if there is to be one.
func (s *Server) listenForReports() error {
	if s.config.BounceListen == "" {
		return nil
	}
	l, err := net.Listen("tcp", s.config.BounceListen)
	if err != nil {
		return fmt.Errorf("listen for bounces: %w", err)
	}
	s.reports.Store(&l)
	return nil
}

// receiveReports takes bounces and complaints in until ctx ends.
func (s *Server) receiveReports(ctx context.Context) error {
	l := s.reports.Load()
	if l == nil {
		return nil
	}
	if err := s.tracking.Receive(ctx, *l); err != nil {
		return fmt.Errorf("receive bounces: %w", err)
	}
	return nil
}

// BounceAddress is where bounces are received; empty when they are not, or not yet.
func (s *Server) BounceAddress() string {
	if l := s.reports.Load(); l != nil {
		return (*l).Addr().String()
	}
	return ""
}
