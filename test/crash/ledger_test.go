package crash

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// item is one call of the Segment family, as it goes over the wire.
type item struct {
	Type        string         `json:"type"`
	MessageID   string         `json:"messageId"`
	UserID      string         `json:"userId,omitempty"`
	AnonymousID string         `json:"anonymousId,omitempty"`
	Event       string         `json:"event,omitempty"`
	Name        string         `json:"name,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
	Traits      map[string]any `json:"traits,omitempty"`
	Timestamp   time.Time      `json:"timestamp"`

	owner string // the person whose ledger it counts in
	n     int    // the number that it carries in its properties
	again bool   // it was acknowledged before
}

// entry is what the ledger says of one person: everything about them that was acknowledged.
type entry struct {
	orders []int // the numbers of their orders
	spent  int
	visits []int  // the numbers of their page views, most of them made before they were known
	plan   string // the last one set; "" for none
}

// writer sends items over a connection of its own, about people that no other writer sends anything about, in order.
type writer struct {
	name    string
	rng     *rand.Rand
	http    *http.Client
	people  map[string]*entry
	planned map[string]time.Time // of the last plan made for a person: no two have the same time
	pending []item               // sent and not acknowledged: it may be stored or not
	safe    []item               // acknowledged and seen to be there: may be sent again without hiding a loss
	acked   []item               // acknowledged since the last look
	next    int                  // number of the last item
	sent    int                  // items acknowledged, repeats not counted
	repeats int                  // acknowledged items that were sent and acknowledged again
}

const peopleOfWriter = 60

func newWriter(n int, seed uint64) *writer {
	return &writer{name: fmt.Sprintf("w%d", n), rng: rand.New(rand.NewPCG(seed, 1+uint64(n))), people: map[string]*entry{}, planned: map[string]time.Time{},
		http: &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}}
}

// run sends batches until a request fails, which is how it learns that the server was killed. A batch without an
// acknowledgement is sent again first, unchanged. The error is an answer that should not have come.
func (w *writer) run(url string) error {
	for {
		if w.pending == nil {
			w.pending = w.batch()
		}
		err := ingest(w.http, url, w.pending)
		var wrong *wrongAnswer
		switch {
		case errors.As(err, &wrong):
			return fmt.Errorf("%s: %w", w.name, wrong)
		case errors.Is(err, errRefused):
			continue
		case err != nil:
			return nil // killed
		}
		w.acknowledge()
	}
}

// flush sends the batch that has no acknowledgement yet.
func (w *writer) flush(url string) error {
	if w.pending == nil {
		return nil
	}
	if err := ingest(w.http, url, w.pending); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	w.acknowledge()
	return nil
}

// batch makes the next items: orders mostly, plans, and visitors who become known; now and then with items that were
// acknowledged before.
func (w *writer) batch() []item {
	var items []item
	for size := 1 + w.rng.IntN(20); len(items) < size; {
		switch x := w.rng.IntN(20); {
		case x == 0 && w.rng.IntN(3) == 0:
			items = append(items, w.visitor()...)
		case x < 4:
			items = append(items, w.plan())
		default:
			items = append(items, w.order())
		}
	}
	if len(w.safe) > 0 && w.rng.IntN(4) == 0 {
		it := w.safe[w.rng.IntN(len(w.safe))]
		it.again = true
		items = append(items, it)
	}
	return items
}

// make numbers an item and stamps it.
func (w *writer) make(kind, owner string) item {
	w.next++
	return item{Type: kind, MessageID: fmt.Sprintf("%s-%d", w.name, w.next), UserID: owner, Properties: map[string]any{"n": w.next},
		Timestamp: time.Now().UTC().Truncate(time.Millisecond), owner: owner, n: w.next}
}

// somebody returns one of the writer's people; the first ones often, the last ones hardly ever.
func (w *writer) somebody() string {
	n := w.rng.IntN(peopleOfWriter) * w.rng.IntN(peopleOfWriter) / peopleOfWriter
	return fmt.Sprintf("%s-p%d", w.name, n)
}

func (w *writer) order() item {
	it := w.make("track", w.somebody())
	it.Event = "Order Completed"
	it.Properties["total"] = 1 + w.rng.IntN(50)
	return it
}

// plan sets somebody's plan, or makes an order when theirs was set in this very millisecond: which one wins would be
// open.
func (w *writer) plan() item {
	it := w.make("identify", w.somebody())
	if !it.Timestamp.After(w.planned[it.owner]) {
		return w.order()
	}
	w.planned[it.owner] = it.Timestamp
	it.Properties, it.Traits = nil, map[string]any{"plan": []string{"free", "team", "pro"}[w.rng.IntN(3)]}
	return it
}

// visitor looks at pages before anybody knows who it is, is identified, and looks at one more.
func (w *writer) visitor() []item {
	anonymous, owner := fmt.Sprintf("%s-anon%d", w.name, w.next), fmt.Sprintf("%s-v%d", w.name, w.next)
	page := func(userID string) item {
		it := w.make("page", owner)
		it.UserID, it.AnonymousID, it.Name, it.Properties["url"] = userID, anonymous, "Pricing", "https://acme.example/pricing"
		return it
	}
	var items []item
	for range 1 + w.rng.IntN(3) {
		items = append(items, page(""))
	}
	known := w.make("identify", owner)
	known.AnonymousID, known.Properties, known.Traits = anonymous, nil, map[string]any{"plan": "free"}
	return append(items, known, page(owner))
}

// acknowledge enters the pending batch into the ledger.
func (w *writer) acknowledge() {
	for _, it := range w.pending {
		if it.again {
			w.repeats++
			continue
		}
		w.sent++
		w.acked = append(w.acked, it)
		e := w.people[it.owner]
		if e == nil {
			e = &entry{}
			w.people[it.owner] = e
		}
		switch it.Type {
		case "track":
			e.orders, e.spent = append(e.orders, it.n), e.spent+it.Properties["total"].(int)
		case "page":
			e.visits = append(e.visits, it.n)
		case "identify":
			e.plan = it.Traits["plan"].(string)
		}
	}
	w.pending = nil
}

// looked takes note that everything acknowledged of some people was seen to be there: from now on it may be sent
// again. What was not looked at never is, so that no repeat hides a loss.
func (w *writer) looked(people map[string]bool) {
	for _, it := range w.acked {
		if people[it.owner] {
			w.safe = append(w.safe, it)
		}
	}
	w.rng.Shuffle(len(w.safe), func(i, j int) { w.safe[i], w.safe[j] = w.safe[j], w.safe[i] })
	w.safe = w.safe[:min(len(w.safe), 200)]
	w.acked = nil
}
