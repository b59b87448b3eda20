package records

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// BroadcastMove asks something of a broadcast.
type BroadcastMove struct {
	Move      carpel.BroadcastMove
	Reason    string    // of a pause that nobody asked for; it stays when the broadcast goes on, and is no reason again
	IfVersion time.Time // the UpdatedAt it must have, zero for any
}

// MoveBroadcast does what is asked of a broadcast, in one transaction with what it means for its deliveries: when it
// returns, nothing of one that was paused or cancelled is taken up any more. CodeNotFound, CodeVersion, CodeConflict;
// CodeInvalid for a draft in which something is missing, and for a schedule that is past.
func (db *DB) MoveBroadcast(ctx context.Context, workspace, id string, m BroadcastMove) (carpel.Broadcast, error) {
	return db.editBroadcast(ctx, workspace, id, m.IfVersion, func(tx *sql.Tx, b *carpel.Broadcast) error {
		to, err := m.Move.From(b.State)
		if err != nil {
			return err
		}
		now := carpel.Millis(db.millis())
		b.State = to
		switch m.Move {
		case carpel.ScheduleBroadcast:
			return scheduleBroadcast(b, now)
		case carpel.UnscheduleBroadcast:
			b.DueAt = 0
		case carpel.SendBroadcast:
			if err := b.Spec.CheckReady(); err != nil {
				return err
			}
			b.Spec.Schedule = nil // it is sent now
			b.StartedAt, b.DueAt = now, 0
		case carpel.PauseBroadcast:
			if m.Reason != "" {
				b.Reason = m.Reason
			}
			return holdDeliveries(ctx, tx, workspace, id)
		case carpel.CancelBroadcast:
			if b.StartedAt == 0 {
				b.EndedAt = now
			}
			return holdDeliveries(ctx, tx, workspace, id)
		}
		return nil
	})
}

func scheduleBroadcast(b *carpel.Broadcast, now carpel.Millis) error {
	if err := b.Spec.CheckReady(); err != nil {
		return err
	}
	if b.Spec.Schedule == nil {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/schedule", Message: "when is it to be sent?"}
	}
	b.DueAt = b.Spec.Start()
	last := b.DueAt
	if b.Spec.Schedule.Local != "" {
		last += carpel.Millis((26 * time.Hour).Milliseconds()) // until the last clocks of the world show it
	}
	switch {
	case last < now:
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/schedule", Message: "this time is past"}
	case b.DueAt > now+carpel.MaxAheadDays*86_400_000:
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/schedule", Limit: carpel.MaxAheadDays, Actual: int64((b.DueAt - now) / 86_400_000), Message: fmt.Sprintf("at most %d days ahead", carpel.MaxAheadDays)}
	}
	return nil
}

// StartBroadcast begins to send what was scheduled, once it is due; one that was moved meanwhile stays as it is.
func (db *DB) StartBroadcast(ctx context.Context, workspace, id string) (carpel.Broadcast, error) {
	return db.editBroadcast(ctx, workspace, id, time.Time{}, func(_ *sql.Tx, b *carpel.Broadcast) error {
		if now := carpel.Millis(db.millis()); b.State == carpel.BroadcastScheduled && b.DueAt <= now {
			b.State, b.StartedAt, b.DueAt = carpel.BroadcastSending, now, 0
		}
		return nil
	})
}

// plannedOf and attemptingOf ask for an origin so that the index of the state is used, which is small, and not that of
// origins, which has everything.
const (
	plannedOf    = "state = 'planned' AND due_at >= 0 AND origin || '' = ?"
	attemptingOf = "state = 'attempting' AND lease_until >= 0 AND origin || '' = ?"
)

// holdDeliveries takes back what was let out of a broadcast and nobody has taken up yet.
func holdDeliveries(ctx context.Context, tx *sql.Tx, workspace, broadcast string) error {
	_, err := tx.ExecContext(ctx, "UPDATE deliveries SET state = 'held' WHERE workspace = ? AND "+plannedOf, workspace, broadcast)
	return err
}

// HoldDeliveries takes back what is planned of a paused or cancelled broadcast: what was being tried when it was moved, and
// is to be tried again.
func (db *DB) HoldDeliveries(ctx context.Context, workspace, broadcast string) error {
	var some bool
	err := db.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM deliveries WHERE workspace = ? AND "+plannedOf+")", workspace, broadcast).Scan(&some)
	if err != nil {
		return fmt.Errorf("look for deliveries to hold: %w", err)
	}
	if !some {
		return nil
	}
	return db.change(ctx, "hold deliveries", func(tx *sql.Tx) error { return holdDeliveries(ctx, tx, workspace, broadcast) })
}

// LetOut makes held deliveries of a broadcast that is being sent planned, the first that are due, and returns how many.
func (db *DB) LetOut(ctx context.Context, workspace, broadcast string, most int) (n int64, err error) {
	err = db.change(ctx, "let out deliveries", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = 'planned', planned_at = ?3 WHERE alias IN (SELECT alias FROM deliveries
			WHERE workspace = ?1 AND state = 'held' AND origin = ?2 AND due_at <= ?3 ORDER BY due_at LIMIT ?4)
			AND EXISTS (SELECT 1 FROM broadcasts WHERE workspace = ?1 AND id = ?2 AND state = 'sending')`, workspace, broadcast, db.millis(), most)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// DropHeld skips held deliveries of a cancelled broadcast, at most so many, and returns how many.
func (db *DB) DropHeld(ctx context.Context, workspace, broadcast string, most int) (n int64, err error) {
	err = db.change(ctx, "drop held deliveries", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = 'skipped', reason = 'cancelled' WHERE alias IN (SELECT alias FROM deliveries
			WHERE workspace = ?1 AND state = 'held' AND origin = ?2 LIMIT ?3) AND EXISTS (SELECT 1 FROM broadcasts WHERE workspace = ?1 AND id = ?2 AND state = 'cancelled')`, workspace, broadcast, most)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// EndBroadcast notes that nothing is left to be done about a broadcast: it is sent, or stays cancelled.
func (db *DB) EndBroadcast(ctx context.Context, workspace, id string) error {
	_, err := db.editBroadcast(ctx, workspace, id, time.Time{}, func(tx *sql.Tx, b *carpel.Broadcast) error {
		switch {
		case b.State == carpel.BroadcastSending && b.Stage == carpel.StagePlanned:
			b.State = carpel.BroadcastSent
		case b.State != carpel.BroadcastCancelled:
			return nil // it was moved meanwhile
		}
		b.EndedAt = carpel.Millis(db.millis())
		return endPlanning(ctx, tx, workspace, id)
	})
	return err
}
