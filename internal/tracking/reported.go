package tracking

import (
	"context"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// Reported keeps what callers told of deliveries of ours by the API of another's shape, and the engine knows already: the
// moments, and what follows from them. It is durable when Reported returns nil; to be told the same again is harmless.
func (t *Tracker) Reported(ctx context.Context, workspace string, reports []carpel.Item) error {
	var marks []records.Mark
	for _, it := range reports {
		d, err := t.o.Records.Delivery(ctx, workspace, it.Message.Delivery)
		if carpel.ErrorCode(err) == carpel.CodeNotFound || err == nil && d.Origin.Kind == carpel.FromTest {
			continue
		}
		if err != nil {
			return err
		}
		if err := t.follow(ctx, workspace, d, it); err != nil {
			return err
		}
		marks = append(marks, records.Mark{Delivery: d.ID, What: it.Message.Action, At: it.At, Machine: it.Message.Machine})
	}
	return t.o.Records.MarkDeliveries(ctx, workspace, marks)
}

// follow does what follows from a report for its person: a bounce that does not say that the address may be tried again,
// and a complaint, suppress the address.
func (t *Tracker) follow(ctx context.Context, workspace string, d carpel.Delivery, it carpel.Item) error {
	m := it.Message
	bad := m.Reason == "" || badAddress(statusCode.FindString(m.Reason), m.Reason)
	if reason := suppressedBy(m.Action, bad); reason != "" && d.Recipient != "" && d.Kind == carpel.Email {
		return t.o.Records.Suppress(ctx, workspace, carpel.Suppression{Kind: d.Kind, Address: d.Recipient, Reason: reason, Detail: clip(m.Reason)})
	}
	if m.Action != "unsubscribed" {
		return nil
	}
	return t.see(ctx, records.Sighting{Workspace: workspace, Delivery: d.ID, Person: d.Person, Attributes: unsubscribing(d.Topic), At: it.At})
}
