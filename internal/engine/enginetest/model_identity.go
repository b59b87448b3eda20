package enginetest

import (
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// emailName is an email as an identity: two that differ in case alone are the same.
func emailName(email string) identity {
	// Simple folding: a rune's orbit has one member that lower and upper case lead to, but for a few runes no email has.
	return identity{'e', strings.ToLower(strings.ToUpper(email))}
}

// names returns the identities of a reference, the one that decides first.
func names(ref carpel.PersonRef) []identity {
	var all []identity
	for _, id := range []identity{{'k', ref.Key}, {'u', ref.UserID}, emailName(ref.Email), {'a', ref.AnonymousID}} {
		if id.text != "" {
			all = append(all, id)
		}
	}
	return all
}

func refuse(out *engine.Outcome, code string) *person {
	out.Refused = carpel.Errorf(code, "%s", code)
	return nil
}

// isSuppressed reports whether an id of a reference is suppressed.
func (m *model) isSuppressed(ref carpel.PersonRef) bool {
	return m.suppressed[identity{'u', ref.UserID}] || m.suppressed[emailName(ref.Email)]
}

// resolve finds or makes the person of an item; nil when it was refused or waits.
func (m *model) resolve(it *carpel.Item, index int, out *engine.Outcome) *person {
	ref := it.Person
	all := names(ref)
	switch {
	case m.isSuppressed(ref):
		return refuse(out, carpel.CodeSuppressed)
	case len(all) == 0:
		return refuse(out, carpel.CodeNoIdentity)
	case all[0].kind == 'a':
		if p := m.ids[all[0]]; p != nil {
			return p
		}
		m.waiting[ref.AnonymousID] = append(m.waiting[ref.AnonymousID], *it)
		return nil
	}
	p := m.ids[all[0]]
	if p == nil && all[0].kind == 'k' {
		return refuse(out, carpel.CodeNotFound)
	}
	if p == nil && ref.UserID != "" {
		p = m.adopted(it)
	}
	if p == nil {
		if it.UpdateOnly {
			return refuse(out, carpel.CodeNotFound)
		}
		p = m.create(ref, it, index, out)
	}
	if ref.AnonymousID != "" {
		m.claim(p, ref.AnonymousID, out)
	}
	return p
}

// adopted finds the person known only by an email that an item brings with a new user id, and gives them that id.
func (m *model) adopted(it *carpel.Item) *person {
	email := it.Person.Email
	if v := it.Properties["email"]; email == "" && it.Kind == carpel.ItemIdentify && v.IsSet() {
		email = v.Text()
	}
	p := m.ids[emailName(email)]
	if email == "" || p == nil || len(p.users) > 0 || it.Public {
		return nil
	}
	m.addUser(p, it.Person.UserID, it)
	return p
}

// addUser gives a person a user id; the first is the attribute id.
func (m *model) addUser(p *person, user string, it *carpel.Item) {
	p.users = append(p.users, user)
	m.ids[identity{'u', user}] = p
	if len(p.users) == 1 {
		m.set(p, "id", carpel.TextValue(user), it)
	}
}

func (m *model) create(ref carpel.PersonRef, it *carpel.Item, index int, out *engine.Outcome) *person {
	p := &person{key: m.newKey(index), firstSeen: it.At, attributes: map[string]attribute{}}
	m.people = append(m.people, p)
	m.ids[identity{'k', p.key}] = p
	m.touch(p, carpel.CauseData)
	if ref.UserID != "" {
		m.addUser(p, ref.UserID, it)
	}
	if ref.Email != "" {
		m.setEmail(p, carpel.TextValue(ref.Email), it, out)
	}
	return p
}

// setEmail writes the attribute email: unique without regard to case.
func (m *model) setEmail(p *person, v carpel.Value, it *carpel.Item, out *engine.Outcome) {
	text := ""
	if v.IsSet() {
		text = v.Text()
	}
	if text != p.email {
		owner := m.ids[emailName(text)]
		switch {
		case it.Public && p.email != "":
			warn(out, carpel.CodePublicKey)
			return
		case text != "" && owner != nil && owner != p:
			warn(out, carpel.CodeEmailTaken)
			return
		case text != "" && m.suppressed[emailName(text)]:
			warn(out, carpel.CodeSuppressed)
			return
		}
	}
	if !m.set(p, "email", v, it) || text == p.email {
		return
	}
	if p.email != "" {
		delete(m.ids, emailName(p.email))
	}
	p.email = text
	if text != "" {
		m.ids[emailName(text)] = p
	}
}

// claim gives an anonymous id to a person unless somebody has it, and lets what waits under it join.
func (m *model) claim(p *person, anonymous string, out *engine.Outcome) {
	if m.ids[identity{'a', anonymous}] != nil {
		return
	}
	m.ids[identity{'a', anonymous}] = p
	waiting := m.waiting[anonymous]
	delete(m.waiting, anonymous)
	for i := range waiting {
		m.do(p, &waiting[i], out)
	}
}

// partner finds one side of an alias or a merge.
func (m *model) partner(ref carpel.PersonRef, out *engine.Outcome) *person {
	all := names(ref)
	switch {
	case m.isSuppressed(ref):
		return refuse(out, carpel.CodeSuppressed)
	case len(all) == 0:
		return refuse(out, carpel.CodeNoIdentity)
	}
	return m.ids[all[0]]
}

// join does merge and alias.
func (m *model) join(it *carpel.Item, index int, out *engine.Outcome) {
	p := m.partner(it.Person, out)
	if out.Refused != nil {
		return
	}
	q := m.partner(it.Other, out)
	if out.Refused != nil {
		return
	}
	if it.Kind == carpel.ItemAlias {
		m.alias(p, q, it, index, out)
		return
	}
	if p == nil || q == nil {
		refuse(out, carpel.CodeNotFound)
		return
	}
	out.Person = p.key
	m.merge(p, q, it)
}

// alias makes a previous id mean the person.
func (m *model) alias(p, q *person, it *carpel.Item, index int, out *engine.Outcome) {
	previous := it.Other.UserID
	if previous == "" {
		previous = it.Other.AnonymousID
	}
	if q == nil {
		q = m.ids[identity{'a', previous}] // the previous id may be that of a visitor
	}
	if p == nil && q != nil {
		// The new id becomes another of the person who is there.
		out.Person = q.key
		if it.Person.UserID != "" {
			m.addUser(q, it.Person.UserID, it)
		}
		m.touch(q, carpel.CauseData)
		return
	}
	if p == nil {
		if it.Person.UserID == "" && it.Person.Email == "" {
			refuse(out, carpel.CodeNoIdentity)
			return
		}
		p = m.create(it.Person, it, index, out)
	}
	out.Person = p.key
	if q != nil && q != p {
		m.merge(p, q, it)
		return
	}
	if previous == "" {
		return
	}
	if it.Other.UserID != "" && q == nil {
		m.addUser(p, previous, it)
	}
	m.claim(p, previous, out)
}

// merge moves everything of q to p; q is nobody afterwards, and its ids mean p.
func (m *model) merge(p, q *person, it *carpel.Item) {
	if p == q {
		return
	}
	m.touch(p, carpel.CauseMerge)
	m.touch(q, carpel.CauseMerge)
	for id, owner := range m.ids {
		if owner == q {
			m.ids[id] = p
		}
	}
	if p.email == "" {
		p.email = q.email
	}
	p.firstSeen = min(p.firstSeen, q.firstSeen)
	p.activity = append(p.activity, q.activity...)
	p.devices = append(p.devices, q.devices...)
	for name, a := range q.attributes {
		if a.value.isSet() && !p.attributes[name].value.isSet() && name != "id" {
			p.attributes[name] = a
		}
	}
	hadUser := len(p.users) > 0
	p.users = append(p.users, q.users...)
	if !hadUser && len(p.users) > 0 {
		m.set(p, "id", carpel.TextValue(p.users[0]), it)
	}
	for _, s := range m.segments {
		if _, in := s.members[q]; in && s.def.Manual {
			if _, already := s.members[p]; !already {
				s.members[p] = m.now
			}
		}
	}
	m.remove(q)
}

// remove makes somebody nobody.
func (m *model) remove(p *person) {
	p.gone = true
	p.activity, p.devices, p.attributes = nil, nil, nil
	m.people = slices.DeleteFunc(m.people, func(o *person) bool { return o == p })
	for _, s := range m.segments {
		delete(s.members, p)
	}
}

// erase erases, suppresses, or lifts a suppression.
func (m *model) erase(it *carpel.Item, out *engine.Outcome) {
	all := names(it.Person)
	if it.Kind == carpel.ItemUnsuppress {
		for _, id := range all {
			delete(m.suppressed, id)
		}
		return
	}
	if len(all) == 0 {
		refuse(out, carpel.CodeNoIdentity)
		return
	}
	p := m.ids[all[0]]
	if it.Kind == carpel.ItemSuppress {
		for id, owner := range m.ids {
			if p != nil && owner == p {
				all = append(all, id)
			}
		}
		for _, id := range all {
			if id.kind == 'u' || id.kind == 'e' {
				m.suppressed[id] = true
			}
		}
	}
	waited := len(m.waiting[it.Person.AnonymousID]) > 0
	delete(m.waiting, it.Person.AnonymousID)
	if p == nil {
		if it.Kind == carpel.ItemErase && !waited {
			refuse(out, carpel.CodeNotFound)
		}
		return
	}
	out.Person = p.key
	m.touch(p, carpel.CauseErasure)
	for id, owner := range m.ids {
		if owner == p {
			delete(m.ids, id)
		}
	}
	m.remove(p)
}

// member edits a manual segment by hand.
func (m *model) member(it *carpel.Item, out *engine.Outcome) {
	p := m.partner(it.Person, out)
	if out.Refused != nil {
		return
	}
	if p == nil {
		refuse(out, carpel.CodeNotFound)
		return
	}
	out.Person = p.key
	s := m.segments[it.Segment.ID]
	m.touch(p, it.Segment.Cause)
	if it.Segment.Remove {
		delete(s.members, p)
	} else if _, in := s.members[p]; !in {
		s.members[p] = m.now
	}
}
