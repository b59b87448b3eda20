package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/server"
)

type checkCommand struct{}

// Help is shown below the flags.
func (checkCommand) Help() string {
	return `Recomputes every membership of every workspace from the stored data and compares, and asks the records whether they are
whole. A server is asked while it goes on. What nobody serves is looked at without changing anything of it: a data directory,
or a backup, whose files are compared with their checksums first.

  carpel check --data /backups/2026-05-01

The exit code is 3 when something is not in order.`
}

// checkReport is what a check shows.
type checkReport struct {
	api.Check
	Files *int `json:"files,omitempty"` // of a backup, compared with their checksums
}

// Run checks a server, a data directory or a backup.
func (checkCommand) Run(ctx context.Context, t *terminal) error {
	var r checkReport
	var err error
	if t.URL == "" && !server.Served(t.Data) && (server.Exists(t.Data) || server.IsBackup(t.Data)) {
		err = t.checkStill(ctx, &r)
	} else {
		err = t.with(ctx, func(cl *client) error { return cl.check(ctx, &r) })
	}
	if err != nil {
		return err
	}
	if err := t.show(r, func() { t.checked(r) }); err != nil {
		return err
	}
	if r.ProblemsAll > 0 {
		return notInOrder{"the data are not in order; keep this report and the data directory, and see docs/operations.md, Recovery"}
	}
	return nil
}

// check asks a server.
func (c *client) check(ctx context.Context, r *checkReport) error {
	_, err := c.call(ctx, "POST", "/api/check", nil, nil, &r.Check)
	return err
}

// checkStill looks at what nobody serves. Of a backup with damaged files no more than the files is looked at.
func (t *terminal) checkStill(ctx context.Context, r *checkReport) error {
	backup, err := server.CheckBackup(ctx, t.Data)
	if err != nil {
		return err
	}
	if backup != nil {
		r.Files = &backup.Files
		for _, p := range backup.Problems {
			r.Problems = append(r.Problems, api.CheckProblem{Problem: engine.Problem{Kind: "file", Detail: p}})
		}
		r.ProblemsAll = int64(len(backup.Problems))
		if backup.Files == 0 {
			fmt.Fprintln(t.Err, "This backup is of an early version and holds no checksums: its files could not be verified.")
		}
	}
	if r.ProblemsAll > 0 {
		r.Workspaces = []api.CheckedWorkspace{}
		return nil
	}
	still, err := server.NewStill(t.Data)
	if err != nil {
		return err
	}
	return errors.Join(t.checkOpened(ctx, still, r), still.Close())
}

// checkOpened opens a copy, asks it, and names what it shows instead of the copy.
func (t *terminal) checkOpened(ctx context.Context, still *server.Still, r *checkReport) error {
	names := strings.NewReplacer(still.Dir, still.Of)
	log := slog.New(slog.NewTextHandler(renaming{t.Err, names}, &slog.HandlerOptions{Level: slog.LevelError}))
	s, err := server.Open(ctx, server.Config{Data: still.Dir, Still: true, MinFreeMB: 1, Version: t.Version, Log: log})
	if err != nil {
		return errors.New(names.Replace(err.Error()))
	}
	cl := &client{base: "http://carpel", key: cmp.Or(t.Key, s.Local().Key), given: t.Key != "", http: &http.Client{Transport: inProcess{s}}}
	err = errors.Join(cl.check(ctx, r), s.Close(context.WithoutCancel(ctx)))
	for i := range r.Problems {
		r.Problems[i].Detail = names.Replace(r.Problems[i].Detail)
	}
	return err
}

// renaming writes a log with other names in it.
type renaming struct {
	io.Writer
	names *strings.Replacer
}

// Write implements io.Writer.
func (w renaming) Write(line []byte) (int, error) {
	_, err := w.names.WriteString(w.Writer, string(line))
	return len(line), err
}

// checked shows what was compared, then what is not in order.
func (t *terminal) checked(r checkReport) {
	if len(r.Workspaces) > 0 {
		var rows [][]string
		for _, w := range r.Workspaces {
			at := ""
			if w.Position.Now != 0 { // else it did not open
				at = w.Position.Now.String()
			}
			rows = append(rows, []string{w.ID, w.Name, number(int64(w.Segments)), number(w.Memberships), number(int64(w.Position.Seq)), at, number(w.Problems)})
		}
		t.table([]string{"ID", "NAME", "SEGMENTS", "MEMBERSHIPS", "BATCH", "AT", "DIFFERENCES"}, rows)
		fmt.Fprintln(t.Out)
	}
	for _, p := range r.Problems {
		where := slices.DeleteFunc([]string{p.Kind, p.Workspace, p.Segment, p.Person}, func(s string) bool { return s == "" })
		fmt.Fprintf(t.Out, "  %s: %s\n", strings.Join(where, " "), printable(p.Detail))
	}
	if r.Files != nil {
		fmt.Fprintf(t.Out, "%s files compared with their checksums\n", number(int64(*r.Files)))
	}
	fmt.Fprintf(t.Out, "%d workspaces, %s memberships compared: %s differences\n", len(r.Workspaces), number(r.Memberships), number(r.ProblemsAll))
}
