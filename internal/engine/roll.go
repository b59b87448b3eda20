package engine

import "github.com/carpel/carpel"

// FreezeQuery asks who matches a condition now, and of them whom each of some other conditions matches first.
type FreezeQuery struct {
	Condition carpel.Condition
	Parts     []carpel.Condition
}

// Roll is who matched a condition at a moment, for good: whatever becomes of people, the roll stays as it is. Who is on
// it belongs to one part: that of the first of the query's parts that matched them, counted from 1, or 0 when none did.
type Roll struct {
	AsOf   carpel.Millis
	Counts []int64 // people by part, from 0
	// People is the roll itself, to be kept and handed to ReadRoll of the same engine, now or after a restart. It holds no
	// personal data: nobody but the engine can say who is meant.
	People []byte
}

// Count is how many people are on the roll.
func (r *Roll) Count() (n int64) {
	for _, part := range r.Counts {
		n += part
	}
	return n
}

// RollQuery reads the people of a [Roll], in an order that never changes.
type RollQuery struct {
	People    []byte
	Attribute string // whose value is told of each person; "" for none
	After     string // opaque cursor; "" from the start
	Limit     int
}

// RollPage is the answer to a [RollQuery].
type RollPage struct {
	People []OnRoll // at most Limit
	Gone   int      // people of this page who are there no more: erased, or merged into others
	Next   string   // cursor of the next page; "" at the end
}

// OnRoll is somebody on a roll.
type OnRoll struct {
	Person string // key
	Part   int
	Value  carpel.Value // of the attribute that was asked for, as it is now
}
