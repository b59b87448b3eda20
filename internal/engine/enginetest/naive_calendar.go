package enginetest

import (
	"time"

	"github.com/carpel/carpel"
)

// A day is written as its midnight in UTC, so that days are counted with AddDate.

// calendar knows the days of a time zone. Used by one goroutine.
type calendar struct {
	zone      *time.Location
	midnights map[time.Time]carpel.Millis // what midnight has searched for
}

func newCalendar(zone *time.Location) *calendar {
	return &calendar{zone, map[time.Time]carpel.Millis{}}
}

// date returns the day that a local clock shows.
func (c *calendar) date(m carpel.Millis) time.Time {
	y, mo, d := time.UnixMilli(int64(m)).In(c.zone).Date()
	return time.Date(y, mo, d, 0, 0, 0, 0, time.UTC)
}

// dayOf returns the local day of a moment. A day that has begun stays the day, also where clocks turn back across
// midnight.
func (c *calendar) dayOf(m carpel.Millis) time.Time {
	if next := c.date(m).AddDate(0, 0, 1); m >= c.midnight(next) {
		return next
	}
	return c.date(m)
}

// midnight returns the first instant whose local day is day, or a later one where the day does not exist. It walks
// through the minutes of the hours around, then through seconds and milliseconds.
func (c *calendar) midnight(day time.Time) carpel.Millis {
	if m, ok := c.midnights[day]; ok {
		return m
	}
	at := day.Add(-15 * time.Hour)
	for _, step := range []time.Duration{time.Minute, time.Second, time.Millisecond} {
		for c.date(carpel.Millis(at.UnixMilli())).Before(day) {
			at = at.Add(step)
		}
		if step != time.Millisecond {
			at = at.Add(-step)
		}
	}
	m := carpel.Millis(at.UnixMilli())
	c.midnights[day] = m
	return m
}

// periodOf returns the first day of the calendar period that a day lies in, and the first day of the next.
func periodOf(day time.Time, period string) (first, next time.Time) {
	y, m, d := day.Date()
	on := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	switch period {
	case "day":
		return day, day.AddDate(0, 0, 1)
	case "week":
		for day.Weekday() != time.Monday {
			day = day.AddDate(0, 0, -1)
		}
		return day, day.AddDate(0, 0, 7)
	case "month":
		return on(y, m, 1), on(y, m+1, 1)
	case "quarter":
		for m != time.January && m != time.April && m != time.July && m != time.October {
			m--
		}
		return on(y, m, 1), on(y, m+3, 1)
	case "year":
		return on(y, time.January, 1), on(y+1, time.January, 1)
	}
	panic("no period: " + period + on(y, m, d).String())
}

// inWindow reports whether a moment lies in a window as it stands now.
func (c *calendar) inWindow(w carpel.When, t, now carpel.Millis) bool {
	if t > now {
		return false // counts from its own time on
	}
	today := c.dayOf(now)
	switch w.Kind {
	case carpel.WhenEver:
		return true
	case carpel.WhenLast:
		return now-span(w.D1) < t
	case carpel.WhenBeforeLast:
		return t <= now-span(w.D1)
	case carpel.WhenBetween:
		return now-span(w.D1) < t && t <= now-span(w.D2)
	case carpel.WhenDates:
		if from, ok := readValue(w.From).time(c); ok && t < from {
			return false
		}
		if before, ok := readValue(w.Before).time(c); ok && t >= before {
			return false
		}
		return true
	case carpel.WhenLastCalendarDays:
		return t >= c.midnight(today.AddDate(0, 0, -w.N))
	case carpel.WhenThis:
		first, next := periodOf(today, w.Period)
		return t >= c.midnight(first) && t < c.midnight(next)
	case carpel.WhenPrevious:
		first, _ := periodOf(today, w.Period)
		before, _ := periodOf(first.AddDate(0, 0, -1), w.Period)
		return t >= c.midnight(before) && t < c.midnight(first)
	}
	panic("no window: " + string(w.Kind))
}

// span is a duration in milliseconds.
func span(d carpel.Duration) carpel.Millis {
	unit := map[byte]int64{0: 0, 's': 1, 'm': 60, 'h': 3600, 'd': 86_400, 'w': 604_800}[d.Unit]
	return carpel.Millis(d.N * unit * 1000)
}
