package records

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// Answer is what a write answered, kept for a day under its Idempotency-Key.
type Answer struct {
	Request []byte // SHA-256 of method, path and body
	Status  int    // 0 while the first is under way
	Header  string // Content-Type and the like, as JSON
	Body    []byte
}

// keepAnswers is how long an answer is kept.
const keepAnswers = 24 * time.Hour

// BeginAnswer claims an Idempotency-Key for a request. It returns nil when the claim is new: the caller goes on and
// ends with [DB.EndAnswer]. It returns the first request's answer when the same request came before. CodeConflict
// when the key was used for another request, or the first is still under way.
func (db *DB) BeginAnswer(ctx context.Context, workspace, key string, request []byte) (*Answer, error) {
	var a *Answer
	err := db.change(ctx, "claim idempotency key", func(tx *sql.Tx) error {
		now := db.millis()
		if err := dropOldAnswers(ctx, tx, now); err != nil {
			return err
		}
		var got Answer
		err := tx.QueryRowContext(ctx, "SELECT request, status, header, body FROM answers WHERE workspace = ? AND key = ?", workspace, key).
			Scan(&got.Request, &got.Status, &got.Header, &got.Body)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.ExecContext(ctx, "INSERT INTO answers (workspace, key, request, status, header, body, at) VALUES (?, ?, ?, 0, '', '', ?)", workspace, key, request, now)
			return err
		case err != nil:
			return err
		case !bytes.Equal(got.Request, request):
			return carpel.Errorf(carpel.CodeConflict, "this Idempotency-Key was used for another request")
		case got.Status == 0:
			return carpel.Errorf(carpel.CodeConflict, "the first request with this Idempotency-Key is still under way")
		}
		a = &got
		return nil
	})
	return a, err
}

// EndAnswer keeps a request's answer; a status of 0 lets go of the claim instead, so that the request may be tried
// again.
func (db *DB) EndAnswer(ctx context.Context, workspace, key string, a Answer) error {
	return db.change(ctx, "keep answer", func(tx *sql.Tx) error {
		if a.Status == 0 {
			_, err := tx.ExecContext(ctx, "DELETE FROM answers WHERE workspace = ? AND key = ?", workspace, key)
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE answers SET status = ?, header = ?, body = ? WHERE workspace = ? AND key = ?", a.Status, a.Header, a.Body, workspace, key)
		return err
	})
}

// DropOldAnswers lets go of answers that were kept for a day. [DB.BeginAnswer] does so as well; this is for when none
// comes any more: an answer may hold something of a person.
func (db *DB) DropOldAnswers(ctx context.Context) error {
	return db.change(ctx, "drop old answers", func(tx *sql.Tx) error { return dropOldAnswers(ctx, tx, db.millis()) })
}

func dropOldAnswers(ctx context.Context, tx *sql.Tx, now int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM answers WHERE at < ?", now-keepAnswers.Milliseconds())
	return err
}

// DropUnended lets go of claims that a stopped process left behind; called once at start.
func (db *DB) DropUnended(ctx context.Context) error {
	if _, err := db.write.ExecContext(ctx, "DELETE FROM answers WHERE status = 0"); err != nil {
		return fmt.Errorf("drop unended answers: %w", err)
	}
	return nil
}
