package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/carpel/carpel"
)

const journeyColumns = "id, campaign, version, person, state, reason, step, waiting, lap, moves, started_at, step_at, due_at, ended_at, converted_at, data"

func scanJourney(r row) (carpel.Journey, error) {
	var j carpel.Journey
	var data string
	err := r.Scan(&j.ID, &j.Campaign, &j.Version, &j.Person, &j.State, &j.Reason, &j.Step, &j.Waiting, &j.Lap, &j.Moves, &j.StartedAt, &j.StepAt, &j.DueAt, &j.EndedAt, &j.ConvertedAt, &data)
	if data != "" {
		j.Data = json.RawMessage(data)
	}
	return j, err
}

func (db *DB) journeys(ctx context.Context, what, query string, args ...any) ([]carpel.Journey, error) {
	all, err := rows(ctx, db.read, scanJourney, "SELECT "+journeyColumns+" FROM journeys WHERE "+query, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s journeys: %w", what, err)
	}
	return all, nil
}

// ActiveJourneys lists a person's journeys under way.
func (db *DB) ActiveJourneys(ctx context.Context, workspace, person string) ([]carpel.Journey, error) {
	return db.journeys(ctx, "active", "workspace = ? AND person = ? AND state = 'active' ORDER BY started_at, id", workspace, person)
}

// RecentJourneys lists a person's newest journeys through a campaign, newest first.
func (db *DB) RecentJourneys(ctx context.Context, workspace, campaign, person string, limit int) ([]carpel.Journey, error) {
	return db.journeys(ctx, "recent", "workspace = ? AND person = ? AND campaign = ? ORDER BY started_at DESC, id DESC LIMIT ?", workspace, person, campaign, limit)
}

// DueJourneys lists journeys of campaigns whose moment has come by now, of each the earliest.
func (db *DB) DueJourneys(ctx context.Context, workspace string, campaigns []string, now carpel.Millis, limit int) ([]carpel.Journey, error) {
	var all []carpel.Journey
	for i, campaign := range campaigns {
		share := max((limit-len(all))/(len(campaigns)-i), 10)
		due, err := db.journeys(ctx, "due", "workspace = ? AND campaign = ? AND state = 'active' AND due_at <= ? ORDER BY due_at, id LIMIT ?", workspace, campaign, int64(now), share)
		if err != nil {
			return nil, err
		}
		all = append(all, due...)
	}
	return all, nil
}

// NextJourney returns when the next journey of campaigns is due; Never for none.
func (db *DB) NextJourney(ctx context.Context, workspace string, campaigns []string) (carpel.Millis, error) {
	next := carpel.Never
	for _, campaign := range campaigns {
		var due sql.NullInt64
		if err := db.read.QueryRowContext(ctx, "SELECT min(due_at) FROM journeys WHERE workspace = ? AND campaign = ? AND state = 'active'", workspace, campaign).Scan(&due); err != nil {
			return 0, fmt.Errorf("read when journeys are due: %w", err)
		}
		if due.Valid {
			next = min(next, carpel.Millis(due.Int64))
		}
	}
	return next, nil
}

// JourneyUpdates lists updates that the engine is still to be told.
func (db *DB) JourneyUpdates(ctx context.Context, workspace string, limit int) ([]Update, error) {
	all, err := rows(ctx, db.read, func(r row) (u Update, err error) {
		var a asked
		var text string
		if err := r.Scan(&u.MessageID, &u.Person, &u.At, &text); err != nil {
			return u, err
		}
		err = json.Unmarshal([]byte(text), &a)
		u.Attributes, u.Message = a.Attributes, a.Message
		return u, err
	}, "SELECT id, person, at, asked FROM journey_updates WHERE workspace = ? ORDER BY at, id LIMIT ?", workspace, limit)
	if err != nil {
		return nil, fmt.Errorf("list updates of journeys: %w", err)
	}
	return all, nil
}

// ReachedDelivery finds the last delivery that a goal counts for; nil for none.
func (db *DB) ReachedDelivery(ctx context.Context, workspace string, q GoalQuery) (*carpel.Delivery, error) {
	column := markColumns[q.Of]
	if q.Of == "sent" {
		column = "sent_at"
	}
	if column == "" {
		return nil, fmt.Errorf("a goal of %q", q.Of)
	}
	d, err := scanDelivery(db.read.QueryRowContext(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE workspace = ? AND person = ? AND origin = ? AND origin_kind = 'campaign' AND "+
		column+" > ? AND "+column+" <= ? ORDER BY "+column+" DESC, alias DESC LIMIT 1", workspace, q.Person, q.Campaign, int64(q.After), int64(q.Before)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what a goal counts for: %w", err)
	}
	return &d, nil
}

// JourneyFilter says which journeys of a campaign are asked for. What is left empty does not matter.
type JourneyFilter struct {
	Campaign string
	State    carpel.JourneyState
	Step     string
	Person   string // key
	Limit    int
	// After is the last of the page before, zero from the start: the newest come first.
	AfterStart carpel.Millis
	AfterID    string
}

// Journeys lists journeys of a campaign, the newest first.
func (db *DB) Journeys(ctx context.Context, workspace string, f JourneyFilter) ([]carpel.Journey, error) {
	query, args := "workspace = ? AND campaign = ?", []any{workspace, f.Campaign}
	and := func(condition string, values ...any) { query, args = query+" AND "+condition, append(args, values...) }
	if f.State != "" {
		and("state = ?", f.State)
	}
	if f.State == carpel.JourneyActive || f.State == carpel.JourneyDone {
		and("reason = ''") // as it is: so that the index of steps goes on to the order
	}
	if f.Step != "" {
		and("step = ?", f.Step)
	}
	if f.Person != "" {
		and("person = ?", f.Person)
	}
	if f.AfterID != "" {
		and("(started_at, id) < (?, ?)", int64(f.AfterStart), f.AfterID)
	}
	return db.journeys(ctx, "campaign's", query+" ORDER BY started_at DESC, id DESC LIMIT ?", append(args, f.Limit)...)
}

// Journey returns one by id; CodeNotFound when there is none.
func (db *DB) Journey(ctx context.Context, workspace, id string) (carpel.Journey, error) {
	j, err := scanJourney(db.read.QueryRowContext(ctx, "SELECT "+journeyColumns+" FROM journeys WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return j, carpel.Errorf(carpel.CodeNotFound, "there is no journey %.60q", id)
	}
	if err != nil {
		return j, fmt.Errorf("read journey: %w", err)
	}
	return j, nil
}

// JourneyPath lists where a journey went, from its start.
func (db *DB) JourneyPath(ctx context.Context, workspace, id string) ([]carpel.PathEntry, error) {
	all, err := rows(ctx, db.read, func(r row) (e carpel.PathEntry, err error) { return e, r.Scan(&e.N, &e.At, &e.Step, &e.What) },
		"SELECT n, at, step, what FROM journey_path WHERE workspace = ? AND journey = ? ORDER BY n", workspace, id)
	if err != nil {
		return nil, fmt.Errorf("list path of journey %s: %w", id, err)
	}
	return all, nil
}

// JourneyCount is how many journeys of a campaign are alike.
type JourneyCount struct {
	State  carpel.JourneyState
	Reason string
	Step   string // where they are, or were when they ended
	N      int64
}

// CountJourneys counts a campaign's journeys by state, reason and step, and those that reached the goal.
func (db *DB) CountJourneys(ctx context.Context, workspace, campaign string) (all []JourneyCount, converted int64, err error) {
	all, err = rows(ctx, db.read, func(r row) (c JourneyCount, err error) { return c, r.Scan(&c.State, &c.Reason, &c.Step, &c.N) },
		"SELECT state, reason, step, count(*) FROM journeys WHERE workspace = ? AND campaign = ? GROUP BY state, reason, step ORDER BY state, reason, step", workspace, campaign)
	if err == nil {
		err = db.read.QueryRowContext(ctx, "SELECT count(*) FROM journeys WHERE workspace = ? AND campaign = ? AND converted_at > 0", workspace, campaign).Scan(&converted)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("count journeys of %s: %w", campaign, err)
	}
	return all, converted, nil
}
