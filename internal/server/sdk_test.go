package server_test

import (
	"net/http/httptest"
	"testing"
	"time"

	customerio "github.com/customerio/go-customerio/v3"
	analytics "github.com/segmentio/analytics-go/v3"
)

// outcome collects what analytics-go says became of its messages.
type outcome struct {
	t    *testing.T
	sent chan analytics.Message
}

// Success implements analytics.Callback.
func (o outcome) Success(m analytics.Message) { o.sent <- m }

// Failure implements analytics.Callback.
func (o outcome) Failure(m analytics.Message, err error) { o.t.Errorf("%T: %v", m, err) }

// analytics-go, as its users write it.
func TestAnalyticsGo(t *testing.T) {
	s := open(t, nil)
	hs := httptest.NewServer(s)
	defer hs.Close()
	c := client{t, s, adminKey}
	buyers := c.define("Buyers", `did Bought at least 2 times`)
	pro := c.define("Pro", `plan is pro`)
	pricing := c.define("Pricing", `viewed page "/pricing"`)
	library := c.define("By library", `did Bought where ($context.library.name is analytics-go)`)

	o := outcome{t, make(chan analytics.Message, 100)}
	sdk, err := analytics.NewWithConfig(writeKey, analytics.Config{Endpoint: hs.URL, Callback: o, BatchSize: 4, Interval: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	messages := []analytics.Message{
		analytics.Page{AnonymousId: "a1", Name: "Pricing", Properties: analytics.NewProperties().SetURL("https://x.com/pricing")},
		analytics.Identify{UserId: "u1", AnonymousId: "a1", Traits: analytics.NewTraits().SetEmail("u1@example.com").Set("plan", "pro")},
		analytics.Track{UserId: "u1", Event: "Bought", Properties: analytics.NewProperties().SetRevenue(12.5), MessageId: "m1"},
		analytics.Track{UserId: "u1", Event: "Bought", Properties: analytics.NewProperties().SetRevenue(12.5), MessageId: "m1"},
		analytics.Track{UserId: "u1", Event: "Bought", Timestamp: time.Now().Add(-time.Hour)},
		analytics.Screen{UserId: "u1", Name: "Main"},
		analytics.Group{UserId: "u1", GroupId: "g1", Traits: analytics.Traits{"name": "Acme"}},
		analytics.Alias{PreviousId: "u1", UserId: "u2"},
	}
	for _, m := range messages {
		if err := sdk.Enqueue(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := sdk.Close(); err != nil {
		t.Fatal(err)
	}
	if len(o.sent) != len(messages) {
		t.Errorf("%d of %d messages were sent", len(o.sent), len(messages))
	}
	for what, segment := range map[string]string{"buyers": buyers, "pro": pro, "pricing": pricing, "library": library} {
		wantList(t, what, c.peopleOf(segment), "u1")
	}
	person := c.want(200, "GET /api/people/id:u2", nil)
	if person.get("attributes.group_id.value") != "g1" || person.get("id") != "u1" {
		t.Errorf("the person by their other id: %s", person.body)
	}
	if listed := c.listed(); len(listed) > 1 {
		t.Errorf("listed: %s", listed)
	}
}

// go-customerio, as its users write it. It takes nothing but 200 for success.
func TestGoCustomerio(t *testing.T) {
	s := open(t, nil)
	hs := httptest.NewServer(s)
	defer hs.Close()
	c := client{t, s, adminKey}
	pro := c.define("Pro", `plan is pro`)
	buyers := c.define("Buyers", `did Bought where (total > 10)`)
	mobile := c.defineJSON("Mobile", `{"device":"mobile"}`)

	sdk := customerio.NewTrackClient("site~>?", writeKey)
	sdk.URL = hs.URL
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	must("identify", sdk.Identify("user/1", map[string]any{"email": "u1@example.com", "plan": "pro", "created_at": time.Now().Unix()}))
	wantList(t, "pro", c.peopleOf(pro), "user/1")
	must("track", sdk.Track("user/1", "Bought", map[string]any{"total": 12.5}))
	must("track by email", sdk.Track("u1@example.com", "Seen", nil))
	wantList(t, "buyers", c.peopleOf(buyers), "user/1")
	must("track anonymously", sdk.TrackAnonymous("a1", "Bought", map[string]any{"total": 20}))
	must("identify the visitor", sdk.Identify("u2", map[string]any{"anonymous_id": "a1"}))
	wantList(t, "the visitor bought", c.peopleOf(buyers), "user/1", "u2")
	must("add device", sdk.AddDevice("user/1", "T", "ios", map[string]any{"last_used": time.Now().Unix()}))
	wantList(t, "mobile", c.peopleOf(mobile), "user/1")
	must("delete device", sdk.DeleteDevice("user/1", "T"))
	wantList(t, "mobile no more", c.peopleOf(mobile))
	must("merge", sdk.MergeCustomers(customerio.Identifier{Type: customerio.IdentifierTypeID, Value: "u2"}, customerio.Identifier{Type: customerio.IdentifierTypeEmail, Value: "u1@example.com"}))
	wantList(t, "merged", c.peopleOf(buyers), "u2")
	must("delete", sdk.Delete("u2"))
	wantList(t, "deleted", c.peopleOf(buyers))
	wantList(t, "listed", c.listed())

	wrong := customerio.NewTrackClient("site", "sk_wrong_wrong_wrong")
	wrong.URL = hs.URL
	if err := wrong.Identify("u1", nil); err == nil {
		t.Error("a wrong key was taken")
	}
}
