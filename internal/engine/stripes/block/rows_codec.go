package block

import (
	"encoding/binary"
	"fmt"
	"slices"

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
	packNumbers(w, r.Time, 1) // a byte a row, so that the size of the data bounds the rows it can claim to have
	w.uvarint(len(r.Cols))
	forms, texts := make([]form, len(r.Cols)), len(r.Cols)
	for i := range r.Cols {
		texts += len(r.Cols[i].Dict)
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
// Runs are joined like the carries of a binary counter, neighbours of about the same size first, so that a block
// of many small runs costs n log n, not n².
func DecodeRows(data []byte) (*Rows, error) {
	var few [12]*Rows
	stack, n := few[:0], 0
	for len(data) > 0 {
		run, rest, err := nextRun(data, headRows)
		if err != nil {
			return nil, err
		}
		r, err := run.rows(MaxRows - n)
		if err != nil {
			return nil, err
		}
		n += r.Len()
		stack, data = append(stack, r), rest
		for k := len(stack); k >= 2 && stack[k-2].Len() <= stack[k-1].Len(); k-- {
			stack = append(stack[:k-2], stack[k-2].Insert(stack[k-1]))
		}
	}
	if len(stack) == 0 {
		return &Rows{Starts: []uint16{0}}, nil
	}
	for k := len(stack); k >= 2; k-- {
		stack = append(stack[:k-2], stack[k-2].Insert(stack[k-1]))
	}
	return stack[0], nil
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
	return rows, r.err("rows")
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
	rows.Time = make([]carpel.Millis, n)
	unpackNumbers(r, rows.Time)
	if r.bad {
		return
	}
	for i := range rows.Slots {
		times := rows.Time[rows.Starts[i]:rows.Starts[i+1]]
		for k := 1; k < len(times); k++ {
			if times[k] < times[k-1] {
				r.failed()
				return
			}
		}
	}
}

func (r *reader) columns(rows *Rows, n int) {
	cols := r.count(1)
	tags := r.take(cols)
	if cols > maxColumns || r.bad {
		r.failed()
		return
	}
	dicts := 0
	for _, tag := range tags {
		if tag&formMask == formDict {
			dicts++
		}
	}
	codes, nums := make([]uint16, n*dicts), make([]float64, n*(cols-dicts))
	rows.Names, rows.Cols = make([]string, cols), make([]Column, cols)
	for i, tag := range tags {
		rows.Names[i] = r.str()
		if i > 0 && rows.Names[i] <= rows.Names[i-1] {
			r.failed()
		}
		if tag&formMask == formDict {
			rows.Cols[i] = r.column(tag, codes[:n:n], nil)
			codes = codes[n:]
		} else {
			rows.Cols[i] = r.column(tag, nil, nums[:n:n])
			nums = nums[n:]
		}
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
