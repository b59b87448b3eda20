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
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// batchRows is how many rows are committed at once: at most so many are repeated after a stop.
const batchRows = 1000

// keepRejected bounds the rejected rows that an import keeps; past it, it fails: a file with this many bad rows is the
// wrong file, or wrongly mapped.
const keepRejected = 100_000

// keepRaw bounds what is kept of a rejected row.
const keepRaw = 4096

// job is an import at work.
type job struct {
	mapping Mapping
	segment string
	rows    rows
	zone    *time.Location
	now     carpel.Millis
	seed    []byte // of message ids: the file and the mapping
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
	mapping, err := json.Marshal(s.Mapping)
	if err != nil {
		return err
	}
	seed := sha256.Sum256([]byte(s.Sum + "\x00" + m.Kind + "\x00" + s.Segment + "\x00" + string(mapping)))
	j := &job{mapping: s.Mapping, segment: s.Segment, zone: zone, now: carpel.MillisOf(m.CreatedAt), seed: seed[:]}
	if j.rows, err = openRows(filepath.Join(r.Dir, workspace, filepath.Base(s.Path)), m.Format); err != nil {
		return err
	}
	defer j.rows.Close()
	db, release, err := r.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	done := m.Rows
	for row := int64(1); row <= done; row++ {
		if _, _, err := j.rows.Next(); err != nil && !isRowError(err) {
			return fmt.Errorf("skip to row %d: %w", done, err)
		}
	}
	for {
		end, err := j.batch(ctx, r.Records, db, workspace, m)
		if err != nil || end {
			return err
		}
	}
}

// batch reads, commits and records up to batchRows rows. It reports whether the file has ended.
func (j *job) batch(ctx context.Context, rec *records.DB, db engine.Engine, workspace string, m *records.Import) (end bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	var items []carpel.Item
	var raws []string
	var numbers []int64
	var rejected []records.RowRejection
	for range batchRows {
		row, raw, err := j.rows.Next()
		if errors.Is(err, io.EOF) {
			end = true
			break
		}
		m.Rows++
		var item carpel.Item
		if err == nil {
			item, err = j.item(m.Kind, m.Rows, row)
		}
		if err != nil {
			var e *carpel.Error
			if !errors.As(err, &e) {
				return false, err
			}
			rejected = append(rejected, rejection(m.Rows, e, raw))
			if !isRowError(err) && row == nil {
				return false, fmt.Errorf("row %d: %w", m.Rows, err) // the file cannot be read on
			}
			continue
		}
		items, raws, numbers = append(items, item), append(raws, raw), append(numbers, m.Rows)
	}
	if m.DryRun {
		m.Accepted += int64(len(items))
	} else if len(items) > 0 {
		outcomes, err := db.Commit(ctx, items)
		if err != nil {
			return false, fmt.Errorf("commit rows up to %d: %w", m.Rows, err)
		}
		for i, o := range outcomes {
			switch {
			case o.Refused != nil:
				rejected = append(rejected, rejection(numbers[i], o.Refused, raws[i]))
			case o.Repeated:
				m.Repeated++
			default:
				m.Accepted++
				for _, w := range o.Warnings {
					// The row was taken but for a part; the list says which.
					rejected = append(rejected, rejection(numbers[i], w, raws[i]))
					m.Rejected--
				}
			}
		}
	}
	m.Rejected += int64(len(rejected))
	m.ReadBytes = j.rows.Offset()
	if m.Rejected > keepRejected {
		return false, &carpel.Error{Code: carpel.CodeLimit, Limit: keepRejected, Actual: m.Rejected, Message: "too many rows are rejected: is it the right file, and the right mapping?"}
	}
	return end, rec.AdvanceImport(ctx, workspace, *m, rejected)
}

func rejection(row int64, e *carpel.Error, raw string) records.RowRejection {
	if len(raw) > keepRaw {
		raw = raw[:keepRaw] + "…"
	}
	return records.RowRejection{Row: row, Code: e.Code, Message: e.Error(), Raw: raw}
}

// messageID names a row of a file under a mapping.
func (j *job) messageID(row int64) string {
	h := sha256.Sum256(fmt.Appendf(append([]byte{}, j.seed...), "/%d", row))
	return "import:" + base64.RawURLEncoding.EncodeToString(h[:18])
}
