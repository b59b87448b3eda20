package stripes

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

func mask(slots ...uint8) (m block.Mask) {
	for _, s := range slots {
		m.Set(s)
	}
	return m
}

// FuzzMembers shows that a damaged entry of members is refused or read, and that what is read survives writing.
func FuzzMembers(f *testing.F) {
	m := &members{mask: mask(0, 7, 255)}
	m.entered[0], m.entered[7], m.entered[255] = 1, 1_772_366_400_000, -5
	f.Add(m.encode())
	f.Add((&members{}).encode())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeMembers(b)
		if err != nil {
			return
		}
		if who, err := decodeMask(b); err != nil || who != m.mask {
			t.Fatalf("%x: who is in is read as %v alone, and as %v with the moments, %v", b, who, m.mask, err)
		}
		for slot := range m.mask.Slots {
			if m.entered[slot] > math.MaxInt64/2 || m.entered[slot] < math.MinInt64/2 {
				return // no moment that was ever written: their distance has no number
			}
		}
		back, err := decodeMembers(m.encode())
		if err != nil {
			t.Fatalf("%x: what was read cannot be read again: %v", b, err)
		}
		if diff := cmp.Diff(m, back, cmp.AllowUnexported(members{})); diff != "" {
			t.Fatalf("%x: read (-) and written and read (+):\n%s", b, diff)
		}
	})
}

// FuzzFeed shows the same of an entry of the feed.
func FuzzFeed(f *testing.F) {
	e := &feedEntry{at: 1_772_366_400_000, number: 3, stripe: 70_000, cause: carpel.CauseMerge, count: 12, enters: mask(1, 200), leaves: mask(64)}
	f.Add(e.encode())
	f.Add((&feedEntry{cause: carpel.CauseData}).encode())
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeFeed(b)
		if err != nil {
			return
		}
		back, err := decodeFeed(e.encode())
		if err != nil {
			t.Fatalf("%x: what was read cannot be read again: %v", b, err)
		}
		if diff := cmp.Diff(e, back, cmp.AllowUnexported(feedEntry{})); diff != "" {
			t.Fatalf("%x: read (-) and written and read (+):\n%s", b, diff)
		}
	})
}

// FuzzCursor shows that a cursor which is not one of ours is refused with a code, and that one within what is kept
// survives. A cursor that is taken lies within what is kept: nothing is passed over in silence.
func FuzzCursor(f *testing.F) {
	db := &DB{epoch: "0123456789abcdef"}
	for _, s := range []string{"", "now", "0123456789abcdef.7.0", "0123456789abcdef.7.300", "fedcba9876543210.7.0", "0123456789abcdef.99999999999999999999.0", "0123456789abcdef.-1.0", "0123456789abcdef.7", "....", "0123456789abcdef.007.+1"} {
		f.Add(s, uint64(5), uint64(20))
	}
	f.Fuzz(func(t *testing.T, s string, first, last uint64) {
		if last == math.MaxUint64 || first > last {
			return
		}
		c, err := db.parseCursor(s, feedSpan{first, last})
		if err != nil {
			if code := carpel.ErrorCode(err); code != carpel.CodeInvalid && code != carpel.CodeGone {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if c.seq < first || c.seq > last+1 || c.done < 0 {
			t.Fatalf("%q is taken for %+v, and what is kept is %d to %d", s, c, first, last)
		}
		if back, err := db.parseCursor(db.formatCursor(c), feedSpan{first, last}); err != nil || back != c {
			t.Fatalf("%q is %+v, and that %+v, %v", s, c, back, err)
		}
	})
}

// FuzzPlace shows that every place survives as a cursor, and that anything else is refused.
func FuzzPlace(f *testing.F) {
	f.Add("u1")
	f.Add("\x00\xff")
	f.Fuzz(func(t *testing.T, s string) {
		if back, err := decodePlace(encodePlace(s)); err != nil || back != s {
			t.Fatalf("%q became %q, %v", s, back, err)
		}
		if _, err := decodePlace(s); err != nil && carpel.ErrorCode(err) != carpel.CodeInvalid {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
