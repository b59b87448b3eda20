package campaign

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/carpel/carpel"
)

func moment(t *testing.T, s string) carpel.Millis {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return carpel.MillisOf(at)
}

// A time of day is the person's, also on the days on which clocks change.
func TestWaitUntil(t *testing.T) {
	for _, c := range []struct{ zone, now, at, weekday, want string }{
		{"UTC", "2026-03-10T08:59:59Z", "09:00", "", "2026-03-10T09:00:00Z"},
		{"UTC", "2026-03-10T09:00:00Z", "09:00", "", "2026-03-11T09:00:00Z"},
		{"Asia/Tokyo", "2026-03-10T00:30:00Z", "09:00", "", "2026-03-11T00:00:00Z"},
		{"UTC", "2026-03-10T10:00:00Z", "09:00", "tue", "2026-03-17T09:00:00Z"}, // a Tuesday
		{"UTC", "2026-03-10T08:00:00Z", "09:00", "tue", "2026-03-10T09:00:00Z"},
		{"Europe/Berlin", "2026-03-28T12:00:00Z", "02:30", "", "2026-03-29T01:30:00Z"}, // 02:30 is skipped: 03:30 summer time
		{"Europe/Berlin", "2026-10-24T12:00:00Z", "02:30", "", "2026-10-25T00:30:00Z"}, // it comes twice: the first
		{"Europe/Berlin", "2026-10-25T00:30:00Z", "02:30", "", "2026-10-26T01:30:00Z"}, // and not the second as well
		{"America/New_York", "2026-03-10T03:00:00Z", "22:00", "mon", "2026-03-17T02:00:00Z"},
	} {
		s := carpel.CampaignStep{ID: "w", Kind: carpel.StepWaitUntil, At: c.at}
		if c.weekday != "" {
			s.Weekdays = []string{c.weekday}
		}
		p, err := Compile("cmp", 1, carpel.CampaignSpec{Trigger: carpel.CampaignTrigger{Kind: carpel.TriggerAPI}, Steps: []carpel.CampaignStep{s}})
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now := moment(t, c.now)
		j := carpel.Journey{ID: "jrn", State: carpel.JourneyActive}
		if out := Step(p, j, now, Facts{}); len(out.Wants) != 1 || out.Wants[0].Name != "zone" || out.Journey.Moves != 0 {
			t.Errorf("%+v: without the zone it does not ask for it alone: %+v", c, out)
		}
		if out := Step(p, j, now, Facts{Zone: zone}); out.Journey.DueAt != moment(t, c.want) || !out.Journey.Waiting {
			t.Errorf("%s %s at %s %s: %s, not %s", c.zone, c.now, c.weekday, c.at, out.Journey.DueAt, c.want)
		}
	}
}

// Shares are kept, and the same journey goes the same way each time.
func TestShare(t *testing.T) {
	spec := carpel.CampaignSpec{Trigger: carpel.CampaignTrigger{Kind: carpel.TriggerAPI}, Steps: []carpel.CampaignStep{
		{ID: "b", Kind: carpel.StepBranch, Branches: []carpel.CampaignBranch{{Percent: 20, Next: "x"}, {Percent: 80}}}, {ID: "x", Kind: carpel.StepExit}}}
	p, err := Compile("cmp", 1, spec)
	if err != nil {
		t.Fatal(err)
	}
	exits := 0
	for i := range 20_000 {
		j := carpel.Journey{ID: carpel.JourneyID("cmp", "p", fmt.Sprint(i)), State: carpel.JourneyActive}
		out := Step(p, j, 1, Facts{})
		if again := Step(p, j, 2, Facts{}); again.Journey.State != out.Journey.State {
			t.Fatal("another way the second time")
		}
		if out.Journey.State == carpel.JourneyExited {
			exits++
		}
	}
	if exits < 3800 || exits > 4200 { // 4000, and more than three standard deviations of 57 to each side
		t.Errorf("%d of 20000 go the way of 20 %%", exits)
	}
}

// The moment of a date is in the person's zone, and the segment that watches for it holds them then.
func TestPlanned(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		value, every string
		days         int
		now, want    string
		condition    string
	}{
		{"2026-03-10", "once", 0, "2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z",
			`{"all":[{"attribute":"d","op":"is_time"},{"not":{"attribute":"d","op":"more_than_ahead","value":"2d"}},{"not":{"attribute":"d","op":"more_than_ago","value":"1d"}}]}`},
		{"2026-03-10", "once", -7, "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z",
			`{"all":[{"attribute":"d","op":"is_time"},{"not":{"attribute":"d","op":"more_than_ahead","value":"9d"}},{"not":{"not":{"attribute":"d","op":"more_than_ahead","value":"6d"}}}]}`},
		{"2026-03-10", "once", 30, "2026-04-07T00:00:00Z", "2026-04-09T00:00:00Z",
			`{"all":[{"attribute":"d","op":"is_time"},{"attribute":"d","op":"more_than_ago","value":"28d"},{"not":{"attribute":"d","op":"more_than_ago","value":"31d"}}]}`},
		{"1990-03-10", "year", 0, "2026-03-08T00:00:00Z", "2026-03-10T00:00:00Z", `{"attribute":"d","op":"anniversary_within_next","value":"2d"}`},
		{"1990-01-03", "year", -7, "2026-12-26T00:00:00Z", "2026-12-27T00:00:00Z", `{"attribute":"d","op":"anniversary_within_next","value":"9d"}`},
		{"1990-03-10", "year", 40, "2026-03-10T00:00:00Z", "2026-04-19T00:00:00Z", `{"attribute":"d","op":"anniversary_within_next","value":"0d"}`},
		{"1992-02-29", "year", 0, "2026-02-27T00:00:00Z", "2026-02-28T00:00:00Z", `{"attribute":"d","op":"anniversary_within_next","value":"2d"}`},
	} {
		trigger := carpel.CampaignTrigger{Kind: carpel.TriggerDate, Attribute: "d", Every: c.every, Days: c.days}
		p, err := Compile("cmp", 1, carpel.CampaignSpec{Trigger: trigger, Steps: []carpel.CampaignStep{{ID: "x", Kind: carpel.StepExit}}})
		if err != nil {
			t.Fatal(err)
		}
		who := &Person{Zone: tokyo, Workspace: time.UTC, Attribute: func(string) carpel.Value { return carpel.TextValue(c.value) }}
		if at, ok := p.planned(moment(t, c.now), who); !ok || at != moment(t, c.want) {
			t.Errorf("%+v: %s", c, at)
		}
		got := carpel.Canonical(DateCondition(trigger))
		if want, err := carpel.ParseCondition(json.RawMessage(c.condition)); err != nil || string(got) != string(carpel.Canonical(want)) {
			t.Errorf("%s\nis not %s: %v", got, c.condition, err)
		}
		if err := carpel.Validate(DateCondition(trigger)); err != nil {
			t.Error(err)
		}
	}
}
