package cli

import (
	"context"
	"fmt"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
)

type workspaceCommand struct {
	List   workspaceList   `cmd:"" help:"List workspaces."`
	Create workspaceCreate `cmd:"" help:"Create a workspace and show its first key, once."`
}

type workspaceList struct{}

// Run lists workspaces.
func (workspaceList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var out struct {
			Workspaces []carpel.Workspace `json:"workspaces"`
		}
		raw, err := cl.call(ctx, "GET", "/api/workspaces", nil, nil, &out)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, w := range out.Workspaces {
				rows = append(rows, []string{w.ID, w.Name, w.Zone, w.CreatedAt.Format("2006-01-02 15:04:05")})
			}
			t.table([]string{"ID", "NAME", "TIME ZONE", "CREATED"}, rows)
		})
	})
}

type workspaceCreate struct {
	Name     string `arg:"" help:"Its name."`
	TimeZone string `help:"Its time zone: an IANA name, such as Europe/Berlin." default:"UTC" placeholder:"ZONE"`
}

// Help is shown below the flags.
func (workspaceCreate) Help() string {
	return `A workspace has people, segments and keys of its own, and starts with the default segments. Commands on this machine
work on the first workspace; for another, give a key of that workspace:

  carpel segment list --key ak_…`
}

// Run creates a workspace.
func (c *workspaceCreate) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var made struct {
			Workspace carpel.Workspace `json:"workspace"`
			Key       api.NewKey       `json:"key"`
		}
		raw, err := cl.call(ctx, "POST", "/api/workspaces", nil, map[string]string{"name": c.Name, "time_zone": c.TimeZone}, &made)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			fmt.Fprintf(t.Err, "Created %s (%s, %s). Its first key, with all scopes:\n", printable(made.Workspace.Name), made.Workspace.ID, made.Workspace.Zone)
			t.secret(made.Key)
		})
	})
}
