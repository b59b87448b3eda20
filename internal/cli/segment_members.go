package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
)

type segmentMembers struct {
	Segment string   `arg:"" help:"Id or key."`
	Limit   int      `help:"How many to show; carpel export members streams all." default:"50"`
	Add     []string `help:"Manual segments: put these people in." placeholder:"PERSON"`
	Remove  []string `help:"Manual segments: take these people out." placeholder:"PERSON"`
}

// Run lists or edits members.
func (c *segmentMembers) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		path := "/api/segments/" + url.PathEscape(c.Segment) + "/members"
		if len(c.Add)+len(c.Remove) > 0 {
			var edit api.MemberEdit
			raw, err := cl.call(ctx, "POST", path, nil, map[string]any{"add": c.Add, "remove": c.Remove}, &edit)
			if err != nil {
				return err
			}
			return t.show(raw, func() {
				fmt.Fprintf(t.Out, "%d put in, %d taken out\n", edit.Added, edit.Removed)
				for _, u := range edit.Unknown {
					fmt.Fprintln(t.Out, "nobody is known as", printable(u))
				}
			})
		}
		var page struct {
			Members []carpel.Member `json:"members"`
			Next    string          `json:"next"`
		}
		raw, err := cl.call(ctx, "GET", path, url.Values{"limit": {strconv.Itoa(c.Limit)}}, nil, &page)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, m := range page.Members {
				rows = append(rows, []string{m.UserID, m.Email, day(m.EnteredAt), m.Key})
			}
			t.table([]string{"ID", "EMAIL", "SINCE", "KEY"}, rows)
			if page.Next != "" {
				fmt.Fprintf(t.Out, "… and more: carpel export members %s\n", c.Segment)
			}
		})
	})
}

type segmentChanges struct {
	Segment string `arg:"" help:"Id or key."`
	Limit   int    `help:"How many to show." default:"50"`
	After   string `help:"Go on from this cursor, the next of an answer; if not given, the newest are shown."`
}

// changesPage is a part of the feed, as the API answers and -o json shows it.
type changesPage struct {
	Changes []carpel.Change `json:"changes"`
	Next    string          `json:"next"`
}

// Run shows the feed: its newest part, or what comes after a cursor. Oldest first, so that the newest stands last.
func (c *segmentChanges) Run(ctx context.Context, t *terminal) error {
	if c.Limit < 1 {
		return fmt.Errorf("--limit must be at least 1")
	}
	return t.with(ctx, func(cl *client) error {
		read := cl.changesAfter
		if c.After == "" {
			read = cl.newestChanges
		}
		page, err := read(ctx, c)
		if err != nil {
			return err
		}
		return t.show(page, func() {
			var rows [][]string
			for _, ch := range page.Changes {
				who := ch.UserID
				if who == "" {
					who = ch.Email
				}
				rows = append(rows, []string{day(ch.At), ch.Change, string(ch.Cause), who, ch.Person})
			}
			t.table([]string{"AT", "CHANGE", "CAUSE", "WHO", "KEY"}, rows)
			if c.After != "" && len(page.Changes) == c.Limit {
				fmt.Fprintf(t.Out, "… and perhaps more: --after %s\n", page.Next)
			}
		})
	})
}

// changesAfter reads the feed from a cursor on.
func (c *client) changesAfter(ctx context.Context, ask *segmentChanges) (changesPage, error) {
	var page changesPage
	_, err := c.call(ctx, "GET", "/api/segments/"+url.PathEscape(ask.Segment)+"/changes", url.Values{"limit": {strconv.Itoa(ask.Limit)}, "after": {ask.After}}, nil, &page)
	return page, err
}

// newestChanges reads the feed to its end, page by page, and returns the last changes of it.
func (c *client) newestChanges(ctx context.Context, ask *segmentChanges) (changesPage, error) {
	newest := changesPage{Changes: []carpel.Change{}}
	for whole := (segmentChanges{Segment: ask.Segment, Limit: 1000}); ; whole.After = newest.Next {
		page, err := c.changesAfter(ctx, &whole)
		if err != nil {
			return newest, err
		}
		newest.Next = page.Next
		newest.Changes = append(newest.Changes, page.Changes...)
		newest.Changes = newest.Changes[max(0, len(newest.Changes)-ask.Limit):]
		if len(page.Changes) == 0 {
			return newest, nil
		}
	}
}
