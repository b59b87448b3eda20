package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

const broadcastColumns = "id, alias, name, state, reason, spec, stage, people, gone, winner, due_at, created_at, updated_at, started_at, ended_at"

func scanBroadcast(r row) (carpel.Broadcast, error) {
	var b carpel.Broadcast
	var spec string
	var created, updated int64
	if err := r.Scan(&b.ID, &b.Alias, &b.Name, &b.State, &b.Reason, &spec, &b.Stage, &b.People, &b.Gone, &b.Winner, &b.DueAt, &created, &updated, &b.StartedAt, &b.EndedAt); err != nil {
		return b, err
	}
	b.CreatedAt, b.UpdatedAt = moment(created), moment(updated)
	if err := json.Unmarshal([]byte(spec), &b.Spec); err != nil {
		return b, fmt.Errorf("spec of broadcast %s: %w", b.ID, err)
	}
	return b, nil
}

// checkBroadcast refuses what no broadcast may be, and fills in what was left out.
func checkBroadcast(b *carpel.Broadcast) error {
	b.Name = strings.TrimSpace(b.Name)
	if b.Name == "" || len(b.Name) > carpel.MaxNameBytes {
		return &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(b.Name)),
			Message: fmt.Sprintf("a broadcast needs a name of 1 to %d bytes", carpel.MaxNameBytes)}
	}
	b.Spec = b.Spec.WithDefaults()
	return b.Spec.Check()
}

// CreateBroadcast adds a draft with a name and a spec; the rest is made here.
func (db *DB) CreateBroadcast(ctx context.Context, workspace string, b carpel.Broadcast) (carpel.Broadcast, error) {
	b = carpel.Broadcast{ID: newID("bc_"), Name: b.Name, Spec: b.Spec, State: carpel.BroadcastDraft, CreatedAt: moment(db.millis())}
	b.UpdatedAt = b.CreatedAt
	if err := checkBroadcast(&b); err != nil {
		return b, err
	}
	err := db.change(ctx, "create broadcast", func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "UPDATE workspaces SET next_alias = next_alias + 1 WHERE id = ? RETURNING next_alias - 1", workspace).Scan(&b.Alias); err != nil {
			return err
		}
		spec, err := json.Marshal(b.Spec)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO broadcasts (workspace, "+broadcastColumns+") VALUES (?, ?, ?, ?, ?, '', ?, '', 0, 0, '', 0, ?, ?, 0, 0)",
			workspace, b.ID, b.Alias, b.Name, b.State, string(spec), b.CreatedAt.UnixMilli(), b.UpdatedAt.UnixMilli())
		return err
	})
	return b, err
}

func findBroadcast(ctx context.Context, q querier, workspace, id string) (carpel.Broadcast, error) {
	b, err := scanBroadcast(q.QueryRowContext(ctx, "SELECT "+broadcastColumns+" FROM broadcasts WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return b, carpel.Errorf(carpel.CodeNotFound, "there is no broadcast %.60q", id)
	}
	if err != nil {
		return b, fmt.Errorf("read broadcast: %w", err)
	}
	return b, nil
}

// Broadcast returns one by id; CodeNotFound when there is none.
func (db *DB) Broadcast(ctx context.Context, workspace, id string) (carpel.Broadcast, error) {
	return findBroadcast(ctx, db.read, workspace, id)
}

// BroadcastByAlias returns the broadcast that the Customer.io family knows by an integer; CodeNotFound when there is none.
func (db *DB) BroadcastByAlias(ctx context.Context, workspace string, alias int64) (carpel.Broadcast, error) {
	var id string
	err := db.read.QueryRowContext(ctx, "SELECT id FROM broadcasts WHERE workspace = ? AND alias = ?", workspace, alias).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return carpel.Broadcast{}, carpel.Errorf(carpel.CodeNotFound, "there is no broadcast %d", alias)
	}
	if err != nil {
		return carpel.Broadcast{}, fmt.Errorf("read broadcast: %w", err)
	}
	return db.Broadcast(ctx, workspace, id)
}

// BroadcastFilter says which broadcasts are asked for. What is left empty does not matter.
type BroadcastFilter struct {
	State  carpel.BroadcastState
	Search string // a part of the name, without regard to case
	Before int64  // alias of the last one read; 0 from the newest
	Limit  int    // 0 for all
}

// Broadcasts lists broadcasts, newest first.
func (db *DB) Broadcasts(ctx context.Context, workspace string, f BroadcastFilter) ([]carpel.Broadcast, error) {
	limit := f.Limit
	if limit == 0 {
		limit = -1
	}
	all, err := rows(ctx, db.read, scanBroadcast, "SELECT "+broadcastColumns+` FROM broadcasts WHERE workspace = ?1 AND (?2 = '' OR state = ?2)
		AND (?3 = '' OR instr(lower(name), ?3) > 0) AND (?4 = 0 OR alias < ?4) ORDER BY alias DESC LIMIT ?5`,
		workspace, f.State, strings.ToLower(f.Search), f.Before, limit)
	if err != nil {
		return nil, fmt.Errorf("list broadcasts: %w", err)
	}
	return all, nil
}

// BroadcastEdit changes a draft. Nil fields stay.
type BroadcastEdit struct {
	Name      *string
	Spec      *carpel.BroadcastSpec
	IfVersion time.Time // the UpdatedAt it must have, zero for any: CodeVersion otherwise
}

// UpdateBroadcast applies an edit and returns the broadcast as it then is. CodeNotFound, CodeVersion; CodeConflict for
// what is no draft any more.
func (db *DB) UpdateBroadcast(ctx context.Context, workspace, id string, e BroadcastEdit) (carpel.Broadcast, error) {
	return db.editBroadcast(ctx, workspace, id, e.IfVersion, func(_ *sql.Tx, b *carpel.Broadcast) error {
		if b.State != carpel.BroadcastDraft {
			return carpel.Errorf(carpel.CodeConflict, "the broadcast is %s: only a draft can be changed", b.State)
		}
		if e.Name != nil {
			b.Name = *e.Name
		}
		if e.Spec != nil {
			b.Spec = *e.Spec
		}
		return checkBroadcast(b)
	})
}

// editBroadcast changes a broadcast in a transaction, if it was not changed since a moment.
func (db *DB) editBroadcast(ctx context.Context, workspace, id string, ifVersion time.Time, edit func(tx *sql.Tx, b *carpel.Broadcast) error) (b carpel.Broadcast, err error) {
	err = db.change(ctx, "change broadcast", func(tx *sql.Tx) error {
		if b, err = findBroadcast(ctx, tx, workspace, id); err != nil {
			return err
		}
		if !ifVersion.IsZero() && !ifVersion.Equal(b.UpdatedAt) {
			return carpel.Errorf(carpel.CodeVersion, "the broadcast was changed by somebody else at %s; read it again", b.UpdatedAt.Format(time.RFC3339))
		}
		if err := edit(tx, &b); err != nil {
			return err
		}
		// Two edits within a millisecond must not have the same UpdatedAt: If-Match goes by it.
		b.UpdatedAt = moment(max(db.millis(), b.UpdatedAt.UnixMilli()+1))
		return saveBroadcast(ctx, tx, workspace, b)
	})
	return b, err
}

func saveBroadcast(ctx context.Context, tx *sql.Tx, workspace string, b carpel.Broadcast) error {
	spec, err := json.Marshal(b.Spec)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE broadcasts SET name = ?, state = ?, reason = ?, spec = ?, stage = ?, people = ?, gone = ?, winner = ?, due_at = ?, updated_at = ?, started_at = ?, ended_at = ?
		WHERE workspace = ? AND id = ?`, b.Name, b.State, b.Reason, string(spec), b.Stage, b.People, b.Gone, b.Winner, int64(b.DueAt), b.UpdatedAt.UnixMilli(), int64(b.StartedAt), int64(b.EndedAt),
		workspace, b.ID)
	return err
}

// DeleteBroadcast removes a draft, or what was cancelled before it began. What was sent stays, since people got it.
func (db *DB) DeleteBroadcast(ctx context.Context, workspace, id string, ifVersion time.Time) error {
	_, err := db.editBroadcast(ctx, workspace, id, ifVersion, func(tx *sql.Tx, b *carpel.Broadcast) error {
		if b.State != carpel.BroadcastDraft && (b.State != carpel.BroadcastCancelled || b.StartedAt != 0) {
			return carpel.Errorf(carpel.CodeConflict, "the broadcast is %s: only a draft can be deleted, and what was cancelled before it began", b.State)
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM broadcasts WHERE workspace = ? AND id = ?", workspace, id)
		return err
	})
	return err
}
