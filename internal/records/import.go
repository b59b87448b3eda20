package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// Import is a file of people, events or members on its way in, or done.
type Import struct {
	ID        string          `json:"id"`
	Kind      string          `json:"kind"`   // people, events, members
	Format    string          `json:"format"` // csv, ndjson, parquet
	File      string          `json:"file"`   // the name it came with
	Mapping   json.RawMessage `json:"mapping"`
	DryRun    bool            `json:"dry_run"`
	State     string          `json:"state"` // running, done, failed, cancelled
	Reason    string          `json:"reason,omitempty"`
	Bytes     int64           `json:"bytes"`
	ReadBytes int64           `json:"read_bytes"`
	Rows      int64           `json:"rows"`     // read so far; a resumed run goes on behind them
	Accepted  int64           `json:"accepted"` // taken whole
	Partial   int64           `json:"partial"`  // taken but for a part, which is listed with the rejected rows
	Repeated  int64           `json:"repeated"`
	Rejected  int64           `json:"rejected"`
	CreatedBy string          `json:"created_by"`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}

// The states of an import.
const (
	ImportRunning   = "running"
	ImportDone      = "done"
	ImportFailed    = "failed"
	ImportCancelled = "cancelled"
)

// RowRejection is a row of an import that was not taken, or the part of one that was not.
type RowRejection struct {
	Row     int64  `json:"row"`  // from 1, the header not counted
	Line    int64  `json:"line"` // of the file, from 1, on which the row begins; of Parquet the row
	Code    string `json:"code"`
	Message string `json:"message"`
	Raw     string `json:"raw"`
	Partial bool   `json:"partial" doc:"The row was taken, or would be, but for the part that this is about."`
}

const importColumns = "id, kind, format, file, mapping, dry_run, state, reason, bytes, read_bytes, rows_read, accepted, partial, repeated, rejected, created_by, created_at, updated_at"

func scanImport(r row) (Import, error) {
	var m Import
	var mapping string
	var created, updated int64
	err := r.Scan(&m.ID, &m.Kind, &m.Format, &m.File, &mapping, &m.DryRun, &m.State, &m.Reason, &m.Bytes, &m.ReadBytes, &m.Rows,
		&m.Accepted, &m.Partial, &m.Repeated, &m.Rejected, &m.CreatedBy, &created, &updated)
	m.Mapping, m.CreatedAt, m.UpdatedAt = json.RawMessage(mapping), moment(created), moment(updated)
	return m, err
}

// CreateImport adds a running import; its ID and times are made here.
func (db *DB) CreateImport(ctx context.Context, workspace string, m Import) (Import, error) {
	m.ID, m.State = newID("imp_"), ImportRunning
	m.CreatedAt = moment(db.millis())
	m.UpdatedAt = m.CreatedAt
	if m.Mapping == nil {
		m.Mapping = json.RawMessage("{}")
	}
	err := db.change(ctx, "create import", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO imports (workspace, "+importColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			workspace, m.ID, m.Kind, m.Format, m.File, string(m.Mapping), m.DryRun, m.State, m.Reason, m.Bytes, m.ReadBytes, m.Rows,
			m.Accepted, m.Partial, m.Repeated, m.Rejected, m.CreatedBy, m.CreatedAt.UnixMilli(), m.UpdatedAt.UnixMilli())
		return err
	})
	return m, err
}

// AdvanceImport stores how far an import is, with the rows rejected since the last call, in one transaction. The
// rows behind m.Rows are to be committed to the engine before: a resumed import repeats rows, never skips one.
func (db *DB) AdvanceImport(ctx context.Context, workspace string, m Import, rejected []RowRejection) error {
	return db.change(ctx, "advance import", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE imports SET state = ?, reason = ?, bytes = ?, read_bytes = ?, rows_read = ?, accepted = ?, partial = ?, repeated = ?, rejected = ?, updated_at = ?
			WHERE workspace = ? AND id = ?`, m.State, m.Reason, m.Bytes, m.ReadBytes, m.Rows, m.Accepted, m.Partial, m.Repeated, m.Rejected, db.millis(), workspace, m.ID); err != nil {
			return err
		}
		for _, r := range rejected {
			if _, err := tx.ExecContext(ctx, `INSERT INTO import_rejections (workspace, import, row_number, line, code, message, raw, partial) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (workspace, import, row_number) DO NOTHING`, workspace, m.ID, r.Row, r.Line, r.Code, r.Message, r.Raw, r.Partial); err != nil {
				return err
			}
		}
		return nil
	})
}

// Import returns one; CodeNotFound when there is none.
func (db *DB) Import(ctx context.Context, workspace, id string) (Import, error) {
	m, err := scanImport(db.read.QueryRowContext(ctx, "SELECT "+importColumns+" FROM imports WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return m, carpel.Errorf(carpel.CodeNotFound, "no such import")
	}
	if err != nil {
		return m, fmt.Errorf("read import: %w", err)
	}
	return m, nil
}

// Imports lists a workspace's imports, newest first.
func (db *DB) Imports(ctx context.Context, workspace string, limit int) ([]Import, error) {
	ms, err := rows(ctx, db.read, scanImport, "SELECT "+importColumns+" FROM imports WHERE workspace = ? ORDER BY created_at DESC, id DESC LIMIT ?", workspace, limit)
	if err != nil {
		return nil, fmt.Errorf("list imports: %w", err)
	}
	return ms, nil
}

// ImportRejections lists rejected rows with a number above after, in order.
func (db *DB) ImportRejections(ctx context.Context, workspace, id string, after int64, limit int) ([]RowRejection, error) {
	rs, err := rows(ctx, db.read, func(r row) (x RowRejection, err error) {
		err = r.Scan(&x.Row, &x.Line, &x.Code, &x.Message, &x.Raw, &x.Partial)
		return x, err
	}, "SELECT row_number, line, code, message, raw, partial FROM import_rejections WHERE workspace = ? AND import = ? AND row_number > ? ORDER BY row_number LIMIT ?",
		workspace, id, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list rejected rows: %w", err)
	}
	return rs, nil
}

// WorkspaceImport is an import with its workspace.
type WorkspaceImport struct {
	Workspace string
	Import    Import
}

// RunningImports lists the imports of all workspaces that have not ended, oldest first.
func (db *DB) RunningImports(ctx context.Context) ([]WorkspaceImport, error) {
	type found struct{ workspace, id string }
	all, err := rows(ctx, db.read, func(r row) (f found, err error) {
		err = r.Scan(&f.workspace, &f.id)
		return f, err
	}, "SELECT workspace, id FROM imports WHERE state = ? ORDER BY created_at, id", ImportRunning)
	if err != nil {
		return nil, fmt.Errorf("list running imports: %w", err)
	}
	var out []WorkspaceImport
	for _, f := range all {
		m, err := db.Import(ctx, f.workspace, f.id)
		if err != nil {
			return nil, err
		}
		out = append(out, WorkspaceImport{f.workspace, m})
	}
	return out, nil
}
