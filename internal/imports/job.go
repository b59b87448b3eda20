package imports

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// batchRows is how many rows are committed at once: at most so many are repeated after a stop. By itself such a batch lets
// no request be refused that comes meanwhile; see Options.Admit.
const batchRows = 500

// batchBytes is at how many bytes of rows a batch is committed with fewer; a row counts as rowBytes at least, as much as an
// event that is sent over HTTP: what it takes to store it does not hang on how it is written down.
const (
	batchBytes = 1 << 20
	rowBytes   = 256
)

// keepRejected bounds the rejected rows that an import keeps; past it, it fails: a file with this many bad rows is the
// wrong file, or wrongly mapped.
const keepRejected = 100_000

// keepRaw bounds what is kept of a rejected row, in bytes.
const keepRaw = 4096

// job is an import at work.
type job struct {
	mapping Mapping
	segment string
	rows    rows
	cells   bool // the file holds only text: what looks like a number is one
	zone    *time.Location
	now     carpel.Millis
	seed    []byte // of message ids
	emails  emails // of a dry run
}

// run reads the file from where the import is, and commits it batch by batch.
func (r *Runner) run(ctx context.Context, workspace string, m *records.Import) error {
	var s storedSpec
	if err := json.Unmarshal(m.Mapping, &s); err != nil {
		return fmt.Errorf("read import: %w", err)
	}
	ws, err := r.Records.Workspace(ctx, workspace)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(ws.Zone)
	if err != nil {
		return err
	}
	seed, err := s.seed(m)
	if err != nil {
		return err
	}
	j := &job{mapping: s.Mapping, segment: s.Segment, cells: m.Format == "csv", zone: zone, now: carpel.MillisOf(m.CreatedAt), seed: seed}
	if j.rows, err = openRows(filepath.Join(r.Dir, workspace, filepath.Base(s.Path)), m.Format); err != nil {
		return &fileError{err}
	}
	defer j.rows.Close()
	db, release, err := r.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	for row := range m.Rows {
		if _, _, err := j.rows.Next(); err != nil && !isRowError(err) {
			return &fileError{fmt.Errorf("skip row %d of %d: %w", row+1, m.Rows, err)}
		}
	}
	for {
		if err := r.waitRoom(ctx); err != nil {
			return err
		}
		end, err := r.batch(ctx, j, db, workspace, m)
		if err != nil || end {
			return err
		}
	}
}

// seed is what the message ids of an import's rows are made from. Events go by the file and the mapping, so that the
// same file sent twice counts no event twice. People and members go by the import: sending a file again sets its
// values again.
func (s storedSpec) seed(m *records.Import) ([]byte, error) {
	of := m.ID
	if m.Kind == "events" {
		mapping, err := json.Marshal(s.Mapping)
		if err != nil {
			return nil, err
		}
		of = s.Sum + "\x00" + string(mapping)
	}
	seed := sha256.Sum256([]byte(of))
	return seed[:], nil
}

// messageID names a row.
func (j *job) messageID(row int64) string {
	h := sha256.Sum256(fmt.Appendf(slices.Clone(j.seed), "/%d", row))
	return "import:" + base64.RawURLEncoding.EncodeToString(h[:18])
}

// source is a row as it lies in the file, for the list of rejected rows.
type source struct {
	row, line int64
	raw       string
}

func (s source) rejected(e *carpel.Error) records.RowRejection {
	raw := s.raw
	if len(raw) > keepRaw {
		raw = strings.ToValidUTF8(raw[:keepRaw], "") + "…"
	}
	return records.RowRejection{Row: s.row, Line: s.line, Code: e.Code, Message: e.Error(), Raw: strings.ToValidUTF8(raw, string(utf8.RuneError))}
}

// partial is a row that is taken but for the part that the error is about.
func (s source) partial(e *carpel.Error) records.RowRejection {
	r := s.rejected(e)
	r.Partial = true
	return r
}

// batch is a number of rows on their way.
type batch struct {
	items    []carpel.Item
	sources  []source // of items
	rejected []records.RowRejection
	bytes    int   // of items, as they lie in the file
	bad      int64 // rows that were not taken
	end      bool  // of the file
	fault    error // the file cannot be read on
}

// batch reads, commits and records up to batchRows rows. It reports whether the file has ended.
func (r *Runner) batch(ctx context.Context, j *job, db engine.Engine, workspace string, m *records.Import) (end bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	b := j.read(m)
	if m.DryRun {
		j.emails.try(b, m)
	} else if err := r.commit(ctx, b, db, workspace, m); err != nil {
		return false, fmt.Errorf("commit rows up to %d: %w", m.Rows, err)
	}
	m.Rejected += b.bad
	m.ReadBytes = j.rows.Offset()
	if err := r.Records.AdvanceImport(ctx, workspace, *m, b.rejected); err != nil {
		return false, err
	}
	if m.Rejected > keepRejected {
		return false, &carpel.Error{Code: carpel.CodeLimit, Limit: keepRejected, Actual: m.Rejected, Message: "too many rows are rejected: is it the right file, and the right mapping?"}
	}
	return b.end, b.fault
}

// read makes items of the next rows.
func (j *job) read(m *records.Import) *batch {
	b := &batch{}
	for range batchRows {
		row, raw, err := j.rows.Next()
		if errors.Is(err, io.EOF) {
			b.end = true
			break
		}
		if err != nil && !isRowError(err) {
			b.fault = &fileError{fmt.Errorf("row %d: %w", m.Rows+1, err)}
			break
		}
		m.Rows++
		from := source{m.Rows, j.rows.Line(), raw}
		var item carpel.Item
		if err == nil {
			item, err = j.item(m.Kind, m.Rows, row)
		}
		var e *carpel.Error
		if errors.As(err, &e) {
			b.rejected = append(b.rejected, from.rejected(e))
			b.bad++
			continue
		}
		b.items, b.sources = append(b.items, item), append(b.sources, from)
		if b.bytes += max(len(raw), rowBytes); b.bytes >= batchBytes {
			break
		}
	}
	return b
}

// commit gives the items to the engine, when they are let in, and counts what became of them.
func (r *Runner) commit(ctx context.Context, b *batch, db engine.Engine, workspace string, m *records.Import) error {
	if len(b.items) == 0 {
		return nil
	}
	leave, err := r.admit(ctx, workspace, b.bytes)
	if err != nil {
		return err
	}
	outcomes, err := db.Commit(ctx, b.items)
	leave()
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		switch {
		case o.Refused != nil:
			b.rejected = append(b.rejected, b.sources[i].rejected(o.Refused))
			b.bad++
		case o.Repeated:
			m.Repeated++
		case len(o.Warnings) == 0:
			m.Accepted++
		default:
			m.Partial++
			for _, w := range o.Warnings { // the list says which part was not taken
				b.rejected = append(b.rejected, b.sources[i].partial(w))
			}
		}
	}
	return nil
}
