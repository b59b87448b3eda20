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

// HasSealed reports whether the records hold anything that only the installation's key ring opens or knows again.
func (db *DB) HasSealed(ctx context.Context) (sealed bool, err error) {
	err = db.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM channels) OR EXISTS (SELECT 1 FROM suppressions) OR EXISTS (SELECT 1 FROM hooks)").Scan(&sealed)
	if err != nil {
		return false, fmt.Errorf("look for sealed records: %w", err)
	}
	return sealed, nil
}

const channelColumns = "workspace, id, kind, provider, name, is_on, settings, secrets, created_at, updated_at"

func scanChannel(r row) (carpel.Channel, error) {
	var c carpel.Channel
	var settings string
	var created, updated int64
	if err := r.Scan(&c.Workspace, &c.ID, &c.Kind, &c.Provider, &c.Name, &c.On, &settings, &c.Secrets, &created, &updated); err != nil {
		return c, err
	}
	c.CreatedAt, c.UpdatedAt = moment(created), moment(updated)
	if err := json.Unmarshal([]byte(settings), &c.Settings); err != nil {
		return c, fmt.Errorf("settings of channel %s: %w", c.ID, err)
	}
	return c, nil
}

// Channels lists the channels of a workspace, oldest first, without the sandbox.
func (db *DB) Channels(ctx context.Context, workspace string) ([]carpel.Channel, error) {
	all, err := rows(ctx, db.read, scanChannel, "SELECT "+channelColumns+" FROM channels WHERE workspace = ? ORDER BY created_at, id", workspace)
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	return all, nil
}

// Channel returns one by id; CodeNotFound when there is none.
func (db *DB) Channel(ctx context.Context, workspace, id string) (carpel.Channel, error) {
	return findChannel(ctx, db.read, workspace, id)
}

func findChannel(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, workspace, id string) (carpel.Channel, error) {
	c, err := scanChannel(q.QueryRowContext(ctx, "SELECT "+channelColumns+" FROM channels WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, carpel.Errorf(carpel.CodeNotFound, "there is no channel %.60q", id)
	}
	if err != nil {
		return c, fmt.Errorf("read channel: %w", err)
	}
	return c, nil
}

// CreateChannel adds a channel, switched off or on. ID and times are made here; fill, which is called once they are there,
// fills in the rest, and may refuse. CodeConflict when it is on and another of its provider is.
func (db *DB) CreateChannel(ctx context.Context, workspace string, fill func(c *carpel.Channel) error) (c carpel.Channel, err error) {
	err = db.change(ctx, "create channel", func(tx *sql.Tx) error {
		c = carpel.Channel{Workspace: workspace, ID: newID("ch_"), CreatedAt: moment(db.millis())}
		c.UpdatedAt = c.CreatedAt
		if err := fill(&c); err != nil {
			return err
		}
		return db.saveChannel(ctx, tx, c, `INSERT INTO channels (kind, provider, name, is_on, settings, secrets, updated_at, created_at, workspace, id)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.CreatedAt.UnixMilli())
	})
	return c, err
}

// UpdateChannel changes a channel by edit, which may refuse, and returns it as it then is. ifVersion is the UpdatedAt that it
// must have, zero for any: CodeVersion otherwise. CodeNotFound; CodeConflict as of [DB.CreateChannel].
func (db *DB) UpdateChannel(ctx context.Context, workspace, id string, ifVersion time.Time, edit func(c *carpel.Channel) error) (c carpel.Channel, err error) {
	err = db.change(ctx, "update channel", func(tx *sql.Tx) error {
		if c, err = findChannel(ctx, tx, workspace, id); err != nil {
			return err
		}
		if !ifVersion.IsZero() && !ifVersion.Equal(c.UpdatedAt) {
			return carpel.Errorf(carpel.CodeVersion, "the channel was changed by somebody else at %s; read it again", c.UpdatedAt.Format(time.RFC3339))
		}
		if err := edit(&c); err != nil {
			return err
		}
		c.UpdatedAt = moment(max(db.millis(), c.UpdatedAt.UnixMilli()+1)) // who has it open goes by it
		return db.saveChannel(ctx, tx, c, "UPDATE channels SET kind = ?, provider = ?, name = ?, is_on = ?, settings = ?, secrets = ?, updated_at = ? WHERE workspace = ? AND id = ?")
	})
	return c, err
}

// saveChannel runs the statement with the channel's columns, what is between them, and its workspace and id.
func (db *DB) saveChannel(ctx context.Context, tx *sql.Tx, c carpel.Channel, statement string, between ...any) error {
	if c.On {
		var other string
		err := tx.QueryRowContext(ctx, "SELECT name FROM channels WHERE workspace = ? AND provider = ? AND is_on = 1 AND id <> ?", c.Workspace, c.Provider, c.ID).Scan(&other)
		if err == nil {
			return &carpel.Error{Code: carpel.CodeConflict, Pointer: "/on", Message: fmt.Sprintf("%q is on, and carries the same messages: switch it off first", other)}
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return err
	}
	args := append([]any{c.Kind, c.Provider, c.Name, c.On, string(settings), c.Secrets, c.UpdatedAt.UnixMilli()}, between...)
	_, err = tx.ExecContext(ctx, statement, append(args, c.Workspace, c.ID)...)
	return err
}

// DeleteChannel takes a channel away; what it carried keeps its id. CodeNotFound.
func (db *DB) DeleteChannel(ctx context.Context, workspace, id string) error {
	return db.change(ctx, "delete channel", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, "DELETE FROM channels WHERE workspace = ? AND id = ?", workspace, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, carpel.Errorf(carpel.CodeNotFound, "there is no channel %.60q", id))
		}
		return nil
	})
}
