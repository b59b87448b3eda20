package block

import (
	"encoding/binary"

	"github.com/carpel/carpel"
)

// Stamps is the part beside [Values]: for every slot that was ever set or removed, the time of the last accepted
// write, the moment the value became what it is, and the source of that write. Immutable once built.
type Stamps struct {
	written Mask // slots that were written
	dated   Mask // those of them that have a since
	at      moments
	age     moments // at less since
	source  Column  // in the dictionary form
}

// NoStamp marks a slot that was never written.
const NoStamp = carpel.Millis(-1 << 63)

// newStamps returns stamps of which none was written.
func newStamps() *Stamps { return &Stamps{source: noValues().Col} }

// At returns when a slot was written; NoStamp for never.
func (s *Stamps) At(slot uint8) carpel.Millis {
	if !s.written.Has(slot) {
		return NoStamp
	}
	return carpel.Millis(s.at.get(slot))
}

// Since returns since when a slot's value is what it is; NoStamp for one that was never set.
func (s *Stamps) Since(slot uint8) carpel.Millis {
	if !s.dated.Has(slot) {
		return NoStamp
	}
	return carpel.Millis(s.at.get(slot) - s.age.get(slot))
}

// Source returns where a slot's value came from.
func (s *Stamps) Source(slot uint8) string { return s.source.Value(int(slot)).Text() }

// Mask returns the slots that were ever written; empty for nil.
func (s *Stamps) Mask() (m Mask) {
	if s == nil {
		return m
	}
	return s.written
}

// Size returns the bytes that the stamps take in memory, about.
func (s *Stamps) Size() int { return 256 + len(s.at.of) + len(s.age.of) + s.source.size() }

// With returns the stamps with one slot's replaced, copied; a nil s has none. At NoStamp forgets the slot.
func (s *Stamps) With(slot uint8, at, since carpel.Millis, source string) *Stamps {
	w := newStamps()
	if s != nil {
		*w = *s
	}
	w.put(slot, at, since, source)
	return w
}

// put replaces a slot's. What s shares with others is copied.
func (s *Stamps) put(slot uint8, at, since carpel.Millis, source string) {
	value := carpel.Value{}
	if at == NoStamp {
		since = NoStamp
	} else if source != "" {
		value = carpel.TextValue(source)
	}
	s.written.Put(slot, at != NoStamp)
	s.dated.Put(slot, since != NoStamp)
	if at != NoStamp {
		s.at = s.at.with(slot, int64(at), s.written)
	}
	if since != NoStamp {
		s.age = s.age.with(slot, int64(at-since), s.dated)
	}
	if s.source.Value(int(slot)) != value {
		s.source = s.source.with(int(slot), value)
	}
}

// Equal reports whether two are the same.
func (s *Stamps) Equal(o *Stamps) bool {
	for i := range Width {
		if slot := uint8(i); s.At(slot) != o.At(slot) || s.Since(slot) != o.Since(slot) || s.Source(slot) != o.Source(slot) {
			return false
		}
	}
	return true
}

// moments is a number per slot, each in as many bytes as they need above the least of them. Immutable once made.
type moments struct {
	base  int64
	width int
	of    []byte // Width numbers, and as many bytes more as reading eight at a time takes
}

func (m *moments) get(slot uint8) int64 {
	if m.width == 0 {
		return m.base
	}
	above := binary.LittleEndian.Uint64(m.of[int(slot)*m.width:])
	return m.base + int64(above&(^uint64(0)>>(64-8*m.width)))
}

func (m *moments) set(slot uint8, n int64) {
	above := uint64(n) - uint64(m.base)
	for i := range m.width {
		m.of[int(slot)*m.width+i] = byte(above >> (8 * i))
	}
}

// fits reports whether a number can be set as it is.
func (m *moments) fits(n int64) bool {
	return n >= m.base && widthOf(uint64(n)-uint64(m.base)) <= m.width
}

// with returns the numbers with one replaced, copied. Only those of some slots matter, the replaced one among them.
func (m *moments) with(slot uint8, n int64, matter Mask) moments {
	if m.width == 0 && n == m.base {
		return *m
	}
	if m.fits(n) {
		w := moments{m.base, m.width, append([]byte(nil), m.of...)}
		w.set(slot, n)
		return w
	}
	var all [Width]int64
	least, most := n, n
	for s := range matter.Slots {
		if all[s] = m.get(s); s != slot {
			least, most = min(least, all[s]), max(most, all[s])
		}
	}
	all[slot] = n
	return momentsOf(&all, matter, least, most)
}

// momentsOf returns the numbers of some slots, which lie between the least and the greatest.
func momentsOf(all *[Width]int64, matter Mask, least, most int64) moments {
	m := moments{base: least, width: widthOf(uint64(most) - uint64(least))}
	if m.width > 0 {
		m.of = make([]byte, Width*m.width+8-m.width)
		for s := range matter.Slots {
			m.set(s, all[s])
		}
	}
	return m
}

// packedMoments is momentsOf for numbers of which the bounds are not known.
func packedMoments(all *[Width]int64, matter Mask) moments {
	first, least, most := true, int64(0), int64(0)
	for s := range matter.Slots {
		if first {
			first, least, most = false, all[s], all[s]
		}
		least, most = min(least, all[s]), max(most, all[s])
	}
	return momentsOf(all, matter, least, most)
}

// AppendStamps appends one run that overlays the given slots with their stamps in s, those never written included; a
// nil s has none. Nothing is appended for no slots.
func AppendStamps(dst []byte, s *Stamps, slots Mask) []byte {
	if slots.IsEmpty() {
		return dst
	}
	if s == nil {
		s = newStamps()
	}
	written := slots.And(s.Mask())
	w := newWriter(dst)
	w.slots(slots)
	w.slots(written)
	n := written.Count()
	at, age := make([]int64, 0, n), make([]int64, 0, n)
	codes, find := make([]uint16, 0, n), finder{dict: emptyDict}
	for slot := range written.Slots {
		at = append(at, int64(s.At(slot)))
		age = append(age, int64(s.At(slot)-s.Since(slot))) // most often 0
		codes = append(codes, find.code(carpel.TextValue(s.Source(slot))))
	}
	source := Column{Dict: find.grown()}
	source.Codes = codesOf(codes, source.Dict.Len())
	packNumbers(w, at, 0)
	packNumbers(w, age, 0)
	w.codes(&source, form{tag: formDict | formFull, width: codeWidth(formFull, source.Dict.Len()-1)})
	return w.finish(headStamps)
}

// DecodeStamps folds the runs of data: the last run that has a slot wins. No data is no stamps (never nil). It
// fails on bytes that are no such runs. data is not kept.
func DecodeStamps(data []byte) (*Stamps, error) {
	s, _, err := foldStamps(data)
	return s, err
}

// folded is stamps while they are put together.
type folded struct {
	at, since [Width]int64
	source    [Width]carpel.Value
	written   Mask
}

// foldStamps also returns the slots that the runs overlay.
func foldStamps(data []byte) (*Stamps, Mask, error) {
	var f folded
	var all Mask
	for len(data) > 0 {
		run, rest, err := nextRun(data, headStamps)
		if err != nil {
			return nil, all, err
		}
		m, err := run.stamps(&f)
		if err != nil {
			return nil, all, err
		}
		all, data = all.Or(m), rest
	}
	return f.stamps(), all, nil
}

// stamps overlays f with one run and returns its slots.
func (run run) stamps(f *folded) (Mask, error) {
	r := run.reader()
	m := r.slots()
	written := r.slots()
	if m.IsEmpty() || !written.AndNot(m).IsEmpty() {
		r.failed()
	}
	var at, age [Width]int64
	n := written.Count()
	unpackNumbers(&r, at[:n])
	unpackNumbers(&r, age[:n])
	source := r.codes(formFull, n)
	if err := r.err("stamps"); err != nil {
		return m, err
	}
	f.written = f.written.AndNot(m).Or(written)
	i := 0
	for slot := range written.Slots {
		f.at[slot], f.since[slot], f.source[slot] = at[i], at[i]-age[i], source.Value(i)
		i++
	}
	return m, nil
}

// stamps packs what was put together.
func (f *folded) stamps() *Stamps {
	s := &Stamps{}
	var age [Width]int64
	codes, find := make([]uint16, Width), finder{dict: emptyDict}
	for slot := range f.written.Slots {
		if f.at[slot] == int64(NoStamp) {
			continue // it was never written
		}
		s.written.Set(slot)
		if f.since[slot] != int64(NoStamp) {
			s.dated.Set(slot)
			age[slot] = f.at[slot] - f.since[slot]
		}
		if source := f.source[slot]; source.Text() != "" {
			codes[slot] = find.code(source)
		}
	}
	s.at, s.age = packedMoments(&f.at, s.written), packedMoments(&age, s.dated)
	s.source.Dict = find.grown()
	s.source.Codes = codesOf(codes, s.source.Dict.Len())
	return s
}
