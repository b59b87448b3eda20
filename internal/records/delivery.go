package records

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/carpel/carpel"
)

const deliveryColumns = `alias, id, origin_kind, origin, origin_version, step, variant, occurrence, person, kind, channel, template, template_version,
	topic, consent, mode, state, reason, detail, attempt, recipient, due_at, planned_at, sent_at, delivered_at, opened_at, clicked_at, converted_at,
	bounced_at, complained_at, unsubscribed_at, machine_opened_at, machine_clicked_at, content, data`

func scanDelivery(r row) (carpel.Delivery, error) {
	var d carpel.Delivery
	var content, data string
	err := r.Scan(&d.Alias, &d.ID, &d.Origin.Kind, &d.Origin.ID, &d.Origin.Version, &d.Origin.Step, &d.Origin.Variant, &d.Origin.Occurrence,
		&d.Person, &d.Kind, &d.Channel, &d.Template, &d.TemplateVersion, &d.Topic, &d.Consent, &d.Mode, &d.State, &d.Reason, &d.Detail, &d.Attempt,
		&d.Recipient, &d.DueAt, &d.PlannedAt, &d.SentAt, &d.DeliveredAt, &d.OpenedAt, &d.ClickedAt, &d.ConvertedAt, &d.BouncedAt, &d.ComplainedAt,
		&d.UnsubscribedAt, &d.MachineOpenedAt, &d.MachineClickAt, &content, &data)
	if err != nil {
		return d, err
	}
	if data != "" {
		d.Data = json.RawMessage(data)
	}
	if content != "" {
		d.Content = &carpel.Content{}
		if err := json.Unmarshal([]byte(content), d.Content); err != nil {
			return d, fmt.Errorf("content of delivery %s: %w", d.ID, err)
		}
	}
	return d, nil
}

// insertDeliveries plans deliveries within a transaction of who plans them, and returns how many are new: one whose id
// is there already was planned before, and stays as it is. ID and PlannedAt are set here, and State unless it is skipped or held.
func (db *DB) insertDeliveries(ctx context.Context, tx *sql.Tx, workspace string, all []carpel.Delivery) (int, error) {
	if len(all) == 0 {
		return 0, nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO deliveries (workspace, id, origin_kind, origin, origin_version, step, variant, occurrence, person, kind,
		channel, template, template_version, topic, consent, mode, state, reason, detail, attempt, lease, lease_until, recipient, due_at, planned_at, sent_at,
		untold, content, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, '', ?, ?, 0, 0, ?, ?) ON CONFLICT (workspace, id) DO NOTHING`)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	planned, now := 0, db.millis()
	for _, d := range all {
		content := ""
		if d.Content != nil {
			b, err := json.Marshal(d.Content)
			if err != nil {
				return planned, err
			}
			content = string(b)
		}
		state := carpel.DeliveryPlanned
		if d.State == carpel.DeliverySkipped || d.State == carpel.DeliveryHeld { // an exclusion, listed with its reason; or not to be let out yet
			state = d.State
		}
		o := d.Origin
		result, err := insert.ExecContext(ctx, workspace, carpel.DeliveryID(workspace, d.Person, o), o.Kind, o.ID, o.Version, o.Step, o.Variant, o.Occurrence,
			d.Person, d.Kind, d.Template, d.TemplateVersion, d.Topic, d.Consent, d.Mode, state, d.Reason, d.Detail, int64(d.DueAt), now, content, string(d.Data))
		if err != nil {
			return planned, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return planned, err
		}
		planned += int(n)
	}
	return planned, nil
}

// Delivery returns one by id; CodeNotFound when there is none.
func (db *DB) Delivery(ctx context.Context, workspace, id string) (carpel.Delivery, error) {
	d, err := scanDelivery(db.read.QueryRowContext(ctx, "SELECT "+deliveryColumns+" FROM deliveries WHERE workspace = ? AND id = ?", workspace, id))
	if errors.Is(err, sql.ErrNoRows) {
		return d, carpel.Errorf(carpel.CodeNotFound, "there is no delivery %.60q", id)
	}
	if err != nil {
		return d, fmt.Errorf("read delivery: %w", err)
	}
	return d, nil
}

// PlanDeliveries plans deliveries that nothing but a call asks for (transactional, tests), and returns how many are new.
func (db *DB) PlanDeliveries(ctx context.Context, workspace string, all ...carpel.Delivery) (planned int, err error) {
	err = db.change(ctx, "plan deliveries", func(tx *sql.Tx) (err error) {
		planned, err = db.insertDeliveries(ctx, tx, workspace, all)
		return err
	})
	return planned, err
}
