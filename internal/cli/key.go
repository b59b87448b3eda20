package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/records"
)

type keyCommand struct {
	List   keyList   `cmd:"" help:"List keys."`
	Create keyCreate `cmd:"" help:"Create a key and show its secret, once."`
	Rotate keyRotate `cmd:"" help:"Replace a key; the old one goes on for a while."`
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
	Scope []string `help:"Of an ak: read, write, send or admin; each includes those before it."`
	Days  int      `help:"Let it expire after so many days; never if not given." placeholder:"N"`
}

// Run creates a key.
func (c *keyCreate) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var k api.NewKey
		body := map[string]any{"kind": c.Kind, "name": c.Name, "scopes": orEmpty(c.Scope)}
		if c.Days > 0 {
			body["expires_at"] = time.Now().AddDate(0, 0, c.Days)
		}
		raw, err := cl.call(ctx, "POST", "/api/keys", nil, body, &k)
		if err != nil {
			return err
		}
		return t.show(raw, func() { t.secret(k) })
	})
}

// secret shows a new key's secret alone on the output, for scripts.
func (t *terminal) secret(k api.NewKey) {
	fmt.Fprintln(t.Out, k.Secret)
	fmt.Fprintln(t.Err, "Keep it: it is shown only now.")
}

type keyRotate struct {
	ID    string `arg:"" help:"The key's id (key_…)."`
	Grace string `help:"How long the old key goes on: 1h, 7d; 0s ends it at once." default:"24h" placeholder:"SPAN"`
}

// Run replaces a key.
func (c *keyRotate) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var k api.NewKey
		raw, err := cl.call(ctx, "POST", "/api/keys/"+url.PathEscape(c.ID)+"/rotate", nil, map[string]string{"grace": c.Grace}, &k)
		if err != nil {
			return err
		}
		return t.show(raw, func() { t.secret(k) })
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
