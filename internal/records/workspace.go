package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

const workspaceColumns = "id, name, zone, created_at"

func scanWorkspace(r row) (carpel.Workspace, error) {
	var w carpel.Workspace
	var created int64
	err := r.Scan(&w.ID, &w.Name, &w.Zone, &created)
	w.CreatedAt = moment(created)
	return w, err
}

// CreateWorkspace adds a workspace with its first segments, all of it or nothing. The zone must be one that Go's time zone
// data know; name is 1 to 150 bytes. Whatever the clock says, it is younger than those that are there: the oldest one's
// admins run the server.
func (db *DB) CreateWorkspace(ctx context.Context, name, zone string, segments ...carpel.Segment) (carpel.Workspace, error) {
	if err := checkWorkspace(name, zone); err != nil {
		return carpel.Workspace{}, err
	}
	w := carpel.Workspace{ID: newID("ws_"), Name: name, Zone: zone}
	err := db.change(ctx, "create workspace", func(tx *sql.Tx) error {
		var created int64
		err := tx.QueryRowContext(ctx, "INSERT INTO workspaces (id, name, zone, created_at) SELECT ?, ?, ?, max(?, coalesce(max(created_at) + 1, 0)) FROM workspaces RETURNING created_at",
			w.ID, w.Name, w.Zone, db.millis()).Scan(&created)
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
	ws, err := rows(ctx, db.read, scanWorkspace, "SELECT "+workspaceColumns+" FROM workspaces ORDER BY created_at, id")
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	return ws, nil
}

// Workspace returns one; CodeNotFound when there is none.
func (db *DB) Workspace(ctx context.Context, id string) (carpel.Workspace, error) {
	w, err := scanWorkspace(db.read.QueryRowContext(ctx, "SELECT "+workspaceColumns+" FROM workspaces WHERE id = ?", id))
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
