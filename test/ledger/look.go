package ledger

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
)

// Segment is one whose members the ledgers of the writers tell.
type Segment struct {
	Key, definition string
	holds           func(e *entry) bool
}

// Segments are those that [Define] makes. The last one, pulse, holds nobody of any ledger: it is for what time does.
func Segments() []Segment {
	return []Segment{
		{"buyers", `{"event":"Order Completed","count":{"at_least":10}}`, func(e *entry) bool { return len(e.orders) >= 10 }},
		{"spenders", `{"event":"Order Completed","sum":{"of":"total","more_than":500}}`, func(e *entry) bool { return e.spent > 500 }},
		{"pro", `{"attribute":"plan","op":"is","value":"pro"}`, func(e *entry) bool { return e.plan == "pro" }},
		{"visited", `{"page":"/pricing*","count":{"at_least":3}}`, func(e *entry) bool { return len(e.visits) >= 3 }},
		{"visited-only", `{"all":[{"segment":"visited"},{"event":"Order Completed","count":{"exactly":0}}]}`,
			func(e *entry) bool { return len(e.visits) >= 3 && len(e.orders) == 0 }},
		{Pulse, `{"event":"Pulse","when":{"last":"2s"}}`, func(*entry) bool { return false }},
	}
}

// Pulse is the key of the segment of those who gave a sign of life in the last two seconds.
const Pulse = "pulse"

// Define makes the segments and waits until they serve.
func Define(s Server) error {
	for _, seg := range Segments() {
		body := map[string]any{"name": seg.Key, "key": seg.Key, "definition": json.RawMessage(seg.definition)}
		if err := s.Post("/api/segments", body, &struct{}{}); err != nil {
			return err
		}
		err := until(func() (bool, error) {
			var now struct{ State string }
			err := s.Get("/api/segments/"+seg.Key, nil, &now)
			return now.State == "live", err
		})
		if err != nil {
			return fmt.Errorf("segment %s: %w", seg.Key, err)
		}
	}
	return nil
}

// Everybody is for [Writer.Look].
const Everybody = -1

// Look returns a problem for everything of this writer that was acknowledged and is not there, or is there twice, or was
// never sent: of at most some people who were written about since the last look, or of [Everybody].
func (w *Writer) Look(s Server, some int) (problems []string, err error) {
	open := map[string][]int{}
	for _, it := range w.pending {
		open[it.owner] = append(open[it.owner], it.n)
	}
	people := map[string]bool{}
	for _, it := range w.acked {
		if len(people) < some || some == Everybody {
			people[it.owner] = true
		}
	}
	if some == Everybody {
		for who := range w.people {
			people[who] = true
		}
	}
	for _, who := range slices.Sorted(maps.Keys(people)) {
		orders, visits, err := s.events(who)
		if err != nil {
			return problems, err
		}
		problems = append(problems, compare(who, "orders", w.people[who].orders, orders, open[who])...)
		problems = append(problems, compare(who, "visits", w.people[who].visits, visits, open[who])...)
		if p := w.people[who]; some == Everybody && p.plan != "" && len(open[who]) == 0 {
			plan, err := s.plan(who)
			if err != nil {
				return problems, err
			}
			if plan != p.plan {
				problems = append(problems, fmt.Sprintf("the plan of %s is %q; %q was set last", who, plan, p.plan))
			}
		}
	}
	w.looked(people)
	return problems, nil
}

// compare returns a problem unless got is every acknowledged number once, and beside those only ones whose
// acknowledgement is open.
func compare(who, what string, acknowledged, got, open []int) (problems []string) {
	seen := map[int]int{}
	for _, n := range got {
		seen[n]++
		if seen[n] == 2 {
			problems = append(problems, fmt.Sprintf("%s of %s: number %d is there twice", what, who, n))
		}
	}
	for _, n := range acknowledged {
		if seen[n] == 0 {
			problems = append(problems, fmt.Sprintf("%s of %s: number %d was acknowledged and is lost", what, who, n))
		}
		delete(seen, n)
	}
	for n := range seen {
		if !slices.Contains(open, n) {
			problems = append(problems, fmt.Sprintf("%s of %s: number %d is there and was never sent", what, who, n))
		}
	}
	return problems
}

// Memberships returns a problem for every segment in which not exactly those are whom the ledgers say, or whose count is
// not exact. No acknowledgement may be open.
func Memberships(s Server, writers []*Writer) (problems []string, err error) {
	for _, seg := range Segments() {
		if seg.Key == Pulse {
			continue
		}
		want := []string{}
		for _, w := range writers {
			for who, e := range w.people {
				if seg.holds(e) {
					want = append(want, who)
				}
			}
		}
		slices.Sort(want)
		got, err := s.Members(seg.Key)
		if err != nil {
			return problems, err
		}
		if !slices.Equal(want, got) {
			problems = append(problems, fmt.Sprintf("members of %s: the ledgers say\n%.1000q\ncarpel says\n%.1000q", seg.Key, want, got))
		}
		var now struct{ Count int }
		if err := s.Get("/api/segments/"+seg.Key, nil, &now); err != nil {
			return problems, err
		}
		if now.Count != len(got) {
			problems = append(problems, fmt.Sprintf("segment %s has %d members and counts %d", seg.Key, len(got), now.Count))
		}
	}
	return problems, nil
}

// Members returns the user ids in a segment, sorted.
func (s Server) Members(segment string) ([]string, error) {
	ids := []string{}
	err := s.pages("/api/segments/"+segment+"/members", url.Values{"limit": {"1000"}}, func(answer json.RawMessage) (string, int, error) {
		var page struct {
			Members []struct{ ID string }
			Next    string
		}
		err := json.Unmarshal(answer, &page)
		for _, m := range page.Members {
			ids = append(ids, m.ID)
		}
		return page.Next, len(page.Members), err
	})
	slices.Sort(ids)
	return ids, err
}

// events returns the numbers of a person's orders and page views; none when nobody is known by the id.
func (s Server) events(who string) (orders, visits []int, err error) {
	err = s.pages("/api/people/id:"+who+"/events", url.Values{"limit": {"1000"}}, func(answer json.RawMessage) (string, int, error) {
		var page struct {
			Events []struct {
				Kind       string
				Properties struct{ N int }
			}
			Next string
		}
		err := json.Unmarshal(answer, &page)
		for _, e := range page.Events {
			if e.Kind == "page" {
				visits = append(visits, e.Properties.N)
			} else {
				orders = append(orders, e.Properties.N)
			}
		}
		return page.Next, len(page.Events), err
	})
	return orders, visits, err
}

// plan returns a person's plan.
func (s Server) plan(who string) (string, error) {
	var person struct {
		Attributes struct{ Plan struct{ Value string } }
	}
	err := s.Get("/api/people/id:"+who, nil, &person)
	return person.Attributes.Plan.Value, err
}

// Check asks the server to compare everything with a fresh computation, and returns a problem for each difference.
func Check(s Server) (problems []string, err error) {
	var report struct {
		Problems []struct{ Kind, Detail, Segment string }
	}
	err = s.Post("/api/check", struct{}{}, &report)
	for _, p := range report.Problems {
		problems = append(problems, fmt.Sprintf("check: %s %s %s", p.Kind, p.Segment, p.Detail))
	}
	return problems, err
}
