package ingest

import (
	"context"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// Batch is the items of one request, and how they came.
type Batch struct {
	Workspace string
	Family    string // segment, customerio
	Request   string // method and path, escaped: what a replay goes by
	Public    bool   // came with a browser key
	Received  carpel.Millis
	Items     []*Item
	Replay    bool // of a rejected item: what is refused again is not listed again
	// MessageField points to an item's message id.
	MessageField string
	// Body returns what is listed of a refused item, such that a replay understands it; nil: the item as it came.
	Body func(it *Item) []byte
}

// Commit hands the items that are not refused to the engine, and gives each what became of it. When it returns
// without an error, what was taken is durable, and so is the list of what was not. An error means that nothing of
// the batch may be acknowledged.
func (in *Intake) Commit(ctx context.Context, b *Batch) error {
	if err := in.findDeliveries(ctx, b); err != nil {
		return err
	}
	erased, err := in.erased(ctx, b)
	if err != nil {
		return err
	}
	// Before the commit: a crash behind it would leave the bodies for ever, since nobody knows the ids afterwards.
	if err := in.erase(ctx, b, erased); err != nil {
		return err
	}
	if err := in.commit(ctx, b, func(it *Item) bool { return it.Refused == nil }); err != nil {
		return err
	}
	again := func(it *Item) bool {
		return it.Fallback != (carpel.PersonRef{}) && it.Person != it.Fallback && it.nobody()
	}
	for _, it := range b.Items {
		if again(it) {
			if err := in.commitFallback(ctx, b, again); err != nil {
				return err
			}
			break
		}
	}
	for _, it := range b.Items {
		if it.Gone && it.Refused != nil && it.Refused.Code == carpel.CodeNotFound {
			it.Refused = nil
		}
	}
	if err := in.tellReports(ctx, b); err != nil {
		return err
	}
	if b.Replay {
		return nil
	}
	listed, err := in.list(ctx, b)
	if err != nil {
		return err
	}
	if listed == 0 {
		erased.ids = nil
	}
	// What this batch listed, and what began to go out meanwhile, may be of them too; whoever sends it again erases that again.
	return in.erase(context.WithoutCancel(ctx), b, erased)
}

// erased are the people whom a batch erases. ids are every id of theirs, and those that the batch gives of nobody.
type erased struct {
	ids    []string
	people records.Erased
}

// erase removes from the records what is kept of people who are erased.
func (in *Intake) erase(ctx context.Context, b *Batch, who erased) error {
	if len(who.ids) > 0 {
		if err := in.options.Records.EraseRejections(ctx, b.Workspace, who.ids); err != nil {
			return err
		}
	}
	return in.options.Records.EraseMessages(ctx, b.Workspace, who.people)
}

// erased returns the people whom the batch erases: what is kept of rejected items and of messages goes with them, and
// afterwards nobody knows the ids.
func (in *Intake) erased(ctx context.Context, b *Batch) (all erased, err error) {
	for _, it := range b.Items {
		if it.Refused != nil || it.Kind != carpel.ItemErase && it.Kind != carpel.ItemSuppress {
			continue
		}
		for _, ref := range []carpel.PersonRef{it.Person, it.Fallback} {
			if ref.IsZero() {
				continue
			}
			all.ids = append(all.ids, ref.UserID, ref.Email, ref.AnonymousID, ref.Token)
			p, err := in.options.Person(ctx, b.Workspace, ref)
			if carpel.ErrorCode(err) == carpel.CodeNotFound {
				continue
			}
			if err != nil {
				return all, commitError(b.Workspace, len(b.Items), err)
			}
			all.ids = append(all.ids, p.Identities...)
			all.people.People, all.people.IDs = append(all.people.People, p.Key), append(all.people.IDs, p.Identities...)
			break
		}
	}
	return all, nil
}

// FirstRefused returns the first item that is refused, nil when there is none.
func (b *Batch) FirstRefused() *Item {
	for _, it := range b.Items {
		if it.Refused != nil {
			return it
		}
	}
	return nil
}

// CheckReplay refuses to take an item again that was taken but for a part, unless taking it twice is the same as
// taking it once.
func (b *Batch) CheckReplay(r records.Rejection) error {
	for _, it := range b.Items {
		if !r.Warning {
			continue
		}
		if it.Kind != carpel.ItemIdentify && it.Kind != carpel.ItemDevice {
			return carpel.Errorf(carpel.CodeConflict, "the item was taken, but for the part that is named; it cannot be taken twice")
		}
		it.MessageID = "" // it is known already, and would be taken for a repeat
	}
	return nil
}

// nobody reports whether the engine knew nobody by the item's person.
func (it *Item) nobody() bool {
	if it.Refused != nil {
		return it.Refused.Code == carpel.CodeNotFound
	}
	return it.resolved == "" && !it.Repeated
}

// commitFallback tries the items of people that are not known by their first name with the second.
func (in *Intake) commitFallback(ctx context.Context, b *Batch, again func(*Item) bool) error {
	return in.commit(ctx, b, func(it *Item) bool {
		if !again(it) {
			return false
		}
		it.Person, it.Refused = it.Fallback, nil
		it.MessageID = "" // the first try may have taken it
		return true
	})
}

// commit hands the chosen items to the engine in one call.
func (in *Intake) commit(ctx context.Context, b *Batch, chosen func(*Item) bool) error {
	items := make([]carpel.Item, 0, len(b.Items))
	from := make([]*Item, 0, len(b.Items))
	for _, it := range b.Items {
		if chosen(it) {
			it.Public = b.Public
			items, from = append(items, it.Item), append(from, it)
		}
	}
	if len(items) == 0 {
		return nil
	}
	outcomes, err := in.options.Commit(ctx, b.Workspace, items)
	if err != nil {
		return commitError(b.Workspace, len(items), err)
	}
	for i, o := range outcomes {
		it := from[i]
		it.resolved, it.Repeated = o.Person, o.Repeated
		if o.Refused != nil {
			it.Refuse(it.placed(o.Refused))
		}
		for _, w := range o.Warnings {
			it.Warnings = append(it.Warnings, it.placed(w))
		}
	}
	in.repeats.note(b, from)
	return nil
}

// placed gives an error of the engine, whose pointer is within the attributes, its place in the item.
func (it *Item) placed(e *carpel.Error) *carpel.Error {
	if e.Pointer == "" || it.Base == "" {
		return e
	}
	moved := *e
	moved.Pointer = it.Base + e.Pointer
	return &moved
}

// list stores what was refused, or taken only in part.
func (in *Intake) list(ctx context.Context, b *Batch) (int, error) {
	var all []records.Rejection
	for _, it := range b.Items {
		if it.Refused != nil {
			all = append(all, b.rejection(it, it.Refused, false))
		}
		for _, w := range it.Warnings {
			if it.Refused == nil {
				all = append(all, b.rejection(it, w, true))
			}
		}
	}
	if len(all) == 0 {
		return 0, nil
	}
	// What was committed stays committed when the caller goes away, and so must the list.
	return len(all), in.options.Records.Reject(context.WithoutCancel(ctx), b.Workspace, all)
}

func (b *Batch) rejection(it *Item, e *carpel.Error, warning bool) records.Rejection {
	body := it.Raw
	if b.Body != nil {
		body = b.Body(it)
	}
	return records.Rejection{At: b.Received.Time(), Family: b.Family, Kind: it.Call, MessageID: it.MessageID, Code: e.Code, Pointer: e.Pointer,
		Message: e.Message, Warning: warning, Request: b.Request, Public: b.Public, Body: body}
}
