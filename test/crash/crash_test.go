package crash

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel/test/ledger"
)

var (
	kills = flag.Int("kills", 10, "how often the server is killed")
	seed  = flag.Uint64("seed", 0, "of what is sent and when the server is killed; 0 for another one each time")
	data  = flag.String("data", "", "an empty directory for the data, which stays for a look afterwards; one of its own, removed again, if not given")
)

const (
	writers = 6
	offices = 2
)

// TestKill kills the server under load and holds what is there against the ledgers.
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
		h.writers = append(h.writers, ledger.NewWriter(n, *seed))
	}
	for n := range offices {
		h.offices = append(h.offices, ledger.NewOffice(n, *seed))
	}
	h.server = start(t, h.binary, h.data)
	h.must(ledger.Define(h.server.Server))
	for n := 1; n <= *kills && !t.Failed(); n++ {
		h.round(n)
	}
	if !t.Failed() {
		h.end()
	}
	if sent, repeats, _ := ledger.Sum(h.writers); sent == 0 || repeats == 0 {
		t.Errorf("%d items sent and %d of them again: the test tested nothing", sent, repeats)
	}
	h.tell()
}

// harness is the parent of the server that is killed.
type harness struct {
	t       *testing.T
	rng     *rand.Rand
	binary  string
	data    string
	server  *server
	writers []*ledger.Writer
	offices []*ledger.Office

	killed int             // times, also while it started
	ready  []time.Duration // from each start after a kill until the workspace answered
	lost   int             // problems found
}

// must ends the test on an error.
func (h *harness) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// found fails the test for every problem, and ends it on an error.
func (h *harness) found(problems []string, err error) {
	h.t.Helper()
	for _, p := range problems {
		h.lost++
		h.t.Error(p)
	}
	h.must(err)
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
		h.killed++
	}
	if !due.IsZero() {
		h.pause(time.Until(due))
	}
	h.server = start(h.t, h.binary, h.data)
	h.ready = append(h.ready, h.server.ready)
	if !due.IsZero() {
		h.faded(n, due)
	}
	h.look(20)
	for _, w := range h.writers {
		h.must(w.Flush(h.server.Server))
	}
	if n%5 == 0 {
		h.found(ledger.Memberships(h.server.Server, h.writers))
	}
}

// load lets everybody send, and kills the server at a moment in the midst of it.
func (h *harness) load() {
	h.t.Helper()
	faults := make([]error, len(h.writers)+len(h.offices))
	var done sync.WaitGroup
	for i, w := range h.writers {
		done.Go(func() { faults[i] = w.Run(h.server.Server) })
	}
	for i, o := range h.offices {
		done.Go(func() { faults[len(h.writers)+i] = o.Run(h.server.Server) })
	}
	h.pause(time.Duration(20+h.rng.IntN(400)) * time.Millisecond)
	h.server.alive(h.t)
	h.server.kill()
	h.killed++
	done.Wait()
	for _, err := range faults {
		h.must(err)
	}
}

// look holds the server to the ledgers: of the writers' people some of each who were written about since the last look,
// or everybody.
func (h *harness) look(some int) {
	h.t.Helper()
	for _, w := range h.writers {
		h.found(w.Look(h.server.Server, some))
	}
	for _, o := range h.offices {
		h.found(o.Look(h.server.Server))
	}
}

// pulse lets three people give a sign of life, sees that they are in the segment of those who did, and returns the
// moment at which time alone takes them out.
func (h *harness) pulse(n int) time.Time {
	h.t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	var items []ledger.Item
	var people []string
	for i := range 3 {
		who := fmt.Sprintf("pulse-%d-%d", n, i)
		people = append(people, who)
		items = append(items, ledger.Item{Type: "track", MessageID: who, UserID: who, Event: "Pulse", Timestamp: at})
	}
	h.must(h.server.Ingest(items))
	members, err := h.server.Members(ledger.Pulse)
	h.must(err)
	if diff := cmp.Diff(people, members); diff != "" && time.Since(at) < 2*time.Second {
		h.t.Errorf("in the segment pulse right after the sign of life (-want +got):\n%s", diff)
	}
	return at.Add(2 * time.Second)
}

// faded sees that those who gave a sign of life before the kill left the segment by time, not before it was due.
func (h *harness) faded(n int, due time.Time) {
	h.t.Helper()
	for until := time.Now().Add(10 * time.Second); ; h.pause(20 * time.Millisecond) {
		members, err := h.server.Members(ledger.Pulse)
		h.must(err)
		if len(members) == 0 {
			break
		}
		if time.Now().After(until) {
			h.t.Fatalf("%v are in pulse ten seconds after their time", members)
		}
	}
	left := map[string]bool{}
	for after := ""; ; {
		var page struct {
			Changes []struct {
				At                time.Time
				ID, Change, Cause string
			}
			Next string
		}
		h.must(h.server.Get("/api/segments/pulse/changes", url.Values{"limit": {"1000"}, "after": {after}}, &page))
		if len(page.Changes) == 0 {
			break
		}
		after = page.Next
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
	}
	for i := range 3 {
		if who := fmt.Sprintf("pulse-%d-%d", n, i); !left[who] {
			h.t.Errorf("the feed does not say that %s left pulse", who)
		}
	}
}

// end compares everything once more, asks the server to check itself, stops it, and checks the directory alone.
func (h *harness) end() {
	h.t.Helper()
	h.look(ledger.Everybody)
	h.found(ledger.Memberships(h.server.Server, h.writers))
	check(h.t, h.binary, h.data)
	h.server.stop(h.t)
	check(h.t, h.binary, h.data)
}

// tell says what was tried and what was lost.
func (h *harness) tell() {
	sent, repeats, people := ledger.Sum(h.writers)
	byKind, writes := map[string]int{}, 0
	for _, o := range h.offices {
		writes += o.Writes()
		for kind, n := range o.Acknowledged {
			byKind[kind] += n
		}
	}
	kinds, err := json.Marshal(byKind)
	h.must(err)
	h.t.Logf("%d items of %d people acknowledged, %d of them sent again; writes of the API: %s", sent, people, repeats, kinds)
	slices.Sort(h.ready)
	at := func(share float64) time.Duration {
		if len(h.ready) == 0 {
			return 0
		}
		return h.ready[int(share*float64(len(h.ready)-1))].Round(time.Millisecond)
	}
	h.t.Logf("TORTURE\tkill -9\t%d kills\t%d\t%d items and %d writes of the API acknowledged; ready after p50 %s, p99 %s, worst %s",
		h.killed, h.lost, sent, writes, at(0.5), at(0.99), at(1))
}

// pause lets a real process get on, in real time: there is no clock of its own to turn.
func (h *harness) pause(d time.Duration) { <-time.After(d) }
