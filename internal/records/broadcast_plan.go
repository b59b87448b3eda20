package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// WorkspaceBroadcast is a broadcast with its workspace.
type WorkspaceBroadcast struct {
	Workspace string
	carpel.Broadcast
}

// BroadcastsAtWork lists the broadcasts of all workspaces about which something is to be done, now or later.
func (db *DB) BroadcastsAtWork(ctx context.Context) ([]WorkspaceBroadcast, error) {
	type found struct{ workspace, id string }
	ids, err := rows(ctx, db.read, func(r row) (f found, err error) {
		err = r.Scan(&f.workspace, &f.id)
		return f, err
	}, "SELECT workspace, id FROM broadcasts WHERE ended_at = 0 AND state <> 'draft' ORDER BY workspace, alias")
	if err != nil {
		return nil, fmt.Errorf("list broadcasts at work: %w", err)
	}
	var out []WorkspaceBroadcast
	for _, f := range ids {
		b, err := db.Broadcast(ctx, f.workspace, f.id)
		if err != nil {
			return nil, err
		}
		out = append(out, WorkspaceBroadcast{f.workspace, b})
	}
	return out, nil
}

func broadcastReader(id string) string { return "broadcast:" + id }

// Audience is whom a broadcast goes to, and what they get.
type Audience struct {
	Roll     []byte // of the engine
	People   int64  // on it
	Versions []int  // of the variants' templates
}

// SetAudience keeps whom a broadcast goes to. Once it stands it stays.
func (db *DB) SetAudience(ctx context.Context, workspace, id string, a Audience) (carpel.Broadcast, error) {
	return db.editBroadcast(ctx, workspace, id, time.Time{}, func(tx *sql.Tx, b *carpel.Broadcast) error {
		if b.State != carpel.BroadcastSending || b.Stage != carpel.StageNone {
			return nil
		}
		b.Stage, b.People = carpel.StagePlanning, a.People
		for i, version := range a.Versions {
			b.Spec.Variants[i].Version = version
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO broadcast_rolls (workspace, broadcast, people) VALUES (?, ?, ?)", workspace, id, a.Roll)
		return err
	})
}

// Audience returns the roll that SetAudience kept, and how far its deliveries are written. CodeNotFound once all are.
func (db *DB) Audience(ctx context.Context, workspace, id string) (roll []byte, cursor string, err error) {
	err = db.read.QueryRowContext(ctx, "SELECT people FROM broadcast_rolls WHERE workspace = ? AND broadcast = ?", workspace, id).Scan(&roll)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", carpel.Errorf(carpel.CodeNotFound, "the broadcast has no audience to be planned")
	}
	if err != nil {
		return nil, "", fmt.Errorf("read audience: %w", err)
	}
	cursor, err = db.Cursor(ctx, workspace, broadcastReader(id))
	return roll, cursor, err
}

// BroadcastPage is what is written of an audience at once.
type BroadcastPage struct {
	From, To   string // cursors: of the page, and of the next one
	Deliveries []carpel.Delivery
	Done       bool // it was the last page
	// TestEnds is how long after the last page of a sample the winner is found.
	TestEnds time.Duration
}

// PlanBroadcast writes the deliveries of a page and moves the cursor behind it, in one transaction: whatever happens,
// planning goes on where it was, and nobody is planned twice. CodeConflict when the broadcast is not being planned, or the
// cursor is elsewhere.
func (db *DB) PlanBroadcast(ctx context.Context, workspace, id string, p BroadcastPage) (carpel.Broadcast, error) {
	return db.editBroadcast(ctx, workspace, id, time.Time{}, func(tx *sql.Tx, b *carpel.Broadcast) error {
		at := ""
		err := tx.QueryRowContext(ctx, "SELECT cursor FROM cursors WHERE workspace = ? AND reader = ?", workspace, broadcastReader(id)).Scan(&at)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		planning := b.Stage == carpel.StagePlanning || b.Stage == carpel.StageRest
		if b.State != carpel.BroadcastSending || !planning || at != p.From {
			return carpel.Errorf(carpel.CodeConflict, "the broadcast is not planned here: it is %s, %s", b.State, b.Stage)
		}
		if _, err := db.insertDeliveries(ctx, tx, workspace, p.Deliveries); err != nil {
			return err
		}
		if !p.Done {
			return moveCursor(ctx, tx, workspace, broadcastReader(id), p.To)
		}
		if b.Stage == carpel.StagePlanning && b.Spec.Winner != nil {
			b.Stage, b.DueAt = carpel.StageTesting, carpel.Millis(db.millis()+p.TestEnds.Milliseconds())
			return moveCursor(ctx, tx, workspace, broadcastReader(id), "")
		}
		// Who has no delivery by now was there no more when theirs was to be written.
		if err := tx.QueryRowContext(ctx, "SELECT ? - count(*) FROM deliveries WHERE workspace = ? AND origin = ?", b.People, workspace, id).Scan(&b.Gone); err != nil {
			return err
		}
		b.Stage = carpel.StagePlanned
		return endPlanning(ctx, tx, workspace, id)
	})
}

// endPlanning lets go of what planning needed.
func endPlanning(ctx context.Context, tx *sql.Tx, workspace, id string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM broadcast_rolls WHERE workspace = ? AND broadcast = ?", workspace, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM cursors WHERE workspace = ? AND reader = ?", workspace, broadcastReader(id))
	return err
}

// DecideBroadcast says which variant the rest of the audience gets.
func (db *DB) DecideBroadcast(ctx context.Context, workspace, id, winner string) error {
	_, err := db.editBroadcast(ctx, workspace, id, time.Time{}, func(_ *sql.Tx, b *carpel.Broadcast) error {
		if b.State == carpel.BroadcastSending && b.Stage == carpel.StageTesting {
			b.Stage, b.Winner, b.DueAt = carpel.StageRest, winner, 0
		}
		return nil
	})
	return err
}

// Backlog is what is still to be done of a broadcast's deliveries.
type Backlog struct {
	Due  int64 // planned, and due within a minute
	Open bool  // some are held, planned or being tried
}

// Backlog returns it, by small indexes, however many deliveries there are.
func (db *DB) Backlog(ctx context.Context, workspace, broadcast string) (b Backlog, err error) {
	err = db.read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM deliveries WHERE workspace = ?1 AND state = 'planned' AND due_at <= ?3 AND origin || '' = ?2),
		EXISTS (SELECT 1 FROM deliveries WHERE workspace = ?1 AND state = 'held' AND origin = ?2)
		OR EXISTS (SELECT 1 FROM deliveries WHERE workspace = ?1 AND `+plannedOf+`2)
		OR EXISTS (SELECT 1 FROM deliveries WHERE workspace = ?1 AND `+attemptingOf+"2)",
		workspace, broadcast, db.millis()+60_000).Scan(&b.Due, &b.Open)
	if err != nil {
		return b, fmt.Errorf("read backlog: %w", err)
	}
	return b, nil
}

// Trouble is what may stop a broadcast by itself.
type Trouble struct{ Bounced, Complained int64 }

// Trouble counts hard bounces and complaints, by a small index.
func (db *DB) Trouble(ctx context.Context, workspace, broadcast string) (t Trouble, err error) {
	err = db.read.QueryRowContext(ctx, `SELECT coalesce(sum(bounced_at > 0), 0), coalesce(sum(complained_at > 0), 0) FROM deliveries
		WHERE workspace = ? AND origin = ? AND (bounced_at > 0 OR complained_at > 0)`, workspace, broadcast).Scan(&t.Bounced, &t.Complained)
	if err != nil {
		return t, fmt.Errorf("count bounces: %w", err)
	}
	return t, nil
}

// SentAtLeast reports whether so many of an origin's deliveries went out.
func (db *DB) SentAtLeast(ctx context.Context, workspace, origin string, n int64) (bool, error) {
	var have int64
	err := db.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE workspace = ? AND origin = ? AND (sent_at > 0 OR bounced_at > 0) LIMIT ?)", workspace, origin, n).Scan(&have)
	if err != nil {
		return false, fmt.Errorf("count sent: %w", err)
	}
	return have >= n, nil
}

// SuppressedAddresses lists the addresses of a kind that nothing is sent to, but those that are known by their hash alone.
func (db *DB) SuppressedAddresses(ctx context.Context, workspace string, kind carpel.ChannelKind) ([]string, error) {
	all, err := rows(ctx, db.read, func(r row) (s string, err error) {
		err = r.Scan(&s)
		return s, err
	}, "SELECT address FROM suppressions WHERE workspace = ? AND kind = ? AND address <> '' ORDER BY hash", workspace, kind)
	if err != nil {
		return nil, fmt.Errorf("list suppressed addresses: %w", err)
	}
	return all, nil
}
