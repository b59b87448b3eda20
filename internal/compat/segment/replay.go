package segment

import (
	"context"
	"fmt"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
	"github.com/carpel/carpel/internal/records"
)

// Replay takes a rejected item again: as the call that it came by would take it now, with the time of its receipt and
// no more rights than it had. A *[carpel.Error] says why it is refused still.
func (h *Handler) Replay(ctx context.Context, workspace string, r records.Rejection) error {
	_, path, _ := strings.Cut(r.Request, " ")
	kind, ok := calls()[strings.TrimPrefix(path, "/v1/")]
	if !ok {
		return fmt.Errorf("replay rejection %d: no call %q", r.ID, r.Request)
	}
	items := ""
	if kind == "batch" || kind == "import" {
		items = "batch"
	}
	doc, fault := ingest.Scan(r.Body, items)
	if fault == nil {
		fault = doc.Fault()
	}
	if fault != nil {
		return fault
	}
	b := &ingest.Batch{Workspace: workspace, Family: Family, Request: r.Request, Public: r.Public, Received: carpel.MillisOf(r.At), Replay: true}
	d := decoder{batch: b, kind: kind, intake: h.door.Intake}
	if err := d.decode(doc); err != nil {
		return err
	}
	if err := b.CheckReplay(r); err != nil {
		return err
	}
	if err := h.door.Intake.Commit(ctx, b); err != nil {
		return err
	}
	if it := b.FirstRefused(); it != nil {
		return it.Refused
	}
	return nil
}
