package server

import (
	"context"
	"fmt"
	"net/http"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/compat/customerio"
	"github.com/carpel/carpel/internal/compat/segment"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/ingest"
	"github.com/carpel/carpel/internal/records"
)

// ingestion is the handlers of both families of wire formats, on one door.
type ingestion struct {
	segment    *segment.Handler
	customerio *customerio.Handler
}

// newDoor makes the way in from the server's parts.
func (s *Server) newDoor() *compat.Door {
	return compat.NewDoor(compat.Options{
		Intake:  ingest.New(ingest.Options{Records: s.records, Commit: s.commit, Person: s.person, Reported: s.tracking.Reported}),
		Records: s.records, Room: s.disk.room, MaxPending: s.config.MaxPending, Refused: s.metrics.refusedBy("ingestion"), Now: s.config.Now, Log: s.config.Log,
	})
}

// commit hands items to a workspace's engine.
func (s *Server) commit(ctx context.Context, workspace string, items []carpel.Item) ([]engine.Outcome, error) {
	db, release, err := s.Engine(ctx, workspace)
	if err != nil {
		return nil, err
	}
	defer release()
	return db.Commit(ctx, items)
}

// person finds a person in a workspace's engine.
func (s *Server) person(ctx context.Context, workspace string, ref carpel.PersonRef) (*carpel.Person, error) {
	db, release, err := s.Engine(ctx, workspace)
	if err != nil {
		return nil, err
	}
	defer release()
	return db.Person(ctx, ref)
}

// over serves the ingestion calls, and hands everything else to the mux. The paths of the Customer.io family hold ids
// with any characters, which the mux would clean: they are looked at before it.
func (g *ingestion) over(mux *http.ServeMux) http.Handler {
	g.segment.Register(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if customerio.Serves(r.URL.EscapedPath()) {
			g.customerio.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// replay takes a rejected item again, as its family would take it now.
func (g *ingestion) replay(ctx context.Context, workspace string, r records.Rejection) error {
	switch r.Family {
	case segment.Family:
		return g.segment.Replay(ctx, workspace, r)
	case customerio.Family:
		return g.customerio.Replay(ctx, workspace, r)
	}
	return fmt.Errorf("replay rejection %d: no family %q", r.ID, r.Family)
}
