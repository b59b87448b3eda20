package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/carpel/carpel"
)

// Mark is something that became of a delivery, by the name of its action: delivered, opened, clicked, converted, bounced,
// complained, unsubscribed.
type Mark struct {
	Delivery string
	What     string
	At       carpel.Millis // 0: now
	Machine  bool          // of opened and clicked: by a privacy proxy or a scanner
	Link     string        // of clicked: where to; for hooks
	Reason   string        // for hooks
}

// markColumns are the moments that marks set.
var markColumns = map[string]string{
	"delivered": "delivered_at", "opened": "opened_at", "clicked": "clicked_at", "converted": "converted_at",
	"bounced": "bounced_at", "complained": "complained_at", "unsubscribed": "unsubscribed_at",
}

// column is the moment that a mark sets; "" for none.
func (m Mark) column() string {
	if column := markColumns[m.What]; !m.Machine || column == "" {
		return column
	}
	switch m.What {
	case "opened":
		return "machine_opened_at"
	case "clicked":
		return "machine_clicked_at"
	}
	return "" // nothing else is done by machines
}

// MarkDeliveries sets the moments of deliveries, all of them in one transaction. The first mark of a kind counts, later
// ones change nothing: marking again is harmless. Passed over are deliveries that this workspace does not have, which are
// somebody else's, and what sets no moment.
func (db *DB) MarkDeliveries(ctx context.Context, workspace string, marks []Mark) error {
	if len(marks) == 0 {
		return nil
	}
	return db.change(ctx, "mark deliveries", func(tx *sql.Tx) error {
		for _, m := range marks {
			if err := db.mark(ctx, tx, workspace, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) mark(ctx context.Context, tx *sql.Tx, workspace string, m Mark) error {
	column := m.column()
	if column == "" {
		return nil
	}
	at := int64(m.At)
	if at <= 0 {
		at = db.millis()
	}
	_, err := tx.ExecContext(ctx, "UPDATE deliveries SET "+column+" = ? WHERE workspace = ? AND id = ? AND "+column+" = 0", at, workspace, m.Delivery)
	if err != nil {
		return err
	}
	return db.tellDelivery(ctx, tx, workspace, m.What, m.key(at), m.Delivery, carpel.Millis(at), map[string]any{"link": m.Link, "reason": m.Reason, "machine": m.Machine})
}

// key tells a mark from others of its delivery: most come once, opens and clicks each minute.
func (m Mark) key(at int64) string {
	if m.What != "opened" && m.What != "clicked" {
		return ""
	}
	return strconv.FormatInt(at/60_000, 10) + strconv.FormatBool(m.Machine) + m.Link
}

// WorkspaceOfDelivery returns the workspace that a delivery is of, by its id alone; CodeNotFound when there is none. It
// looks into the index of each workspace.
func (db *DB) WorkspaceOfDelivery(ctx context.Context, id string) (workspace string, err error) {
	err = db.read.QueryRowContext(ctx, "SELECT d.workspace FROM workspaces w JOIN deliveries d ON d.workspace = w.id AND d.id = ?", id).Scan(&workspace)
	if errors.Is(err, sql.ErrNoRows) {
		return "", carpel.Errorf(carpel.CodeNotFound, "there is no delivery %.60q", id)
	}
	if err != nil {
		return "", fmt.Errorf("read workspace of a delivery: %w", err)
	}
	return workspace, nil
}
