package carpel

import "time"

// Date is a day without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads "2026-03-01". It reports false for anything else, also for days that do not exist.
func ParseDate(s string) (Date, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, false
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		return Date{}, false
	}
	return Date{t.Year(), t.Month(), t.Day()}, true
}

// DateOf returns the local day of a moment: the last one that has begun. Where clocks went back over a midnight, the
// new day has begun although they show the old one once more.
func DateOf(m Millis, zone *time.Location) Date {
	t := m.Time().In(zone)
	y, mo, day := t.Date()
	d := Date{y, mo, day}
	if t.Hour() >= 21 { // clocks have gone back by at most three hours over a midnight
		if next := d.AddDays(1); next.Midnight(zone) <= m {
			return next
		}
	}
	return d
}

// String returns "2026-03-01".
func (d Date) String() string {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format("2006-01-02")
}

// AddDays returns the day n days later (earlier if negative).
func (d Date) AddDays(n int) Date {
	y, m, day := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, day}
}

// Midnight returns the first existing instant of the day in zone: where a clock change skips midnight, the moment of
// the change; where it repeats midnight, the first of the two.
func (d Date) Midnight(zone *time.Location) Millis {
	wall := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	if zone == time.UTC {
		return MillisOf(wall)
	}
	// No offset is larger than a day, so the period of the zone that holds this instant begins before midnight. Of
	// the periods from there on, the first that reaches midnight decides.
	at := wall.Add(-24 * time.Hour).In(zone)
	for {
		start, end := at.ZoneBounds()
		_, offset := at.Zone()
		midnight := wall.Add(-time.Duration(offset) * time.Second)
		switch {
		case end.IsZero() || midnight.Before(end):
			if !start.IsZero() && midnight.Before(start) {
				midnight = start // the change to this period skipped it
			}
			return MillisOf(midnight)
		}
		at = end
	}
}
