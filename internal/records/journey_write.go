package records

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/carpel/carpel"
)

// asked is what journey_updates keeps of an update.
type asked struct {
	Attributes map[string]carpel.Value `json:"attributes,omitempty"`
	Message    *carpel.MessageInfo     `json:"message,omitempty"`
}

// CommitJourneys writes a batch, all of it or nothing. A delivery that was planned before stays as it is.
func (db *DB) CommitJourneys(ctx context.Context, workspace string, b JourneyBatch) error {
	return db.change(ctx, "write journeys", func(tx *sql.Tx) error {
		if b.Merge != nil {
			for _, change := range []string{"UPDATE journeys SET person = ? WHERE workspace = ? AND person = ?", "UPDATE journey_updates SET person = ? WHERE workspace = ? AND person = ?"} {
				if _, err := tx.ExecContext(ctx, change, b.Merge.To, workspace, b.Merge.From); err != nil {
					return err
				}
			}
		}
		if err := writeJourneys(ctx, tx, workspace, b.Journeys); err != nil {
			return err
		}
		if err := writePath(ctx, tx, workspace, b.Path); err != nil {
			return err
		}
		if _, err := db.insertDeliveries(ctx, tx, workspace, b.Deliveries); err != nil {
			return err
		}
		for _, u := range b.Updates {
			a, err := json.Marshal(asked{u.Attributes, u.Message})
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO journey_updates (workspace, id, person, at, asked) VALUES (?, ?, ?, ?, ?) ON CONFLICT (workspace, id) DO NOTHING",
				workspace, u.MessageID, u.Person, int64(u.At), string(a)); err != nil {
				return err
			}
		}
		for _, m := range b.Converted {
			if _, err := tx.ExecContext(ctx, "UPDATE deliveries SET converted_at = ? WHERE workspace = ? AND id = ? AND converted_at = 0", int64(m.At), workspace, m.Delivery); err != nil {
				return err
			}
		}
		for campaign, n := range b.Refused {
			if _, err := tx.ExecContext(ctx, "UPDATE campaigns SET refused = refused + ? WHERE workspace = ? AND id = ?", n, workspace, campaign); err != nil {
				return err
			}
		}
		if err := eraseJourneys(ctx, tx, workspace, b.Erase); err != nil {
			return err
		}
		if b.Reader == "" {
			return nil
		}
		return moveCursor(ctx, tx, workspace, b.Reader, b.Cursor)
	})
}

func writeJourneys(ctx context.Context, tx *sql.Tx, workspace string, all []carpel.Journey) error {
	if len(all) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO journeys (workspace, `+journeyColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (workspace, id) DO UPDATE SET version = excluded.version, person = excluded.person, state = excluded.state, reason = excluded.reason, step = excluded.step,
			waiting = excluded.waiting, lap = excluded.lap, moves = excluded.moves, step_at = excluded.step_at, due_at = excluded.due_at, ended_at = excluded.ended_at, converted_at = excluded.converted_at`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, j := range all {
		if _, err := insert.ExecContext(ctx, workspace, j.ID, j.Campaign, j.Version, j.Person, j.State, j.Reason, j.Step, j.Waiting, j.Lap, j.Moves,
			int64(j.StartedAt), int64(j.StepAt), int64(j.DueAt), int64(j.EndedAt), int64(j.ConvertedAt), string(j.Data)); err != nil {
			return err
		}
	}
	return nil
}

func writePath(ctx context.Context, tx *sql.Tx, workspace string, all []carpel.PathEntry) error {
	if len(all) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO journey_path (workspace, journey, n, at, step, what) VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, e := range all {
		if _, err := insert.ExecContext(ctx, workspace, e.Journey, e.N, int64(e.At), e.Step, e.What); err != nil {
			return err
		}
	}
	return nil
}

// eraseJourneys removes everything of people's journeys. That messages went out stays with the deliveries.
func eraseJourneys(ctx context.Context, tx *sql.Tx, workspace string, people []string) error {
	for _, person := range people {
		for _, change := range []string{
			"DELETE FROM journey_path WHERE workspace = ?1 AND journey IN (SELECT id FROM journeys WHERE workspace = ?1 AND person = ?2)",
			"DELETE FROM journeys WHERE workspace = ?1 AND person = ?2", "DELETE FROM journey_updates WHERE workspace = ?1 AND person = ?2",
		} {
			if _, err := tx.ExecContext(ctx, change, workspace, person); err != nil {
				return err
			}
		}
	}
	return nil
}

// ForgetUpdates lets go of updates that the engine was told.
func (db *DB) ForgetUpdates(ctx context.Context, workspace string, all []Update) error {
	return db.change(ctx, "forget told updates", func(tx *sql.Tx) error {
		for _, u := range all {
			if _, err := tx.ExecContext(ctx, "DELETE FROM journey_updates WHERE workspace = ? AND id = ?", workspace, u.MessageID); err != nil {
				return err
			}
		}
		return nil
	})
}

// MoveJourneys puts everybody under way who stands at a step that a version has onto that version, and returns how many.
// The path tells it.
func (db *DB) MoveJourneys(ctx context.Context, workspace, campaign string, version int, steps []string) (moved int64, err error) {
	in, err := json.Marshal(append([]string{""}, steps...))
	if err != nil {
		return 0, err
	}
	const those = `workspace = ?1 AND campaign = ?2 AND state = 'active' AND version <> ?3 AND step IN (SELECT value FROM json_each(?4))`
	err = db.change(ctx, "move journeys", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO journey_path (workspace, journey, n, at, step, what) SELECT workspace, id, moves + 1, ?5, step, 'moved' FROM journeys WHERE "+those,
			workspace, campaign, version, string(in), db.millis()); err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, "UPDATE journeys SET version = ?3, moves = moves + 1 WHERE "+those, workspace, campaign, version, string(in))
		if err == nil {
			moved, err = result.RowsAffected()
		}
		return err
	})
	return moved, err
}

// endPage is how many journeys one transaction ends.
const endPage = 5000

// EndJourneys takes everybody under way out of a campaign.
func (db *DB) EndJourneys(ctx context.Context, workspace, campaign, reason string) (ended int64, err error) {
	const those = "workspace = ?1 AND id IN (SELECT id FROM journeys WHERE workspace = ?1 AND campaign = ?2 AND state = 'active' ORDER BY due_at, id LIMIT ?3)"
	for n := int64(endPage); n == endPage; {
		err := db.change(ctx, "end journeys", func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO journey_path (workspace, journey, n, at, step, what) SELECT workspace, id, moves + 1, ?4, '', ?5 FROM journeys WHERE "+those,
				workspace, campaign, endPage, db.millis(), reason); err != nil {
				return err
			}
			result, err := tx.ExecContext(ctx, "UPDATE journeys SET state = 'exited', reason = ?5, waiting = 0, moves = moves + 1, ended_at = ?4, due_at = ?6 WHERE "+those,
				workspace, campaign, endPage, db.millis(), reason, int64(carpel.Never))
			if err == nil {
				n, err = result.RowsAffected()
			}
			return err
		})
		if err != nil {
			return ended, err
		}
		ended += n
	}
	return ended, nil
}
