package store

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Identity returns who an ordinal is: key, user id and email. Of somebody gone only the key; of nobody nothing.
func (s *Store) Identity(ordinal uint32) (carpel.Person, error) {
	s.visible.RLock()
	defer s.visible.RUnlock()
	v, ok, err := s.get(personKey(ordinal))
	if err != nil || !ok {
		return carpel.Person{}, err
	}
	p, err := decodePerson(v)
	if err != nil {
		return carpel.Person{}, err
	}
	return p.shown(), nil
}

func (p *person) shown() carpel.Person {
	out := carpel.Person{Key: p.key, Email: p.email, FirstSeenAt: p.firstSeen, LastSeenAt: carpel.Never}
	if len(p.users) > 0 {
		out.UserID, out.IDs = p.users[0], p.users
	}
	return out
}

// identities returns every id that means the person.
func (p *person) identities() []string {
	all := slices.Concat(p.users, p.emails, p.anonymous, p.devices)
	if p.email != "" {
		all = append(all, p.email)
	}
	return all
}

// Person returns an identified person with their attributes and ids; nil for nobody. now bounds LastSeenAt.
func (s *Store) Person(ordinal uint32, now carpel.Millis) (*carpel.Person, error) {
	st, err := s.Stripe(ordinal / block.Width)
	if err != nil {
		return nil, err
	}
	slot := uint8(ordinal % block.Width)
	s.visible.RLock()
	rec, err := s.readPerson(ordinal)
	s.visible.RUnlock()
	if err != nil || rec == nil {
		return nil, err
	}
	p := rec.shown()
	p.Identities = rec.identities()
	p.Attributes = map[string]carpel.Attr{}
	for _, name := range st.namesOf(kindValues) {
		values, err := st.Attribute(name)
		if err != nil {
			return nil, err
		}
		v := values.Value(slot)
		if !v.IsSet() {
			continue
		}
		stamps, err := st.Stamps(name)
		if err != nil {
			return nil, err
		}
		a := carpel.Attr{Value: v}
		if stamps != nil {
			a.At, a.Since, a.Source = stamps.At(slot), stamps.Since(slot), stamps.Source(slot)
		}
		p.Attributes[name] = a
	}
	if p.LastSeenAt, err = st.lastSeen(slot, now); err != nil {
		return nil, err
	}
	return &p, nil
}

// lastSeen returns the latest event, page or screen of a slot up to now; Never when there is none.
func (s *Stripe) lastSeen(slot uint8, now carpel.Millis) (carpel.Millis, error) {
	parts, err := s.parts(eval.Table{Kind: eval.ActivityTable})
	if err != nil {
		return 0, err
	}
	last, found := carpel.Millis(0), false
	for _, p := range parts {
		from, to := p.rows.Find(slot)
		for row := to - 1; row >= from; row-- {
			if at := p.rows.Time.At(row); at <= now {
				if !found || at > last {
					last, found = at, true
				}
				break
			}
		}
	}
	if !found {
		return carpel.Never, nil
	}
	return last, nil
}

// PeopleFrom calls fn for every identified person from an ordinal on, in order, until it returns false.
func (s *Store) PeopleFrom(ordinal uint32, fn func(ordinal uint32, p carpel.Person) bool) error {
	for n := ordinal / block.Width; n < s.Stripes(); n++ {
		st, err := s.Stripe(n)
		if err != nil {
			return err
		}
		for slot := range st.People().Slots {
			o := n*block.Width + uint32(slot)
			if o < ordinal {
				continue
			}
			p, err := s.Identity(o)
			if err != nil {
				return err
			}
			if !fn(o, p) {
				return nil
			}
		}
	}
	return nil
}

// PeopleByPrefix calls fn for the people whose user id begins with prefix, in order of id, and then for those whose email
// does without regard to case, in order of email, beginning behind the place after ("" for the start), until it returns
// false. Nobody comes twice. place is where the next call goes on.
func (s *Store) PeopleByPrefix(prefix, after string, fn func(place string, ordinal uint32, p carpel.Person) bool) error {
	for _, kind := range []byte{'u', 'e'} {
		text := prefix
		if kind == 'e' {
			text = carpel.Fold(prefix)
		}
		if kind == 'u' && strings.HasPrefix(after, "e") {
			continue // all of them came before
		}
		more, err := s.scanIdentities(kind, text, after, func(place string, ordinal uint32) (bool, error) {
			p, err := s.Identity(ordinal)
			if err != nil || p.UserID == "" && p.Email == "" {
				return true, err
			}
			if by := firstWithPrefix(p.IDs, prefix); by != "" && (kind == 'e' || by != place[1:]) {
				return true, nil // came, or will come, by a user id
			}
			return fn(place, ordinal, p), nil
		})
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// firstWithPrefix returns the first id that begins with prefix; "" when none does.
func firstWithPrefix(ids []string, prefix string) string {
	for _, id := range ids {
		if strings.HasPrefix(id, prefix) {
			return id
		}
	}
	return ""
}

func (s *Store) scanIdentities(kind byte, prefix, after string, fn func(place string, ordinal uint32) (bool, error)) (more bool, err error) {
	lower := identityKey(kind, prefix)
	if after != "" && after[0] == kind {
		lower = append(identityKey(kind, after[1:]), 0)
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: successor(identityKey(kind, prefix))})
	if err != nil {
		return false, err
	}
	defer it.Close()
	for it.First(); it.Valid(); it.Next() {
		v, err := it.ValueAndErr()
		if err != nil {
			return false, err
		}
		if len(v) != 4 {
			return false, fmt.Errorf("read identities: a damaged entry %x", it.Key())
		}
		if more, err := fn(string(it.Key()[1:]), binary.BigEndian.Uint32(v)); err != nil || !more {
			return false, err
		}
	}
	return true, it.Error()
}
