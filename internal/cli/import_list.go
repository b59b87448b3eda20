package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/records"
)

type importList struct {
	Limit int `help:"How many to show." default:"20"`
}

// Run lists imports.
func (c *importList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var out struct {
			Imports []api.Import `json:"imports"`
		}
		raw, err := cl.call(ctx, "GET", "/api/imports", url.Values{"limit": {strconv.Itoa(c.Limit)}}, nil, &out)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, m := range out.Imports {
				state := m.State
				if m.State == records.ImportRunning && m.Bytes > 0 {
					state += fmt.Sprintf(" %d%%", 100*m.ReadBytes/m.Bytes)
				}
				if m.DryRun {
					state += " (dry run)"
				}
				rows = append(rows, []string{m.ID, m.CreatedAt.Format("2006-01-02 15:04:05"), m.Kind, state,
					number(m.Accepted), number(m.Repeated), number(m.Rejected), number(m.Partial), m.File})
			}
			t.table([]string{"ID", "AT", "KIND", "STATE", "TAKEN", "THERE", "REJECTED", "IN PART", "FILE"}, rows)
		})
	})
}

type importCancel struct {
	ID string `arg:"" help:"The import's id (imp_…)."`
}

// Run stops an import.
func (c *importCancel) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		if cl.resume != nil { // nobody serves: the import rests, and is taken up to be ended
			if err := cl.resume(ctx); err != nil {
				return err
			}
		}
		if _, err := cl.call(ctx, "POST", "/api/imports/"+url.PathEscape(c.ID)+"/cancel", nil, nil, nil); err != nil {
			return err
		}
		m, err := t.followImport(ctx, cl, c.ID)
		if err != nil {
			return err
		}
		return t.show(m, func() { t.importDone(m) })
	})
}
