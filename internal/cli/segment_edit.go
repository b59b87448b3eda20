package cli

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/alecthomas/kong"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
)

type segmentCreate struct {
	Name            string   `help:"The segment's name." required:""`
	Key             string   `name:"slug" help:"Its key; made from the name if not given." placeholder:"KEY"`
	Description     string   `help:"What it is for."`
	Tag             []string `help:"Tags."`
	Manual          bool     `help:"People are put in by hand: no definition."`
	NoWait          bool     `help:"Do not wait for the build."`
	definitionFlags `embed:""`
}

// Run creates a segment and waits for its build.
func (c *segmentCreate) Run(ctx context.Context, t *terminal) error {
	body := map[string]any{"name": c.Name, "kind": carpel.Dynamic}
	if c.Manual {
		body["kind"] = carpel.Manual
	} else {
		def, err := c.parse(t.In)
		if err != nil {
			return err
		}
		body["definition"] = def
	}
	for name, v := range map[string]string{"key": c.Key, "description": c.Description} {
		if v != "" {
			body[name] = v
		}
	}
	if len(c.Tag) > 0 {
		body["tags"] = c.Tag
	}
	return t.with(ctx, func(cl *client) error {
		var s api.Segment
		if _, err := cl.call(ctx, "POST", "/api/segments", nil, body, &s); err != nil {
			return err
		}
		if !c.NoWait {
			var err error
			if s, err = t.waitBuilt(ctx, cl, s.ID); err != nil {
				return err
			}
		}
		return t.show(s, func() { t.segment(s) })
	})
}

// waitBuilt waits until no build of the segment is under way, with a bar.
func (t *terminal) waitBuilt(ctx context.Context, c *client, id string) (api.Segment, error) {
	bar := t.progress(100, "building", false)
	defer bar.Finish()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var s api.Segment
		if _, err := c.call(ctx, "GET", "/api/segments/"+id, nil, nil, &s); err != nil {
			return s, err
		}
		if s.State != carpel.StateBuilding {
			return s, nil
		}
		_ = bar.Set(int(100 * s.Progress)) // drawing only
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-tick.C:
		}
	}
}

type segmentDelete struct {
	Segment string `arg:"" help:"Id or key."`
}

// Run deletes a segment.
func (c *segmentDelete) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		_, err := cl.call(ctx, "DELETE", "/api/segments/"+url.PathEscape(c.Segment), nil, nil, nil)
		if err == nil {
			fmt.Fprintln(t.Err, "Deleted", c.Segment)
		}
		return err
	})
}

type segmentEdit struct {
	Segment     string   `arg:"" help:"Id or key."`
	Name        *string  `help:"A new name; the key stays."`
	Description *string  `help:"A new description."`
	Tag         []string `help:"New tags, in place of all old ones."`
	Definition  string   `help:"A new definition: text or JSON." placeholder:"TEXT"`
	File        string   `short:"f" help:"Read the new definition from a file: text, JSON or YAML; - for standard input." placeholder:"FILE"`
	NoWait      bool     `help:"Do not wait for the build."`
}

// Run changes a segment and waits for its build.
func (c *segmentEdit) Run(ctx context.Context, t *terminal) error {
	body := map[string]any{}
	if c.Name != nil {
		body["name"] = *c.Name
	}
	if c.Description != nil {
		body["description"] = *c.Description
	}
	if len(c.Tag) > 0 {
		body["tags"] = c.Tag
	}
	if c.Definition != "" || c.File != "" {
		def, err := definitionFlags{c.Definition, c.File}.parse(t.In)
		if err != nil {
			return err
		}
		body["definition"] = def
	}
	if len(body) == 0 {
		return calledWrongly{"say what to change: --name, --description, --tag, --definition or -f FILE"}
	}
	return t.with(ctx, func(cl *client) error {
		var s api.Segment
		if _, err := cl.call(ctx, "PUT", "/api/segments/"+url.PathEscape(c.Segment), nil, body, &s); err != nil {
			return err
		}
		if !c.NoWait {
			var err error
			if s, err = t.waitBuilt(ctx, cl, s.ID); err != nil {
				return err
			}
		}
		return t.show(s, func() { t.segment(s) })
	})
}

// segmentState is pause, resume, archive, restore and cancel: the command's name is the call's.
type segmentState struct {
	Segment string `arg:"" help:"Id or key."`
}

// Run asks for another state. What has to be built again, as behind a pause, is waited for.
func (c *segmentState) Run(ctx context.Context, k *kong.Context, t *terminal) error {
	return t.with(ctx, func(cl *client) error {
		var s api.Segment
		name := k.Selected().Name
		if _, err := cl.call(ctx, "POST", "/api/segments/"+url.PathEscape(c.Segment)+"/"+name, nil, nil, &s); err != nil {
			return err
		}
		if s.State == carpel.StateBuilding && name != "cancel" {
			var err error
			if s, err = t.waitBuilt(ctx, cl, s.ID); err != nil {
				return err
			}
		}
		return t.show(s, func() { t.segment(s) })
	})
}
