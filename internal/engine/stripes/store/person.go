package store

import (
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// person is a person record: who an ordinal is.
//
//	flags:1 (bit 0: gone) merges:varint firstSeen:varint(zigzag) count:varint { kind:1 length:varint text }
//
// The texts are the identities that mean this person: 'k' keys, the own first, 'e' emails as written, the one of the
// attribute first ("" for none), 'u' user ids, the first made first, 'a' anonymous ids, 'd' device tokens. Keys and emails
// behind the first are those of people merged into this one. Of somebody who is gone the key alone is kept, right behind the flags:
// it means nobody any more, and lets whoever follows the feed know who left.
type person struct {
	gone      bool
	merges    uint64
	firstSeen carpel.Millis
	key       string
	keys      []string // of people merged into this one
	users     []string
	email     string
	emails    []string // of people merged into this one
	anonymous []string
	devices   []string
}

func (p *person) encode() []byte {
	b := []byte{0}
	if p.gone {
		b[0] = 1
		return append(b, p.key...)
	}
	b = binary.AppendUvarint(b, p.merges)
	b = binary.AppendVarint(b, int64(p.firstSeen))
	b = binary.AppendUvarint(b, uint64(2+len(p.keys)+len(p.emails)+len(p.users)+len(p.anonymous)+len(p.devices)))
	text := func(kind byte, s string) {
		b = append(b, kind)
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	text('k', p.key)
	for _, s := range p.keys {
		text('k', s)
	}
	text('e', p.email)
	for _, s := range p.emails {
		text('e', s)
	}
	for _, s := range p.users {
		text('u', s)
	}
	for _, s := range p.anonymous {
		text('a', s)
	}
	for _, s := range p.devices {
		text('d', s)
	}
	return b
}

var errPerson = errors.New("read store: a person record is damaged")

func decodePerson(b []byte) (*person, error) {
	if len(b) == 0 {
		return nil, errPerson
	}
	p := &person{gone: b[0]&1 != 0}
	if p.gone {
		p.key = string(b[1:])
		return p, nil
	}
	b = b[1:]
	fail := false
	uvarint := func() uint64 {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			fail = true
			return 0
		}
		b = b[size:]
		return n
	}
	p.merges = uvarint()
	first, size := binary.Varint(b)
	if size <= 0 {
		return nil, errPerson
	}
	p.firstSeen, b = carpel.Millis(first), b[size:]
	hasEmail := false
	for n := uvarint(); n > 0 && !fail; n-- {
		if len(b) == 0 {
			return nil, errPerson
		}
		kind := b[0]
		b = b[1:]
		length := uvarint()
		if fail || length > uint64(len(b)) {
			return nil, errPerson
		}
		text := string(b[:length])
		b = b[length:]
		switch kind {
		case 'k':
			if p.key == "" {
				p.key = text
			} else {
				p.keys = append(p.keys, text)
			}
		case 'e':
			if !hasEmail {
				p.email, hasEmail = text, true
			} else {
				p.emails = append(p.emails, text)
			}
		case 'u':
			p.users = append(p.users, text)
		case 'a':
			p.anonymous = append(p.anonymous, text)
		case 'd':
			p.devices = append(p.devices, text)
		}
	}
	if fail {
		return nil, errPerson
	}
	return p, nil
}

// personInBrief returns what a stripe needs to know of a person out of their record: when they were first seen, and
// their key, which stands first, and is nil of somebody who is gone. It reports false for a damaged record.
func personInBrief(b []byte) (firstSeen carpel.Millis, key []byte, ok bool) {
	if len(b) == 0 {
		return 0, nil, false
	}
	if b[0]&1 != 0 {
		return 0, nil, true
	}
	b = b[1:]
	_, n := binary.Uvarint(b) // merges
	if n <= 0 {
		return 0, nil, false
	}
	first, m := binary.Varint(b[n:])
	if m <= 0 {
		return 0, nil, false
	}
	b = b[n+m:]
	_, n = binary.Uvarint(b) // how many identities
	if n <= 0 || len(b) == n || b[n] != 'k' {
		return 0, nil, false
	}
	b = b[n+1:]
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return 0, nil, false
	}
	return carpel.Millis(first), b[n : n+int(length) : n+int(length)], true
}

// head is the people of a stripe. Immutable once shared.
type head struct {
	people    block.Mask
	firstSeen [block.Width]carpel.Millis // NoStamp for nobody
	keys      [block.Width]string
	directory []uint32 // the names under which the stripe holds something, ascending
}

func newHead() *head {
	h := &head{}
	for i := range h.firstSeen {
		h.firstSeen[i] = block.NoStamp
	}
	return h
}

// clone copies a head; its directory is shared.
func (h *head) clone() *head {
	c := *h
	return &c
}

func (h *head) set(slot uint8, p *person) {
	if p.gone {
		h.people.Clear(slot)
		h.firstSeen[slot], h.keys[slot] = block.NoStamp, ""
		return
	}
	h.people.Set(slot)
	h.firstSeen[slot], h.keys[slot] = p.firstSeen, p.key
}

// holds reports whether the stripe holds something under a name.
func (h *head) holds(name uint32) bool {
	_, ok := slices.BinarySearch(h.directory, name)
	return ok
}

// size is the bytes that a head takes in memory, about: the text of a key is the same length for everybody.
func (h *head) size() int64 {
	return int64(unsafe.Sizeof(*h)) + 4*int64(len(h.directory)) + keyBytes*int64(h.people.Count())
}

// keyBytes is the length of a key that create makes.
const keyBytes = 28

// readPerson reads a person record; nil for an ordinal that nobody has, or that is gone.
func (s *Store) readPerson(ordinal uint32) (*person, error) {
	v, ok, err := s.get(personKey(ordinal))
	if err != nil || !ok {
		return nil, err
	}
	p, err := decodePerson(v)
	if err != nil || p.gone {
		return nil, err
	}
	return p, nil
}
