package carpel

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// BroadcastPlace is where somebody of the audience stands.
type BroadcastPlace struct {
	HeldOut bool   // gets nothing
	Sample  bool   // gets Variant at once; without a winner to be found, everybody does
	Variant string // name
}

// Place tells where a person stands in a broadcast: always the same, by a hash of the two, so that planning goes on after a
// crash as it began. Whether somebody is held out, is in the sample, and gets which variant are independent of each other.
func (s BroadcastSpec) Place(broadcast, person string) BroadcastPlace {
	sum := sha256.Sum256([]byte("broadcast\x00" + broadcast + "\x00" + person))
	percent := func(i int) float64 { // [0, 100)
		return float64(binary.BigEndian.Uint64(sum[8*i:])>>11) / (1 << 53) * 100
	}
	p := BroadcastPlace{HeldOut: percent(0) < s.HoldOut, Sample: s.Winner == nil || percent(1) < s.Winner.Sample}
	at, edge := percent(2), 0.0
	for _, v := range s.Variants {
		p.Variant = v.Name
		if edge += v.Share; at < edge {
			break
		}
	}
	return p
}

// ParseLocal reads a date and time of day without a zone, such as 2026-12-01T09:00, as if it were UTC.
func ParseLocal(s string) (time.Time, error) {
	t, err := time.Parse(localDateTime, s)
	if err != nil {
		return t, Errorf(CodeInvalid, "%.40q is no date and time of day; write it like 2026-12-01T09:00", s)
	}
	return t, nil
}

// earliestZone is how far the first clocks of the world are ahead of UTC.
const earliestZone = 14 * time.Hour

// Start is when the broadcast has to start, by its schedule: with a time in each person's zone when the first clocks of the
// world show it. 0 without a schedule.
func (s BroadcastSpec) Start() Millis {
	switch {
	case s.Schedule == nil:
		return 0
	case s.Schedule.Local == "":
		return s.Schedule.At
	}
	t, err := ParseLocal(s.Schedule.Local)
	if err != nil {
		return 0 // checked before
	}
	return MillisOf(t.Add(-earliestZone))
}

// DueFor is when somebody's message is due: with a time in each person's zone when it is so late in theirs, or in fallback
// when theirs is none; else at once, at start. What was due before start is due at start.
func (s BroadcastSpec) DueFor(zone, fallback *time.Location, start Millis) Millis {
	if s.Schedule == nil || s.Schedule.Local == "" {
		return start
	}
	if zone == nil {
		zone = fallback
	}
	t, err := ParseLocal(s.Schedule.Local)
	if err != nil {
		return start // checked before
	}
	return max(start, MillisOf(time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, zone)))
}
