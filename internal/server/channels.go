package server

import (
	"net/url"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery/provider"
	"github.com/carpel/carpel/internal/tracking"
)

// newProviders makes what opens channels from the server's parts.
func (s *Server) newProviders() *provider.Set {
	return &provider.Set{Ring: s.ring, Outbound: s.outbound, Now: s.config.Now, Resolver: s.config.Resolver, Receiver: s.receiver,
		Token: func(m *carpel.Message) string { return tracking.BounceToken(s.ring, m.Delivery) }}
}

// receiver is the host that bounces are sent to, if this server takes them.
func (s *Server) receiver() string {
	if u, err := url.Parse(s.publicURL()); err == nil && s.config.BounceListen != "" && s.config.PublicURL != "" {
		return u.Hostname()
	}
	return ""
}
