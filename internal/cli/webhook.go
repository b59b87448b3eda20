package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
)

type webhookCommand struct {
	List   webhookList   `cmd:"" help:"List webhooks."`
	Create webhookCreate `cmd:"" help:"Make a webhook and show its secret, once."`
	Rotate webhookRotate `cmd:"" help:"Give a webhook a new secret; for a day calls are signed with the old one as well."`
	Ping   webhookPing   `cmd:"" help:"Call a webhook once, to try it out."`
	Calls  webhookCalls  `cmd:"" help:"List the calls of a webhook, newest first."`
	Replay webhookReplay `cmd:"" help:"Make calls again: those named, or all that failed."`
	Delete webhookDelete `cmd:"" help:"Remove a webhook with its log."`
}

type webhookList struct{}

// Run lists webhooks.
func (webhookList) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var out struct {
			Webhooks []carpel.Hook `json:"webhooks"`
		}
		raw, err := cl.call(ctx, "GET", "/api/webhooks", nil, nil, &out)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, h := range out.Webhooks {
				state := "on"
				if !h.On {
					state = strings.TrimSpace("off " + h.Reason)
				}
				rows = append(rows, []string{h.ID, h.Name, strings.Join(h.Events, ","), state, h.URL})
			}
			t.table([]string{"ID", "NAME", "EVENTS", "STATE", "URL"}, rows)
		})
	})
}

type webhookCreate struct {
	URL     string   `arg:"" help:"Address that is called."`
	Name    string   `help:"What it is for." required:""`
	Event   []string `help:"What it is called for: segment.entered, segment.left, delivery.sent, …" required:""`
	Segment []string `help:"Ids or keys of segments, of the events segment.…"`
}

// Run makes a webhook.
func (c *webhookCreate) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var h api.NewWebhook
		raw, err := cl.call(ctx, "POST", "/api/webhooks", nil, map[string]any{"name": c.Name, "url": c.URL, "events": c.Event, "segments": orEmpty(c.Segment)}, &h)
		if err != nil {
			return err
		}
		return t.show(raw, func() { t.webhookSecret(h) })
	})
}

// webhookSecret shows a webhook's secret alone on the output, for scripts.
func (t *terminal) webhookSecret(h api.NewWebhook) {
	fmt.Fprintln(t.Out, h.Secret)
	fmt.Fprintf(t.Err, "The secret of %s. Keep it: it is shown only now.\n", h.ID)
}

type webhookRotate struct {
	ID string `arg:"" help:"The webhook's id (wh_…)."`
}

// Run gives a webhook a new secret.
func (c *webhookRotate) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var h api.NewWebhook
		raw, err := cl.call(ctx, "POST", webhookPath(c.ID, "/rotate"), nil, nil, &h)
		if err != nil {
			return err
		}
		return t.show(raw, func() { t.webhookSecret(h) })
	})
}

type webhookPing struct {
	ID string `arg:"" help:"The webhook's id (wh_…)."`
}

// Run calls a webhook once.
func (c *webhookPing) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		_, err := cl.call(ctx, "POST", webhookPath(c.ID, "/ping"), nil, nil, nil)
		if err == nil {
			fmt.Fprintf(t.Err, "It is called now; see carpel webhook calls %s.\n", c.ID)
		}
		return err
	})
}

type webhookCalls struct {
	ID    string `arg:"" help:"The webhook's id (wh_…)."`
	State string `help:"Only those: planned, sent, failed or missing." placeholder:"STATE"`
	Limit int    `help:"How many at most." default:"50"`
}

// Run lists calls.
func (c *webhookCalls) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var out struct {
			Calls []carpel.HookCall `json:"calls"`
		}
		query := url.Values{"limit": {strconv.Itoa(c.Limit)}}
		if c.State != "" {
			query.Set("state", c.State)
		}
		raw, err := cl.call(ctx, "GET", webhookPath(c.ID, "/calls"), query, nil, &out)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, x := range out.Calls {
				rows = append(rows, []string{x.ID, x.At.String(), x.Event, string(x.State), strconv.Itoa(x.Attempts), x.Answer})
			}
			t.table([]string{"ID", "AT", "EVENT", "STATE", "TRIES", "ANSWER"}, rows)
		})
	})
}

type webhookReplay struct {
	ID    string   `arg:"" help:"The webhook's id (wh_…)."`
	Calls []string `arg:"" optional:"" help:"Ids of calls (whc_…); all that failed if none are given."`
}

// Run makes calls again.
func (c *webhookReplay) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var out struct {
			Planned int64 `json:"planned"`
		}
		raw, err := cl.call(ctx, "POST", webhookPath(c.ID, "/replay"), nil, map[string]any{"calls": orEmpty(c.Calls)}, &out)
		if err != nil {
			return err
		}
		return t.show(raw, func() { fmt.Fprintf(t.Err, "%d calls are made again.\n", out.Planned) })
	})
}

type webhookDelete struct {
	ID string `arg:"" help:"The webhook's id (wh_…)."`
}

// Run removes a webhook.
func (c *webhookDelete) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		_, err := cl.call(ctx, "DELETE", webhookPath(c.ID, ""), nil, nil, nil)
		if err == nil {
			fmt.Fprintln(t.Err, "Removed.")
		}
		return err
	})
}

func webhookPath(id, rest string) string { return "/api/webhooks/" + url.PathEscape(id) + rest }
