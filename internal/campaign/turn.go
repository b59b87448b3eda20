package campaign

import (
	"fmt"
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/records"
)

// Readers of the engine, as the records know how far they came.
const (
	feedReader    = "campaigns:feed"
	followReader  = "campaigns:events"
	membersReader = "campaigns:members:" // and the campaign: a cursor of its segment's members, or membersDone
	membersDone   = "done"
)

// pageSize is how many changes, events, journeys or members one transaction takes in.
const pageSize = 500

// cursorAfter is how often a cursor is written that moved over nothing: what is read again after a crash is nothing again.
// A page that held something moves it at once, whatever came of it: read again later, more might come of it.
const cursorAfter = carpel.Millis(10_000)

// Desk is what a turn reads and writes. Every function is one transaction, or one read; a crash may come between any two,
// and the next turn, with nothing in memory, goes on as if it had not.
type Desk struct {
	World
	Changes  func(after string, limit int) ([]carpel.Change, string, error)
	Followed func(after string, limit int) ([]engine.Followed, string, error)
	Members  func(segment, after string, limit int) ([]string, string, error)
	// Due returns journeys of live campaigns whose moment has come by now, the earliest first.
	Due     func(now carpel.Millis, limit int) ([]carpel.Journey, error)
	Cursor  func(reader string) (string, error)
	Commit  func(b records.JourneyBatch) error
	Updates func(limit int) ([]records.Update, error) // that the engine is still to be told
	Tell    func(updates []records.Update) error      // the engine
	Told    func(updates []records.Update) error
	// Lost is told that a reader's place is gone: what came meanwhile starts and ends nothing.
	Lost func(reader string)

	at map[string]place
}

// place is how far a reader came, and when that was written.
type place struct {
	cursor  string
	written carpel.Millis
}

// Turn takes in everything that happened and is due up to now, or as much of it until enough says so; it reports whether
// there is more. It does one thing at a time, and after each looks again from the top, as it would after a crash: so the
// order of what happens is the same with and without one.
func (d *Desk) Turn(now carpel.Millis, enough func() bool) (more bool, err error) {
	d.Now = now
	for busy := true; busy; {
		if busy = false; enough() {
			return true, nil
		}
		for _, part := range []func() (bool, error){d.tell, d.followed, d.changes, d.members, d.due} {
			did, err := part()
			if err != nil {
				return false, err
			}
			if busy = did; did {
				break
			}
		}
	}
	return false, nil
}

// tell tells the engine what journeys ask of it. It is told at least once; the message ids make that once.
func (d *Desk) tell() (bool, error) {
	all, err := d.Updates(pageSize)
	if err != nil || len(all) == 0 {
		return false, err
	}
	if err := d.Tell(all); err != nil {
		return false, fmt.Errorf("tell the engine: %w", err)
	}
	return true, d.Told(all)
}

// read reads on behind a reader's cursor, and returns what it read and the cursor behind it.
func read[T any](d *Desk, reader string, from func(after string, limit int) ([]T, string, error)) ([]T, string, error) {
	if d.at == nil {
		d.at = map[string]place{}
	}
	at, known := d.at[reader]
	if !known {
		cursor, err := d.Cursor(reader)
		if err != nil {
			return nil, "", err
		}
		if cursor == "" {
			cursor = "now"
		}
		at = place{cursor: cursor}
		d.at[reader] = at
	}
	all, next, err := from(at.cursor, pageSize)
	if carpel.ErrorCode(err) == carpel.CodeGone {
		d.Lost(reader)
		all, next, err = from("now", pageSize)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", reader, err)
	}
	return all, next, nil
}

// commit writes what came of a round with the reader's new place, and reports whether anything did.
func (d *Desk) commit(r *Round, read int, reader, cursor string) (bool, error) {
	b := r.Batch()
	at := d.at[reader]
	if cursor == at.cursor && b.Empty() {
		return false, nil
	}
	if read == 0 && at.written != 0 && d.Now-at.written < cursorAfter {
		at.cursor = cursor
		d.at[reader] = at
		return false, nil
	}
	b.Reader, b.Cursor = reader, cursor
	if err := d.Commit(b); err != nil {
		return false, fmt.Errorf("commit journeys: %w", err)
	}
	d.at[reader] = place{cursor, d.Now}
	return !b.Empty(), nil
}

func (d *Desk) changes() (bool, error) {
	for {
		all, next, err := read(d, feedReader, d.Changes)
		if err != nil {
			return false, err
		}
		r := NewRound(d.World)
		for _, c := range all {
			if err := r.Change(c); err != nil {
				return false, err
			}
		}
		if did, err := d.commit(r, len(all), feedReader, next); did || err != nil || len(all) < pageSize {
			return did, err
		}
	}
}

// followed takes in events. A merge and an erasure are transactions of their own, since what follows them must find the
// journeys where they are then.
func (d *Desk) followed() (bool, error) {
	for {
		all, next, err := read(d, followReader, d.Followed)
		if err != nil {
			return false, err
		}
		end := slices.IndexFunc(all, func(e engine.Followed) bool { return e.Kind != carpel.ItemEvent })
		full := len(all) == pageSize
		if end >= 0 {
			end = max(end, 1) // up to it, or it alone
			all, next, full = all[:end], all[end-1].Seq, true
		}
		r := NewRound(d.World)
		for _, e := range all {
			if err := r.Event(e); err != nil {
				return false, err
			}
		}
		if did, err := d.commit(r, len(all), followReader, next); did || err != nil || !full {
			return did, err
		}
	}
}

// members begins live campaigns for those who were in the segment already, a page at a time.
func (d *Desk) members() (bool, error) {
	for _, l := range d.Campaigns {
		if l.Program.Spec.Members != carpel.CurrentMembers || l.State != carpel.CampaignLive {
			continue
		}
		reader := membersReader + l.ID
		after, err := d.Cursor(reader)
		if err != nil {
			return false, err
		}
		if after == membersDone {
			continue
		}
		people, next, err := d.Members(l.Program.Spec.Trigger.Segment, after, pageSize)
		if err != nil {
			return false, fmt.Errorf("read members of campaign %s: %w", l.ID, err)
		}
		r := NewRound(d.World)
		for _, person := range people {
			if err := r.Start(l, Beginning{Person: person, Occurrence: "member"}); err != nil {
				return false, err
			}
		}
		if next == "" {
			next = membersDone
		}
		b := r.Batch()
		b.Reader, b.Cursor = reader, next
		if err := d.Commit(b); err != nil {
			return false, fmt.Errorf("commit journeys: %w", err)
		}
		return true, nil
	}
	return false, nil
}

func (d *Desk) due() (bool, error) {
	all, err := d.Due(d.Now, pageSize)
	if err != nil || len(all) == 0 {
		return false, err
	}
	r := NewRound(d.World)
	for _, j := range all {
		if err := r.Due(j); err != nil {
			return false, err
		}
	}
	b := r.Batch()
	if b.Empty() {
		return false, nil
	}
	return true, d.Commit(b)
}
