package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// waitingSize is how much waits under an anonymous id.
type waitingSize struct {
	items int
	bytes int64
}

// waits returns how much waits under an anonymous id, this transaction's items included.
func (t *Tx) waits(id string) (waitingSize, error) {
	if w, ok := t.waitingSizes[id]; ok {
		return w, nil
	}
	if w, ok := t.store.waitingSizes.get(id); ok {
		return w, nil
	}
	var w waitingSize
	err := t.store.scan(waitingPrefix(id), func(_, v []byte) error {
		w.items++
		w.bytes += int64(len(v))
		return nil
	})
	return w, err
}

// anonymous finds the person that an anonymous id belongs to; an item of one that belongs to nobody waits. It is
// stored as JSON under the id and its arrival, is never evaluated, and joins the person in order of arrival.
func (a *application) anonymous() (uint32, *person, error) {
	id := a.it.Person.AnonymousID
	ordinal, p, err := a.by('a', id)
	if err != nil || p != nil {
		return ordinal, p, err
	}
	data, err := json.Marshal(a.it)
	if err != nil {
		return 0, nil, fmt.Errorf("store waiting item: %w", err)
	}
	w, err := a.waits(id)
	if err != nil {
		return 0, nil, err
	}
	// What waits joins its person in one batch, which is to fit into memory.
	w.items, w.bytes = w.items+1, w.bytes+int64(len(data))
	switch {
	case w.items > carpel.MaxWaiting:
		a.refuse(&carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxWaiting, Actual: int64(w.items), Message: "as many items wait under this anonymous id as may; they join a person when somebody is identified by it"})
		return 0, nil, nil
	case w.bytes > carpel.MaxWaitingBytes:
		a.refuse(&carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxWaitingBytes, Actual: w.bytes, Message: "what waits under this anonymous id would be more than " + carpel.Bytes(carpel.MaxWaitingBytes) + "; it joins a person when somebody is identified by it"})
		return 0, nil, nil
	}
	a.waitingSizes[id] = w
	a.meta.Arrival++
	a.meta.Waiting++
	a.waiting = append(a.waiting, waitingItem{id, a.meta.Arrival, a.it})
	return 0, nil, a.batch.Set(binary.BigEndian.AppendUint64(waitingPrefix(id), a.meta.Arrival), data, nil)
}

// waitingItem is an item that began to wait in this transaction.
type waitingItem struct {
	anonymous string
	arrival   uint64
	item      *carpel.Item
}

// replay lets the items that wait under an anonymous id join their person.
func (a *application) replay(ordinal uint32, p *person, anonymous string) error {
	items, err := a.stored(anonymous)
	if err != nil {
		return err
	}
	for _, w := range a.waiting {
		if w.anonymous == anonymous {
			items = append(items, w.item)
		}
	}
	if len(items) == 0 {
		return nil
	}
	if err := a.dropWaiting(anonymous, len(items)); err != nil {
		return err
	}
	for _, it := range items {
		joined := &application{Tx: a.Tx, it: it}
		if it.Kind == carpel.ItemEvent && !a.nameAllowed(strings.TrimSpace(it.Name)) {
			joined.refuse(&carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxEventNames, Message: "an event that waited has a new name, and the workspace has too many event names"})
		} else if err := joined.do(ordinal, p); err != nil {
			return err
		}
		if joined.out.Refused != nil { // what is not stored is told
			a.out.Warnings = append(a.out.Warnings, joined.out.Refused)
		}
		a.out.Warnings = append(a.out.Warnings, joined.out.Warnings...)
	}
	return nil
}

// stored reads the items that wait under an anonymous id since before this transaction, unless it dropped them.
func (t *Tx) stored(anonymous string) ([]*carpel.Item, error) {
	if t.waitingGone[anonymous] {
		return nil, nil
	}
	var items []*carpel.Item
	prefix := waitingPrefix(anonymous)
	err := t.store.scan(prefix, func(k, v []byte) error {
		if len(k) != len(prefix)+8 {
			return nil
		}
		it := &carpel.Item{}
		if err := json.Unmarshal(v, it); err != nil {
			return fmt.Errorf("read waiting item: %w", err)
		}
		items = append(items, it)
		return nil
	})
	return items, err
}

// dropWaiting deletes the n items that wait under an anonymous id.
func (t *Tx) dropWaiting(anonymous string, n int) error {
	t.meta.Waiting -= int64(n)
	t.waitingSizes[anonymous] = waitingSize{}
	t.waitingGone[anonymous] = true
	t.waiting = slices.DeleteFunc(t.waiting, func(w waitingItem) bool { return w.anonymous == anonymous })
	prefix := waitingPrefix(anonymous)
	// The range ends before the next length or id: an arrival is eight bytes.
	end := append(append([]byte{}, prefix...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	return t.batch.DeleteRange(prefix, end, nil)
}
