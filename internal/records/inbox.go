package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// What the inbox of a workspace keeps: the last messages, none older than a week.
const (
	keepInbox    = 1000
	keepInboxFor = 7 * 24 * time.Hour
)

// InboxMessage is a message that the sandbox caught, as it would have gone out.
type InboxMessage struct {
	Seq       int64              `json:"seq"`
	Workspace string             `json:"-"`
	Delivery  string             `json:"delivery"`
	Person    string             `json:"person"` // key
	Kind      carpel.ChannelKind `json:"kind"`
	Recipient string             `json:"recipient"`
	Subject   string             `json:"subject"` // or the title, or method and address
	At        time.Time          `json:"at"`
	Raw       []byte             `json:"-"` // a whole email of RFC 5322; of the others JSON
}

// KeepInInbox adds messages, of whatever workspaces, in one transaction, and lets go of those beyond what is kept.
func (db *DB) KeepInInbox(ctx context.Context, all []InboxMessage) error {
	return db.change(ctx, "keep in inbox", func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, "INSERT INTO inbox (workspace, delivery, person, kind, recipient, subject, at, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer insert.Close()
		now := db.millis()
		workspaces := map[string]bool{}
		for _, m := range all {
			workspaces[m.Workspace] = true
			if _, err := insert.ExecContext(ctx, m.Workspace, m.Delivery, m.Person, m.Kind, m.Recipient, m.Subject, now, m.Raw); err != nil {
				return err
			}
		}
		for w := range workspaces {
			if _, err := tx.ExecContext(ctx, `DELETE FROM inbox WHERE workspace = ?1 AND (seq <= coalesce((SELECT seq FROM inbox WHERE workspace = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2), 0) OR at < ?3)`,
				w, keepInbox, now-keepInboxFor.Milliseconds()); err != nil {
				return err
			}
		}
		return nil
	})
}

// InboxFilter says which messages of the inbox are asked for.
type InboxFilter struct {
	Before int64 // the seq of the last one read; 0 from the newest
	Search string
	Limit  int
}

// Inbox lists what the sandbox caught, newest first, without the messages themselves.
func (db *DB) Inbox(ctx context.Context, workspace string, f InboxFilter) ([]InboxMessage, error) {
	all, err := rows(ctx, db.read, func(r row) (m InboxMessage, err error) {
		var at int64
		err = r.Scan(&m.Seq, &m.Delivery, &m.Person, &m.Kind, &m.Recipient, &m.Subject, &at)
		m.At = moment(at)
		return m, err
	}, `SELECT seq, delivery, person, kind, recipient, subject, at FROM inbox WHERE workspace = ?1 AND (?2 = 0 OR seq < ?2) AND at >= ?3
		AND (?4 = '' OR instr(lower(recipient || ' ' || subject), lower(?4)) > 0 OR delivery = ?4) ORDER BY seq DESC LIMIT ?5`,
		workspace, f.Before, db.millis()-keepInboxFor.Milliseconds(), f.Search, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list inbox: %w", err)
	}
	return all, nil
}

// InboxMessage returns one with the message itself; CodeNotFound when there is none.
func (db *DB) InboxMessage(ctx context.Context, workspace string, seq int64) (InboxMessage, error) {
	m := InboxMessage{Seq: seq, Workspace: workspace}
	var at int64
	err := db.read.QueryRowContext(ctx, "SELECT delivery, person, kind, recipient, subject, at, raw FROM inbox WHERE workspace = ? AND seq = ?", workspace, seq).
		Scan(&m.Delivery, &m.Person, &m.Kind, &m.Recipient, &m.Subject, &at, &m.Raw)
	if errors.Is(err, sql.ErrNoRows) {
		return m, carpel.Errorf(carpel.CodeNotFound, "there is no such message in the inbox")
	}
	if err != nil {
		return m, fmt.Errorf("read message of the inbox: %w", err)
	}
	m.At = moment(at)
	return m, nil
}

// EmptyInbox removes everything that the sandbox of a workspace caught.
func (db *DB) EmptyInbox(ctx context.Context, workspace string) error {
	return db.change(ctx, "empty inbox", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM inbox WHERE workspace = ?", workspace)
		return err
	})
}

// DropOldInbox lets go of what was kept for a week, in all workspaces: for when nothing comes any more.
func (db *DB) DropOldInbox(ctx context.Context) error {
	return db.change(ctx, "drop old messages of the inbox", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM inbox WHERE at < ?", db.millis()-keepInboxFor.Milliseconds())
		return err
	})
}
