package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Cursor returns how far a reader of a workspace's feed or journal has come; "" for one that never read.
func (db *DB) Cursor(ctx context.Context, workspace, reader string) (string, error) {
	var cursor string
	err := db.read.QueryRowContext(ctx, "SELECT cursor FROM cursors WHERE workspace = ? AND reader = ?", workspace, reader).Scan(&cursor)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read cursor %s: %w", reader, err)
	}
	return cursor, nil
}

// moveCursor notes how far a reader has come, in the transaction that holds what it made of what it read.
func moveCursor(ctx context.Context, tx *sql.Tx, workspace, reader, cursor string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO cursors (workspace, reader, cursor) VALUES (?, ?, ?) ON CONFLICT (workspace, reader) DO UPDATE SET cursor = excluded.cursor",
		workspace, reader, cursor)
	return err
}
