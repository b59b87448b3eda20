package delivery

import (
	"context"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// untoldPage is how many old outcomes are told at once.
const untoldPage = 500

// tellOld tells the engine what an earlier process, or an earlier turn, kept and did not tell.
func (l *line) tellOld(ctx context.Context) error {
	for {
		old, err := l.Records.UntoldDeliveries(ctx, l.workspace.ID, untoldPage)
		if err != nil || len(old) == 0 {
			return err
		}
		all := make([]result, len(old))
		for i, d := range old {
			all[i] = result{delivery: d, ended: records.Ended{ID: d.ID, Tell: true}}
		}
		if err := l.tell(ctx, all, nil); err != nil {
			return err
		}
		if err := l.flush(nil); err != nil {
			return err
		}
		l.told = nil
	}
}

// tell commits what became of deliveries to the engine as activities. Their message ids make it harmless to tell twice,
// which a crash before the records know of it leads to.
func (l *line) tell(ctx context.Context, all []result, late []string) error {
	now := carpel.MillisOf(l.Now())
	var items []carpel.Item
	var told []string
	for _, r := range all {
		items = append(items, r.items...)
		if !r.ended.Tell || slices.Contains(late, r.ended.ID) {
			continue
		}
		told = append(told, r.ended.ID)
		if it, ok := activity(r.delivery, now); ok {
			items = append(items, it)
		}
	}
	if len(items) > 0 {
		if _, err := l.engine.Commit(ctx, items); err != nil { // what is refused is of nobody: they were erased
			return err
		}
	}
	l.told = append(l.told, told...)
	return nil
}

// activity is what became of a delivery as something that happened between a person and a message; false for what is not
// told. The campaign is what definitions of segments name: the broadcast or campaign by its id.
func activity(d carpel.Delivery, now carpel.Millis) (carpel.Item, bool) {
	action, at := "", now
	switch {
	case d.State == carpel.DeliverySent:
		action, at = "sent", d.SentAt
	case d.State == carpel.DeliveryFailed && d.Reason == ReasonBounced:
		action, at = "bounced", d.BouncedAt
	case d.State == carpel.DeliveryFailed:
		action = "failed"
	case d.State == carpel.DeliverySkipped && d.Reason == ReasonSuppressed:
		action = "suppressed"
	default:
		return carpel.Item{}, false
	}
	m := &carpel.MessageInfo{Channel: string(d.Kind), Action: action, Delivery: d.ID, Campaign: d.Origin.ID, Reason: d.Reason}
	return carpel.Item{Kind: carpel.ItemMessage, MessageID: d.ID + ":" + action, Person: carpel.PersonRef{Key: d.Person}, At: at, Received: now, Source: "delivery", Message: m}, true
}

// isTold reports whether what became of a delivery is told to the engine. A test is counted nowhere.
func isTold(d carpel.Delivery) bool {
	_, ok := activity(d, 0)
	return ok && d.Origin.Kind != carpel.FromTest
}
