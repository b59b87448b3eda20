package store

import (
	"fmt"
	"reflect"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// Verify reads a stripe from disk and tells problem what does not fit: entries in memory that are not what is stored,
// identities that mean somebody else, rows of nobody. The writer's, with no transaction under way.
func (s *Store) Verify(stripe uint32, problem func(kind, detail string)) error {
	e, err := s.readEntry(entryKey{headName, stripe})
	if err != nil {
		return err
	}
	if have := s.cache.get(entryKey{headName, stripe}); have != nil && !reflect.DeepEqual(have.head, e.head) {
		problem("block", "the people in memory are not those on disk")
	}
	people := e.head.people
	for slot := range people.Slots {
		if err := s.verifyIdentity(stripe*block.Width+uint32(slot), problem); err != nil {
			return err
		}
	}
	for _, n := range e.head.directory {
		if err := s.verifyName(entryKey{n, stripe}, people, problem); err != nil {
			return err
		}
	}
	return nil
}

// verifyName compares what is in memory of a name with what is stored, and looks for data of nobody.
func (s *Store) verifyName(k entryKey, people block.Mask, problem func(kind, detail string)) error {
	name := s.names.of(k.name)
	have := s.cache.get(k)
	var nobody block.Mask
	same := true
	switch name.kind {
	case kindValues:
		e, err := s.readEntry(k)
		if err != nil {
			return err
		}
		nobody = e.values.Mask().AndNot(people)
		for slot := range people.Slots {
			same = same && (have == nil || have.values.Value(slot) == e.values.Value(slot))
		}
	case kindStamps:
		e, err := s.readEntry(k)
		if err != nil {
			return err
		}
		nobody = e.stamps.Mask().AndNot(people)
		same = have == nil || have.stamps == nil || have.stamps.Equal(e.stamps)
	default:
		e, err := s.readEntry(k)
		if err != nil {
			return err
		}
		for _, p := range e.parts {
			nobody = nobody.Or(p.rows.Mask().AndNot(people))
		}
		same = have == nil || rowsOf(have) == rowsOf(e)
	}
	if !same {
		problem("block", fmt.Sprintf("what is in memory of %q is not what is on disk", name.name))
	}
	if !nobody.IsEmpty() {
		problem("block", fmt.Sprintf("%d people are nobody and have data under %q", nobody.Count(), name.name))
	}
	return nil
}

// rowsOf sums up the rows of a table: how many, and their times.
func rowsOf(e *entry) (sum struct {
	rows  int
	times carpel.Millis
}) {
	for _, p := range e.parts {
		rows := p.whole()
		sum.rows += rows.Len()
		for row := range rows.Len() {
			sum.times += rows.Time.At(row)
		}
	}
	return sum
}

// verifyIdentity looks whether every identity of a person means that person.
func (s *Store) verifyIdentity(ordinal uint32, problem func(kind, detail string)) error {
	p, err := s.readPerson(ordinal)
	if err != nil || p == nil {
		return err
	}
	ids := map[byte][]string{'k': append(p.keys, p.key), 'u': p.users, 'a': p.anonymous, 'd': p.devices}
	for _, e := range append(p.emails, p.email) {
		if e != "" {
			ids['e'] = append(ids['e'], carpel.Fold(e))
		}
	}
	for kind, texts := range ids {
		for _, text := range texts {
			v, ok, err := s.get(identityKey(kind, text))
			if err != nil {
				return err
			}
			if !ok || len(v) != 4 || uint32(v[0])<<24|uint32(v[1])<<16|uint32(v[2])<<8|uint32(v[3]) != ordinal {
				problem("identity", fmt.Sprintf("an identity of the kind %q of person %s does not mean them", kind, p.key))
			}
		}
	}
	return nil
}
