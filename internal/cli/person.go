package cli

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
)

type personCommand struct {
	Show   personShow   `cmd:"" default:"withargs" help:"Show a person: attributes, segments, devices."`
	Events personEvents `cmd:"" help:"Show a person's timeline."`
	Find   personFind   `cmd:"" help:"Search people by the beginning of id or email."`
	Erase  personErase  `cmd:"" help:"Erase a person and everything of theirs."`
}

func personPath(person string) string { return "/api/people/" + url.PathEscape(person) }

type personShow struct {
	Person string `arg:"" help:"A key (p_…), id:…, email:…, or a bare id or email."`
}

// Run shows a person.
func (c *personShow) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var all struct {
			Person   carpel.Person       `json:"person"`
			Segments []api.PersonSegment `json:"segments"`
			Devices  []carpel.DeviceInfo `json:"devices"`
		}
		if _, err := cl.call(ctx, "GET", personPath(c.Person), nil, nil, &all.Person); err != nil {
			return err
		}
		if _, err := cl.call(ctx, "GET", personPath(c.Person)+"/segments", nil, nil, &all); err != nil {
			return err
		}
		if _, err := cl.call(ctx, "GET", personPath(c.Person)+"/devices", nil, nil, &all); err != nil {
			return err
		}
		return t.show(all, func() {
			p := all.Person
			fmt.Fprintf(t.Out, "%s  %s  (%s)\nfirst seen %s", printable(p.UserID), printable(p.Email), p.Key, day(p.FirstSeenAt))
			if p.LastSeenAt != carpel.Never {
				fmt.Fprintf(t.Out, ", last seen %s", day(p.LastSeenAt))
			}
			fmt.Fprint(t.Out, "\n\n")
			var rows [][]string
			for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
				a := p.Attributes[name]
				rows = append(rows, []string{name, a.Value.Text(), day(a.Since), a.Source})
			}
			t.table([]string{"ATTRIBUTE", "VALUE", "SINCE", "SOURCE"}, rows)
			fmt.Fprintln(t.Out)
			rows = nil
			for _, s := range all.Segments {
				rows = append(rows, []string{s.Key, s.Name, day(s.EnteredAt)})
			}
			t.table([]string{"SEGMENT", "NAME", "SINCE"}, rows)
			if len(all.Devices) == 0 {
				return
			}
			fmt.Fprintln(t.Out)
			rows = nil
			for _, d := range all.Devices {
				rows = append(rows, []string{d.Platform, day(d.LastUsed), d.Token})
			}
			t.table([]string{"DEVICE", "LAST USED", "TOKEN"}, rows)
		})
	})
}

type personEvents struct {
	Person string `arg:"" help:"A key (p_…), id:…, email:…, or a bare id or email."`
	Limit  int    `help:"How many to show." default:"50"`
	Name   string `help:"Only events of this name."`
}

// Run shows a timeline.
func (c *personEvents) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var page struct {
			Events []carpel.Event `json:"events"`
		}
		query := url.Values{"limit": {strconv.Itoa(c.Limit)}}
		if c.Name != "" {
			query.Set("name", c.Name)
		}
		raw, err := cl.call(ctx, "GET", personPath(c.Person)+"/events", query, nil, &page)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, e := range page.Events {
				var properties string
				for _, name := range slices.Sorted(maps.Keys(e.Properties)) {
					properties += name + "=" + e.Properties[name].Text() + " "
				}
				rows = append(rows, []string{day(e.At), e.Kind, e.Name, properties})
			}
			t.table([]string{"AT", "KIND", "NAME", "PROPERTIES"}, rows)
		})
	})
}

type personFind struct {
	Search string `arg:"" optional:"" help:"Beginning of a user id or email; everybody if not given."`
	Limit  int    `help:"How many to show." default:"20"`
}

// Run searches people.
func (c *personFind) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var page struct {
			People []carpel.Person `json:"people"`
			Next   string          `json:"next"`
		}
		raw, err := cl.call(ctx, "GET", "/api/people", url.Values{"search": {c.Search}, "limit": {strconv.Itoa(c.Limit)}}, nil, &page)
		if err != nil {
			return err
		}
		return t.show(raw, func() {
			var rows [][]string
			for _, p := range page.People {
				rows = append(rows, []string{p.UserID, p.Email, p.Key})
			}
			t.table([]string{"ID", "EMAIL", "KEY"}, rows)
		})
	})
}

type personErase struct {
	Person string `arg:"" help:"A key (p_…), id:…, email:…, or a bare id or email."`
	Yes    bool   `help:"Do it: what is erased cannot be brought back." required:""`
}

// Run erases a person.
func (c *personErase) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		_, err := cl.call(ctx, "DELETE", personPath(c.Person), nil, nil, nil)
		if err == nil {
			fmt.Fprintln(t.Err, "Erased.")
		}
		return err
	})
}
