package server

import (
	"context"

	"github.com/carpel/carpel/internal/campaign"
)

// newBroadcasts makes what runs broadcasts from the server's parts.
func (s *Server) newBroadcasts() *campaign.Broadcasts {
	return campaign.NewBroadcasts(campaign.BroadcastOptions{Records: s.records, Engine: s.Engine, Sent: s.sender.Wake, Now: s.config.Now, Log: s.config.Log})
}

// runBroadcasts runs broadcasts until ctx ends.
func (s *Server) runBroadcasts(ctx context.Context) error {
	if s.config.Still {
		return nil
	}
	return s.broadcasts.Run(ctx)
}
