package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carpel/carpel"
)

// Sighting is something that came back about a delivery: an open, a click, a bounce, a choice. It is durable before
// whoever brought it is answered, and is kept until the engine knows of it and the delivery is marked.
type Sighting struct {
	Seq       int64
	Workspace string
	Delivery  string
	Person    string // key
	Action    string // opened, clicked, bounced, complained, unsubscribed; "" for a choice of attributes alone
	Link      string // of clicked: where it leads
	Reason    string
	Machine   bool // an open or click by a privacy proxy or a scanner
	// Attributes are what the person chose: unsubscribed, topic.….
	Attributes map[string]bool
	At         carpel.Millis
}

const (
	// burstWithin is how near to each other clicks on different links of a message are that no hand made.
	burstWithin = time.Second
	// burstWait is how long a click waits for those beside it before it is told of.
	burstWait = 2 * time.Second
)

// See keeps sightings, all of them in one transaction. Clicks on different links of a message within a second are a
// machine's, the first one too, which is why a click is due a little later than all others.
func (db *DB) See(ctx context.Context, all []Sighting) error {
	return db.change(ctx, "keep sightings", func(tx *sql.Tx) error {
		for _, s := range all {
			attributes := ""
			if len(s.Attributes) > 0 {
				b, err := json.Marshal(s.Attributes)
				if err != nil {
					return err
				}
				attributes = string(b)
			}
			due, minute := int64(s.At), int64(s.At)/time.Minute.Milliseconds()
			if attributes != "" {
				minute = int64(s.At)
			}
			if s.Action == "clicked" && !s.Machine {
				due += burstWait.Milliseconds()
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO sightings (workspace, delivery, person, action, link, reason, machine, attributes, at, minute, due_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				s.Workspace, s.Delivery, s.Person, s.Action, s.Link, s.Reason, s.Machine, attributes, int64(s.At), minute, due)
			if err != nil {
				return err
			}
			if s.Action != "clicked" {
				continue
			}
			if err := markBurst(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// markBurst makes a click and those beside it a machine's when they are on different links.
func markBurst(ctx context.Context, tx *sql.Tx, s Sighting) error {
	const beside = "workspace = ? AND delivery = ? AND action = 'clicked' AND at BETWEEN ? AND ?"
	from, to := int64(s.At)-burstWithin.Milliseconds(), int64(s.At)+burstWithin.Milliseconds()
	_, err := tx.ExecContext(ctx, "UPDATE sightings SET burst = 1 WHERE "+beside+" AND (SELECT count(DISTINCT link) FROM sightings WHERE "+beside+") > 1",
		s.Workspace, s.Delivery, from, to, s.Workspace, s.Delivery, from, to)
	return err
}

// DueSightings returns at most limit sightings that are to be told of by a moment, the first in front.
func (db *DB) DueSightings(ctx context.Context, by carpel.Millis, limit int) ([]Sighting, error) {
	all, err := rows(ctx, db.read, scanSighting, `SELECT seq, workspace, delivery, person, action, link, reason, machine OR burst, attributes, at
		FROM sightings WHERE due_at <= ? ORDER BY due_at, seq LIMIT ?`, int64(by), limit)
	if err != nil {
		return nil, fmt.Errorf("read sightings: %w", err)
	}
	return all, nil
}

func scanSighting(r row) (s Sighting, err error) {
	var attributes string
	if err := r.Scan(&s.Seq, &s.Workspace, &s.Delivery, &s.Person, &s.Action, &s.Link, &s.Reason, &s.Machine, &attributes, &s.At); err != nil {
		return s, err
	}
	if attributes != "" {
		err = json.Unmarshal([]byte(attributes), &s.Attributes)
	}
	return s, err
}

// NextSighting is when the first sighting is due; Never when there is none.
func (db *DB) NextSighting(ctx context.Context) (carpel.Millis, error) {
	next := carpel.Never
	if err := db.read.QueryRowContext(ctx, "SELECT coalesce(min(due_at), ?) FROM sightings", int64(carpel.Never)).Scan(&next); err != nil {
		return 0, fmt.Errorf("read sightings: %w", err)
	}
	return next, nil
}

// EndSightings lets go of sightings of one workspace that the engine knows of, and marks their deliveries in the same
// transaction.
func (db *DB) EndSightings(ctx context.Context, workspace string, all []Sighting) error {
	return db.change(ctx, "end sightings", func(tx *sql.Tx) error {
		for _, s := range all {
			if err := db.mark(ctx, tx, workspace, Mark{Delivery: s.Delivery, What: s.Action, At: s.At, Machine: s.Machine, Link: s.Link, Reason: s.Reason}); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM sightings WHERE seq = ?", s.Seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// PostponeSightings makes those of a workspace that are due by a moment due at a later one.
func (db *DB) PostponeSightings(ctx context.Context, workspace string, by, to carpel.Millis) error {
	return db.change(ctx, "postpone sightings", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE sightings SET due_at = ? WHERE workspace = ? AND due_at <= ?", int64(to), workspace, int64(by))
		return err
	})
}
