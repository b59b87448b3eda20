package server

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery/provider"
	"github.com/carpel/carpel/internal/tracking"
)

// newProviders makes what opens channels from the server's parts.
func (s *Server) newProviders() *provider.Set {
	return &provider.Set{Ring: s.ring, Outbound: s.outbound, Now: s.config.Now,
		Token: func(m *carpel.Message) string { return tracking.BounceToken(s.ring, m.Delivery) }}
}
