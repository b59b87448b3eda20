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

const workspaceColumns = "w.id, w.name, w.zone, w.created_at, w.demo"

func scanWorkspace(r row) (carpel.Workspace, error) {
	var w carpel.Workspace
	var created int64
	var demo string
	if err := r.Scan(&w.ID, &w.Name, &w.Zone, &created, &demo); err != nil {
		return w, err
	}
	w.CreatedAt = moment(created)
	return w, readDemo(demo, &w.Demo)
}

// readDemo reads the column demo: JSON, or nothing for a workspace of real data.
func readDemo(column string, d *carpel.Demo) error {
	if column == "" {
		return nil
	}
	return json.Unmarshal([]byte(column), d)
}

// demoColumn is what the column holds of a demo.
func demoColumn(d carpel.Demo) string {
	if d == (carpel.Demo{}) {
		return ""
	}
	b, _ := json.Marshal(d) // numbers always encode
	return string(b)
}

// MaxDemos is how many workspaces of made-up data a server holds: each is kept open, and works, as long as it is there.
const MaxDemos = 5

// roomForDemo refuses a workspace of made-up data beside MaxDemos others: CodeConflict.
func roomForDemo(ctx context.Context, tx *sql.Tx, w carpel.Workspace) error {
	if w.Demo == (carpel.Demo{}) {
		return nil
	}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM workspaces WHERE demo <> ''").Scan(&n); err != nil {
		return err
	}
	if n >= MaxDemos {
		return carpel.Errorf(carpel.CodeConflict, "this server has %d workspaces of made-up data, and more it does not hold; delete one first", n)
	}
	return nil
}

// CreateWorkspace adds a workspace with its first segments, all of it or nothing; its ID and time are made here. The zone
// must be one that Go's time zone data know; name is 1 to 150 bytes; at most [MaxDemos] are of made-up data. Whatever the
// clock says, it is younger than those that are there: the oldest one's admins run the server.
func (db *DB) CreateWorkspace(ctx context.Context, w carpel.Workspace, segments ...carpel.Segment) (carpel.Workspace, error) {
	if err := checkWorkspace(w.Name, w.Zone); err != nil {
		return carpel.Workspace{}, err
	}
	w.ID = newID("ws_")
	err := db.change(ctx, "create workspace", func(tx *sql.Tx) error {
		if err := roomForDemo(ctx, tx, w); err != nil {
			return err
		}
		var created int64
		err := tx.QueryRowContext(ctx, "INSERT INTO workspaces (id, name, zone, demo, created_at) SELECT ?, ?, ?, ?, max(?, coalesce(max(created_at) + 1, 0)) FROM workspaces RETURNING created_at",
			w.ID, w.Name, w.Zone, demoColumn(w.Demo), db.millis()).Scan(&created)
		if err != nil {
			return err
		}
		w.CreatedAt = moment(created)
		for _, s := range segments {
			if _, err := db.insertSegment(ctx, tx, w.ID, "system", s); err != nil {
				return fmt.Errorf("segment %s: %w", s.Key, err)
			}
		}
		return nil
	})
	return w, err
}

func checkWorkspace(name, zone string) error {
	if name == "" || len(name) > carpel.MaxNameBytes {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(name)),
			Message: fmt.Sprintf("the name has %d bytes; it must have 1 to %d", len(name), carpel.MaxNameBytes)}
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/time_zone",
			Message: fmt.Sprintf("%.60q is no time zone; give an IANA name such as Europe/Berlin or UTC", zone)}
	}
	return nil
}

// Workspaces lists all, oldest first.
func (db *DB) Workspaces(ctx context.Context) ([]carpel.Workspace, error) {
	ws, err := rows(ctx, db.read, scanWorkspace, "SELECT "+workspaceColumns+" FROM workspaces w ORDER BY w.created_at, w.id")
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	return ws, nil
}

// Workspace returns one; CodeNotFound when there is none.
func (db *DB) Workspace(ctx context.Context, id string) (carpel.Workspace, error) {
	w, err := scanWorkspace(db.read.QueryRowContext(ctx, "SELECT "+workspaceColumns+" FROM workspaces w WHERE w.id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return w, carpel.Errorf(carpel.CodeNotFound, "no such workspace")
	}
	if err != nil {
		return w, fmt.Errorf("read workspace: %w", err)
	}
	return w, nil
}

// UpdateWorkspace renames a workspace and sets its zone; the engine's zone is the caller's to set.
func (db *DB) UpdateWorkspace(ctx context.Context, w carpel.Workspace) error {
	if err := checkWorkspace(w.Name, w.Zone); err != nil {
		return err
	}
	return db.change(ctx, "update workspace", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE workspaces SET name = ?, zone = ? WHERE id = ?", w.Name, w.Zone, w.ID)
		return err
	})
}

// SetDemo says how the made-up company of a workspace stands.
func (db *DB) SetDemo(ctx context.Context, id string, d carpel.Demo) error {
	return db.change(ctx, "set demo", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE workspaces SET demo = ? WHERE id = ?", demoColumn(d), id)
		return err
	})
}

// RemoveWorkspace takes a workspace of made-up data away with everything that is kept of it, and the users who belonged
// to no other; its directory is to be removed by whoever calls [DB.RemovedWorkspaces]. CodeNotFound; CodeConflict for real
// data, for the server's first workspace, and while an import runs.
func (db *DB) RemoveWorkspace(ctx context.Context, id, by string) error {
	return db.change(ctx, "remove workspace", func(tx *sql.Tx) error {
		w, err := scanWorkspace(tx.QueryRowContext(ctx, "SELECT "+workspaceColumns+" FROM workspaces w WHERE w.id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return carpel.Errorf(carpel.CodeNotFound, "no such workspace")
		}
		if err != nil {
			return err
		}
		var first string
		var importing bool
		if err := tx.QueryRowContext(ctx, "SELECT ("+firstWorkspace+"), EXISTS (SELECT 1 FROM imports WHERE workspace = ? AND state = ?)", id, ImportRunning).Scan(&first, &importing); err != nil {
			return err
		}
		switch {
		case w.Demo == carpel.Demo{}:
			return carpel.Errorf(carpel.CodeConflict, "only a workspace of made-up data can be deleted")
		case id == first:
			return carpel.Errorf(carpel.CodeConflict, "the server's first workspace cannot be deleted")
		case importing:
			return carpel.Errorf(carpel.CodeConflict, "an import is running: wait for it, or stop it")
		}
		for _, change := range []string{
			"DELETE FROM sessions WHERE user IN (SELECT user FROM roles WHERE workspace = ?1) AND user NOT IN (SELECT user FROM roles WHERE workspace <> ?1)",
			"DELETE FROM keys WHERE workspace = ?", "DELETE FROM links WHERE workspace = ?", "DELETE FROM segment_versions WHERE workspace = ?",
			"DELETE FROM segments WHERE workspace = ?", "DELETE FROM import_rejections WHERE workspace = ?", "DELETE FROM imports WHERE workspace = ?",
			"DELETE FROM channels WHERE workspace = ?", "DELETE FROM template_versions WHERE workspace = ?", "DELETE FROM templates WHERE workspace = ?",
			"DELETE FROM deliveries WHERE workspace = ?", "DELETE FROM suppressions WHERE workspace = ?", "DELETE FROM inbox WHERE workspace = ?", "DELETE FROM cursors WHERE workspace = ?",
			"DELETE FROM sightings WHERE workspace = ?",
			"DELETE FROM journey_updates WHERE workspace = ?", "DELETE FROM journey_path WHERE workspace = ?", "DELETE FROM journeys WHERE workspace = ?",
			"DELETE FROM campaign_versions WHERE workspace = ?", "DELETE FROM campaigns WHERE workspace = ?",
			"DELETE FROM hook_calls WHERE workspace = ?", "DELETE FROM hooks WHERE workspace = ?",
			"DELETE FROM broadcast_rolls WHERE workspace = ?", "DELETE FROM broadcasts WHERE workspace = ?",
			"DELETE FROM rejections WHERE workspace = ?", "DELETE FROM audit WHERE workspace = ?", "DELETE FROM answers WHERE workspace = ?",
			"DELETE FROM roles WHERE workspace = ?", "DELETE FROM workspaces WHERE id = ?", "INSERT INTO removed_workspaces (id) VALUES (?)",
		} {
			if _, err := tx.ExecContext(ctx, change, id); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM users WHERE id NOT IN (SELECT user FROM roles)"); err != nil {
			return err
		}
		// What was done is in the log of who runs the server: that of the workspace is gone.
		_, err = tx.ExecContext(ctx, "INSERT INTO audit (workspace, at, who, action, object, detail) VALUES (?, ?, ?, 'workspace.remove', ?, '{}')", first, db.millis(), by, id)
		return err
	})
}

// RemovedWorkspaces lists the ids of the workspaces whose directories are still to be removed.
func (db *DB) RemovedWorkspaces(ctx context.Context) ([]string, error) {
	ids, err := rows(ctx, db.read, func(r row) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	}, "SELECT id FROM removed_workspaces ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list removed workspaces: %w", err)
	}
	return ids, nil
}

// ForgetWorkspace notes that the directory of a removed workspace is gone.
func (db *DB) ForgetWorkspace(ctx context.Context, id string) error {
	return db.change(ctx, "forget workspace", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM removed_workspaces WHERE id = ?", id)
		return err
	})
}

// Due is when a workspace next needs its engine, and what that engine must know.
type Due struct {
	Workspace    string
	Next         carpel.Millis // 0: at once; it was not closed in order
	Acknowledged uint64        // the engine must have at least this batch
}

// DueWorkspaces lists the workspaces that need their engine by a moment, the first in front.
func (db *DB) DueWorkspaces(ctx context.Context, by carpel.Millis) ([]Due, error) {
	due, err := rows(ctx, db.read, scanDue, "SELECT "+dueColumns+" FROM workspaces WHERE next_due <= ? ORDER BY next_due, id", by)
	if err != nil {
		return nil, fmt.Errorf("list due workspaces: %w", err)
	}
	return due, nil
}

// Due tells when a workspace needs its engine. CodeNotFound when there is none.
func (db *DB) Due(ctx context.Context, workspace string) (Due, error) {
	d, err := scanDue(db.read.QueryRowContext(ctx, "SELECT "+dueColumns+" FROM workspaces WHERE id = ?", workspace))
	if errors.Is(err, sql.ErrNoRows) {
		return d, carpel.Errorf(carpel.CodeNotFound, "no such workspace")
	}
	if err != nil {
		return d, fmt.Errorf("read when a workspace is due: %w", err)
	}
	return d, nil
}

const dueColumns = "id, next_due, acknowledged"

func scanDue(r row) (d Due, err error) {
	err = r.Scan(&d.Workspace, &d.Next, &d.Acknowledged)
	return d, err
}

// SetDue records a workspace's next due time and its last acknowledged batch, which never goes back.
func (db *DB) SetDue(ctx context.Context, d Due) error {
	return db.change(ctx, "set due time", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE workspaces SET next_due = ?, acknowledged = max(acknowledged, ?) WHERE id = ?",
			d.Next, d.Acknowledged, d.Workspace)
		return err
	})
}
