package records

import (
	"context"
	"fmt"
	"strings"

	"github.com/carpel/carpel"
)

// DeliveryFilter says which deliveries are asked for. What is left empty does not matter.
type DeliveryFilter struct {
	OriginKind    carpel.OriginKind
	Origin        string // id of the broadcast, campaign or template
	Step, Variant string
	Person        string // key
	Kind          carpel.ChannelKind
	State         carpel.DeliveryState
	Reason        string
	Outcome       string // delivered, opened, clicked, …
	Before        int64  // the alias of the last one read; 0 from the newest
	Limit         int
}

// outcomeColumns are the moments of a delivery by which it can be asked for.
var outcomeColumns = map[string]string{
	"sent": "sent_at", "delivered": "delivered_at", "opened": "opened_at", "clicked": "clicked_at", "converted": "converted_at", "bounced": "bounced_at",
	"complained": "complained_at", "unsubscribed": "unsubscribed_at", "machine_opened": "machine_opened_at", "machine_clicked": "machine_clicked_at",
}

// Deliveries lists deliveries, newest first. CodeInvalid for an outcome that does not exist.
func (db *DB) Deliveries(ctx context.Context, workspace string, f DeliveryFilter) ([]carpel.Delivery, error) {
	where, args := []string{"workspace = ?"}, []any{workspace}
	is := func(column, value string) {
		if value != "" {
			where, args = append(where, column+" = ?"), append(args, value)
		}
	}
	is("origin_kind", string(f.OriginKind))
	is("origin", f.Origin)
	is("step", f.Step)
	is("variant", f.Variant)
	is("person", f.Person)
	is("kind", string(f.Kind))
	is("state", string(f.State))
	is("reason", f.Reason)
	if f.Outcome != "" {
		column, ok := outcomeColumns[f.Outcome]
		if !ok {
			return nil, carpel.Errorf(carpel.CodeInvalid, "there is no outcome %.60q of a delivery", f.Outcome)
		}
		where = append(where, column+" > 0")
	}
	if f.Before > 0 {
		where, args = append(where, "alias < ?"), append(args, f.Before)
	}
	all, err := rows(ctx, db.read, scanDelivery, "SELECT "+deliveryColumns+" FROM deliveries WHERE "+strings.Join(where, " AND ")+" ORDER BY alias DESC LIMIT ?", append(args, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return all, nil
}
