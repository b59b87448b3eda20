package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/carpel/carpel"
)

// ErrCorrupt is in the chain of every error of the decoders: the bytes are no runs of the kind asked for.
var ErrCorrupt = errors.New("corrupt block")

// The first byte of a run: the kind of block in the high half, the version of its form in the low half.
const (
	headRows   = 0x11
	headValues = 0x21
	headStamps = 0x31
)

// run is one run, taken apart: the fixed fields, and all its text.
type run struct{ fixed, text []byte }

// reader returns a reader of the run's fields. All text becomes one string that the decoded strings share, so that
// it costs one allocation.
func (r run) reader() reader { return reader{data: r.fixed, text: string(r.text)} }

// nextRun cuts the first run off data.
func nextRun(data []byte, head byte) (r run, rest []byte, err error) {
	fixed, n := binary.Uvarint(data[1:])
	if n <= 0 {
		return r, nil, fmt.Errorf("length of run: %w", ErrCorrupt)
	}
	if data[0] != head {
		return r, nil, fmt.Errorf("head %#x of run, want %#x: %w", data[0], head, ErrCorrupt)
	}
	data = data[1+n:]
	text, n := binary.Uvarint(data)
	if n <= 0 {
		return r, nil, fmt.Errorf("length of run: %w", ErrCorrupt)
	}
	data = data[n:]
	size := uint64(len(data))
	if fixed > size || text > size-fixed {
		return r, nil, fmt.Errorf("run longer than its block: %w", ErrCorrupt)
	}
	return run{data[:fixed], data[fixed : fixed+text]}, data[fixed+text:], nil
}

// writer builds one run at the end of dst. Texts are kept aside and follow the fixed fields.
type writer struct {
	dst   []byte
	start int // where the run begins in dst
	texts []string
	size  int // of all texts
}

func newWriter(dst []byte) *writer { return &writer{dst: dst, start: len(dst)} }

func (w *writer) byte(b byte)     { w.dst = append(w.dst, b) }
func (w *writer) uvarint(n int)   { w.dst = binary.AppendUvarint(w.dst, uint64(n)) }
func (w *writer) varint(n int64)  { w.dst = binary.AppendVarint(w.dst, n) }
func (w *writer) uint16(n uint16) { w.dst = binary.LittleEndian.AppendUint16(w.dst, n) }
func (w *writer) float(f float64) {
	w.dst = binary.LittleEndian.AppendUint64(w.dst, math.Float64bits(f))
}
func (w *writer) fixed(n uint64, width int) {
	w.dst = binary.LittleEndian.AppendUint64(w.dst, n)
	w.dst = w.dst[:len(w.dst)-8+width]
}

func (w *writer) text(s string) {
	w.uvarint(len(s))
	if s != "" {
		w.texts = append(w.texts, s)
		w.size += len(s)
	}
}

// The parts of a value that its tag says are there.
const (
	tagKind = 0x0f
	tagNum  = 0x10
	tagStr  = 0x20
)

func (w *writer) value(v carpel.Value) {
	kind, num, str := v.Parts()
	tag := byte(kind)
	if num != 0 {
		tag |= tagNum
	}
	if str != "" {
		tag |= tagStr
	}
	w.byte(tag)
	if num != 0 {
		w.float(num)
	}
	if str != "" {
		w.text(str)
	}
}

// packNumbers writes a width, of at least leastWidth bytes, the least number, and each number's distance from it.
func packNumbers[T ~int64](w *writer, nums []T, leastWidth int) {
	var least, most T
	for i, n := range nums {
		if i == 0 {
			least, most = n, n
		}
		least, most = min(least, n), max(most, n)
	}
	width := max(leastWidth, widthOf(uint64(most)-uint64(least)))
	w.byte(byte(width))
	w.varint(int64(least))
	for _, n := range nums {
		w.fixed(uint64(n)-uint64(least), width)
	}
}

// unpackNumbers reads len(out) numbers as packNumbers writes them.
func unpackNumbers[T ~int64](r *reader, out []T) {
	width, least := int(r.byte()), r.varint()
	if width > 8 {
		r.failed()
	}
	if src := r.take(width * len(out)); !r.bad {
		unpack(out, src, width, least)
	}
}

// slots writes a set of slots: their number, then each, or all as a mask when that is shorter.
func (w *writer) slots(m Mask) {
	n := m.Count()
	w.uvarint(n)
	if n > 32 {
		for _, word := range m {
			w.fixed(word, 8)
		}
		return
	}
	for s := range m.Slots {
		w.byte(s)
	}
}

// finish puts the head and the lengths before the fixed fields and the texts after them.
func (w *writer) finish(head byte) []byte {
	var h [1 + 2*binary.MaxVarintLen64]byte
	h[0] = head
	fixed := len(w.dst) - w.start
	n := 1 + binary.PutUvarint(h[1:], uint64(fixed))
	n += binary.PutUvarint(h[n:], uint64(w.size))
	w.dst = append(w.dst, h[:n]...)
	copy(w.dst[w.start+n:], w.dst[w.start:w.start+fixed])
	copy(w.dst[w.start:], h[:n])
	for _, s := range w.texts {
		w.dst = append(w.dst, s...)
	}
	return w.dst
}

// reader takes a run's fields in order. After the first fault, bad is set and every field reads as zero, so that
// callers check once.
type reader struct {
	data []byte
	text string
	bad  bool
}

// failed notes a fault.
func (r *reader) failed() { r.bad, r.data, r.text = true, nil, "" }

// take returns the next n bytes, nil when there are fewer.
func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.failed()
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.failed()
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

// count reads a number of things that take at least each bytes apiece, so that it cannot ask for more memory than
// the data warrant.
func (r *reader) count(each int) int {
	n, k := binary.Uvarint(r.data)
	if k <= 0 || n > uint64(len(r.data)-k)/uint64(each) {
		r.failed()
		return 0
	}
	r.data = r.data[k:]
	return int(n)
}

func (r *reader) varint() int64 {
	n, k := binary.Varint(r.data)
	if k <= 0 {
		r.failed()
		return 0
	}
	r.data = r.data[k:]
	return n
}

func (r *reader) float() float64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.failed()
		return 0
	}
	return f
}

// str reads a text's length and takes it from the run's text.
func (r *reader) str() string {
	n, k := uint64(0), 1
	if len(r.data) > 0 && r.data[0] < 0x80 { // nearly always
		n = uint64(r.data[0])
	} else {
		n, k = binary.Uvarint(r.data)
	}
	if k <= 0 || n > uint64(len(r.text)) {
		r.failed()
		return ""
	}
	r.data = r.data[k:]
	s := r.text[:n]
	r.text = r.text[n:]
	return s
}

func (r *reader) value() carpel.Value {
	tag := r.byte()
	if tag == byte(carpel.Text)|tagStr {
		return carpel.TextValue(r.str())
	}
	kind := carpel.Kind(tag & tagKind)
	if kind == carpel.Unset || kind > carpel.Object {
		r.failed()
		return carpel.Value{}
	}
	var num float64
	var str string
	if tag&tagNum != 0 {
		num = r.float()
	}
	if tag&tagStr != 0 {
		str = r.str()
	}
	return carpel.RestoreValue(kind, num, str)
}

// slots reads a set of slots, written in either way.
func (r *reader) slots() (m Mask) {
	n, k := binary.Uvarint(r.data)
	if k <= 0 || n > Width {
		r.failed()
		return m
	}
	r.data = r.data[k:]
	if n > 32 {
		b := r.take(Width / 8)
		if b == nil {
			return m
		}
		for i := range m {
			m[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
	} else {
		for _, s := range r.take(int(n)) {
			m.Set(s)
		}
	}
	if m.Count() != int(n) {
		r.failed()
	}
	return m
}

// err returns an error when there was a fault, or something is left over.
func (r *reader) err(what string) error {
	if r.bad || len(r.data) != 0 || len(r.text) != 0 {
		return fmt.Errorf("run of %s: %w", what, ErrCorrupt)
	}
	return nil
}

// widthOf returns how many bytes hold n.
func widthOf(n uint64) int { return (bits.Len64(n) + 7) / 8 }

// unpack reads len(out) numbers of a fixed width, each above base, from src, which holds exactly those.
func unpack[T ~int64 | ~uint32](out []T, src []byte, width int, base int64) {
	switch width {
	case 0:
		for i := range out {
			out[i] = T(base)
		}
	case 1:
		src = src[:len(out)]
		for i := range out {
			out[i] = T(base + int64(src[i]))
		}
	case 2:
		for i := range out {
			out[i] = T(base + int64(binary.LittleEndian.Uint16(src[2*i:])))
		}
	case 4:
		for i := range out {
			out[i] = T(base + int64(binary.LittleEndian.Uint32(src[4*i:])))
		}
	case 8:
		for i := range out {
			out[i] = T(base + int64(binary.LittleEndian.Uint64(src[8*i:])))
		}
	default:
		unpackOdd(out, src, width, base)
	}
}

// unpackOdd reads widths that no load has: eight bytes at a time, the last ones from a copy.
func unpackOdd[T ~int64 | ~uint32](out []T, src []byte, width int, base int64) {
	mask := uint64(1)<<(8*width) - 1
	i := 0
	for at := 0; at+8 <= len(src) && i < len(out); at += width {
		out[i] = T(base + int64(binary.LittleEndian.Uint64(src[at:])&mask))
		i++
	}
	for ; i < len(out); i++ {
		var last [8]byte
		copy(last[:], src[i*width:(i+1)*width])
		out[i] = T(base + int64(binary.LittleEndian.Uint64(last[:])))
	}
}
