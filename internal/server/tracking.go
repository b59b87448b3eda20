package server

import (
	"fmt"
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
