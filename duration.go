package carpel

import (
	"fmt"
	"strconv"
	"strings"
)

// Duration is a span as a definition writes it: a whole number of one unit. A day is 86,400 seconds.
type Duration struct {
	N    int64
	Unit byte // 's', 'm' (minutes), 'h', 'd', 'w'; 0 in the zero Duration
}

// Millis returns the span in milliseconds.
func (d Duration) Millis() Millis {
	switch d.Unit {
	case 's':
		return Millis(d.N) * 1000
	case 'm':
		return Millis(d.N) * 60_000
	case 'h':
		return Millis(d.N) * 3_600_000
	case 'd':
		return Millis(d.N) * 86_400_000
	case 'w':
		return Millis(d.N) * 7 * 86_400_000
	}
	return 0
}

// IsZero reports whether no duration was given.
func (d Duration) IsZero() bool { return d == Duration{} }

// ParseDuration reads "30d": a whole number and s, m, h, d or w, from 1 s to 36,500 d.
func ParseDuration(s string) (Duration, error) {
	bad := func() (Duration, error) {
		return Duration{}, Errorf(CodeInvalid, "%.40q is no duration: a whole number and s, m (minutes), h, d or w, such as 30d", s)
	}
	if len(s) < 2 || len(s) > 12 || !digits(s[:len(s)-1]) || !strings.ContainsRune("smhdw", rune(s[len(s)-1])) {
		return bad()
	}
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil {
		return bad()
	}
	d := Duration{n, s[len(s)-1]}
	if !d.inRange() {
		return Duration{}, durationLimit(d)
	}
	return d, nil
}

// maxDays is the longest duration.
const (
	maxDays     = 36_500
	maxDuration = Millis(maxDays * 86_400_000)
)

// inRange reports whether the duration is from 1 s to 36,500 d.
func (d Duration) inRange() bool {
	return d.N >= 1 && d.N <= int64(maxDuration)/1000 && d.Millis() >= 1000 && d.Millis() <= maxDuration
}

// durationLimit says that a duration is out of range: limit and actual are days.
func durationLimit(d Duration) *Error {
	days := float64(d.N) * float64((Duration{1, d.Unit}).Millis()) / 86_400_000
	return &Error{Code: CodeLimit, Limit: maxDays, Actual: int64(days), Message: fmt.Sprintf("a duration is from 1s to 36500d; this is %d%c", d.N, d.Unit)}
}

// String returns the duration as a definition writes it: "30d".
func (d Duration) String() string {
	if d.IsZero() {
		return ""
	}
	return strconv.FormatInt(d.N, 10) + string(d.Unit)
}
