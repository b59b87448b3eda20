package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/carpel/carpel"
)

// Sending returns how the messages of a workspace go out; CodeNotFound when there is no such workspace.
func (db *DB) Sending(ctx context.Context, workspace string) (carpel.Sending, error) {
	var s carpel.Sending
	var column string
	err := db.read.QueryRowContext(ctx, "SELECT sending FROM workspaces WHERE id = ?", workspace).Scan(&column)
	if errors.Is(err, sql.ErrNoRows) {
		return s, carpel.Errorf(carpel.CodeNotFound, "no such workspace")
	}
	if err == nil && column != "" {
		err = json.Unmarshal([]byte(column), &s)
	}
	if err != nil {
		return s, fmt.Errorf("read sending settings: %w", err)
	}
	return s, nil
}

// SetSending changes how the messages of a workspace go out, from the next one on.
func (db *DB) SetSending(ctx context.Context, workspace string, s carpel.Sending) error {
	if err := s.Validate(); err != nil {
		return err
	}
	column, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return db.change(ctx, "set sending settings", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE workspaces SET sending = ? WHERE id = ?", string(column), workspace)
		return err
	})
}
