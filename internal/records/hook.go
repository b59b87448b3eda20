package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/carpel/carpel"
)

const hookColumns = "id, name, url, events, segments, secrets, is_on, reason, failing_since, created_at, updated_at"

func scanHook(r row) (h carpel.Hook, err error) {
	var events, segments string
	var created, updated int64
	if err := r.Scan(&h.ID, &h.Name, &h.URL, &events, &segments, &h.Secrets, &h.On, &h.Reason, &h.FailingSince, &created, &updated); err != nil {
		return h, err
	}
	h.CreatedAt, h.UpdatedAt = moment(created), moment(updated)
	return h, errors.Join(json.Unmarshal([]byte(events), &h.Events), json.Unmarshal([]byte(segments), &h.Segments))
}

// hookReader names the reader of a hook's segments; see [DB.Cursor].
func hookReader(id string) string { return "hook:" + id }

func list(texts []string) string {
	if texts == nil {
		texts = []string{}
	}
	b, _ := json.Marshal(texts) // texts always encode
	return string(b)
}

// NewHookID is the id of a hook that is about to be made: its secrets are sealed for it.
func NewHookID() string { return newID("wh_") }

// CreateHook adds a hook with its secrets, which reads the feed from a cursor on. CodeLimit when there are too many.
func (db *DB) CreateHook(ctx context.Context, workspace, cursor string, h carpel.Hook) (carpel.Hook, error) {
	now := db.millis()
	h.CreatedAt, h.UpdatedAt = moment(now), moment(now)
	err := db.change(ctx, "create webhook", func(tx *sql.Tx) error {
		var have int64
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM hooks WHERE workspace = ?", workspace).Scan(&have); err != nil {
			return err
		}
		if have >= carpel.MaxHooks {
			return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxHooks, Actual: have + 1, Message: fmt.Sprintf("a workspace has at most %d webhooks", carpel.MaxHooks)}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO hooks (workspace, "+hookColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', 0, ?, ?)",
			workspace, h.ID, h.Name, h.URL, list(h.Events), list(h.Segments), h.Secrets, h.On, now, now)
		if err != nil {
			return err
		}
		return moveCursor(ctx, tx, workspace, hookReader(h.ID), cursor)
	})
	return h, err
}

// Hooks lists the hooks of a workspace, oldest first.
func (db *DB) Hooks(ctx context.Context, workspace string) ([]carpel.Hook, error) {
	all, err := rows(ctx, db.read, scanHook, "SELECT "+hookColumns+" FROM hooks WHERE workspace = ? ORDER BY created_at, id", workspace)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return all, nil
}

// Hook returns one; CodeNotFound when there is none.
func (db *DB) Hook(ctx context.Context, workspace, id string) (carpel.Hook, error) {
	h, err := scanHook(db.read.QueryRowContext(ctx, "SELECT "+hookColumns+" FROM hooks WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return h, carpel.Errorf(carpel.CodeNotFound, "there is no webhook %.60q", id)
	}
	if err != nil {
		return h, fmt.Errorf("read webhook: %w", err)
	}
	return h, nil
}

// UpdateHook changes a hook. A cursor moves its reader: when it is turned on, what happened meanwhile is passed over; "" is
// for where it is. What was wrong with it is forgotten.
func (db *DB) UpdateHook(ctx context.Context, workspace, cursor string, h carpel.Hook) error {
	return db.change(ctx, "update webhook", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE hooks SET name = ?, url = ?, events = ?, segments = ?, secrets = ?, is_on = ?, reason = '', failing_since = 0, updated_at = ?
			WHERE workspace = ? AND id = ?`, h.Name, h.URL, list(h.Events), list(h.Segments), h.Secrets, h.On, db.millis(), workspace, h.ID)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, carpel.Errorf(carpel.CodeNotFound, "there is no webhook %.60q", h.ID))
		}
		if cursor == "" {
			return nil
		}
		return moveCursor(ctx, tx, workspace, hookReader(h.ID), cursor)
	})
}

// SetHookSecrets gives a hook other secrets. CodeNotFound.
func (db *DB) SetHookSecrets(ctx context.Context, workspace, id string, secrets []byte) error {
	return db.change(ctx, "set secrets of webhook", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "UPDATE hooks SET secrets = ? WHERE workspace = ? AND id = ?", secrets, workspace, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, carpel.Errorf(carpel.CodeNotFound, "there is no webhook %.60q", id))
		}
		return nil
	})
}

// DeleteHook removes a hook with its calls. CodeNotFound.
func (db *DB) DeleteHook(ctx context.Context, workspace, id string) error {
	return db.change(ctx, "delete webhook", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM hooks WHERE workspace = ? AND id = ?", workspace, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, carpel.Errorf(carpel.CodeNotFound, "there is no webhook %.60q", id))
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM hook_calls WHERE workspace = ? AND hook = ?", workspace, id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM cursors WHERE workspace = ? AND reader = ?", workspace, hookReader(id))
		return err
	})
}

// WorkspacesWithHooks lists the workspaces that have hooks which are on.
func (db *DB) WorkspacesWithHooks(ctx context.Context) ([]string, error) {
	all, err := rows(ctx, db.read, func(r row) (id string, err error) { return id, r.Scan(&id) }, "SELECT DISTINCT workspace FROM hooks WHERE is_on = 1 ORDER BY workspace")
	if err != nil {
		return nil, fmt.Errorf("list workspaces with webhooks: %w", err)
	}
	return all, nil
}
