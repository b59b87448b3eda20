package block

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unique"

	"github.com/carpel/carpel"
)

// AppendRows appends one run holding r. Nothing is appended for no rows.
func AppendRows(dst []byte, r *Rows) []byte {
	n := r.Len()
	if n == 0 {
		return dst
	}
	r = r.settled()
	w := newWriter(dst)
	w.uvarint(n)
	w.slots(r.Mask())
	if len(r.Slots) > 1 {
		w.starts(r.Starts)
	}
	packNumbers(w, r.Time.Append(make([]carpel.Millis, 0, n), 0, n), 1) // a byte a row, so that the size of the data bounds the rows it can claim to have
	w.uvarint(len(r.Cols))
	forms, texts := make([]form, len(r.Cols)), len(r.Cols)
	for i := range r.Cols {
		if d := r.Cols[i].Dict; d != nil {
			texts += d.Len()
		}
		forms[i] = formOf(&r.Cols[i])
		w.byte(forms[i].tag)
	}
	w.texts = make([]string, 0, texts)
	for i := range r.Cols {
		w.text(r.Names[i])
		w.column(&r.Cols[i], forms[i])
	}
	w.uvarint(len(r.rare))
	for _, c := range r.rare {
		w.text(c.name)
		w.uvarint(len(c.rows))
		for i, row := range c.rows {
			w.uint16(row)
			w.value(c.vals[i])
		}
	}
	return w.finish(headRows)
}

// starts writes how many rows each slot but the last has.
func (w *writer) starts(starts []uint16) {
	most := uint16(0)
	for i := 1; i < len(starts)-1; i++ {
		most = max(most, starts[i]-starts[i-1])
	}
	width := widthOf(uint64(most))
	w.byte(byte(width))
	for i := 1; i < len(starts)-1; i++ {
		w.fixed(uint64(starts[i]-starts[i-1]), width)
	}
}

// DecodeRows folds the runs of data into rows; of equal slot and time in the order of the runs. No data is no
// rows (never nil). It fails on bytes that are no such runs, and when there are more than MaxRows. data is not
// kept.
//
// Runs of one row, which is what a write adds, are collected and sorted together. Others are joined like the carries
// of a binary counter, neighbours of about the same size first, so that many runs cost n log n, not n².
func DecodeRows(data []byte) (*Rows, error) {
	var f fold
	for len(data) > 0 {
		run, rest, err := nextRun(data, headRows)
		if err != nil {
			return nil, err
		}
		if run.isOneRow() && f.n < MaxRows {
			f.n++
			err = run.addTo(&f.single)
		} else {
			f.gather()
			var r *Rows
			if r, err = run.rows(MaxRows - f.n); err == nil {
				f.n += r.Len()
				f.push(r)
			}
		}
		if err != nil {
			return nil, err
		}
		data = rest
	}
	return f.rows(), nil
}

// fold is a block being read: the runs joined so far, and the single rows after them.
type fold struct {
	stack  []*Rows // each longer than the next
	single RowBuilder
	n      int // rows in all
}

func (f *fold) push(r *Rows) {
	f.stack = append(f.stack, r)
	for k := len(f.stack); k >= 2 && f.stack[k-2].Len() <= f.stack[k-1].Len(); k-- {
		f.join()
	}
}

// gather makes rows of the single ones.
func (f *fold) gather() {
	if f.single.Len() > 0 {
		f.push(f.single.Rows())
		f.single = RowBuilder{}
	}
}

// join joins the last two.
func (f *fold) join() {
	k := len(f.stack)
	f.stack = append(f.stack[:k-2], f.stack[k-2].Insert(f.stack[k-1]))
}

func (f *fold) rows() *Rows {
	f.gather()
	if len(f.stack) == 0 {
		return &Rows{Starts: []uint16{0}}
	}
	for len(f.stack) > 1 {
		f.join()
	}
	return f.stack[0]
}

// isOneRow reports whether the run may hold one row: a count of 1, and one slot.
func (run run) isOneRow() bool { return len(run.fixed) > 2 && run.fixed[0] == 1 && run.fixed[1] == 1 }

// addTo decodes a run of one row into b. When it fails, b is of no more use.
func (run run) addTo(b *RowBuilder) error {
	r := run.reader()
	r.take(2)
	slot := r.byte()
	var at [1]carpel.Millis
	unpackNumbers(&r, at[:])
	b.row(slot, at[0])
	last := ""
	for i, tag := range r.tags() {
		name := r.str()
		if i > 0 && name <= last {
			r.failed()
		}
		last = name
		if v := r.single(tag); v.IsSet() {
			b.put(name, v)
		}
	}
	for range r.count(5) {
		name, cells, row := r.str(), r.count(3), r.take(2)
		if cells != 1 || row == nil || row[0]|row[1] != 0 {
			r.failed()
			break
		}
		b.put(name, r.value())
	}
	return r.err("rows")
}

// single reads a column of one row.
func (r *reader) single(tag byte) carpel.Value {
	if tag == formDict|formFull && len(r.data) > 0 && r.data[0] == 1 {
		r.take(1)
		return r.value()
	}
	c := r.column(tag, 1)
	if r.bad {
		return carpel.Value{}
	}
	return c.Value(0)
}

// rows decodes one run of at most most rows.
func (run run) rows(most int) (*Rows, error) {
	r := run.reader()
	n := r.count(1)
	if n == 0 || n > MaxRows {
		return nil, fmt.Errorf("run of %d rows: %w", n, ErrCorrupt)
	}
	if n > most {
		return nil, fmt.Errorf("more than %d rows: %w", MaxRows, ErrCorrupt)
	}
	rows := &Rows{}
	r.starts(rows, n)
	r.times(rows, n)
	r.columns(rows, n)
	r.rareColumns(rows, n)
	if err := r.err("rows"); err != nil {
		return nil, err
	}
	rows.seat()
	return rows, nil
}

func (r *reader) starts(rows *Rows, n int) {
	m := r.slots()
	s := m.Count()
	if s == 0 {
		r.failed()
		return
	}
	rows.Slots, rows.Starts = make([]uint8, 0, s), make([]uint16, s+1)
	for slot := range m.Slots {
		rows.Slots = append(rows.Slots, slot)
	}
	rows.Starts[s] = uint16(n)
	if s == 1 {
		return
	}
	width := int(r.byte())
	counts := r.take(width * (s - 1))
	if width < 1 || width > 2 || counts == nil {
		r.failed()
		return
	}
	at := 0
	for i := range s - 1 {
		count := int(counts[i*width])
		if width == 2 {
			count = int(binary.LittleEndian.Uint16(counts[2*i:]))
		}
		if at += count; count == 0 || at >= n {
			r.failed()
			return
		}
		rows.Starts[i+1] = uint16(at)
	}
}

func (r *reader) times(rows *Rows, n int) {
	rows.Time = unpackTimes(r, n)
	if r.bad {
		return
	}
	for i := range rows.Slots {
		for row := int(rows.Starts[i]) + 1; row < int(rows.Starts[i+1]); row++ {
			if rows.Time.At(row) < rows.Time.At(row-1) {
				r.failed()
				return
			}
		}
	}
}

// tags reads the forms of the columns.
func (r *reader) tags() []byte {
	cols := r.count(1)
	if cols > maxColumns {
		r.failed()
	}
	return r.take(cols)
}

func (r *reader) columns(rows *Rows, n int) {
	tags := r.tags()
	cols := len(tags)
	rows.Names, rows.Cols = make([]string, cols), make([]Column, cols)
	for i, tag := range tags {
		rows.Names[i] = unique.Make(r.str()).Value() // the same few in thousands of blocks: finding one stays within the processor's cache
		if i > 0 && rows.Names[i] <= rows.Names[i-1] {
			r.failed()
		}
		rows.Cols[i] = r.column(tag, n)
	}
}

func (r *reader) rareColumns(rows *Rows, n int) {
	rare := r.count(5) // a name's length, a count, a row and a value
	if rare > 0 {
		rows.rare = make([]rareColumn, rare)
	}
	for i := range rows.rare {
		c := &rows.rare[i]
		c.name = r.str()
		cells := r.count(3)
		c.rows, c.vals = make([]uint16, cells), make([]carpel.Value, cells)
		for k := range c.rows {
			b := r.take(2)
			if b == nil {
				return
			}
			c.rows[k] = binary.LittleEndian.Uint16(b)
			c.vals[k] = r.value()
			if int(c.rows[k]) >= n || k > 0 && c.rows[k] <= c.rows[k-1] {
				r.failed()
			}
		}
		if i > 0 && c.name <= rows.rare[i-1].name || cells == 0 {
			r.failed()
			return
		}
	}
	for _, c := range rows.rare {
		if _, ok := slices.BinarySearch(rows.Names, c.name); ok {
			r.failed()
		}
	}
}
