package carpel

import (
	"testing"
	"time"
)

func moment(t *testing.T, s string) Millis {
	t.Helper()
	m, ok := ParseTime(s, time.UTC)
	if !ok {
		t.Fatalf("%s is no time", s)
	}
	return m
}

// TestBounds holds every window against the moments that it begins and ends at.
func TestBounds(t *testing.T) {
	zurich, sao := zone(t, "Europe/Zurich"), zone(t, "America/Sao_Paulo")
	const always = "always"
	for _, tc := range []struct {
		when   string
		now    string
		zone   *time.Location
		lo, hi string // first moment in, first moment out
	}{
		{``, "2026-03-15T12:00:00Z", zurich, always, "2026-03-15T12:00:00.001Z"},
		{`{"last":"30d"}`, "2026-03-31T12:00:00Z", zurich, "2026-03-01T12:00:00.001Z", "2026-03-31T12:00:00.001Z"},
		{`{"before_last":"30d"}`, "2026-03-31T12:00:00Z", zurich, always, "2026-03-01T12:00:00.001Z"},
		{`{"between":["2d","1d"]}`, "2026-03-31T12:00:00Z", zurich, "2026-03-29T12:00:00.001Z", "2026-03-30T12:00:00.001Z"},
		{`{"from":"2026-03-01","before":"2026-04-01"}`, "2026-06-01T00:00:00Z", zurich, "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		{`{"from":"2026-03-01"}`, "2026-03-10T00:00:00Z", zurich, "2026-02-28T23:00:00Z", "2026-03-10T00:00:00.001Z"},
		{`{"before":"2026-04-01"}`, "2026-03-10T00:00:00Z", zurich, always, "2026-03-10T00:00:00.001Z"}, // never the future
		{`{"before":"2026-03-01T10:00:00Z"}`, "2026-03-10T00:00:00Z", zurich, always, "2026-03-01T10:00:00Z"},
		{`{"last_calendar_days":0}`, "2026-03-29T12:00:00Z", zurich, "2026-03-28T23:00:00Z", "2026-03-29T12:00:00.001Z"},
		{`{"last_calendar_days":1}`, "2026-03-30T12:00:00Z", zurich, "2026-03-28T23:00:00Z", "2026-03-30T12:00:00.001Z"},
		{`{"last_calendar_days":7}`, "2026-03-15T23:30:00Z", zurich, "2026-03-08T23:00:00Z", "2026-03-15T23:30:00.001Z"}, // already the 16th there
		{`{"this":"day"}`, "2018-11-04T12:00:00Z", sao, "2018-11-04T03:00:00Z", "2018-11-04T12:00:00.001Z"},              // begins at 01:00
		{`{"this":"week"}`, "2026-03-15T12:00:00Z", zurich, "2026-03-08T23:00:00Z", "2026-03-15T12:00:00.001Z"},          // a Sunday: since Monday the 9th
		{`{"this":"week"}`, "2026-03-15T23:00:00Z", zurich, "2026-03-15T23:00:00Z", "2026-03-15T23:00:00.001Z"},          // Monday begins
		{`{"this":"month"}`, "2026-03-15T12:00:00Z", zurich, "2026-02-28T23:00:00Z", "2026-03-15T12:00:00.001Z"},
		{`{"this":"quarter"}`, "2026-06-15T12:00:00Z", zurich, "2026-03-31T22:00:00Z", "2026-06-15T12:00:00.001Z"},
		{`{"this":"year"}`, "2026-06-15T12:00:00Z", zurich, "2025-12-31T23:00:00Z", "2026-06-15T12:00:00.001Z"},
		{`{"previous":"day"}`, "2026-03-30T12:00:00Z", zurich, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}, // a day of 23 hours
		{`{"previous":"week"}`, "2026-03-15T12:00:00Z", zurich, "2026-03-01T23:00:00Z", "2026-03-08T23:00:00Z"},
		{`{"previous":"month"}`, "2026-01-15T12:00:00Z", zurich, "2025-11-30T23:00:00Z", "2025-12-31T23:00:00Z"},
		{`{"previous":"month"}`, "2026-03-31T12:00:00Z", time.UTC, "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
		{`{"previous":"quarter"}`, "2026-02-15T12:00:00Z", time.UTC, "2025-10-01T00:00:00Z", "2026-01-01T00:00:00Z"},
		{`{"previous":"year"}`, "2026-02-15T12:00:00Z", time.UTC, "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"},
	} {
		def := `{"event":"x"}`
		if tc.when != "" {
			def = `{"event":"x","when":` + tc.when + `}`
		}
		c, err := ParseCondition([]byte(def))
		if err != nil {
			t.Fatal(err)
		}
		lo, hi := c.(*Activity).When.Bounds(moment(t, tc.now), tc.zone)
		if tc.lo != always && lo != moment(t, tc.lo) || tc.lo == always && lo > -1<<60 || hi != moment(t, tc.hi) {
			t.Errorf("%s at %s: got from %s to %s", tc.when, tc.now, lo, hi)
		}
	}
}

// TestNextShift holds that between now and the next shift the calendar windows stand still, and then move.
func TestNextShift(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Zurich", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns"} {
		z := zone(t, name)
		for _, w := range []When{{Kind: WhenLastCalendarDays, N: 3}, {Kind: WhenThis, Period: "day"}, {Kind: WhenThis, Period: "week"}, {Kind: WhenPrevious, Period: "month"}, {Kind: WhenThis, Period: "quarter"}, {Kind: WhenPrevious, Period: "year"}} {
			now := moment(t, "2010-10-20T23:59:59.999Z")
			for range 20 {
				next := w.NextShift(now, z)
				if next <= now {
					t.Fatalf("%s %v: the shift after %s is %s", name, w, now, next)
				}
				lo, _ := w.Bounds(now, z)
				before, _ := w.Bounds(next-1, z)
				after, _ := w.Bounds(next, z)
				if lo != before || after == before && !(name == "Pacific/Apia") {
					t.Fatalf("%s %v: from %s to %s: begins at %s, %s, then %s", name, w, now, next, lo, before, after)
				}
				now = next
			}
		}
	}
	if got := (When{Kind: WhenLast, D1: Duration{1, 'd'}}).NextShift(0, time.UTC); got != Never {
		t.Errorf("a sliding window has no shift: got %s", got)
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]Millis{"1s": 1000, "5m": 300_000, "2h": 7_200_000, "1d": 86_400_000, "2w": 1_209_600_000, "36500d": 36_500 * 86_400_000, "007d": 7 * 86_400_000} {
		if d, err := ParseDuration(in); err != nil || d.Millis() != want {
			t.Errorf("%s: got %d, %v", in, d.Millis(), err)
		}
	}
	for _, in := range []string{"", "d", "1", "1y", "1M", "1 d", "-1d", "+1d", "1.5d", "0s", "36501d", "99999999999s", "1dd", "١d"} {
		if d, err := ParseDuration(in); err == nil || ErrorCode(err) == CodeInternal {
			t.Errorf("%q: got %v, %v", in, d, err)
		}
	}
}
