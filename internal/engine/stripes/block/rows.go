package block

import "github.com/carpel/carpel"

// MaxRows is the most rows one [Rows] holds. Whoever joins rows keeps to it: see [Rows.Insert].
const MaxRows = 65535

// Len returns the number of rows; 0 for nil.
func (r *Rows) Len() int {
	panic("unwritten")
}

// Span returns the least and the greatest time; ok is false when there are no rows.
func (r *Rows) Span() (first, last carpel.Millis, ok bool) { panic("unwritten") }

// Find returns the rows [from, to) of a slot, in order of time; from == to when it has none.
func (r *Rows) Find(slot uint8) (from, to int) { panic("unwritten") }

// Mask returns the slots that have rows.
func (r *Rows) Mask() Mask { panic("unwritten") }

// Column returns a property's column, nil when no row has it. Rare properties are not in Names and Cols and found
// only here: their column is made anew by each call.
func (r *Rows) Column(name string) *Column { panic("unwritten") }

// Properties returns the names of all properties, rare ones included, ascending.
func (r *Rows) Properties() []string { panic("unwritten") }

// Row returns one row. Unset properties are absent; props is the caller's, nil when there are none.
func (r *Rows) Row(i int) (slot uint8, at carpel.Millis, props map[string]carpel.Value) {
	panic("unwritten")
}

// Insert returns the rows of both, copied: rows of o come after those of r at the same slot and time. Together
// they must not be more than MaxRows: Insert panics, for only the writer's own error can bring that about.
// A nil r or o is no rows.
func (r *Rows) Insert(o *Rows) *Rows { panic("unwritten") }

// Filter returns the rows that keep holds for, given their index.
func (r *Rows) Filter(keep func(row int) bool) *Rows { panic("unwritten") }

// Slice returns the rows [from, to).
func (r *Rows) Slice(from, to int) *Rows { panic("unwritten") }

// Only returns the rows of one slot; Without those of every slot but these.
func (r *Rows) Only(slot uint8) *Rows    { panic("unwritten") }
func (r *Rows) Without(slots Mask) *Rows { panic("unwritten") }

// WithSlot returns all rows as those of one slot, in order of time.
func (r *Rows) WithSlot(slot uint8) *Rows { panic("unwritten") }

// SplitByTime cuts the rows at the bounds, which ascend: part i has the rows with bounds[i-1] <= time < bounds[i],
// the first everything before bounds[0], the last everything from the last bound on. There are len(bounds)+1
// parts, some of them possibly without rows (never nil).
func (r *Rows) SplitByTime(bounds []carpel.Millis) []*Rows { panic("unwritten") }

// RowBuilder collects rows one by one. The zero value is ready. Not safe for concurrent use.
type RowBuilder struct{}

// Add puts a row in. Unset properties are left out. It does not keep the map. It panics past MaxRows.
func (b *RowBuilder) Add(slot uint8, at carpel.Millis, props map[string]carpel.Value) {}

// Len returns how many rows were added.
func (b *RowBuilder) Len() int { panic("unwritten") }

// Rows returns the rows added so far, sorted; of equal slot and time in the order they were added. The builder
// can be added to afterwards.
func (b *RowBuilder) Rows() *Rows { panic("unwritten") }

// Len returns the number of rows.
func (c *Column) Len() int { panic("unwritten") }

// Value returns a row's value.
func (c *Column) Value(row int) carpel.Value { panic("unwritten") }

// IsSet reports whether a row has a value.
func (c *Column) IsSet(row int) bool { panic("unwritten") }

// AppendRows appends one run holding r. Nothing is appended for no rows.
func AppendRows(dst []byte, r *Rows) []byte { panic("unwritten") }

// DecodeRows folds the runs of data into rows; of equal slot and time in the order of the runs. No data is no
// rows (never nil). It fails on bytes that are no such runs. data is not kept.
func DecodeRows(data []byte) (*Rows, error) { panic("unwritten") }
