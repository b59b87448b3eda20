package cli

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/server"
)

type checkCommand struct{}

// Help is shown below the flags.
func (checkCommand) Help() string {
	return "Recomputes every membership from the stored data and compares. The exit code is 3 when something differs."
}

// Run compares every membership with a fresh computation.
func (checkCommand) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var r engine.CheckReport
		raw, err := cl.call(ctx, "POST", "/api/check", nil, nil, &r)
		if err != nil {
			return err
		}
		if err := t.show(raw, func() {
			fmt.Fprintf(t.Out, "%d segments, %s memberships compared at batch %d, %s: %s differences\n", r.Segments, number(r.Memberships), r.Position.Seq, r.Position.Now, number(r.ProblemsAll))
			for _, p := range r.Problems {
				fmt.Fprintf(t.Out, "  %s %s %s: %s\n", p.Kind, p.Segment, p.Person, printable(p.Detail))
			}
		}); err != nil {
			return err
		}
		if r.ProblemsAll > 0 {
			return notInOrder{"the data are not in order; keep this report and the data directory"}
		}
		return nil
	})
}

type backupCommand struct {
	Directory string `arg:"" help:"A directory that does not exist yet, on the server's machine."`
}

// Run makes a backup.
func (c *backupCommand) Run(ctx context.Context, t *terminal) error {
	dir, err := filepath.Abs(c.Directory)
	if err != nil {
		return err
	}
	return t.with(ctx, func(cl *client) error {
		if _, err := cl.call(ctx, "POST", "/api/backup", nil, map[string]string{"directory": dir}, nil); err != nil {
			return err
		}
		fmt.Fprintf(t.Err, "The backup is in %s. To use it: carpel restore %s --data NEW-DIRECTORY\n", dir, dir)
		return nil
	})
}

type restoreCommand struct {
	Backup string `arg:"" help:"A backup's directory." type:"existingdir"`
}

// Run makes a data directory from a backup.
func (c *restoreCommand) Run(t *terminal) error {
	if err := server.Restore(c.Backup, t.Data); err != nil {
		return err
	}
	fmt.Fprintf(t.Err, "Restored into %s. Start it with: carpel serve --data %s\n", t.Data, t.Data)
	return nil
}

type keyCommand struct {
	List   keyList   `cmd:"" help:"List keys."`
	Create keyCreate `cmd:"" help:"Create a key and show its secret, once."`
	Revoke keyRevoke `cmd:"" help:"Revoke a key, at once."`
}

type keyList struct{}

// Run lists keys.
func (keyList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var out struct {
			Keys []records.Key `json:"keys"`
		}
		raw, err := cl.call(ctx, "GET", "/api/keys", nil, nil, &out)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, k := range out.Keys {
				state := "active"
				if !k.RevokedAt.IsZero() {
					state = "revoked " + k.RevokedAt.Format("2006-01-02")
				} else if !k.ExpiresAt.IsZero() {
					state = "expires " + k.ExpiresAt.Format("2006-01-02")
				}
				rows = append(rows, []string{k.ID, k.Hint + "…", strings.Join(k.Scopes, ","), state, k.Name})
			}
			t.table([]string{"ID", "KEY", "SCOPES", "STATE", "NAME"}, rows)
		})
	})
}

type keyCreate struct {
	Kind  string   `help:"pk (browsers), sk (servers) or ak (this API)." enum:"pk,sk,ak" required:""`
	Name  string   `help:"What it is for." required:""`
	Scope []string `help:"Of an ak: read, write or admin." enum:"read,write,admin"`
}

// Run creates a key.
func (c *keyCreate) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var k api.NewKey
		raw, err := cl.call(ctx, "POST", "/api/keys", nil, map[string]any{"kind": c.Kind, "name": c.Name, "scopes": orEmpty(c.Scope)}, &k)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			fmt.Fprintln(t.Out, k.Secret)
			fmt.Fprintln(t.Err, "Keep it: it is shown only now.")
		})
	})
}

type keyRevoke struct {
	ID string `arg:"" help:"The key's id (key_…)."`
}

// Run revokes a key.
func (c *keyRevoke) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		_, err := cl.call(ctx, "DELETE", "/api/keys/"+url.PathEscape(c.ID), nil, nil, nil)
		if err == nil {
			fmt.Fprintln(t.Err, "Revoked.")
		}
		return err
	})
}
