package render

import (
	"strconv"
	"strings"
	"time"

	"github.com/osteele/tuesday"
)

// nowAndZone returns the moment of rendering, and the zone in which moments are written: the person's if they have one,
// else the workspace's.
func (r *run) nowAndZone() (time.Time, *time.Location) {
	now, ok := r.vars["now"].(time.Time)
	if !ok {
		now = time.Now()
	}
	for _, p := range []path{{"customer", "timezone"}, {"customer", "time_zone"}, {"workspace", "time_zone"}} {
		if name, ok := lookUp(r.vars, p).(string); ok {
			if zone, ok := r.zoneOf(name); ok {
				return now, zone
			}
		}
	}
	return now, time.UTC
}

// zoneOf returns a zone by its IANA name. The library reads a file each time, so a run keeps those it has seen.
func (r *run) zoneOf(name string) (*time.Location, bool) {
	if zone, ok := r.zones[name]; ok {
		return zone, true
	}
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, false
	}
	r.zones[name] = zone // there are only as many as the zone database has
	return zone, true
}

// formatDate is the filter date: {{ customer.born_on | date: "%-d %B %Y" }}, with a zone as its second argument if it is
// to be another than the person's. What is no date comes out as it went in.
func formatDate(r *run, in any, a arguments) (any, error) {
	format, err := a.text(0, "%-d %B %Y")
	if err != nil {
		return nil, err
	}
	zone := r.zone
	if name, ok := a.at(1).(string); ok {
		if zone, ok = r.zoneOf(name); !ok {
			return nil, errValue
		}
	}
	t, ok := r.moment(in, zone)
	if !ok {
		return in, nil
	}
	if err := r.grow(len(format) + 64*strings.Count(format, "%")); err != nil {
		return nil, err
	}
	if wide(format) {
		return nil, errValue
	}
	return tuesday.Strftime(format, t.In(zone))
}

// wide reports whether a format asks for a field of a hundred characters or more, which nobody needs.
func wide(format string) bool {
	for {
		_, rest, ok := strings.Cut(format, "%")
		if !ok {
			return false
		}
		format = rest
		rest = strings.TrimLeft(rest, "-_^#0")
		if len(rest)-len(strings.TrimLeft(rest, "0123456789")) > 2 {
			return true
		}
	}
}

// moment reads a value as a moment; a text without a zone is local to the zone.
func (r *run) moment(v any, zone *time.Location) (time.Time, bool) {
	switch v := plain(v).(type) {
	case time.Time:
		return v, true
	case int:
		return unix(float64(v)), true
	case float64:
		return unix(v), true
	case string:
		return r.parseMoment(strings.TrimSpace(v), zone)
	}
	return time.Time{}, false
}

// unix reads seconds since 1970, or milliseconds where seconds would be of the year 5138 and later.
func unix(f float64) time.Time {
	if f > 1e11 || f < -1e11 {
		f /= 1000
	}
	f = min(max(f, -62135596800), 253402300799) // the years 1 to 9999
	return time.UnixMilli(int64(f * 1000))
}

// layouts are how dates are written, the most frequent first.
var layouts = []string{time.RFC3339Nano, "2006-01-02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04",
	"2006-01-02T15:04", time.RFC1123Z, time.RFC1123, "January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006"}

func (r *run) parseMoment(s string, zone *time.Location) (time.Time, bool) {
	if len(s) > 40 || s == "" {
		return time.Time{}, false
	}
	if s == "now" || s == "today" {
		return r.now, true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == f {
		return unix(f), true
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
