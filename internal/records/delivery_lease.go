package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carpel/carpel"
)

// DueDeliveries says what is to be done about the deliveries of a workspace.
type DueDeliveries struct {
	Workspace string
	Next      carpel.Millis // when the first is due; Never for none
	Untold    bool          // something became of some that the engine was not told
}

// DueDeliveries lists the workspaces in which there is something to be done, now or later. It looks at one entry of an
// index for each, however many deliveries there are.
func (db *DB) DueDeliveries(ctx context.Context) ([]DueDeliveries, error) {
	all, err := rows(ctx, db.read, func(r row) (d DueDeliveries, err error) {
		var next sql.NullInt64
		err = r.Scan(&d.Workspace, &next, &d.Untold)
		d.Next = carpel.Never
		if next.Valid {
			d.Next = carpel.Millis(next.Int64)
		}
		return d, err
	}, `SELECT w.id, (SELECT min(d.due_at) FROM deliveries d WHERE d.workspace = w.id AND d.state = 'planned'),
		EXISTS (SELECT 1 FROM deliveries d WHERE d.workspace = w.id AND d.untold = 1) FROM workspaces w ORDER BY w.id`)
	if err != nil {
		return nil, fmt.Errorf("list due deliveries: %w", err)
	}
	return slices.DeleteFunc(all, func(d DueDeliveries) bool { return d.Next == carpel.Never && !d.Untold }), nil
}

// Lease asks for due deliveries, to attempt them. ID is new with each; it begins with the id of the process, see
// [DB.ExpireLeases].
type Lease struct {
	ID    string
	Limit int
	Until carpel.Millis // then whoever took it is taken for dead
	// Check decides about one delivery: what must hold at the moment of sending is read here, in the transaction.
	Check func(d carpel.Delivery, tx *LeaseTx) (Verdict, error)
}

// Verdict is what a check decided. State is attempting to go on; skipped, for Reason; planned, to ask again at DueAt.
type Verdict struct {
	State          carpel.DeliveryState
	Reason, Detail string
	DueAt          carpel.Millis
	Tell           bool // of skipped: to be told to the engine
}

// LeaseTx reads what checks ask, in the transaction of the lease.
type LeaseTx struct {
	db                *DB
	ctx               context.Context
	workspace         string
	suppressed, count *sql.Stmt
}

// Suppressed reports whether nothing may be sent to an address.
func (t *LeaseTx) Suppressed(kind carpel.ChannelKind, address string) (bool, error) {
	var one int
	err := t.suppressed.QueryRowContext(t.ctx, t.workspace, kind, t.db.hashAddress(kind, address)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// SentSince counts the messages of a kind ("": of all) that ask for consent and went out to a person after a moment, may
// have, or are going out right now.
func (t *LeaseTx) SentSince(person string, kind carpel.ChannelKind, since carpel.Millis) (n int, err error) {
	err = t.count.QueryRowContext(t.ctx, t.workspace, person, kind, since).Scan(&n)
	return n, err
}

// LeaseDeliveries takes due deliveries of a workspace, those due first in front: each is checked, and those that may go
// out are attempting, with one attempt more, durably, when it returns. looked is how many were looked at: as many as Limit
// when more may be due.
func (db *DB) LeaseDeliveries(ctx context.Context, workspace string, l Lease) (leased []carpel.Delivery, looked int, err error) {
	err = db.change(ctx, "lease deliveries", func(tx *sql.Tx) error {
		due, err := dueDeliveries(ctx, tx, workspace, carpel.Millis(db.millis()), l.Limit)
		if err != nil || len(due) == 0 {
			return err
		}
		looked = len(due)
		t := &LeaseTx{db: db, ctx: ctx, workspace: workspace}
		var take, leave *sql.Stmt
		for _, s := range []struct {
			stmt **sql.Stmt
			text string
		}{
			{&t.suppressed, "SELECT 1 FROM suppressions WHERE workspace = ? AND kind = ? AND hash = ?"},
			// Of the same index: those that went out, and those of which no moment is known.
			{&t.count, `SELECT (SELECT count(*) FROM deliveries WHERE workspace = ?1 AND person = ?2 AND sent_at > ?4 AND consent = 1 AND (?3 = '' OR kind = ?3))
				+ (SELECT count(*) FROM deliveries WHERE workspace = ?1 AND person = ?2 AND sent_at = 0 AND consent = 1 AND (?3 = '' OR kind = ?3)
					AND (state = 'attempting' OR state = 'unknown' AND due_at > ?4))`},
			{&take, "UPDATE deliveries SET state = 'attempting', reason = '', detail = '', attempt = attempt + 1, lease = ?, lease_until = ? WHERE workspace = ? AND id = ?"},
			{&leave, "UPDATE deliveries SET state = ?, reason = ?, detail = ?, due_at = ?, untold = ? WHERE workspace = ? AND id = ?"},
		} {
			if *s.stmt, err = tx.PrepareContext(ctx, s.text); err != nil {
				return err
			}
			defer (*s.stmt).Close()
		}
		for _, d := range due {
			v, err := l.Check(d, t)
			if err != nil {
				return fmt.Errorf("check delivery %s: %w", d.ID, err)
			}
			if v.State == carpel.DeliveryAttempting {
				d.State, d.Attempt, d.Reason, d.Detail = v.State, d.Attempt+1, "", ""
				leased = append(leased, d)
				_, err = take.ExecContext(ctx, l.ID, int64(l.Until), workspace, d.ID)
			} else {
				if v.State == carpel.DeliverySkipped {
					v.DueAt = d.DueAt
				} else if v.Reason == "" { // what the receiver said last stays
					v.Reason, v.Detail = d.Reason, d.Detail
				}
				_, err = leave.ExecContext(ctx, v.State, v.Reason, v.Detail, int64(v.DueAt), v.Tell, workspace, d.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return leased, looked, nil
}

func dueDeliveries(ctx context.Context, tx *sql.Tx, workspace string, now carpel.Millis, limit int) ([]carpel.Delivery, error) {
	rs, err := tx.QueryContext(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE workspace = ? AND state = 'planned' AND due_at <= ? ORDER BY due_at LIMIT ?", workspace, int64(now), limit)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var due []carpel.Delivery
	for rs.Next() {
		d, err := scanDelivery(rs)
		if err != nil {
			return nil, err
		}
		due = append(due, d)
	}
	return due, rs.Err()
}

// Ended is what came of one attempt. Lease and Attempt are its fence: when the delivery is no longer theirs, it came too
// late and changes nothing.
type Ended struct {
	ID, Lease      string
	Attempt        int
	State          carpel.DeliveryState // sent, failed, skipped or unknown; planned: to be tried again at DueAt
	Reason, Detail string
	Channel        string // id of the channel that carried it
	Recipient      string
	DueAt          carpel.Millis
	SentAt         carpel.Millis // of sent
	BouncedAt      carpel.Millis // there is no such recipient: an address of email is suppressed with it
	Untouched      bool          // given back: the attempt does not count
	Tell           bool          // to be told to the engine
}

// EndDeliveries keeps what came of attempts, and that the engine was told of others. It returns the ids of those that came
// too late: somebody else decided about them meanwhile.
func (db *DB) EndDeliveries(ctx context.Context, workspace string, ended []Ended, told []string) (late []string, err error) {
	if len(ended) == 0 && len(told) == 0 {
		return nil, nil
	}
	err = db.change(ctx, "end deliveries", func(tx *sql.Tx) error {
		// The address of somebody who was erased while it was under way is not kept.
		end, err := tx.PrepareContext(ctx, `UPDATE deliveries SET state = ?, reason = CASE WHEN reason = 'erased' THEN reason ELSE ? END,
			detail = CASE WHEN reason = 'erased' THEN '' ELSE ? END, channel = ?, recipient = CASE WHEN reason = 'erased' THEN '' ELSE ? END,
			due_at = CASE WHEN ?6 = 0 THEN due_at ELSE ?6 END, sent_at = ?, bounced_at = max(bounced_at, ?), untold = ?, attempt = attempt - ?, lease = '', lease_until = 0
			WHERE workspace = ? AND id = ? AND state = 'attempting' AND lease = ? AND attempt = ?`)
		if err != nil {
			return err
		}
		defer end.Close()
		for _, e := range ended {
			result, err := end.ExecContext(ctx, e.State, e.Reason, e.Detail, e.Channel, e.Recipient, int64(e.DueAt), int64(e.SentAt), int64(e.BouncedAt), e.Tell, e.Untouched,
				workspace, e.ID, e.Lease, e.Attempt)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				late = append(late, e.ID)
			} else if err := db.tellEnded(ctx, tx, workspace, e); err != nil {
				return err
			}
			if e.BouncedAt > 0 { // whoever is late knows this all the same
				if err := db.suppressBounced(ctx, tx, workspace, e); err != nil {
					return err
				}
			}
		}
		return setTold(ctx, tx, workspace, told)
	})
	if err != nil {
		return nil, err
	}
	return late, nil
}

// tellEnded plans the calls of hooks for what came of an attempt.
func (db *DB) tellEnded(ctx context.Context, tx *sql.Tx, workspace string, e Ended) error {
	at, more := carpel.Millis(db.millis()), map[string]any{"reason": e.Reason, "detail": e.Detail}
	if e.State == carpel.DeliverySent || e.State == carpel.DeliveryFailed {
		if err := db.tellDelivery(ctx, tx, workspace, string(e.State), "", e.ID, at, more); err != nil {
			return err
		}
	}
	if e.BouncedAt == 0 {
		return nil
	}
	return db.tellDelivery(ctx, tx, workspace, "bounced", "", e.ID, at, more)
}

func (db *DB) suppressBounced(ctx context.Context, tx *sql.Tx, workspace string, e Ended) error {
	var kind carpel.ChannelKind
	var reason string
	if err := tx.QueryRowContext(ctx, "SELECT kind, reason FROM deliveries WHERE workspace = ? AND id = ?", workspace, e.ID).Scan(&kind, &reason); err != nil {
		return err
	}
	if kind != carpel.Email {
		return nil // a device's token is deleted
	}
	address := e.Recipient
	if reason == reasonErased {
		address = ""
	}
	return db.insertSuppression(ctx, tx, workspace, db.hashAddress(kind, e.Recipient), carpel.Suppression{Kind: kind, Address: address, Reason: carpel.SuppressedBounce, Detail: e.Detail})
}

func setTold(ctx context.Context, tx *sql.Tx, workspace string, ids []string) error {
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, "UPDATE deliveries SET untold = 0 WHERE workspace = ? AND id = ?", workspace, id); err != nil {
			return err
		}
	}
	return nil
}

// UntoldDeliveries lists deliveries of which the engine is still to be told what became of them, the oldest first.
func (db *DB) UntoldDeliveries(ctx context.Context, workspace string, limit int) ([]carpel.Delivery, error) {
	all, err := rows(ctx, db.read, scanDelivery, "SELECT "+deliveryColumns+" FROM deliveries WHERE workspace = ? AND untold = 1 ORDER BY alias LIMIT ?", workspace, limit)
	if err != nil {
		return nil, fmt.Errorf("list untold deliveries: %w", err)
	}
	return all, nil
}

// ExpireLeases ends the attempts of whoever is dead: those whose lease is over, and those of other processes than the one
// named. What was at work there may have gone out: at least once it is planned again, at most once it is unknown.
func (db *DB) ExpireLeases(ctx context.Context, process string) (planned, unknown int64, err error) {
	err = db.change(ctx, "expire leases", func(tx *sql.Tx) error {
		for _, of := range []struct {
			mode, state, reason string
			n                   *int64
		}{
			{"= 'at_least_once'", "planned", "", &planned},
			{"<> 'at_least_once'", "unknown", reasonCrash, &unknown},
		} {
			result, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = ?1, reason = CASE WHEN reason = 'erased' THEN reason ELSE ?2 END, lease = '', lease_until = 0
				WHERE state = 'attempting' AND mode `+of.mode+" AND (lease_until < ?3 OR substr(lease, 1, length(?4)) <> ?4)", of.state, of.reason, db.millis(), process)
			if err != nil {
				return err
			}
			if *of.n, err = result.RowsAffected(); err != nil {
				return err
			}
		}
		return nil
	})
	return planned, unknown, err
}

// Reasons that the records themselves give.
const (
	reasonCrash     = "crash"     // of unknown: the process ended, or took too long, between sending and knowing
	reasonErased    = "erased"    // the person was
	reasonCancelled = "cancelled" // before it went out
)

// UnknownDeliveries names unknown deliveries: those of IDs, or all of an origin.
type UnknownDeliveries struct {
	IDs    []string
	Origin string
}

// ResendUnknown plans unknown deliveries again, which may make duplicates: somebody has decided so. It returns how many
// were unknown, and are planned now; with them goes an entry of the audit log.
func (db *DB) ResendUnknown(ctx context.Context, workspace, by string, which UnknownDeliveries) (n int64, err error) {
	err = db.change(ctx, "resend unknown deliveries", func(tx *sql.Tx) error {
		again := func(where string, arg string) error {
			result, err := tx.ExecContext(ctx, "UPDATE deliveries SET state = 'planned', reason = '', detail = '', due_at = ? WHERE workspace = ? AND state = 'unknown' AND reason <> 'erased' AND "+where+" = ?",
				db.millis(), workspace, arg)
			if err != nil {
				return err
			}
			more, err := result.RowsAffected()
			n += more
			return err
		}
		if which.Origin != "" {
			if err := again("origin", which.Origin); err != nil {
				return err
			}
		}
		for _, id := range which.IDs {
			if err := again("id", id); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO audit (workspace, at, who, action, object, detail) VALUES (?, ?, ?, 'delivery.resend', ?, ?)",
			workspace, db.millis(), by, which.Origin, fmt.Sprintf(`{"deliveries":%d}`, n))
		return err
	})
	return n, err
}

// CancelDeliveries skips what is planned of an origin and was not tried yet, with the reason "cancelled", and returns how
// many. What is being tried right now goes out, or is tried no more.
func (db *DB) CancelDeliveries(ctx context.Context, workspace string, kind carpel.OriginKind, origin string) (n int64, err error) {
	err = db.change(ctx, "cancel deliveries", func(tx *sql.Tx) (err error) {
		n, err = cancelDeliveries(ctx, tx, workspace, kind, origin)
		return err
	})
	return n, err
}

func cancelDeliveries(ctx context.Context, tx *sql.Tx, workspace string, kind carpel.OriginKind, origin string) (int64, error) {
	result, err := tx.ExecContext(ctx, "UPDATE deliveries SET state = 'skipped', reason = ? WHERE workspace = ? AND origin = ? AND origin_kind = ? AND state = 'planned'",
		reasonCancelled, workspace, origin, kind)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// leaseTime is how long a lease is held unless told otherwise.
const leaseTime = 15 * time.Minute

// LeaseUntil is when a lease that begins now is over.
func (db *DB) LeaseUntil() carpel.Millis { return carpel.MillisOf(db.now().Add(leaseTime)) }
