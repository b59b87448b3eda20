package crash

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	kills = flag.Int("kills", 10, "how often the server is killed")
	seed  = flag.Uint64("seed", 0, "of what is sent and when the server is killed; 0 for another one each time")
	data  = flag.String("data", "", "an empty directory for the data, which stays for a look afterwards; one of its own, removed again, if not given")
)

const writers = 6

// segments are built before the first kill. Who must be in them at the end, the ledgers say.
var segments = []struct {
	key, definition string
	holds           func(e *entry) bool
}{
	{"buyers", `{"event":"Order Completed","count":{"at_least":10}}`, func(e *entry) bool { return len(e.orders) >= 10 }},
	{"spenders", `{"event":"Order Completed","sum":{"of":"total","more_than":500}}`, func(e *entry) bool { return e.spent > 500 }},
	{"pro", `{"attribute":"plan","op":"is","value":"pro"}`, func(e *entry) bool { return e.plan == "pro" }},
	{"visited", `{"page":"/pricing*","count":{"at_least":3}}`, func(e *entry) bool { return len(e.visits) >= 3 }},
	{"visited-only", `{"all":[{"segment":"visited"},{"event":"Order Completed","count":{"exactly":0}}]}`,
		func(e *entry) bool { return len(e.visits) >= 3 && len(e.orders) == 0 }},
	{"pulse", `{"event":"Pulse","when":{"last":"2s"}}`, func(*entry) bool { return false }},
}

// TestKill kills the server under load and holds what is there against the ledgers of the writers.
func TestKill(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	if testing.Short() {
		*kills = min(*kills, 3)
	}
	t.Logf("%d kills, -seed %d", *kills, *seed)
	h := &harness{t: t, rng: rand.New(rand.NewPCG(*seed, 0)), binary: build(t), data: *data}
	if h.data == "" {
		h.data = t.TempDir()
	}
	for n := range writers {
		h.writers = append(h.writers, newWriter(n, *seed))
	}
	h.server = start(t, h.binary, h.data)
	h.define()
	for n := 1; n <= *kills && !t.Failed(); n++ {
		h.round(n)
	}
	if !t.Failed() {
		h.end()
	}
}

// harness is the parent of the server that is killed.
type harness struct {
	t       *testing.T
	rng     *rand.Rand
	binary  string
	data    string
	server  *server
	writers []*writer
}

// define makes the segments and waits until they serve.
func (h *harness) define() {
	h.t.Helper()
	for _, s := range segments {
		body := map[string]any{"name": s.key, "key": s.key, "definition": json.RawMessage(s.definition)}
		h.server.ask(h.t, "POST", "/api/segments", nil, body, &struct{}{})
		h.eventually("segment "+s.key+" is live", func() bool {
			var now struct{ State string }
			h.server.ask(h.t, "GET", "/api/segments/"+s.key, nil, nil, &now)
			return now.State == "live"
		})
	}
}

// round is one kill and what follows. Every fourth lets a timer fall due while the server is down; every fifth kills
// it once more, while it starts, and compares all memberships.
func (h *harness) round(n int) {
	h.t.Helper()
	var due time.Time
	if n%4 == 0 {
		due = h.pulse(n)
	}
	h.load()
	if n%5 == 0 {
		again, _ := spawn(h.t, h.binary, h.data)
		h.pause(time.Duration(h.rng.IntN(150)) * time.Millisecond)
		again.kill()
	}
	if !due.IsZero() {
		h.pause(time.Until(due))
	}
	h.server = start(h.t, h.binary, h.data)
	if !due.IsZero() {
		h.faded(n, due)
	}
	h.look(20)
	for _, w := range h.writers {
		if err := w.flush(h.server.url); err != nil {
			h.t.Fatal(err)
		}
	}
	if n%5 == 0 {
		h.memberships()
	}
}

// load lets all writers send, and kills the server at a moment in the midst of it.
func (h *harness) load() {
	h.t.Helper()
	faults := make([]error, len(h.writers))
	var done sync.WaitGroup
	for i, w := range h.writers {
		done.Go(func() { faults[i] = w.run(h.server.url) })
	}
	h.pause(time.Duration(20+h.rng.IntN(400)) * time.Millisecond)
	h.server.alive(h.t)
	h.server.kill()
	done.Wait()
	for _, err := range faults {
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// pulse lets three people give a sign of life, sees that they are in the segment of those who did, and returns the
// moment at which time alone takes them out.
func (h *harness) pulse(n int) time.Time {
	h.t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	var items []item
	var people []string
	for i := range 3 {
		who := fmt.Sprintf("pulse-%d-%d", n, i)
		people = append(people, who)
		items = append(items, item{Type: "track", MessageID: who, UserID: who, Event: "Pulse", Timestamp: at})
	}
	if err := ingest(http.DefaultClient, h.server.url, items); err != nil {
		h.t.Fatal(err)
	}
	if diff := cmp.Diff(people, h.members("pulse")); diff != "" && time.Since(at) < 2*time.Second {
		h.t.Errorf("in the segment pulse right after the sign of life (-want +got):\n%s", diff)
	}
	return at.Add(2 * time.Second)
}

// faded sees that those who gave a sign of life before the kill left the segment by time, not before it was due.
func (h *harness) faded(n int, due time.Time) {
	h.t.Helper()
	h.eventually("segment pulse is empty", func() bool { return len(h.members("pulse")) == 0 })
	left := map[string]bool{}
	h.pages("/api/segments/pulse/changes", url.Values{"limit": {"1000"}}, func(answer json.RawMessage) (string, int) {
		var page struct {
			Changes []struct {
				At                time.Time
				ID, Change, Cause string
			}
			Next string
		}
		h.decode(answer, &page)
		for _, c := range page.Changes {
			if c.Change != "leave" {
				continue
			}
			if left[c.ID] {
				h.t.Errorf("the feed says twice that %s left pulse", c.ID)
			}
			left[c.ID] = true
			if c.Cause != "time" || c.ID == fmt.Sprintf("pulse-%d-0", n) && c.At.Before(due) {
				h.t.Errorf("%s left pulse by %s at %s; time was up at %s", c.ID, c.Cause, c.At, due)
			}
		}
		return page.Next, len(page.Changes)
	})
	for i := range 3 {
		if who := fmt.Sprintf("pulse-%d-%d", n, i); !left[who] {
			h.t.Errorf("the feed does not say that %s left pulse", who)
		}
	}
}

// look sees that everything acknowledged is there once, and that nothing is there that was not sent: of at most some
// people of each writer who were written about since the last look, or of everybody.
func (h *harness) look(some int) {
	h.t.Helper()
	for _, w := range h.writers {
		open := map[string][]int{}
		for _, it := range w.pending {
			open[it.owner] = append(open[it.owner], it.n)
		}
		people := map[string]bool{}
		for _, it := range w.acked {
			if len(people) < some {
				people[it.owner] = true
			}
		}
		if some == everybody {
			for who := range w.people {
				people[who] = true
			}
		}
		for _, who := range slices.Sorted(maps.Keys(people)) {
			orders, visits := h.events(who)
			h.compare(who, "orders", w.people[who].orders, orders, open[who])
			h.compare(who, "visits", w.people[who].visits, visits, open[who])
		}
		w.looked(people)
	}
}

const everybody = -1

// compare fails the test unless got is every acknowledged number once, and beside those only ones whose
// acknowledgement is open.
func (h *harness) compare(who, what string, acknowledged, got, open []int) {
	h.t.Helper()
	seen := map[int]int{}
	for _, n := range got {
		seen[n]++
		if seen[n] == 2 {
			h.t.Errorf("%s of %s: number %d is there twice", what, who, n)
		}
	}
	for _, n := range acknowledged {
		if seen[n] == 0 {
			h.t.Errorf("%s of %s: number %d was acknowledged and is lost", what, who, n)
		}
		delete(seen, n)
	}
	for n := range seen {
		if !slices.Contains(open, n) {
			h.t.Errorf("%s of %s: number %d is there and was never sent", what, who, n)
		}
	}
}

// memberships sees that everybody is in exactly the segments that the ledgers say, and that the counts are exact. No
// acknowledgement may be open.
func (h *harness) memberships() {
	h.t.Helper()
	for _, s := range segments {
		if s.key == "pulse" {
			continue // its people are in no ledger; see faded
		}
		want := []string{}
		for _, w := range h.writers {
			for who, e := range w.people {
				if s.holds(e) {
					want = append(want, who)
				}
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, h.members(s.key)); diff != "" {
			h.t.Errorf("members of %s (-ledger +carpel):\n%.2000s", s.key, diff)
		}
	}
}

// end compares everything once more, asks the server to check itself, stops it, and checks the directory alone.
func (h *harness) end() {
	h.t.Helper()
	h.look(everybody)
	h.memberships()
	sent, repeats, people := 0, 0, 0
	for _, w := range h.writers {
		sent, repeats, people = sent+w.sent, repeats+w.repeats, people+len(w.people)
		for who, e := range w.people {
			if e.plan != "" && h.plan(who) != e.plan {
				h.t.Errorf("the plan of %s is %q; %q was set last", who, h.plan(who), e.plan)
			}
		}
	}
	if sent == 0 || repeats == 0 {
		h.t.Errorf("%d items sent and %d of them again: the test tested nothing", sent, repeats)
	}
	check(h.t, h.binary, h.data)
	h.server.stop(h.t)
	check(h.t, h.binary, h.data)
	h.t.Logf("%d items of %d people acknowledged, %d of them sent again", sent, people, repeats)
}
