package block

import "github.com/carpel/carpel"

// Value returns a slot's value; unset for nil.
func (v *Values) Value(slot uint8) carpel.Value { panic("unwritten") }

// Mask returns the slots that have a value; empty for nil.
func (v *Values) Mask() Mask { panic("unwritten") }

// With returns the values with one slot's replaced, copied; a nil v has none. The unset value removes.
func (v *Values) With(slot uint8, value carpel.Value) *Values { panic("unwritten") }

// AppendValues appends one run that overlays the given slots with their values in v, unset ones included. A block
// written anew needs only v.Mask().
func AppendValues(dst []byte, v *Values, slots Mask) []byte { panic("unwritten") }

// DecodeValues folds the runs of data: the last run that has a slot wins. No data is no values (never nil). It
// fails on bytes that are no such runs. data is not kept.
func DecodeValues(data []byte) (*Values, error) { panic("unwritten") }

// Mask returns the slots that were ever written; empty for nil.
func (s *Stamps) Mask() Mask { panic("unwritten") }

// With returns the stamps with one slot's replaced, copied; a nil s has none. At NoStamp forgets the slot.
func (s *Stamps) With(slot uint8, at, since carpel.Millis, source string) *Stamps { panic("unwritten") }

// AppendStamps appends one run that overlays the given slots with their stamps in s, those never written included.
func AppendStamps(dst []byte, s *Stamps, slots Mask) []byte { panic("unwritten") }

// DecodeStamps folds the runs of data: the last run that has a slot wins. No data is no stamps (never nil). It
// fails on bytes that are no such runs. data is not kept.
func DecodeStamps(data []byte) (*Stamps, error) { panic("unwritten") }

// Join appends the runs of b to those of a. Joining is plain concatenation, so it is associative and cannot fail.
func Join(a, b []byte) []byte { return append(a[:len(a):len(a)], b...) }

// Compact returns data as one run, or data itself when it is one run already or is not in order. It never fails.
// The kind of block is read from the data.
func Compact(data []byte) []byte { panic("unwritten") }
