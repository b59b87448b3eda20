package customerio

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
	"github.com/carpel/carpel/internal/records"
)

// Replay takes a rejected item again: as the call that it came by would take it now, with the time of its receipt and
// no more rights than it had. A *[carpel.Error] says why it is refused still.
func (h *Handler) Replay(ctx context.Context, workspace string, r records.Rejection) error {
	method, target, _ := strings.Cut(r.Request, " ")
	path, query, _ := strings.Cut(target, "?")
	rt, args, _ := h.find(method, path)
	if rt == nil {
		return fmt.Errorf("replay rejection %d: no call %q", r.ID, r.Request)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("replay rejection %d: %w", r.ID, err)
	}
	doc, fault := ingest.Scan(r.Body, rt.items)
	if fault != nil {
		return fault
	}
	c := &call{Context: ctx, door: h.door, route: rt, args: args, query: values, doc: doc}
	c.batch = &ingest.Batch{Workspace: workspace, Family: Family, Request: r.Request, Public: r.Public, Received: carpel.MillisOf(r.At), Replay: true}
	if err := c.decode(); err != nil {
		return err
	}
	if err := c.batch.CheckReplay(r); err != nil {
		return err
	}
	if err := h.door.Intake.Commit(ctx, c.batch); err != nil {
		return err
	}
	if it := c.batch.FirstRefused(); it != nil {
		return it.Refused
	}
	return nil
}
