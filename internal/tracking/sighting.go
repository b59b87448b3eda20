package tracking

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// keeper keeps sightings. What many requests bring at once goes into one transaction: the first to come writes for all
// that have come by then.
type keeper struct {
	writing sync.Mutex
	mu      sync.Mutex
	waiting []*keeping // guarded by mu
}

// keeping is sightings that somebody waits for.
type keeping struct {
	sightings []records.Sighting
	err       error // guarded by writing
	done      bool  // guarded by writing
}

// see keeps sightings: they are durable when it returns nil, and told to the engine soon.
func (t *Tracker) see(ctx context.Context, all ...records.Sighting) error {
	k := &keeping{sightings: all}
	t.keeper.mu.Lock()
	t.keeper.waiting = append(t.keeper.waiting, k)
	t.keeper.mu.Unlock()
	t.keeper.writing.Lock()
	defer t.keeper.writing.Unlock()
	if !k.done {
		t.keeper.mu.Lock()
		batch := t.keeper.waiting
		t.keeper.waiting = nil
		t.keeper.mu.Unlock()
		var together []records.Sighting
		for _, other := range batch {
			together = append(together, other.sightings...)
		}
		err := t.o.Records.See(context.WithoutCancel(ctx), together)
		for _, other := range batch {
			other.err, other.done = err, true
		}
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
	return k.err
}

const (
	tellAtOnce = 500              // sightings
	tellAgain  = 30 * time.Second // after an engine did not take them
)

// Run tells the engines of what was seen, until ctx ends.
func (t *Tracker) Run(ctx context.Context) error {
	for {
		next, err := t.Tell(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-t.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Tell tells the engines of everything that is due, and returns how long until more is.
func (t *Tracker) Tell(ctx context.Context) (next time.Duration, err error) {
	t.telling.Lock()
	defer t.telling.Unlock()
	now := carpel.MillisOf(t.o.Now())
	for {
		due, err := t.o.Records.DueSightings(ctx, now, tellAtOnce)
		if err != nil {
			return 0, err
		}
		if len(due) == 0 {
			break
		}
		for workspace, of := range byWorkspace(due) {
			err := t.tell(ctx, workspace, of)
			if err == nil {
				continue
			}
			if ctx.Err() != nil {
				return 0, ctx.Err()
			}
			t.o.Log.ErrorContext(ctx, "tracking: not told to the engine, which is tried again", "workspace", workspace, "sightings", len(of), "error", err)
			if err := t.o.Records.PostponeSightings(ctx, workspace, now, now+carpel.Millis(tellAgain.Milliseconds())); err != nil {
				return 0, err
			}
		}
	}
	first, err := t.o.Records.NextSighting(ctx)
	if err != nil {
		return 0, err
	}
	wait := min(carpel.Millis(tellAgain.Milliseconds()), max(1, first-now)) // first may be Never
	return time.Duration(wait) * time.Millisecond, nil
}

func byWorkspace(all []records.Sighting) map[string][]records.Sighting {
	of := map[string][]records.Sighting{}
	for _, s := range all {
		of[s.Workspace] = append(of[s.Workspace], s)
	}
	return of
}

// tell commits sightings of one workspace to its engine, and lets go of them.
func (t *Tracker) tell(ctx context.Context, workspace string, all []records.Sighting) error {
	var items []carpel.Item
	for _, s := range all {
		d, err := t.o.Records.Delivery(ctx, workspace, s.Delivery)
		if err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
			return err
		}
		items = append(items, itemsOf(s, d)...)
	}
	db, release, err := t.o.Engine(ctx, workspace)
	if err != nil {
		return err
	}
	defer release()
	outcomes, err := db.Commit(ctx, items)
	if err != nil {
		return fmt.Errorf("commit %d sightings: %w", len(all), err)
	}
	for _, o := range outcomes {
		if o.Refused != nil { // of somebody who was erased
			t.o.Refused(o.Refused.Reason())
		}
	}
	return t.o.Records.EndSightings(ctx, workspace, all)
}

// itemsOf says to the engine what a sighting is: message activity, and what the person chose. The message ids come from
// the delivery, so that what is told again counts once; of an open or a click the one in a minute.
func itemsOf(s records.Sighting, d carpel.Delivery) (items []carpel.Item) {
	about := carpel.Item{Person: carpel.PersonRef{Key: s.Person}, At: s.At, Received: s.At, Source: source, UpdateOnly: true}
	if s.Action != "" {
		it := about
		it.Kind, it.MessageID = carpel.ItemMessage, messageID(s)
		it.Message = &carpel.MessageInfo{Channel: string(carpel.Email), Action: s.Action, Delivery: s.Delivery, Campaign: d.Origin.ID, Link: s.Link, Reason: s.Reason, Machine: s.Machine}
		if d.Kind != "" {
			it.Message.Channel = string(d.Kind)
		}
		items = append(items, it)
	}
	if len(s.Attributes) > 0 {
		it := about
		it.Kind, it.MessageID, it.Properties = carpel.ItemIdentify, s.Delivery+":choice:"+strconv.FormatInt(int64(s.At), 10), map[string]carpel.Value{}
		for name, chosen := range s.Attributes {
			it.Properties[name] = carpel.BoolValue(chosen)
		}
		items = append(items, it)
	}
	return items
}

// source is where what is told comes from.
const source = "tracking"

func messageID(s records.Sighting) string {
	id := s.Delivery + ":" + s.Action
	if s.Action != "opened" && s.Action != "clicked" {
		return id
	}
	id += ":" + strconv.FormatInt(int64(s.At)/time.Minute.Milliseconds(), 10)
	if s.Link != "" {
		sum := sha256.Sum256([]byte(s.Link))
		id += ":" + hex.EncodeToString(sum[:6])
	}
	if s.Machine {
		id += ":machine"
	}
	return id
}
