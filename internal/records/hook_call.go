package records

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/carpel/carpel"
)

// HookEvent is something that hooks are called for. Key tells it from every other: what is told twice is called once.
type HookEvent struct {
	Event string
	Lane  string // in which it is called in order: a segment, a person
	Key   string
	At    carpel.Millis
	Data  map[string]any // no personal data but keys
}

// call is the call of a hook for the event.
func (e HookEvent) call(hook string) (carpel.HookCall, error) {
	data, err := json.Marshal(e.Data)
	sum := sha256.Sum256([]byte(hook + "\x00" + e.Event + "\x00" + e.Key))
	return carpel.HookCall{Hook: hook, ID: "whc_" + idEncoding.EncodeToString(sum[:20]), Event: e.Event, Lane: e.Lane, Data: data, At: e.At, State: carpel.HookPlanned, DueAt: e.At}, err
}

func insertHookCall(ctx context.Context, tx *sql.Tx, workspace string, c carpel.HookCall) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO hook_calls (workspace, hook, id, event, lane, data, at, state, attempts, due_at, answer, ended_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) ON CONFLICT (workspace, hook, id) DO NOTHING`,
		workspace, c.Hook, c.ID, c.Event, c.Lane, string(c.Data), int64(c.At), c.State, int64(c.DueAt), c.Answer, int64(c.EndedAt))
	return err
}

// tellHooks plans the calls for an event, in the transaction of what happened.
func (db *DB) tellHooks(ctx context.Context, tx *sql.Tx, workspace string, e HookEvent) error {
	rs, err := tx.QueryContext(ctx, "SELECT id FROM hooks WHERE workspace = ? AND is_on = 1 AND instr(events, ?) > 0", workspace, `"`+e.Event+`"`)
	if err != nil {
		return err
	}
	var hooks []string
	for rs.Next() {
		var id string
		if err := rs.Scan(&id); err != nil {
			rs.Close()
			return err
		}
		hooks = append(hooks, id)
	}
	if err := rs.Close(); err != nil {
		return err
	}
	if err := rs.Err(); err != nil {
		return err
	}
	for _, id := range hooks {
		c, err := e.call(id)
		if err != nil {
			return err
		}
		if err := insertHookCall(ctx, tx, workspace, c); err != nil {
			return err
		}
	}
	return nil
}

// tellDelivery plans the calls for something that became of a delivery.
func (db *DB) tellDelivery(ctx context.Context, tx *sql.Tx, workspace, what, key, delivery string, at carpel.Millis, more map[string]any) error {
	var on bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM hooks WHERE workspace = ? AND is_on = 1 AND instr(events, ?) > 0)", workspace, `"delivery.`+what+`"`).Scan(&on); err != nil || !on {
		return err
	}
	d, err := scanDelivery(tx.QueryRowContext(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE workspace = ? AND id = ?", workspace, delivery))
	if err == sql.ErrNoRows || d.Origin.Kind == carpel.FromTest {
		return nil
	}
	if err != nil {
		return err
	}
	data := map[string]any{"delivery": d.ID, "person": d.Person, "kind": d.Kind, "origin": d.Origin, "template": d.Template}
	for name, x := range more {
		if x != "" && x != false {
			data[name] = x
		}
	}
	return db.tellHooks(ctx, tx, workspace, HookEvent{Event: "delivery." + what, Lane: d.Person, Key: delivery + ":" + key, At: at, Data: data})
}

// HookChanges plans calls of one hook for what it read of the feed, and moves its reader behind it, in one transaction.
// gap, if not "", is listed as well: that something was not there to be read.
func (db *DB) HookChanges(ctx context.Context, workspace, hook, cursor, gap string, all []HookEvent) error {
	return db.change(ctx, "plan webhook calls", func(tx *sql.Tx) error {
		for _, e := range all {
			c, err := e.call(hook)
			if err != nil {
				return err
			}
			if err := insertHookCall(ctx, tx, workspace, c); err != nil {
				return err
			}
		}
		if gap != "" {
			now := carpel.Millis(db.millis())
			c := carpel.HookCall{Hook: hook, ID: newID("whc_"), Event: carpel.HookGap, Lane: "gap", Data: []byte("{}"), At: now, State: carpel.HookMissing, Answer: gap, EndedAt: now}
			if err := insertHookCall(ctx, tx, workspace, c); err != nil {
				return err
			}
		}
		return moveCursor(ctx, tx, workspace, hookReader(hook), cursor)
	})
}

// HookCursor is how far a hook has read the feed; "" when it has not.
func (db *DB) HookCursor(ctx context.Context, workspace, hook string) (string, error) {
	return db.Cursor(ctx, workspace, hookReader(hook))
}

// PingHook plans a try-out call of a hook, and returns it.
func (db *DB) PingHook(ctx context.Context, workspace, hook string) (c carpel.HookCall, err error) {
	now := carpel.Millis(db.millis())
	c = carpel.HookCall{Hook: hook, ID: newID("whc_"), Event: carpel.HookPing, Lane: newID("ping_"), Data: []byte("{}"), At: now, State: carpel.HookPlanned, DueAt: now}
	err = db.change(ctx, "ping webhook", func(tx *sql.Tx) error { return insertHookCall(ctx, tx, workspace, c) })
	return c, err
}

const hookCallColumns = "seq, hook, id, event, lane, data, at, state, attempts, due_at, answer, ended_at"

func scanHookCall(r row) (c carpel.HookCall, err error) {
	var data string
	err = r.Scan(&c.Seq, &c.Hook, &c.ID, &c.Event, &c.Lane, &data, &c.At, &c.State, &c.Attempts, &c.DueAt, &c.Answer, &c.EndedAt)
	c.Data = json.RawMessage(data)
	return c, err
}

// DueHookCalls returns the calls that are to be made now: of every lane of the hooks that are on the first one that is
// planned, if it is due.
func (db *DB) DueHookCalls(ctx context.Context, workspace string, by carpel.Millis, limit int) ([]carpel.HookCall, error) {
	all, err := rows(ctx, db.read, scanHookCall, "SELECT "+hookCallColumns+` FROM hook_calls WHERE seq IN (
		SELECT min(c.seq) FROM hook_calls c JOIN hooks h ON h.workspace = c.workspace AND h.id = c.hook WHERE c.workspace = ? AND c.state = 'planned' AND h.is_on = 1 GROUP BY c.hook, c.lane)
		AND due_at <= ? ORDER BY due_at, seq LIMIT ?`, workspace, int64(by), limit)
	if err != nil {
		return nil, fmt.Errorf("read webhook calls: %w", err)
	}
	return all, nil
}

// HookLane returns the calls of a lane that are planned, in order.
func (db *DB) HookLane(ctx context.Context, workspace, hook, lane string, limit int) ([]carpel.HookCall, error) {
	all, err := rows(ctx, db.read, scanHookCall, "SELECT "+hookCallColumns+" FROM hook_calls WHERE workspace = ? AND hook = ? AND lane = ? AND state = 'planned' ORDER BY seq LIMIT ?",
		workspace, hook, lane, limit)
	if err != nil {
		return nil, fmt.Errorf("read webhook calls: %w", err)
	}
	return all, nil
}

// PlannedHookCalls counts the calls of a hook that are still to be made, up to most.
func (db *DB) PlannedHookCalls(ctx context.Context, workspace, hook string, most int) (n int, err error) {
	err = db.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM hook_calls WHERE workspace = ? AND hook = ? AND state = 'planned' LIMIT ?)", workspace, hook, most).Scan(&n)
	return n, err
}

// EndHookCall keeps what came of a call, and what that says about its hook: Off turns it off, for the reason Answer.
type EndHookCall struct {
	Call  carpel.HookCall // State, Attempts, DueAt and Answer as they are now
	Taken bool            // the receiver took it
	Off   string          // "" to leave the hook on
}

// EndHookCall keeps what came of a call.
func (db *DB) EndHookCall(ctx context.Context, workspace string, e EndHookCall) error {
	return db.change(ctx, "end webhook call", func(tx *sql.Tx) error {
		now, ended := db.millis(), int64(0)
		if e.Call.State != carpel.HookPlanned {
			ended = now
		}
		_, err := tx.ExecContext(ctx, "UPDATE hook_calls SET state = ?, attempts = ?, due_at = ?, answer = ?, ended_at = ? WHERE workspace = ? AND seq = ? AND hook = ?",
			e.Call.State, e.Call.Attempts, int64(e.Call.DueAt), e.Call.Answer, ended, workspace, e.Call.Seq, e.Call.Hook)
		if err != nil {
			return err
		}
		switch {
		case e.Taken:
			_, err = tx.ExecContext(ctx, "UPDATE hooks SET failing_since = 0 WHERE workspace = ? AND id = ? AND failing_since > 0", workspace, e.Call.Hook)
		case e.Off != "":
			_, err = tx.ExecContext(ctx, "UPDATE hooks SET is_on = 0, reason = ? WHERE workspace = ? AND id = ?", e.Off, workspace, e.Call.Hook)
		default:
			_, err = tx.ExecContext(ctx, "UPDATE hooks SET failing_since = ? WHERE workspace = ? AND id = ? AND failing_since = 0", now, workspace, e.Call.Hook)
		}
		return err
	})
}

// HookCallFilter says which calls are asked for.
type HookCallFilter struct {
	State  carpel.HookCallState // "": any
	Before int64                // calls made earlier than the one of that seq; 0 for the newest
	Limit  int
}

// HookCalls lists the calls of a hook, newest first.
func (db *DB) HookCalls(ctx context.Context, workspace, hook string, f HookCallFilter) ([]carpel.HookCall, error) {
	all, err := rows(ctx, db.read, scanHookCall, "SELECT "+hookCallColumns+` FROM hook_calls WHERE workspace = ?1 AND hook = ?2 AND (?3 = '' OR state = ?3) AND (?4 = 0 OR seq < ?4)
		ORDER BY seq DESC LIMIT ?5`, workspace, hook, f.State, f.Before, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list webhook calls: %w", err)
	}
	return all, nil
}

// ReplayHookCalls plans ended calls of a hook again, those named or, of none, all that failed, and returns how many.
func (db *DB) ReplayHookCalls(ctx context.Context, workspace, hook string, ids []string) (n int64, err error) {
	err = db.change(ctx, "replay webhook calls", func(tx *sql.Tx) error {
		which, args := "state = 'failed'", []any{db.millis(), workspace, hook}
		if len(ids) > 0 {
			which = "state IN ('sent', 'failed') AND id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
			for _, id := range ids {
				args = append(args, id)
			}
		}
		result, err := tx.ExecContext(ctx, "UPDATE hook_calls SET state = 'planned', attempts = 0, due_at = ?, ended_at = 0, answer = '' WHERE workspace = ? AND hook = ? AND "+which, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// keepHookCalls is how long a call is listed once it ended.
const keepHookCalls = 30 * 24 * time.Hour

// DropOldHookCalls lets go of calls that ended long ago.
func (db *DB) DropOldHookCalls(ctx context.Context) error {
	return db.change(ctx, "drop old webhook calls", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM hook_calls WHERE state <> 'planned' AND ended_at < ?", db.millis()-keepHookCalls.Milliseconds())
		return err
	})
}
