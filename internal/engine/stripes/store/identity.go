package store

import (
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// resolve finds the person of an item, making them when a user id or an email names nobody yet. A nil person means
// that the item was refused or waits under its anonymous id.
func (a *application) resolve() (uint32, *person, error) {
	ref := a.it.Person
	if suppressed, err := a.suppressed(ref); err != nil {
		return 0, nil, err
	} else if suppressed {
		a.refuse(carpel.Errorf(carpel.CodeSuppressed, "the person is suppressed; nothing is taken about them"))
		return 0, nil, nil
	}
	ordinal, p, err := a.known(ref)
	switch {
	case err != nil || a.out.Refused != nil:
		return 0, nil, err
	case p == nil && ref.UserID == "" && ref.Email == "":
		if ref.AnonymousID == "" {
			a.refuse(carpel.Errorf(carpel.CodeNoIdentity, "the item names nobody"))
			return 0, nil, nil
		}
		return a.anonymous()
	case p == nil && a.it.UpdateOnly:
		a.refuse(carpel.Errorf(carpel.CodeNotFound, "nobody is known by this id, and the call may only update"))
		return 0, nil, nil
	case p == nil:
		if ordinal, p, err = a.newPerson(ref); err != nil {
			return 0, nil, err
		}
	}
	if ref.AnonymousID != "" {
		if err := a.claim(ordinal, p, ref.AnonymousID); err != nil {
			return 0, nil, err
		}
	}
	return ordinal, p, nil
}

// known finds who a reference names already. A person known only by email is adopted by the user id that brings it.
func (a *application) known(ref carpel.PersonRef) (uint32, *person, error) {
	if ref.Key != "" {
		ordinal, p, err := a.by('k', ref.Key)
		if p == nil && err == nil {
			a.refuse(carpel.Errorf(carpel.CodeNotFound, "nobody has this key"))
		}
		return ordinal, p, err
	}
	if ref.UserID == "" && ref.Email == "" && ref.Token != "" {
		ordinal, p, err := a.by('d', ref.Token)
		if p == nil && err == nil {
			a.refuse(carpel.Errorf(carpel.CodeNotFound, "nobody owns the device"))
		}
		return ordinal, p, err
	}
	if ref.UserID == "" {
		if ref.Email == "" {
			return 0, nil, nil
		}
		return a.by('e', carpel.Fold(ref.Email))
	}
	ordinal, p, err := a.by('u', ref.UserID)
	if err != nil || p != nil {
		return ordinal, p, err
	}
	email := ref.Email
	if v := a.it.Properties["email"]; email == "" && a.it.Kind == carpel.ItemIdentify && v.IsSet() {
		email = v.Text()
	}
	if email == "" {
		return 0, nil, nil
	}
	ordinal, p, err = a.by('e', carpel.Fold(email))
	if err != nil || p == nil || len(p.users) > 0 || a.it.Public {
		return 0, nil, err
	}
	return ordinal, p, a.adopt(ordinal, p, ref.UserID)
}

// by finds the person that an identity belongs to.
func (t *Tx) by(kind byte, text string) (uint32, *person, error) {
	ordinal, ok, err := t.lookup(kind, text)
	if err != nil || !ok {
		return 0, nil, err
	}
	p, err := t.person(ordinal)
	return ordinal, p, err
}

// adopt gives a person a user id.
func (a *application) adopt(ordinal uint32, p *person, user string) error {
	p.users = append(p.users, user)
	a.assign('u', user, ordinal)
	if len(p.users) == 1 {
		if _, err := a.writeAttribute(ordinal, "id", carpel.TextValue(user), attributeStamp{a.it.At, a.it.At, a.it.Source}); err != nil {
			return err
		}
	}
	return a.change(ordinal)
}

// userID gives a person who is known only by email the user id that an attribute tells. Nobody's user id is changed by
// an attribute.
func (a *application) userID(ordinal uint32, p *person, id string) error {
	if id == "" || slices.Contains(p.users, id) {
		return nil
	}
	_, taken, err := a.lookup('u', id)
	if err != nil {
		return err
	}
	suppressed, err := a.suppressed(carpel.PersonRef{UserID: id})
	switch {
	case err != nil:
		return err
	case len(p.users) > 0:
		a.warn(carpel.CodeConflict, "/id", "the attribute id is the user id; it is not changed by an attribute")
	case taken:
		a.warn(carpel.CodeConflict, "/id", "the user id belongs to another person")
	case suppressed:
		a.warn(carpel.CodeSuppressed, "/id", "the user id is suppressed")
	case a.it.Public:
		a.warn(carpel.CodePublicKey, "/id", "a browser key may not give a user id to a person who has an email")
	case len(id) > carpel.MaxIDBytes:
		a.out.Warnings = append(a.out.Warnings, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/id", Limit: carpel.MaxIDBytes, Actual: int64(len(id)), Message: carpel.TooLarge("the user id", int64(len(id)), carpel.MaxIDBytes)})
	default:
		return a.adopt(ordinal, p, id)
	}
	return nil
}

// newPerson makes the person that a reference names.
func (a *application) newPerson(ref carpel.PersonRef) (uint32, *person, error) {
	ordinal, p, err := a.create(a.it.At)
	if err != nil {
		return 0, nil, err
	}
	if ref.UserID != "" {
		if err := a.adopt(ordinal, p, ref.UserID); err != nil {
			return 0, nil, err
		}
	}
	if ref.Email != "" {
		if err := a.email(ordinal, p, carpel.TextValue(ref.Email)); err != nil {
			return 0, nil, err
		}
	}
	return ordinal, p, nil
}

// email writes the attribute email, which names a person: it is unique without regard to case.
func (a *application) email(ordinal uint32, p *person, v carpel.Value) error {
	text := ""
	if v.IsSet() {
		text = v.Text()
	}
	if text == p.email && v.IsSet() == (p.email != "") {
		return a.setAttribute(ordinal, "email", v, a.it.At)
	}
	if len(text) > carpel.MaxIDBytes {
		a.out.Warnings = append(a.out.Warnings, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/email", Limit: carpel.MaxIDBytes, Actual: int64(len(text)), Message: carpel.TooLarge("the email", int64(len(text)), carpel.MaxIDBytes)})
		return nil
	}
	if a.it.Public && p.email != "" {
		a.warn(carpel.CodePublicKey, "/email", "a browser key may not change an email")
		return nil
	}
	if text != "" {
		owner, ok, err := a.lookup('e', carpel.Fold(text))
		if err != nil {
			return err
		}
		if ok && owner != ordinal {
			a.warn(carpel.CodeEmailTaken, "/email", "the email belongs to another person")
			return nil
		}
		if suppressed, err := a.suppressed(carpel.PersonRef{Email: text}); err != nil {
			return err
		} else if suppressed {
			a.warn(carpel.CodeSuppressed, "/email", "the email is suppressed")
			return nil
		}
	}
	accepted, err := a.writeAttribute(ordinal, "email", v, attributeStamp{a.it.At, a.it.At, a.it.Source})
	if err != nil || !accepted {
		return err
	}
	a.countAttribute("email", v)
	if p.email != "" {
		a.free('e', carpel.Fold(p.email))
	}
	p.email = text
	if text != "" {
		p.emails = slices.DeleteFunc(slices.Clone(p.emails), func(e string) bool { return carpel.Fold(e) == carpel.Fold(text) })
		a.assign('e', carpel.Fold(text), ordinal)
	}
	return a.change(ordinal)
}

// join does alias and merge.
func (a *application) join() error {
	primary, p, err := a.partner(a.it.Person)
	if err != nil || a.out.Refused != nil {
		return err
	}
	secondary, q, err := a.partner(a.it.Other)
	if err != nil || a.out.Refused != nil {
		return err
	}
	if a.it.Kind == carpel.ItemAlias {
		return a.alias(primary, p, secondary, q)
	}
	if p == nil || q == nil {
		a.refuse(carpel.Errorf(carpel.CodeNotFound, "both people must exist to be merged"))
		return nil
	}
	a.out.Person = p.key
	return a.merge(primary, p, secondary, q)
}

// partner finds one side of an alias or a merge; the person is nil when nobody is known.
func (a *application) partner(ref carpel.PersonRef) (uint32, *person, error) {
	if suppressed, err := a.suppressed(ref); err != nil || suppressed {
		if suppressed {
			a.refuse(carpel.Errorf(carpel.CodeSuppressed, "the person is suppressed"))
		}
		return 0, nil, err
	}
	kind, text := refKey(ref)
	if kind == 0 {
		a.refuse(carpel.Errorf(carpel.CodeNoIdentity, "both people must be named"))
		return 0, nil, nil
	}
	return a.by(kind, text)
}

// alias makes the previous id mean the person: two people are merged, one gets the other id as well, and the history
// of an anonymous id joins. The previous id of Other may be an anonymous one, whichever field it came in.
func (a *application) alias(primary uint32, p *person, secondary uint32, q *person) error {
	previous := a.it.Other.UserID
	if previous == "" {
		previous = a.it.Other.AnonymousID
	}
	if q == nil && previous != "" && a.it.Other.UserID != "" {
		var err error // the previous id may be that of a visitor
		if secondary, q, err = a.by('a', previous); err != nil {
			return err
		}
	}
	switch {
	case a.it.Public && q != nil && (p == nil || primary != secondary):
		a.refuse(carpel.Errorf(carpel.CodePublicKey, "a browser key may not join people who are identified"))
		return nil
	case p == nil && q == nil:
		if a.it.Person.UserID == "" && a.it.Person.Email == "" {
			a.refuse(carpel.Errorf(carpel.CodeNoIdentity, "an alias needs a user id"))
			return nil
		}
		var err error
		if primary, p, err = a.newPerson(a.it.Person); err != nil {
			return err
		}
	case p == nil:
		user := a.it.Person.UserID
		if user != "" && a.usersFull(q) {
			return nil
		}
		a.out.Person = q.key
		if user != "" {
			return a.adopt(secondary, q, user)
		}
		return nil
	case q != nil && primary != secondary:
		a.out.Person = p.key
		return a.merge(primary, p, secondary, q)
	}
	if a.it.Other.UserID != "" && q == nil && a.usersFull(p) {
		return nil
	}
	a.out.Person = p.key
	if previous == "" {
		return nil
	}
	if a.it.Other.UserID != "" && q == nil {
		if err := a.adopt(primary, p, previous); err != nil {
			return err
		}
	}
	return a.claim(primary, p, previous)
}

// usersFull refuses the item when a person has as many user ids as there may be.
func (a *application) usersFull(p *person) bool {
	if len(p.users) < carpel.MaxUserIDs {
		return false
	}
	a.refuse(&carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxUserIDs, Actual: int64(len(p.users)) + 1, Message: "the person has as many user ids as there may be"})
	return true
}

// member notes a manual edit.
func (a *application) member() error {
	ordinal, p, err := a.partner(a.it.Person)
	if err != nil || a.out.Refused != nil {
		return err
	}
	if p == nil {
		a.refuse(carpel.Errorf(carpel.CodeNotFound, "nobody is known by this id"))
		return nil
	}
	a.out.Person = p.key
	a.note(ordinal)
	m := a.it.Segment
	a.touch(ordinal)
	a.touched.Members = append(a.touched.Members, MemberChange{ordinal, m.ID, m.Remove, m.Cause})
	return nil
}

// claim gives an anonymous id to a person, if nobody has it, and lets its waiting history join.
func (a *application) claim(ordinal uint32, p *person, anonymous string) error {
	_, taken, err := a.lookup('a', anonymous)
	if err != nil || taken {
		return err
	}
	if len(p.anonymous) >= carpel.MaxAnonymousIDs {
		a.out.Warnings = append(a.out.Warnings, &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxAnonymousIDs, Actual: int64(len(p.anonymous)) + 1,
			Message: "the person has as many anonymous ids as there may be; this one is not theirs, and what waits under it goes on waiting"})
		return nil
	}
	a.assign('a', anonymous, ordinal)
	if !slices.Contains(p.anonymous, anonymous) {
		p.anonymous = append(p.anonymous, anonymous)
	}
	if err := a.change(ordinal); err != nil {
		return err
	}
	return a.replay(ordinal, p, anonymous)
}

// suppressed reports whether one of the ids that a reference holds is suppressed.
func (t *Tx) suppressed(ref carpel.PersonRef) (bool, error) {
	if t.meta.Suppressed == 0 {
		return false, nil
	}
	for _, k := range suppressKeys(t.store, []string{ref.UserID}, []string{ref.Email}) {
		if n, ok := t.ids[string(k)]; ok {
			if n != deleted {
				return true, nil
			}
			continue // freed in this transaction
		}
		if ok, err := t.store.has(k); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// suppressKeys are the keyed hashes under which a person's suppressed ids are kept.
func suppressKeys(s *Store, users, emails []string) [][]byte {
	var keys [][]byte
	for _, u := range users {
		if u != "" {
			keys = append(keys, append([]byte{keySuppress}, s.hash("suppress id", u)[:16]...))
		}
	}
	for _, e := range emails {
		if e != "" {
			keys = append(keys, append([]byte{keySuppress}, s.hash("suppress email", carpel.Fold(e))[:16]...))
		}
	}
	return keys
}

// forget frees every identity of a person.
func (t *Tx) forget(p *person) {
	t.free('k', p.key)
	for _, k := range p.keys {
		t.free('k', k)
	}
	for _, u := range p.users {
		t.free('u', u)
	}
	for _, e := range append(p.emails, p.email) {
		if e != "" {
			t.free('e', carpel.Fold(e))
		}
	}
	for _, id := range p.anonymous {
		t.free('a', id)
	}
	for _, token := range p.devices {
		t.free('d', token)
	}
}

// remove makes an ordinal nobody: its slot is gone for ever.
func (t *Tx) remove(ordinal uint32, cause carpel.Cause) error {
	slot := uint8(ordinal % block.Width)
	ts := t.touch(ordinal)
	ts.Gone.Set(slot)
	ts.Whole.Set(slot)
	ts.Causes[slot] = cause
	t.persons[ordinal] = &person{gone: true, key: t.persons[ordinal].key}
	t.meta.People--
	return t.change(ordinal)
}
