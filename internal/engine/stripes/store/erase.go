package store

import (
	"errors"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// eraseItem erases a person, suppresses them, or lifts a suppression. What waits under the anonymous id that the item
// names is erased too, whether or not anybody is known.
func (a *application) eraseItem() error {
	ref := a.it.Person
	if a.it.Kind == carpel.ItemUnsuppress {
		for _, k := range suppressKeys(a.store, []string{ref.UserID}, []string{ref.Email}) {
			if err := a.setSuppressed(k, false); err != nil {
				return err
			}
		}
		return nil
	}
	kind, text := refKey(ref)
	if kind == 0 {
		a.refuse(carpel.Errorf(carpel.CodeNoIdentity, "the item names nobody"))
		return nil
	}
	ordinal, p, err := a.by(kind, text)
	if err != nil {
		return err
	}
	if a.it.Kind == carpel.ItemSuppress {
		users, emails := []string{ref.UserID}, []string{ref.Email}
		if p != nil {
			users, emails = append(users, p.users...), append(append(emails, p.email), p.emails...)
		}
		for _, k := range suppressKeys(a.store, users, emails) {
			if err := a.setSuppressed(k, true); err != nil {
				return err
			}
		}
	}
	waited, err := a.eraseWaiting(ref.AnonymousID)
	if err != nil {
		return err
	}
	if p == nil {
		if a.it.Kind == carpel.ItemErase && !waited {
			a.refuse(carpel.Errorf(carpel.CodeNotFound, "nobody is known by this id"))
		}
		return nil
	}
	a.out.Person = p.key
	return a.erase(ordinal, p)
}

// eraseWaiting deletes what waits under an anonymous id, and reports whether there was anything.
func (a *application) eraseWaiting(anonymous string) (bool, error) {
	if anonymous == "" {
		return false, nil
	}
	w, err := a.waits(anonymous)
	if err != nil || w.items == 0 {
		return false, err
	}
	a.erased = true
	return true, a.dropWaiting(anonymous, w.items)
}

// setSuppressed writes or removes a suppressed id, and keeps their number.
func (t *Tx) setSuppressed(key []byte, suppressed bool) error {
	n, changed := t.ids[string(key)]
	is := changed && n != deleted
	if !changed {
		var err error
		if is, err = t.store.has(key); err != nil {
			return err
		}
	}
	switch {
	case suppressed && !is:
		t.ids[string(key)] = 0 // an entry with a number is a key that is there
		t.meta.Suppressed++
	case !suppressed && is:
		t.ids[string(key)] = deleted
		t.meta.Suppressed--
	}
	return nil
}

// erase removes everything of a person: rows, attributes, identities, record. Message ids stay: a repeat of what was
// erased must not bring it back.
func (a *application) erase(ordinal uint32, p *person) error {
	if err := errors.Join(a.flush(), a.followErase(p)); err != nil {
		return err
	}
	stripe, slot := ordinal/block.Width, uint8(ordinal%block.Width)
	h, err := a.readHead(stripe)
	if err != nil {
		return err
	}
	for _, n := range h.directory {
		switch k := a.store.names.of(n); k.kind {
		case kindStamps:
		case kindValues:
			if err := a.putAttribute(ordinal, k.name, carpel.Value{}, attributeStamp{at: block.NoStamp}); err != nil {
				return err
			}
		default:
			taken, err := a.takeRows(entryKey{n, stripe}, slot)
			if err != nil {
				return err
			}
			a.forgetRows(entryKey{n, stripe}, taken)
			if countedTable(k.kind) {
				for _, r := range taken {
					a.meta.Events -= int64(r.Len())
				}
			}
		}
	}
	a.forget(p)
	a.erased = true
	return a.remove(ordinal, carpel.CauseErasure)
}

// countedTable reports whether rows of a kind count as events: activity rows and devices do not.
func countedTable(kind byte) bool { return kind >= 1 && kind <= 4 }
