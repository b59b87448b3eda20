package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Item is one call of the Segment family, as it goes over the wire.
type Item struct {
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

// Writer sends items, about people that no other writer sends anything about, in order.
type Writer struct {
	name    string
	rng     *rand.Rand
	people  map[string]*entry
	planned map[string]time.Time // of the last plan made for a person: no two have the same time
	pending []Item               // sent and not acknowledged: it may be stored or not
	safe    []Item               // acknowledged and seen to be there: may be sent again without hiding a loss
	acked   []Item               // acknowledged since the last look
	next    int                  // number of the last item
	sent    int                  // items acknowledged, repeats not counted
	repeats int                  // acknowledged items that were sent and acknowledged again
}

const peopleOfWriter = 60

// NewWriter returns the n-th writer.
func NewWriter(n int, seed uint64) *Writer {
	return &Writer{name: fmt.Sprintf("w%d", n), rng: rand.New(rand.NewPCG(seed, 1+uint64(n))), people: map[string]*entry{}, planned: map[string]time.Time{}}
}

// Run sends batches until a request fails, which is how it learns that the server is gone. A batch without an
// acknowledgement is sent again first, unchanged. The error is an answer that should not have come.
func (w *Writer) Run(s Server) error {
	for {
		if w.pending == nil {
			w.pending = w.batch()
		}
		err := s.Ingest(w.pending)
		var wrong *wrongAnswer
		switch {
		case errors.As(err, &wrong):
			return fmt.Errorf("%s: %w", w.name, wrong)
		case errors.Is(err, errRefused):
			continue
		case err != nil:
			return nil // killed, or failed
		}
		w.acknowledge()
	}
}

// Flush sends the batch that has no acknowledgement yet.
func (w *Writer) Flush(s Server) error {
	if w.pending == nil {
		return nil
	}
	if err := s.Ingest(w.pending); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	w.acknowledge()
	return nil
}

// batch makes the next items: orders mostly, plans, and visitors who become known; now and then with items that were
// acknowledged before.
func (w *Writer) batch() []Item {
	var items []Item
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
func (w *Writer) make(kind, owner string) Item {
	w.next++
	return Item{Type: kind, MessageID: fmt.Sprintf("%s-%d", w.name, w.next), UserID: owner, Properties: map[string]any{"n": w.next},
		Timestamp: time.Now().UTC().Truncate(time.Millisecond), owner: owner, n: w.next}
}

// somebody returns one of the writer's people; the first ones often, the last ones hardly ever.
func (w *Writer) somebody() string {
	n := w.rng.IntN(peopleOfWriter) * w.rng.IntN(peopleOfWriter) / peopleOfWriter
	return fmt.Sprintf("%s-p%d", w.name, n)
}

func (w *Writer) order() Item {
	it := w.make("track", w.somebody())
	it.Event = "Order Completed"
	it.Properties["total"] = 1 + w.rng.IntN(50)
	return it
}

// plan sets somebody's plan, or makes an order when theirs was set in this very millisecond: which one wins would be
// open.
func (w *Writer) plan() Item {
	it := w.make("identify", w.somebody())
	if !it.Timestamp.After(w.planned[it.owner]) {
		return w.order()
	}
	w.planned[it.owner] = it.Timestamp
	it.Properties, it.Traits = nil, map[string]any{"plan": []string{"free", "team", "pro"}[w.rng.IntN(3)]}
	return it
}

// visitor looks at pages before anybody knows who it is, is identified, and looks at one more.
func (w *Writer) visitor() []Item {
	anonymous, owner := fmt.Sprintf("%s-anon%d", w.name, w.next), fmt.Sprintf("%s-v%d", w.name, w.next)
	page := func(userID string) Item {
		it := w.make("page", owner)
		it.UserID, it.AnonymousID, it.Name, it.Properties["url"] = userID, anonymous, "Pricing", "https://acme.example/pricing"
		return it
	}
	var items []Item
	for range 1 + w.rng.IntN(3) {
		items = append(items, page(""))
	}
	known := w.make("identify", owner)
	known.AnonymousID, known.Properties, known.Traits = anonymous, nil, map[string]any{"plan": "free"}
	return append(items, known, page(owner))
}

// acknowledge enters the pending batch into the ledger.
func (w *Writer) acknowledge() {
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
func (w *Writer) looked(people map[string]bool) {
	for _, it := range w.acked {
		if people[it.owner] {
			w.safe = append(w.safe, it)
		}
	}
	w.rng.Shuffle(len(w.safe), func(i, j int) { w.safe[i], w.safe[j] = w.safe[j], w.safe[i] })
	w.safe = w.safe[:min(len(w.safe), 200)]
	w.acked = nil
}

// Ingest sends one batch of the Segment family. nil means that it was acknowledged; an error wrapping errRefused that it
// was not taken; a *wrongAnswer that it is wrong; any other error leaves open whether it was taken.
func (s Server) Ingest(batch []Item) error {
	_, err := s.send(request{method: "POST", path: "/v1/batch", body: map[string]any{"batch": batch}, write: true,
		header: map[string]string{"X-Strict-Mode": "1"}})
	return err
}

// Step sends one batch, or the one without an acknowledgement again, and reports whether it was acknowledged. The error is
// an answer that should not have come.
func (w *Writer) Step(s Server) (acknowledged bool, err error) {
	if w.pending == nil {
		w.pending = w.batch()
	}
	err = s.Ingest(w.pending)
	if err == nil {
		w.acknowledge()
		return true, nil
	}
	var wrong *wrongAnswer
	if errors.As(err, &wrong) {
		return false, fmt.Errorf("%s: %w", w.name, wrong)
	}
	return false, nil
}

// Sum adds up what writers sent.
func Sum(writers []*Writer) (sent, repeats, people int) {
	for _, w := range writers {
		sent, repeats, people = sent+w.sent, repeats+w.repeats, people+len(w.people)
	}
	return sent, repeats, people
}
