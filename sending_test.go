package carpel_test

import (
	"errors"
	"testing"
	"time"

	"github.com/carpel/carpel"
)

// Quiet hours, also over midnight and over the change of the clock.
func TestQuietUntil(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night, noon := carpel.Quiet{From: "21:00", To: "08:00"}, carpel.Quiet{From: "12:00", To: "13:30"}
	for _, test := range []struct {
		quiet    carpel.Quiet
		at, want string // in Berlin; "" for not quiet
	}{
		{night, "2026-11-24T20:59", ""}, {night, "2026-11-24T21:00", "2026-11-25T08:00"}, {night, "2026-11-24T03:00", "2026-11-24T08:00"}, {night, "2026-11-24T08:00", ""},
		{night, "2026-03-28T23:00", "2026-03-29T08:00"}, {night, "2026-12-31T23:59", "2027-01-01T08:00"},
		{noon, "2026-11-24T12:00", "2026-11-24T13:30"}, {noon, "2026-11-24T13:30", ""}, {noon, "2026-11-24T03:00", ""},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", test.at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if end, ok := test.quiet.Until(at); ok {
			got = end.Format("2006-01-02T15:04")
		}
		if got != test.want {
			t.Errorf("%v at %s: %q, want %q", test.quiet, test.at, got, test.want)
		}
	}
}

func TestSendingValidate(t *testing.T) {
	for pointer, s := range map[string]carpel.Sending{
		"":               {From: "Shop <shop@example.com>", Topics: []carpel.Topic{{Key: "news", Name: "News"}}, Caps: []carpel.Cap{{Count: 1, Hours: 24}}, Quiet: &carpel.Quiet{From: "21:00", To: "08:00"}},
		"/from":          {From: "a@example.com\r\nBcc: b@example.com"},
		"/topics/0/key":  {Topics: []carpel.Topic{{Key: "Big News", Name: "x"}}},
		"/topics/1/key":  {Topics: []carpel.Topic{{Key: "a", Name: "x"}, {Key: "a", Name: "y"}}},
		"/topics/0/name": {Topics: []carpel.Topic{{Key: "a"}}},
		"/caps/0/kind":   {Caps: []carpel.Cap{{Kind: "pigeon", Count: 1, Hours: 1}}},
		"/caps/0/count":  {Caps: []carpel.Cap{{Hours: 1}}},
		"/caps/0/hours":  {Caps: []carpel.Cap{{Count: 1}}},
		"/quiet/from":    {Quiet: &carpel.Quiet{From: "9pm", To: "08:00"}},
		"/quiet/to":      {Quiet: &carpel.Quiet{From: "08:00", To: "08:00"}},
	} {
		got := ""
		if err := s.Validate(); err != nil {
			var e *carpel.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			got = e.Pointer
		}
		if got != pointer {
			t.Errorf("%+v: the fault is at %q, want %q", s, got, pointer)
		}
	}
}
