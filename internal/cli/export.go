package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
)

type exportCommand struct {
	People  exportPeople  `cmd:"" help:"Export all people with their attributes."`
	Members exportMembers `cmd:"" help:"Export the members of a segment."`
}

// exportFlags say where an export goes.
type exportFlags struct {
	Format string `help:"csv or ndjson." enum:"csv,ndjson" default:"csv"`
	Out    string `help:"Write to this file; standard output if not given." placeholder:"FILE"`
}

type exportPeople struct {
	exportFlags `embed:""`
}

// Run exports people.
func (c *exportPeople) Run(ctx context.Context, t *terminal) error {
	return c.stream(ctx, t, "/api/people")
}

type exportMembers struct {
	Segment     string `arg:"" help:"Id or key."`
	exportFlags `embed:""`
}

// Run exports members.
func (c *exportMembers) Run(ctx context.Context, t *terminal) error {
	return c.stream(ctx, t, "/api/segments/"+url.PathEscape(c.Segment)+"/members")
}

// stream copies an export to its file as it comes. A file is there under its name only when it is whole.
func (f exportFlags) stream(ctx context.Context, t *terminal, path string) error {
	return t.with(ctx, func(cl *client) error {
		res, err := cl.do(ctx, "GET", path, url.Values{"format": {f.Format}}, "", nil)
		if err != nil {
			return err
		}
		defer res.Close()
		if f.Out == "" {
			_, err := io.Copy(t.Out, res)
			return err
		}
		part := f.Out + ".part"
		out, err := os.Create(part)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.MultiWriter(out, t.progress(-1, "exporting", true)), res)
		if err != nil {
			out.Close()
			return fmt.Errorf("the export is not whole, what there is lies in %s: %w", part, err)
		}
		if err := out.Close(); err != nil {
			return err
		}
		if err := os.Rename(part, f.Out); err != nil {
			return err
		}
		fmt.Fprintf(t.Err, "Wrote %s bytes to %s\n", number(n), f.Out)
		return nil
	})
}
