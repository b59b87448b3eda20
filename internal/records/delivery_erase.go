package records

import (
	"context"
	"database/sql"
	"strings"

	"github.com/carpel/carpel"
)

// Erased names people who are erased: their keys, and every id of theirs.
type Erased struct {
	People []string
	IDs    []string
}

// EraseMessages removes whatever of people is in messages to them: what was planned is skipped, addresses, contents and
// what the sandbox caught are gone. That a message went out, and when, stays under the key, which is nobody's any more.
// Their email addresses are suppressed from then on, and kept by their hashes alone: nothing goes out to them again,
// whoever comes with one. Called before the erasure, so that a crash leaves nothing behind that nobody knows of, and once
// more after it, for what went out meanwhile.
func (db *DB) EraseMessages(ctx context.Context, workspace string, who Erased) error {
	if len(who.People) == 0 && len(who.IDs) == 0 {
		return nil
	}
	return db.change(ctx, "erase messages", func(tx *sql.Tx) error {
		for _, key := range who.People {
			event := HookEvent{Event: carpel.HookErased, Lane: key, Key: key, At: carpel.Millis(db.millis()), Data: map[string]any{"person": key}}
			if err := db.tellHooks(ctx, tx, workspace, event); err != nil {
				return err
			}
			for _, change := range []string{
				`UPDATE deliveries SET recipient = '', detail = '', content = '', data = '',
					reason = CASE WHEN state IN ('held', 'planned', 'attempting', 'unknown') THEN 'erased' ELSE reason END, state = CASE WHEN state IN ('held', 'planned') THEN 'skipped' ELSE state END
					WHERE workspace = ? AND person = ?`,
				// Links, and what receivers said, may hold who it was. What is still to be called, is called with the key alone.
				`UPDATE hook_calls SET answer = '', data = CASE WHEN event LIKE 'delivery.%' THEN '{"person":"' || ?2 || '"}' ELSE data END
					WHERE workspace = ?1 AND instr(data, '"' || ?2 || '"') > 0`,
				"DELETE FROM inbox WHERE workspace = ? AND person = ?", "DELETE FROM sightings WHERE workspace = ? AND person = ?",
			} {
				if _, err := tx.ExecContext(ctx, change, workspace, key); err != nil {
					return err
				}
			}
		}
		if err := eraseJourneys(ctx, tx, workspace, who.People); err != nil {
			return err
		}
		for _, id := range who.IDs {
			if err := db.eraseAddress(ctx, tx, workspace, id); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) eraseAddress(ctx context.Context, tx *sql.Tx, workspace, id string) error {
	for _, kind := range carpel.ChannelKinds() {
		if _, err := tx.ExecContext(ctx, "UPDATE suppressions SET address = '', detail = '' WHERE workspace = ? AND kind = ? AND hash = ?", workspace, kind, db.hashAddress(kind, id)); err != nil {
			return err
		}
	}
	if !strings.Contains(id, "@") {
		return nil
	}
	return db.insertSuppression(ctx, tx, workspace, db.hashAddress(carpel.Email, id), carpel.Suppression{Kind: carpel.Email, Reason: carpel.SuppressedErasure})
}
