// Package block is the columnar form in which the stripe engine keeps data: what 256 people did under one name,
// or what one attribute of theirs is. It knows bytes and columns only: no keys, no storage, no conditions.
//
// Design: a stored value is a concatenation of runs, each self-delimiting. Appending a run is how a write adds to
// a block without reading it, so that joining values (the merge operator of the store) is plain concatenation:
// associative by construction, and unable to fail on any input. Decoding folds the runs in order; encoding the
// result gives one compact run again.
package block

import "math/bits"

// Width is the number of people in a stripe.
const Width = 256

// Mask is a set of people of one stripe, a bit per slot.
type Mask [4]uint64

// Full is the mask of every slot.
var Full = Mask{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// Has reports whether slot is in the mask.
func (m *Mask) Has(slot uint8) bool { return m[slot>>6]>>(slot&63)&1 != 0 }

// Set puts slot in; Clear takes it out; Put does either.
func (m *Mask) Set(slot uint8)   { m[slot>>6] |= 1 << (slot & 63) }
func (m *Mask) Clear(slot uint8) { m[slot>>6] &^= 1 << (slot & 63) }
func (m *Mask) Put(slot uint8, in bool) {
	if in {
		m.Set(slot)
	} else {
		m.Clear(slot)
	}
}

// And, Or, AndNot and Xor combine two masks.
func (m Mask) And(o Mask) Mask { return Mask{m[0] & o[0], m[1] & o[1], m[2] & o[2], m[3] & o[3]} }
func (m Mask) Or(o Mask) Mask  { return Mask{m[0] | o[0], m[1] | o[1], m[2] | o[2], m[3] | o[3]} }
func (m Mask) AndNot(o Mask) Mask {
	return Mask{m[0] &^ o[0], m[1] &^ o[1], m[2] &^ o[2], m[3] &^ o[3]}
}
func (m Mask) Xor(o Mask) Mask { return Mask{m[0] ^ o[0], m[1] ^ o[1], m[2] ^ o[2], m[3] ^ o[3]} }

// Count returns how many slots are in; IsEmpty whether none is.
func (m Mask) Count() int {
	return bits.OnesCount64(m[0]) + bits.OnesCount64(m[1]) + bits.OnesCount64(m[2]) + bits.OnesCount64(m[3])
}
func (m Mask) IsEmpty() bool { return m[0]|m[1]|m[2]|m[3] == 0 }

// Slots yields the slots of the mask in order.
func (m Mask) Slots(yield func(uint8) bool) {
	for w, word := range m {
		for word != 0 {
			b := bits.TrailingZeros64(word)
			word &= word - 1
			if !yield(uint8(w*64 + b)) {
				return
			}
		}
	}
}

// Column holds one value per row. Exactly one of the two forms is used. Immutable once built; safe to share.
type Column struct {
	// Dictionary form: the codes of the rows index Dict.
	Dict  *Dict
	Codes Codes
	// Number form (Dict is nil).
	Nums *Nums
}

// Rows is the events of one (name, stripe, time bucket), or one chunk of a heavy person's, decoded: rows sorted by slot, then time.
// Immutable once built; safe to share. At most 65,535 rows.
type Rows struct {
	Slots  []uint8  // the slots that have rows, ascending
	Starts []uint16 // len(Slots)+1: rows of Slots[i] are [Starts[i], Starts[i+1])
	SlotOf []uint8  // the slot of each row: what Starts says, for those who go through single rows
	Time   Times
	Names  []string     // property names, ascending
	Cols   []Column     // aligned with Names
	rare   []rareColumn // properties past the 64 most used, by name; see [Rows.Column]
	mask   Mask         // of Slots
}

// Values is one attribute of a stripe, decoded: a row per slot. Immutable once built; safe to share.
type Values struct {
	Col     Column // Width rows
	set     Mask   // the slots that have a value
	holders []Mask // of a dictionary of at most shortDict entries: who has the entry, by code; else nil
}
