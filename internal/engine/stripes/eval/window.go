package eval

import (
	"math"
	"time"

	"github.com/carpel/carpel"
)

// The bounds of all moments.
const (
	minMillis = carpel.Millis(math.MinInt64)
	maxMillis = carpel.Millis(math.MaxInt64)
)

// window says when a moment of the past counts. Every moment enters the window once and leaves it once, and an earlier
// moment never does so after a later one; so what lies in the window is always a stretch of a person's history.
type window struct {
	when  carpel.When
	zone  *time.Location
	fixed bool // everything counts, whatever its time: devices

	length carpel.Millis // last, between: how long a moment stays; 0 for good, or by the calendar
	delay  carpel.Millis // before_last, between: how long until it enters
	from   carpel.Millis // dates
	before carpel.Millis
}

func windowOf(w carpel.When, zone *time.Location) window {
	x := window{when: w, zone: zone, from: minMillis, before: maxMillis}
	switch w.Kind {
	case carpel.WhenLast:
		x.length = w.D1.Millis()
	case carpel.WhenBeforeLast:
		x.delay = w.D1.Millis()
	case carpel.WhenBetween:
		x.length, x.delay = w.D1.Millis(), w.D2.Millis()
	case carpel.WhenDates:
		if t, ok := w.From.AsTime(zone); ok {
			x.from = t
		}
		if t, ok := w.Before.AsTime(zone); ok {
			x.before = t
		}
	}
	return x
}

// bounds returns the window at a moment as [lo, hi).
func (w *window) bounds(now carpel.Millis) (lo, hi carpel.Millis) {
	if w.fixed {
		return minMillis, maxMillis
	}
	lo, hi = w.when.Bounds(now, w.zone)
	return lo, max(lo, hi)
}

// enter returns the first now at which the moment t is in the window; Never when it never is, minMillis when it always
// was.
func (w *window) enter(t carpel.Millis) carpel.Millis {
	switch {
	case w.fixed:
		return minMillis
	case t < w.from || t >= w.before:
		return carpel.Never
	case w.when.Kind == carpel.WhenPrevious:
		return w.when.NextShift(t, w.zone)
	}
	return later(t, w.delay)
}

// leave returns the first now after enter at which t is in the window no more; Never when it stays.
func (w *window) leave(t carpel.Millis) carpel.Millis {
	switch w.when.Kind {
	case carpel.WhenLast, carpel.WhenBetween:
		return later(t, w.length)
	case carpel.WhenLastCalendarDays:
		return carpel.DateOf(t, w.zone).AddDays(w.when.N + 1).Midnight(w.zone)
	case carpel.WhenThis:
		return w.when.NextShift(t, w.zone)
	case carpel.WhenPrevious:
		return w.when.NextShift(w.when.NextShift(t, w.zone), w.zone)
	}
	return carpel.Never
}

// windowClock answers enter and leave for moments that mostly follow each other: a calendar window asks the zone once a
// day.
type windowClock struct {
	*window
	local  localDay
	day    int64
	enters carpel.Millis // of moments of the day
	leaves carpel.Millis
	known  bool
}

func (c *windowClock) enter(t carpel.Millis) carpel.Millis {
	if c.when.Kind == carpel.WhenPrevious {
		c.look(t)
		return c.enters
	}
	return c.window.enter(t)
}

func (c *windowClock) leave(t carpel.Millis) carpel.Millis {
	switch c.when.Kind {
	case carpel.WhenPrevious, carpel.WhenThis, carpel.WhenLastCalendarDays:
		c.look(t)
		return c.leaves
	}
	return c.window.leave(t)
}

// look works out the day of t.
func (c *windowClock) look(t carpel.Millis) {
	if c.local.zone == nil {
		c.local = localDay{zone: c.zone, from: 1}
	}
	if day := c.local.of(t); !c.known || day != c.day {
		c.day, c.known = day, true
		c.enters, c.leaves = c.window.enter(t), c.window.leave(t)
	}
}

// empties reports whether anything leaves the window at all.
func (w *window) empties() bool {
	switch w.when.Kind {
	case carpel.WhenEver, carpel.WhenBeforeLast, carpel.WhenDates:
		return false
	}
	return !w.fixed
}

// later is t + d, Never at most.
func later(t, d carpel.Millis) carpel.Millis {
	if t > 0 && d > carpel.Never-t {
		return carpel.Never
	}
	return t + d
}

// localDay numbers the days of a zone, remembering how the clock stood around the last moment asked about.
type localDay struct {
	zone     *time.Location
	offset   carpel.Millis
	from, to carpel.Millis // where the offset holds
	least    int64         // the day that had begun before from: where clocks went back over a midnight it goes on
}

// of returns the number of the local day of t: the last one that has begun.
func (d *localDay) of(t carpel.Millis) int64 {
	if t < d.from || t >= d.to {
		d.move(t)
	}
	return max(d.least, dayNumber(t+d.offset))
}

// move takes up the stretch between clock changes that holds t.
func (d *localDay) move(t carpel.Millis) {
	at := t.Time().In(d.zone)
	start, end := at.ZoneBounds()
	d.offset, d.from, d.to, d.least = offsetOf(at), minMillis, maxMillis, math.MinInt64
	if !start.IsZero() {
		d.from = carpel.MillisOf(start)
		d.least = dayNumber(d.from - 1 + offsetOf(start.Add(-time.Millisecond)))
	}
	if !end.IsZero() {
		d.to = carpel.MillisOf(end)
	}
}

func offsetOf(t time.Time) carpel.Millis {
	_, seconds := t.Zone()
	return carpel.Millis(seconds) * 1000
}

// dayLength is the milliseconds of a day without a change of clocks.
const dayLength = 86_400_000

// dayNumber returns how many days lie between 1970 and a moment in local time, rounded down.
func dayNumber(local carpel.Millis) int64 {
	day := int64(local) / dayLength
	if local%dayLength < 0 {
		day--
	}
	return day
}
