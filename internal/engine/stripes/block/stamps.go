package block

import "github.com/carpel/carpel"

// newStamps returns stamps of which none was written.
func newStamps() *Stamps {
	s := &Stamps{Source: new([Width]string)}
	for i := range s.At {
		s.At[i], s.Since[i] = NoStamp, NoStamp
	}
	return s
}

// Mask returns the slots that were ever written; empty for nil.
func (s *Stamps) Mask() (m Mask) {
	if s == nil {
		return m
	}
	for i, at := range s.At {
		m.Put(uint8(i), at != NoStamp)
	}
	return m
}

// Size returns the bytes that the stamps take in memory, about.
func (s *Stamps) Size() int { return 32*Width + 100 }

// With returns the stamps with one slot's replaced, copied; a nil s has none. At NoStamp forgets the slot.
func (s *Stamps) With(slot uint8, at, since carpel.Millis, source string) *Stamps {
	var w *Stamps
	if s == nil {
		w = newStamps()
	} else {
		c := *s
		w = &c
	}
	if at == NoStamp {
		since, source = NoStamp, ""
	}
	w.At[slot], w.Since[slot] = at, since
	if w.Source[slot] != source {
		sources := *w.Source
		sources[slot], w.Source = source, &sources
	}
	return w
}

// Equal reports whether two are the same.
func (s *Stamps) Equal(o *Stamps) bool {
	return s.At == o.At && s.Since == o.Since && *s.Source == *o.Source
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
	source := Column{Dict: make([]carpel.Value, 1), Codes: make([]uint16, 0, n)}
	find := finder{dict: source.Dict}
	for slot := range written.Slots {
		at = append(at, int64(s.At[slot]))
		age = append(age, int64(s.At[slot]-s.Since[slot])) // most often 0
		source.Codes = append(source.Codes, find.code(carpel.TextValue(s.Source[slot])))
	}
	source.Dict = find.dict
	packNumbers(w, at, 0)
	packNumbers(w, age, 0)
	w.codes(&source, form{tag: formDict | formFull, width: codeWidth(formFull, len(source.Dict)-1)})
	return w.finish(headStamps)
}

// DecodeStamps folds the runs of data: the last run that has a slot wins. No data is no stamps (never nil). It
// fails on bytes that are no such runs. data is not kept.
func DecodeStamps(data []byte) (*Stamps, error) {
	s, _, err := foldStamps(data)
	return s, err
}

// foldStamps also returns the slots that the runs overlay.
func foldStamps(data []byte) (*Stamps, Mask, error) {
	s, all := newStamps(), Mask{}
	for len(data) > 0 {
		run, rest, err := nextRun(data, headStamps)
		if err != nil {
			return nil, all, err
		}
		m, err := run.stamps(s)
		if err != nil {
			return nil, all, err
		}
		all, data = all.Or(m), rest
	}
	return s, all, nil
}

// stamps overlays s with one run and returns its slots.
func (run run) stamps(s *Stamps) (Mask, error) {
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
	source := r.codes(formFull, make([]uint16, n))
	if err := r.err("stamps"); err != nil {
		return m, err
	}
	for slot := range m.AndNot(written).Slots {
		s.At[slot], s.Since[slot], s.Source[slot] = NoStamp, NoStamp, ""
	}
	i := 0
	for slot := range written.Slots {
		s.At[slot] = carpel.Millis(at[i])
		s.Since[slot] = carpel.Millis(at[i] - age[i])
		s.Source[slot] = source.Value(i).Text()
		i++
	}
	return m, nil
}
