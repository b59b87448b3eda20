package carpel

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Millis is a moment: milliseconds since 1970-01-01 UTC. All of Carpel's times are kept to the millisecond.
type Millis int64

// Never is a moment after every other: "no change by time alone".
const Never Millis = math.MaxInt64

// MillisOf returns t to the millisecond, cut towards the past.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time returns the moment in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// String returns the moment in RFC 3339, UTC, with milliseconds when there are any.
func (m Millis) String() string { return m.Time().Format("2006-01-02T15:04:05.999Z07:00") }

// MarshalJSON writes the moment as RFC 3339; Never is null.
func (m Millis) MarshalJSON() ([]byte, error) {
	if m == Never {
		return []byte("null"), nil
	}
	return append(append([]byte{'"'}, m.String()...), '"'), nil
}

// UnmarshalJSON reads what MarshalJSON writes: RFC 3339, also of years before 0 and beyond 9999; null is Never.
func (m *Millis) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*m = Never
		return nil
	}
	var t time.Time
	err := json.Unmarshal(data, &t)
	if err != nil {
		var ok bool
		if t, ok = farYear(data); !ok {
			return Errorf(CodeInvalid, "not a time: %v", err)
		}
	}
	*m = MillisOf(t)
	return nil
}

// farYear reads a JSON text whose year has a sign or more than four digits.
func farYear(data []byte) (time.Time, bool) {
	var s string
	if json.Unmarshal(data, &s) != nil || len(s) < 6 {
		return time.Time{}, false
	}
	end := strings.IndexByte(s[1:], '-') + 1
	if end <= 4 {
		return time.Time{}, false
	}
	year, err := strconv.Atoi(s[:end])
	t, err2 := time.Parse(time.RFC3339Nano, "2000"+s[end:]) // a leap year: every day there is
	if err != nil || err2 != nil {
		return time.Time{}, false
	}
	return t.AddDate(year-2000, 0, 0), true
}

// AsTime reads the value as a moment, with bare dates at their midnight in zone: a number of size 1e8 or more and
// below 1e15 (seconds; milliseconds from 1e11), 9 to 13 digits alone in a text, RFC 3339, "2026-03-01", or
// "2026-03-01 14:00:00" (UTC).
func (v Value) AsTime(zone *time.Location) (Millis, bool) {
	switch v.kind {
	case Time:
		return Millis(v.num), true
	case Number:
		return numberTime(v.num)
	case Text:
		return ParseTime(v.str, zone)
	}
	return 0, false
}

// numberTime reads seconds, or from 1e11 on milliseconds, up to about the year 33658.
func numberTime(f float64) (Millis, bool) {
	switch size := math.Abs(f); {
	case size >= 1e11 && size < 1e15:
		return Millis(math.Floor(f)), true
	case size >= 1e8 && size < 1e11:
		if f == math.Trunc(f) {
			return Millis(f) * 1000, true
		}
		return fractionalSeconds(f), true
	}
	return 0, false
}

// fractionalSeconds cuts at the third decimal of the number as written: 1700000000.999 is a little less in binary, and
// would lose its last millisecond in a multiplication.
func fractionalSeconds(f float64) Millis {
	whole, decimals, _ := strings.Cut(strconv.FormatFloat(math.Abs(f), 'f', -1, 64), ".")
	ms, _ := strconv.ParseInt(whole+(decimals + "00")[:3], 10, 64) // at most 14 digits
	if f > 0 {
		return Millis(ms)
	}
	if strings.Trim(decimals[min(3, len(decimals)):], "0") != "" {
		ms++
	}
	return Millis(-ms)
}

// ParseTime reads a text as [Value.AsTime] does.
func ParseTime(s string, zone *time.Location) (Millis, bool) {
	if d, ok := ParseDate(s); ok {
		return d.Midnight(zone), true
	}
	if digits(s) {
		if len(s) < 9 || len(s) > 13 {
			return 0, false
		}
		f, _ := strconv.ParseFloat(s, 64)
		return numberTime(f)
	}
	return parseMoment(s)
}

// parseMoment reads a date and a time of day: RFC 3339 with T, t or a blank between them, or a blank and no zone, which
// is UTC. The fraction of a second is cut to milliseconds.
func parseMoment(s string) (Millis, bool) {
	const shortest = len("2006-01-02 15:04:05")
	if len(s) < shortest || len(s) > 64 || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	d, ok := ParseDate(s[:10])
	hour, ok1 := twoDigits(s[11:13], 23)
	minute, ok2 := twoDigits(s[14:16], 59)
	second, ok3 := twoDigits(s[17:19], 59)
	if !ok || !ok1 || !ok2 || !ok3 {
		return 0, false
	}
	rest, fraction := s[shortest:], 0
	if rest != "" && rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if n == 1 {
			return 0, false
		}
		fraction, _ = strconv.Atoi((rest[1:n] + "00")[:3]) // digits always parse
		rest = rest[n:]
	}
	if rest == "" && s[10] != ' ' || s[10] != ' ' && s[10] != 'T' && s[10] != 't' {
		return 0, false
	}
	offset, ok := parseOffset(rest)
	if !ok {
		return 0, false
	}
	day := MillisOf(time.Date(d.Year, d.Month, d.Day, hour, minute, second, 0, time.UTC))
	return day + Millis(fraction) - Millis(offset)*60_000, true
}

// parseOffset reads Z, z, +01:00 or nothing, in minutes.
func parseOffset(s string) (int, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != len("+01:00") || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return 0, false
	}
	hours, ok1 := twoDigits(s[1:3], 23)
	minutes, ok2 := twoDigits(s[4:6], 59)
	offset := hours*60 + minutes
	if s[0] == '-' {
		offset = -offset
	}
	return offset, ok1 && ok2
}

// twoDigits reads two digits of at most most.
func twoDigits(s string, most int) (int, bool) {
	n := int(s[0]-'0')*10 + int(s[1]-'0')
	return n, digits(s) && n <= most
}
