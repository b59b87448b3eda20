package carpel_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/carpel/carpel"
)

func TestBroadcastMoves(t *testing.T) {
	states := []carpel.BroadcastState{carpel.BroadcastDraft, carpel.BroadcastScheduled, carpel.BroadcastSending, carpel.BroadcastPaused, carpel.BroadcastSent, carpel.BroadcastCancelled}
	moves := []carpel.BroadcastMove{carpel.ScheduleBroadcast, carpel.UnscheduleBroadcast, carpel.SendBroadcast, carpel.PauseBroadcast, carpel.ResumeBroadcast, carpel.CancelBroadcast}
	want := map[string]carpel.BroadcastState{
		"draft schedule": "scheduled", "draft send": "sending", "scheduled unschedule": "draft", "scheduled send": "sending", "scheduled cancel": "cancelled",
		"sending pause": "paused", "sending cancel": "cancelled", "paused resume": "sending", "paused cancel": "cancelled",
	}
	for _, s := range states {
		for _, m := range moves {
			to, err := m.From(s)
			if w, ok := want[fmt.Sprint(s, " ", m)]; ok && (err != nil || to != w) {
				t.Errorf("%s from %s: %s, %v; want %s", m, s, to, err, w)
			} else if !ok && carpel.ErrorCode(err) != carpel.CodeConflict {
				t.Errorf("%s from %s: %v; want a conflict", m, s, err)
			}
		}
	}
}

func TestBroadcastCheck(t *testing.T) {
	for _, row := range []struct{ spec, wanted string }{
		{`{}`, ""},
		{`{"audience":{"attribute":"plan","op":"is","value":"pro"},"variants":[{"template":"tpl_a"}],"hold_out":10,"rate":600,"schedule":{"at":"2026-12-01T09:00:00Z"},"goal":{"event":"Order","within":"7d"}}`, ""},
		{`{"audience":{"attribut":"plan","op":"is","value":"pro"}}`, "unknown_key /audience/attribut"},
		{`{"kind":"pigeon"}`, "invalid /kind"},
		{`{"hold_out":51}`, "limit /hold_out"},
		{`{"hold_out":-1}`, "limit /hold_out"},
		{`{"rate":-1}`, "limit /rate"},
		{`{"mode":"perhaps"}`, "invalid /mode"},
		{`{"variants":[{"template":"a","share":60},{"template":"b","share":30}]}`, "invalid /variants"},
		{`{"variants":[{"template":"a","share":60},{"template":"b"}]}`, "invalid /variants/1/share"},
		{`{"variants":[{"template":"a","name":"x"},{"template":"b","name":"x"}]}`, "invalid /variants/1/name"},
		{`{"variants":[{"template":"a"},{"template":"b"},{"template":"c"}]}`, ""},
		{`{"winner":{"measure":"luck","after":"4h","sample":20}}`, "invalid /winner/measure"},
		{`{"winner":{"measure":"converted","after":"4h","sample":20}}`, "invalid /winner/measure"},
		{`{"winner":{"measure":"opened","after":"soon","sample":20}}`, "invalid /winner/after"},
		{`{"winner":{"measure":"opened","after":"31d","sample":20}}`, "limit /winner/after"},
		{`{"winner":{"measure":"opened","after":"4h","sample":0}}`, "invalid /winner/sample"},
		{`{"winner":{"measure":"opened","after":"4h","sample":20},"schedule":{"local":"2026-12-01T09:00"}}`, "invalid /winner"},
		{`{"schedule":{}}`, "invalid /schedule"},
		{`{"schedule":{"local":"2026-12-01"}}`, "invalid /schedule/local"},
		{`{"schedule":{"local":"2026-02-30T09:00"}}`, "invalid /schedule/local"},
		{`{"goal":{"event":"a","segment":"b","within":"7d"}}`, "invalid /goal"},
		{`{"goal":{"event":"a","within":"91d"}}`, "limit /goal/within"},
		{`{"goal":{"segment":"a","within":"7d","where":[{"property":"x","op":"exists"}]}}`, "invalid /goal/where"},
		{`{"goal":{"event":"*","within":"7d"}}`, "invalid /goal/event"},
		{`{"goal":{"event":"a","within":"7d","of":"seen"}}`, "invalid /goal/of"},
	} {
		var s carpel.BroadcastSpec
		if err := json.Unmarshal([]byte(row.spec), &s); err != nil {
			t.Fatalf("%s: %v", row.spec, err)
		}
		got := ""
		if err, _ := s.WithDefaults().Check().(*carpel.Error); err != nil {
			got = err.Code + " " + err.Pointer
		}
		if got != row.wanted {
			t.Errorf("%s: %q, want %q", row.spec, got, row.wanted)
		}
	}
}

// Shares come out as they were asked for, whoever is in the sample or held out, and a person always stands where they stood.
func TestBroadcastPlace(t *testing.T) {
	s := carpel.BroadcastSpec{HoldOut: 10, Winner: &carpel.BroadcastWinner{Sample: 20},
		Variants: []carpel.BroadcastVariant{{Name: "A", Share: 50}, {Name: "B", Share: 30}, {Name: "C", Share: 20}}}
	const people = 40_000
	counts := map[string]int{}
	for i := range people {
		person := fmt.Sprint("p_", i)
		p := s.Place("bc_1", person)
		if again := s.Place("bc_1", person); again != p {
			t.Fatalf("%s stands at %+v and then at %+v", person, p, again)
		}
		if p != s.Place("bc_2", person) {
			counts["moved"]++
		}
		if p.HeldOut {
			counts["held out"]++
			continue
		}
		counts["left"]++
		if p.Sample {
			counts["sample"]++
			counts[p.Variant]++
		}
	}
	near := func(what string, of int, percent float64) {
		t.Helper()
		if got := 100 * float64(counts[what]) / float64(of); math.Abs(got-percent) > 2 {
			t.Errorf("%s: %.1f %%, want about %g %%", what, got, percent)
		}
	}
	near("held out", people, 10)
	near("sample", counts["left"], 20)
	near("A", counts["sample"], 50)
	near("B", counts["sample"], 30)
	near("C", counts["sample"], 20)
	if counts["moved"] < people/2 {
		t.Errorf("in another broadcast only %d of %d people stand elsewhere", counts["moved"], people)
	}
}

func TestBroadcastSchedule(t *testing.T) {
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	s := carpel.BroadcastSpec{Schedule: &carpel.BroadcastSchedule{Local: "2026-12-01T09:00"}}
	start := s.Start()
	if start.String() != "2026-11-30T19:00:00Z" {
		t.Errorf("it starts at %s; the first clocks of the world show nine at 19:00 UTC the day before", start)
	}
	for _, row := range []struct{ zone, wanted string }{
		{"Pacific/Kiritimati", "2026-11-30T19:00:00Z"}, {"Europe/Berlin", "2026-12-01T08:00:00Z"}, {"America/Los_Angeles", "2026-12-01T17:00:00Z"},
	} {
		if got := s.DueFor(zone(row.zone), time.UTC, start); got.String() != row.wanted {
			t.Errorf("%s: due at %s, want %s", row.zone, got, row.wanted)
		}
	}
	if got := s.DueFor(nil, zone("Asia/Tokyo"), start); got.String() != "2026-12-01T00:00:00Z" {
		t.Errorf("without a zone of their own it is due at %s, want the workspace's nine o'clock", got)
	}
	late := start + 3_600_000
	if got := s.DueFor(zone("Pacific/Kiritimati"), time.UTC, late); got != late {
		t.Errorf("who is behind the time is due at %s, want %s", got, late)
	}
	if got := (carpel.BroadcastSpec{}).DueFor(nil, time.UTC, 5); got != 5 {
		t.Errorf("without a schedule it is due at %d, want the start", got)
	}
}
