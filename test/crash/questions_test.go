package crash

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
)

// members returns the user ids in a segment, sorted, and fails the test when the segment's count says something else.
func (h *harness) members(segment string) []string {
	h.t.Helper()
	ids := []string{}
	h.pages("/api/segments/"+segment+"/members", url.Values{"limit": {"1000"}}, func(answer json.RawMessage) (string, int) {
		var page struct {
			Members []struct{ ID string }
			Next    string
		}
		h.decode(answer, &page)
		for _, m := range page.Members {
			ids = append(ids, m.ID)
		}
		return page.Next, len(page.Members)
	})
	var now struct{ Count int }
	h.server.ask(h.t, "GET", "/api/segments/"+segment, nil, nil, &now)
	if segment != "pulse" && now.Count != len(ids) { // time may take people out of pulse between the two answers
		h.t.Errorf("segment %s has %d members and counts %d", segment, len(ids), now.Count)
	}
	slices.Sort(ids)
	return ids
}

// events returns the numbers of a person's orders and page views; none when nobody is known by the id.
func (h *harness) events(who string) (orders, visits []int) {
	h.t.Helper()
	h.pages("/api/people/id:"+who+"/events", url.Values{"limit": {"1000"}}, func(answer json.RawMessage) (string, int) {
		var page struct {
			Events []struct {
				Kind       string
				Properties struct{ N int }
			}
			Next string
		}
		h.decode(answer, &page)
		for _, e := range page.Events {
			if e.Kind == "page" {
				visits = append(visits, e.Properties.N)
			} else {
				orders = append(orders, e.Properties.N)
			}
		}
		return page.Next, len(page.Events)
	})
	return orders, visits
}

// plan returns a person's plan.
func (h *harness) plan(who string) string {
	h.t.Helper()
	var person struct {
		Attributes struct{ Plan struct{ Value string } }
	}
	h.server.ask(h.t, "GET", "/api/people/id:"+who, nil, nil, &person)
	return person.Attributes.Plan.Value
}

// pages reads an answer page by page. read gets a page and returns the cursor of the next and how many it held; an
// empty page, or an empty cursor, is the last.
func (h *harness) pages(path string, query url.Values, read func(answer json.RawMessage) (next string, n int)) {
	h.t.Helper()
	for {
		var answer json.RawMessage
		h.server.ask(h.t, "GET", path, query, nil, &answer)
		next, n := read(answer)
		if next == "" || n == 0 {
			return
		}
		query.Set("after", next)
	}
}

func (h *harness) decode(answer json.RawMessage, out any) {
	h.t.Helper()
	if err := json.Unmarshal(answer, out); err != nil {
		h.t.Fatalf("%v in %s", err, answer)
	}
}

// eventually asks again and again and fails the test when the answer is not yes within ten seconds.
func (h *harness) eventually(what string, yes func() bool) {
	h.t.Helper()
	for until := time.Now().Add(10 * time.Second); !yes(); h.pause(20 * time.Millisecond) {
		if time.Now().After(until) {
			h.t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

// pause lets a real process get on, in real time: there is no clock of its own to turn.
func (h *harness) pause(d time.Duration) { <-time.After(d) }
