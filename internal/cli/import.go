package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/api"
	"github.com/carpel/carpel/internal/imports"
	"github.com/carpel/carpel/internal/records"
)

type importCommand struct {
	Send   importFile   `cmd:"" name:"file" default:"withargs" help:"Import a file; the word file may be left out."`
	List   importList   `cmd:"" help:"List imports, newest first."`
	Cancel importCancel `cmd:"" help:"Stop an import; what was taken stays."`
}

type importFile struct {
	File     string            `arg:"" optional:"" help:"A .csv, .ndjson or .parquet file." type:"existingfile"`
	Kind     string            `help:"What a row is: people, events or members." enum:"people,events,members" default:"people"`
	Format   string            `help:"csv, ndjson or parquet; by the file's name if not given."`
	Map      map[string]string `help:"What a column is: --map 'customer_id=id' --map 'date=time'. Columns not named keep their names; '-' leaves one out." placeholder:"COLUMN=FIELD"`
	Event    string            `help:"Events: the name of all of them, when no column has it." placeholder:"NAME"`
	Text     []string          `help:"Columns that stay text even where they look like numbers." placeholder:"COLUMN"`
	Segment  string            `help:"Members: the manual segment." placeholder:"KEY"`
	DryRun   bool              `help:"Read and check everything, take nothing."`
	Rejected string            `help:"Write rejected rows to this file; beside the import file if not given." placeholder:"FILE"`
	Resume   string            `help:"Follow an import that is under way, by its id; with --no-wait only say how far it is." placeholder:"ID"`
	NoWait   bool              `help:"Do not wait for the end: the server goes on by itself."`
}

// Help is shown below the flags.
func (importFile) Help() string {
	return `A row of people sets attributes; a row of events is one event and needs a person and a time. Columns with usual names
(customer_id, email, date) are taken for what they say; name others with --map. Fields: id, email, anonymous_id, key,
time, event, message_id, attribute:NAME, property:NAME, and - to leave a column out.
The same file of events counts no event twice, so an import that broke off is simply sent again. A file of people that is
sent again sets their values again. Stop an import with carpel import cancel ID; Ctrl-C only ends following it.

  carpel import customers.csv --map customerID=id
  carpel import orders.csv --kind events --event "Order Completed" --map customer_id=id --map date=time`
}

// Run sends the file and follows the import.
func (c *importFile) Run(ctx context.Context, t *terminal) error {
	if (c.File == "") == (c.Resume == "") {
		return calledWrongly{"give a file, or --resume ID"}
	}
	mapping, err := c.check()
	if err != nil {
		return err
	}
	return t.with(ctx, func(cl *client) error {
		var m api.Import
		m.ID = c.Resume
		if c.Resume != "" && !c.NoWait && cl.resume != nil {
			if err := cl.resume(ctx); err != nil {
				return err
			}
		}
		if c.File != "" {
			var err error
			if m, err = c.send(ctx, t, cl, mapping); err != nil {
				return err
			}
		}
		if c.NoWait && c.File == "" {
			if _, err := cl.call(ctx, "GET", "/api/imports/"+url.PathEscape(m.ID), nil, nil, &m); err != nil {
				return err
			}
		}
		if !c.NoWait {
			var err error
			if m, err = t.followImport(ctx, cl, m.ID); err != nil {
				if carpel.ErrorCode(err) != carpel.CodeNotFound {
					fmt.Fprintf(t.Err, "The import %s goes on; follow it with carpel import --resume %[1]s\n", m.ID)
				}
				return err
			}
		}
		if err := t.show(m, func() { t.importDone(m) }); err != nil {
			return err
		}
		var inOrder error
		if m.Rejected+m.Partial > 0 && !c.NoWait {
			inOrder = c.keepRejected(ctx, t, cl, m)
		}
		if m.State == records.ImportFailed {
			return errors.Join(fmt.Errorf("the import failed: %s", m.Reason), inOrder)
		}
		return inOrder
	})
}

// check returns the mapping as it is sent, and refuses a file in which no row could be taken.
func (c *importFile) check() (mapping []byte, err error) {
	mapping, err = json.Marshal(imports.Mapping{Columns: c.Map, Event: c.Event, Text: c.Text})
	if err != nil || c.File == "" {
		return nil, err
	}
	err = imports.CheckFile(c.File, imports.Spec{Kind: c.Kind, Format: c.Format, File: c.File, Mapping: mapping})
	if e := (*carpel.Error)(nil); errors.As(err, &e) { // a pointer into the request says nothing here
		err = &carpel.Error{Code: e.Code, Message: e.Message, Suggestion: e.Suggestion, Limit: e.Limit, Actual: e.Actual}
	}
	return mapping, err
}

func (c *importFile) send(ctx context.Context, t *terminal, cl *client, mapping []byte) (api.Import, error) {
	var m api.Import
	f, err := os.Open(c.File)
	if err != nil {
		return m, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return m, err
	}
	bar := t.progress(st.Size(), "sending", true)
	query := url.Values{"kind": {c.Kind}, "file": {filepath.Base(c.File)}, "mapping": {string(mapping)}, "dry_run": {strconv.FormatBool(c.DryRun)}}
	for name, v := range map[string]string{"format": c.Format, "segment": c.Segment} {
		if v != "" {
			query.Set(name, v)
		}
	}
	defer bar.Finish() // drawing only
	res, err := cl.do(ctx, "POST", "/api/imports", query, "application/octet-stream", io.TeeReader(f, bar))
	if err != nil {
		return m, err
	}
	defer res.Close()
	if err := json.NewDecoder(res).Decode(&m); err != nil {
		return m, err
	}
	t.sayColumns(m, c.Map)
	return m, nil
}

// sayColumns tells what the server took columns for that were not named.
func (t *terminal) sayColumns(m api.Import, named map[string]string) {
	var guessed []string
	for _, column := range slices.Sorted(maps.Keys(m.Mapping.Columns)) {
		if field := m.Mapping.Columns[column]; named[column] == "" && field != column {
			guessed = append(guessed, fmt.Sprintf("%s as %s", printable(column), field))
		}
	}
	if len(guessed) > 0 {
		fmt.Fprintf(t.Err, "Taken by its name: %s (another meaning: --map 'COLUMN=FIELD')\n", strings.Join(guessed, ", "))
	}
}

// followImport waits for the end of an import, with a bar.
func (t *terminal) followImport(ctx context.Context, cl *client, id string) (api.Import, error) {
	var m api.Import
	m.ID = id
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	bar := t.progress(1, "importing", true)
	for {
		if _, err := cl.call(ctx, "GET", "/api/imports/"+url.PathEscape(id), nil, nil, &m); err != nil {
			return m, err
		}
		bar.ChangeMax64(max(m.Bytes, 1))
		_ = bar.Set64(m.ReadBytes) // drawing only
		if m.State != records.ImportRunning {
			_ = bar.Finish() // drawing only
			return m, nil
		}
		select {
		case <-ctx.Done():
			return m, ctx.Err()
		case <-tick.C:
		}
	}
}

func (t *terminal) importDone(m api.Import) {
	dry := ""
	if m.DryRun {
		dry = " (dry run: nothing was taken)"
	}
	part := ""
	if m.Partial > 0 {
		part = fmt.Sprintf(", %s taken in part", number(m.Partial))
	}
	fmt.Fprintf(t.Out, "%s rows read: %s taken, %s there already, %s rejected%s%s\n", number(m.Rows), number(m.Accepted), number(m.Repeated), number(m.Rejected), part, dry)
	switch {
	case m.State == records.ImportRunning:
		fmt.Fprintf(t.Out, "The import %s goes on; follow it with carpel import --resume %[1]s\n", m.ID)
	case m.State != records.ImportDone:
		fmt.Fprintf(t.Out, "The import is %s. %s\n", m.State, printable(m.Reason))
	}
}

// keepRejected writes the rows that were rejected, or taken in part, beside the file.
func (c *importFile) keepRejected(ctx context.Context, t *terminal, cl *client, m api.Import) error {
	path := c.Rejected
	if path == "" {
		path = m.File + ".rejected.csv"
		if c.File != "" {
			path = c.File + ".rejected.csv"
		}
	}
	res, err := cl.do(ctx, "GET", "/api/imports/"+m.ID+"/rejected", url.Values{"format": {"csv"}}, "", nil)
	if err != nil {
		return err
	}
	defer res.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, res); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return notInOrder{notTaken(m.Rejected, m.Partial, path)}
}

// notTaken says how many rows were rejected or taken in part, and where they are.
func notTaken(rejected, partial int64, path string) string {
	var what []string
	for _, n := range []struct {
		rows int64
		what string
	}{{rejected, "rejected"}, {partial, "taken in part"}} {
		switch {
		case n.rows == 1:
			what = append(what, "1 row was "+n.what)
		case n.rows > 1:
			what = append(what, number(n.rows)+" rows were "+n.what)
		}
	}
	if rejected+partial == 1 {
		return fmt.Sprintf("%s; it is in %s with its reason", what[0], path)
	}
	return fmt.Sprintf("%s; they are in %s with their reasons", strings.Join(what, ", "), path)
}
