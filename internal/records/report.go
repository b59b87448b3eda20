package records

import (
	"context"
	"fmt"

	"github.com/carpel/carpel"
)

// Tally counts the deliveries of an origin that share a step, a variant, a state and a reason.
type Tally struct {
	Step, Variant string
	State         carpel.DeliveryState
	Reason        string
	Deliveries    int64
	// Of those, how many have come so far.
	Sent, Delivered, Opened, Clicked, Converted, Bounced, Complained, Unsubscribed, MachineOpened, MachineClicked int64
}

// Tallies counts the deliveries of a broadcast or a campaign, in one pass over them.
func (db *DB) Tallies(ctx context.Context, workspace, origin string) ([]Tally, error) {
	all, err := rows(ctx, db.read, func(r row) (t Tally, err error) {
		err = r.Scan(&t.Step, &t.Variant, &t.State, &t.Reason, &t.Deliveries, &t.Sent, &t.Delivered, &t.Opened, &t.Clicked, &t.Converted, &t.Bounced, &t.Complained, &t.Unsubscribed,
			&t.MachineOpened, &t.MachineClicked)
		return t, err
	}, `SELECT step, variant, state, reason, count(*), sum(sent_at > 0), sum(delivered_at > 0), sum(opened_at > 0), sum(clicked_at > 0), sum(converted_at > 0), sum(bounced_at > 0),
		sum(complained_at > 0), sum(unsubscribed_at > 0), sum(machine_opened_at > 0), sum(machine_clicked_at > 0)
		FROM deliveries WHERE workspace = ? AND origin = ? GROUP BY step, variant, state, reason ORDER BY step, variant, state, reason`, workspace, origin)
	if err != nil {
		return nil, fmt.Errorf("count deliveries of %s: %w", origin, err)
	}
	return all, nil
}

// moments are what is counted over time.
var moments = [...]string{"sent", "delivered", "opened", "clicked", "converted", "bounced", "complained", "unsubscribed"}

// TimeSteps counts what became of an origin's deliveries in steps of a length from a moment on, by the name of what: so
// many steps; what came before or after is not counted.
func (db *DB) TimeSteps(ctx context.Context, workspace, origin string, from, length carpel.Millis, steps int) (map[string][]int64, error) {
	out := map[string][]int64{}
	for _, what := range moments {
		column := what + "_at"
		counts := make([]int64, steps)
		type step struct{ i, n int64 }
		all, err := rows(ctx, db.read, func(r row) (s step, err error) {
			err = r.Scan(&s.i, &s.n)
			return s, err
		}, "SELECT ("+column+" - ?1) / ?2, count(*) FROM deliveries WHERE workspace = ?3 AND origin = ?4 AND "+column+" >= ?1 AND "+column+" < ?1 + ?2 * ?5 GROUP BY 1",
			int64(from), int64(length), workspace, origin, steps)
		if err != nil {
			return nil, fmt.Errorf("count deliveries of %s over time: %w", origin, err)
		}
		for _, s := range all {
			counts[s.i] = s.n
		}
		out[what] = counts
	}
	return out, nil
}
