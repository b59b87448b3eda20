package server

import (
	"context"
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/compat/segment"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/ingest"
)

// ingestion is the handlers of both families of wire formats, on one door.
type ingestion struct {
	segment *segment.Handler
}

// newIngestion builds the handlers from the server's parts.
func (s *Server) newIngestion() *ingestion {
	intake := ingest.New(ingest.Options{Records: s.records, Commit: s.commit})
	door := compat.NewDoor(compat.Options{
		Intake: intake, Records: s.records, Room: s.disk.room, MaxPending: s.config.MaxPending, Now: s.config.Now, Log: s.config.Log,
	})
	return &ingestion{segment: segment.New(door)}
}

// commit hands items to a workspace's engine.
func (s *Server) commit(ctx context.Context, workspace string, items []carpel.Item) ([]engine.Outcome, error) {
	db, release, err := s.workspaces.Engine(ctx, workspace)
	if err != nil {
		return nil, err
	}
	defer release()
	return db.Commit(ctx, items)
}

// register adds the routes that a mux can serve.
func (g *ingestion) register(mux *http.ServeMux) { g.segment.Register(mux) }
