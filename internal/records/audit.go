package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// AuditEntry says who did what.
type AuditEntry struct {
	ID     int64           `json:"id"`
	At     time.Time       `json:"at"`
	Who    string          `json:"who"`    // a key's id, or "system"
	Action string          `json:"action"` // segment.create, key.revoke, person.erase, …
	Object string          `json:"object"` // id of what it was done to
	Detail json.RawMessage `json:"detail"` // no personal data
}

// Audit writes one entry. Detail may be nil.
func (db *DB) Audit(ctx context.Context, workspace string, e AuditEntry) error {
	detail := e.Detail
	if detail == nil {
		detail = json.RawMessage("{}")
	}
	return db.change(ctx, "write audit log", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO audit (workspace, at, who, action, object, detail) VALUES (?, ?, ?, ?, ?, ?)",
			workspace, db.millis(), e.Who, e.Action, e.Object, string(detail))
		return err
	})
}

// AuditFilter says which entries are asked for.
type AuditFilter struct {
	Before int64  // the id of the last one read; 0 from the newest
	Who    string // "": whoever it was
	About  string // what stands before the dot of the action: segment, key, …; "": anything
	Limit  int
}

// AuditLog lists a workspace's entries, newest first.
func (db *DB) AuditLog(ctx context.Context, workspace string, f AuditFilter) ([]AuditEntry, error) {
	es, err := rows(ctx, db.read, func(r row) (e AuditEntry, err error) {
		var at int64
		var detail string
		err = r.Scan(&e.ID, &at, &e.Who, &e.Action, &e.Object, &detail)
		e.At, e.Detail = moment(at), json.RawMessage(detail)
		return e, err
	}, "SELECT id, at, who, action, object, detail FROM audit WHERE workspace = ?1 AND (?2 = 0 OR id < ?2) AND (?3 = '' OR who = ?3) AND (?4 = '' OR substr(action, 1, length(?4) + 1) = ?4 || '.') ORDER BY id DESC LIMIT ?5",
		workspace, f.Before, f.Who, f.About, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list audit log: %w", err)
	}
	return es, nil
}
