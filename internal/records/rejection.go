package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// Rejection is an item that ingestion refused, or took only in part (Warning).
type Rejection struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Family    string    `json:"family"` // segment, customerio, api
	Kind      string    `json:"kind"`   // identify, track, …
	MessageID string    `json:"message_id"`
	Code      string    `json:"code"`
	Pointer   string    `json:"pointer"`
	Message   string    `json:"message"`
	Warning   bool      `json:"warning"`
	Request   string    `json:"request"` // method and escaped path of the call it came by: what a replay goes by
	Public    bool      `json:"public"`  // came with a browser key, or with none
	Body      []byte    `json:"-"`       // the item as it came
}

// What a workspace keeps of rejections; the oldest go first. When there are too many bytes, an eighth more goes, so that
// they are seldom counted.
const (
	keepRejections     = 100_000
	keepRejectionBytes = 256 << 20 // of what came: see rejectionBytes
)

// Reject stores rejections durably, and lets go of the oldest beyond 100,000, or beyond 256 MiB.
func (db *DB) Reject(ctx context.Context, workspace string, rs []Rejection) error {
	return db.change(ctx, "store rejections", func(tx *sql.Tx) error {
		size := int64(0)
		for _, r := range rs {
			if _, err := tx.ExecContext(ctx, `INSERT INTO rejections (workspace, at, family, kind, message_id, code, pointer, message, warning, request, public, body)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, workspace, r.At.UnixMilli(), r.Family, r.Kind, r.MessageID, r.Code, r.Pointer, r.Message, r.Warning, r.Request, r.Public, r.Body); err != nil {
				return err
			}
			size += int64(len(r.Body) + len(r.Request) + len(r.MessageID) + len(r.Message) + len(r.Pointer))
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM rejections WHERE workspace = ? AND id <=
			(SELECT id FROM rejections WHERE workspace = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`, workspace, workspace, keepRejections); err != nil {
			return err
		}
		return db.boundRejections(ctx, tx, workspace, size)
	})
}

// rejectionBytes is the size of one, in SQL.
const rejectionBytes = "octet_length(body) + octet_length(request) + octet_length(message_id) + octet_length(message) + octet_length(pointer)"

// boundRejections lets go of a workspace's oldest rejections when they are too many bytes, once more have come.
func (db *DB) boundRejections(ctx context.Context, tx *sql.Tx, workspace string, more int64) error {
	db.rejectedMu.Lock()
	defer db.rejectedMu.Unlock()
	bytes, known := db.rejectedBytes[workspace]
	if bytes += more; known && bytes <= db.keepRejected {
		db.rejectedBytes[workspace] = bytes
		return nil
	}
	// Not counted yet since the start, or too many by a count that knows nothing of what was let go of.
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(sum("+rejectionBytes+"), 0) FROM rejections WHERE workspace = ?", workspace).Scan(&bytes); err != nil {
		return err
	}
	if bytes > db.keepRejected {
		keep := db.keepRejected - db.keepRejected/8
		if _, err := tx.ExecContext(ctx, `DELETE FROM rejections WHERE workspace = ? AND id <= (SELECT max(id) FROM
			(SELECT id, sum(`+rejectionBytes+`) OVER (ORDER BY id DESC) AS newer FROM rejections WHERE workspace = ?) AS kept WHERE newer > ?)`, workspace, workspace, keep); err != nil {
			return err
		}
		bytes = keep
	}
	db.rejectedBytes[workspace] = bytes
	return nil
}

const rejectionColumns = "id, at, family, kind, message_id, code, pointer, message, warning, request, public, body"

func scanRejection(r row) (Rejection, error) {
	var x Rejection
	var at int64
	err := r.Scan(&x.ID, &at, &x.Family, &x.Kind, &x.MessageID, &x.Code, &x.Pointer, &x.Message, &x.Warning, &x.Request, &x.Public, &x.Body)
	x.At = moment(at)
	return x, err
}

// RejectionFilter says which rejections are asked for.
type RejectionFilter struct {
	Before int64  // the id of the last one read; 0 from the newest
	Code   string // "": of any
	Limit  int
}

// Rejections lists a workspace's rejections, newest first.
func (db *DB) Rejections(ctx context.Context, workspace string, f RejectionFilter) ([]Rejection, error) {
	rs, err := rows(ctx, db.read, scanRejection, "SELECT "+rejectionColumns+" FROM rejections WHERE workspace = ? AND (? = 0 OR id < ?) AND (? = '' OR code = ?) ORDER BY id DESC LIMIT ?",
		workspace, f.Before, f.Before, f.Code, f.Code, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list rejections: %w", err)
	}
	return rs, nil
}

// RejectionCount is how many rejections have a code.
type RejectionCount struct {
	Code  string `json:"code"`
	Count int64  `json:"count"`
}

// CountRejections counts a workspace's rejections by their codes, the most frequent first.
func (db *DB) CountRejections(ctx context.Context, workspace string) ([]RejectionCount, error) {
	cs, err := rows(ctx, db.read, func(r row) (c RejectionCount, err error) {
		err = r.Scan(&c.Code, &c.Count)
		return c, err
	}, "SELECT code, count(*) FROM rejections WHERE workspace = ? GROUP BY code ORDER BY count(*) DESC, code", workspace)
	if err != nil {
		return nil, fmt.Errorf("count rejections: %w", err)
	}
	return cs, nil
}

// Rejection returns one; CodeNotFound when there is none.
func (db *DB) Rejection(ctx context.Context, workspace string, id int64) (Rejection, error) {
	x, err := scanRejection(db.read.QueryRowContext(ctx, "SELECT "+rejectionColumns+" FROM rejections WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return x, carpel.Errorf(carpel.CodeNotFound, "no such rejection")
	}
	if err != nil {
		return x, fmt.Errorf("read rejection: %w", err)
	}
	return x, nil
}

// DropRejection removes one that was replayed.
func (db *DB) DropRejection(ctx context.Context, workspace string, id int64) error {
	return db.change(ctx, "drop rejection", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM rejections WHERE workspace = ? AND id = ?", workspace, id)
		return err
	})
}
