package enginetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// newLife makes a life from a seed: people in houses, who are joined, merged, erased and suppressed within a house and
// never across. Nothing is paused or dropped in it: a paused segment holds who was in it at that moment, so it hangs on
// what had arrived by then, by its nature.
func newLife(seed uint64) *life {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Beirut"}
	m := &maker{Rand: rng(seed + 1_000_000), grid: hour}
	m.now = carpel.MillisOf(time.Date(2026, 3, 27, 10, 0, 0, 0, time.UTC))
	m.latest = m.now
	m.events = some(m, 2, "login", "Order Completed", "Signed Up")
	m.props = some(m, 3, "total", "sku", "plan", "items", "when", "active")
	m.attrs = some(m, 4, "plan", "seats", "tags", "address", "active", "orders", "renews_at")
	m.spans = some(m, 3, durations()...)
	l := &life{history: history{zone: loadZone(pick(m, zones...)), start: m.now}, reorder: m.chance(50), exact: true}
	clock := &clock{m.now.Time()}
	m.shadow = &duel{clock: clock, model: newModel(clock, l.zone)}
	l.options = m.sizes()
	houses := 1 + m.IntN(6)
	if m.chance(2) {
		houses = 300 // more than fit into one stripe of any engine
	}
	for _, id := range []string{"m1", "m2", "s1", "s2", "s3"} {
		l.steps = append(l.steps, step{verb: "define", clock: m.now, def: m.plainDefine(id, l.reorder)})
	}
	for range 6 + m.IntN(20) + houses/4 {
		m.move()
		l.steps = append(l.steps, m.plainStep(l.reorder, houses))
	}
	l.end = m.latest
	return l
}

// plainStep makes a step that other ways of living can do elsewhere.
func (m *maker) plainStep(reorder bool, houses int) step {
	s := step{verb: "commit", clock: m.now}
	switch n := m.IntN(100); {
	case n < 15:
		s.verb, s.def = "define", m.plainDefine(pick(m, "s1", "s2", "s3", "s4", "s5"), reorder)
		return s
	case n < 18:
		s.verb, s.zone = "zone", loadZone(pick(m, "UTC", "Europe/Berlin", "America/New_York"))
		return s
	}
	items := []carpel.Item{m.item()}
	for range m.IntN(8) {
		items = append(items, m.item())
	}
	if m.chance(15) {
		items = append(items, m.burst()...)
	}
	if m.chance(10) {
		items = append(items, m.member())
	}
	house := m.IntN(houses)
	for i := range items {
		if m.chance(50) {
			house = m.IntN(houses)
		}
		m.messages++
		items[i].MessageID = fmt.Sprintf("m%d", m.messages)
		// An older created_at is ignored when a newer one is there, and lowers when the person was first seen when it is
		// not: it hangs on arrival. So does a bare date in it, on the zone of that moment.
		delete(items[i].Properties, "created_at")
		if reorder && m.chance(85) {
			m.simplify(&items[i]) // what is not may be passed by nothing of its house
		}
		moveTo(&items[i], house)
	}
	s.items, s.again = items, make([]bool, len(items))
	return s
}

// simplify makes an item plain.
func (m *maker) simplify(it *carpel.Item) {
	for id := it.MessageID; it.Kind > carpel.ItemDeviceDelete; {
		*it = m.item()
		it.MessageID = id
		delete(it.Properties, "created_at")
	}
	delete(it.Properties, "email")
	it.Person, it.Public, it.UpdateOnly = carpel.PersonRef{UserID: pick(m, users()...)}, false, false
}

// plainDefine makes a definition whose answers do not hang on keys, which are random, nor, when items may come in
// another order, on how long a value has been the same: that counts from the change that was seen.
func (m *maker) plainDefine(id string, reorder bool) engine.Definition {
	d := m.define(id)
	if d.Condition != nil {
		d.Condition = plainCondition(d.Condition, reorder)
	}
	return d
}

func plainCondition(c carpel.Condition, reorder bool) carpel.Condition {
	switch c := c.(type) {
	case *carpel.Group:
		g := &carpel.Group{Quantifier: c.Quantifier}
		for _, of := range c.Of {
			g.Of = append(g.Of, plainCondition(of, reorder))
		}
		return g
	case *carpel.Not:
		return &carpel.Not{Of: plainCondition(c.Of, reorder)}
	case *carpel.Attribute:
		if plain := *c; reorder {
			plain.For = carpel.Duration{}
			return &plain
		}
	case *carpel.Sample:
		return &carpel.Activity{Kind: carpel.EventActivity, Name: carpel.AnyEvent}
	}
	return c
}

// moveTo gives an item's ids to a house. Those of house 0 are the ids that definitions name.
func moveTo(it *carpel.Item, house int) {
	if house == 0 {
		return
	}
	own := func(id *string) {
		if *id != "" {
			*id = fmt.Sprintf("h%d-%s", house, *id)
		}
	}
	for _, ref := range []*carpel.PersonRef{&it.Person, &it.Other} {
		own(&ref.UserID)
		own(&ref.Email)
		own(&ref.AnonymousID)
	}
	if email := it.Properties["email"]; email.IsSet() {
		text := email.Text()
		own(&text)
		it.Properties["email"] = carpel.TextValue(text)
	}
	if it.Device != nil {
		own(&it.Device.Token)
	}
}

// house names the house of an item.
func house(it *carpel.Item) string {
	for _, id := range []string{it.Person.UserID, it.Person.Email, it.Person.AnonymousID} {
		if house, _, found := strings.Cut(strings.ToLower(id), "-"); found {
			return house
		} else if id != "" {
			return ""
		}
	}
	return ""
}

// plain reports whether an item says by user id whom it is about, and neither joins, moves nor removes anybody nor asks
// what is there.
func plain(it *carpel.Item) bool {
	_, email := it.Properties["email"]
	return it.Kind <= carpel.ItemDeviceDelete && it.Person == (carpel.PersonRef{UserID: it.Person.UserID}) && !email && !it.Public && !it.UpdateOnly
}

// commute reports whether two items may come in either order. They may not
//   - when they are of one house and one of them joins, moves or removes people, claims an id or an email, is taken by
//     hand into a segment (which needs the person), or is taken only if somebody or something is there or is not;
//   - when they set attributes at one moment, of one person or of people of one house, whom a merge may have made one: of
//     two values of one moment the later to arrive counts;
//   - when they are about one device: it belongs to whoever told of it last.
func commute(a, b *carpel.Item) bool {
	switch {
	case house(a) != house(b):
		return true
	case !plain(a) || !plain(b):
		return false
	case a.Kind == carpel.ItemIdentify && b.Kind == carpel.ItemIdentify:
		return a.At != b.At
	case a.Device != nil && b.Device != nil:
		return a.Device.Token != b.Device.Token
	}
	return true
}

// sizes picks sizes of an engine, some of them the least.
func (m *maker) sizes() Options {
	return Options{SplitRows: pick(m, 0, 4, 8, 16), HeavyRows: pick(m, 0, 4, 6, 12), DecodedBytes: pick[int64](m, 0, 1, 20_000),
		StateBytes: pick[int64](m, 0, 1, 2_000), MemTableBytes: pick[int64](m, 0, 32<<10)}
}

// otherwise returns another way of living a life; refused is what was refused in it as it was made.
func (l *life) otherwise(r *rand.Rand, refused map[string]string) *life {
	m := &maker{Rand: r}
	out := *l
	out.steps = slices.Clone(l.steps)
	way := func(name string, percent int, change func()) {
		if m.chance(percent) {
			change()
			out.ways += " " + name
		}
	}
	way("other sizes", 50, func() { out.options = m.sizes() })
	way("rewritten", 50, func() { out.rewrite(m) })
	way("other batches", 40, func() { out.recut(m, l.reorder && m.chance(80)) })
	way("defined last", 15, func() { out.defineLast() })
	way("smaller steps of time", 25, func() { out.advance(m) })
	way("sent again", 50, func() { out.sendAgain(m, refused) })
	way("restarts", 40, func() { out.restarts(m) })
	if out.ways == "" {
		out.restarts(m)
		out.ways = " restarts"
	}
	out.ways = out.ways[1:]
	return &out
}

// recut spreads the items over other batches, in another order when that is asked for. What is no commit stays where it
// is, to a batch.
func (l *life) recut(m *maker, reorder bool) {
	var items []carpel.Item
	var clocks []carpel.Millis
	type other struct {
		step
		after int // items
	}
	var others []other
	for _, st := range l.steps {
		if st.verb != "commit" {
			others = append(others, other{st, len(items)})
			continue
		}
		for _, it := range st.items {
			items, clocks = append(items, it), append(clocks, st.clock)
		}
	}
	if reorder {
		items = anyOrder(m, items)
	}
	l.steps, l.exact = nil, false
	most := pick(m, 1, 3, 10, 50, len(items)+1)
	for from := 0; from < len(items); {
		for len(others) > 0 && others[0].after <= from {
			l.steps, others = append(l.steps, others[0].step), others[1:]
		}
		to := min(from+1+m.IntN(most), len(items))
		l.steps = append(l.steps, step{verb: "commit", clock: clocks[to-1], items: slices.Clone(items[from:to]), again: make([]bool, to-from)})
		from = to
	}
	for _, o := range others {
		l.steps = append(l.steps, o.step)
	}
}

// anyOrder returns the items in a random one of the orders that commute allows.
func anyOrder(m *maker, items []carpel.Item) []carpel.Item {
	before := make([]int, len(items)) // how many that must come first are not placed yet
	follow := make([][]int, len(items))
	for j := range items {
		for i := range j {
			if !commute(&items[i], &items[j]) {
				before[j]++
				follow[i] = append(follow[i], j)
			}
		}
	}
	var free []int
	for i, n := range before {
		if n == 0 {
			free = append(free, i)
		}
	}
	var out []carpel.Item
	for len(free) > 0 {
		k := m.IntN(len(free))
		i := free[k]
		free = slices.Delete(free, k, k+1)
		out = append(out, items[i])
		for _, j := range follow[i] {
			if before[j]--; before[j] == 0 {
				free = append(free, j)
			}
		}
	}
	return out
}

// defineLast saves every definition after all items, in the same order. Manual segments stay: people are put into them.
func (l *life) defineLast() {
	var first, last []step
	latest := l.start
	for _, st := range l.steps {
		latest = max(latest, st.clock)
		if st.verb == "define" && !st.def.Manual {
			last = append(last, st)
		} else {
			first = append(first, st)
		}
	}
	for i := range last {
		last[i].clock = latest
	}
	l.steps, l.exact = append(first, last...), false
}

// advance tells the time between the steps.
func (l *life) advance(m *maker) {
	var out []step
	for i, st := range l.steps {
		if i > 0 {
			for at, n := l.steps[i-1].clock, m.IntN(4); n > 0 && st.clock > at; n-- {
				at += carpel.Millis(m.Int64N(int64(st.clock-at))) + 1
				out = append(out, step{verb: "advance", clock: at})
			}
		}
		out = append(out, st)
	}
	l.steps, l.exact = out, false
}

// sendAgain sends some of what was taken again, later, with its message id and sometimes other contents: the first
// counts. What was refused was not taken, so that its id may be used again.
func (l *life) sendAgain(m *maker, refused map[string]string) {
	var seen []carpel.Item
	for i, st := range l.steps {
		if st.verb != "commit" {
			continue
		}
		items, again := st.items, st.again
		st.items, st.again = nil, nil
		for k := range items {
			if st.items, st.again = append(st.items, items[k]), append(st.again, again[k]); refused[items[k].MessageID] == "" {
				seen = append(seen, items[k])
			}
			for len(seen) > 0 && m.chance(30) {
				it := seen[m.IntN(len(seen))]
				if m.chance(30) {
					it.At, it.Properties = it.At-day, nil
				}
				st.items, st.again = append(st.items, it), append(st.again, true)
			}
		}
		l.steps[i] = st
	}
}

// restarts closes the engine and opens it again, sometimes with other sizes.
func (l *life) restarts(m *maker) {
	var out []step
	latest := l.start
	for _, st := range l.steps {
		latest = max(latest, st.clock)
		out = append(out, st)
		if m.chance(12) {
			again := step{verb: "restart", clock: latest}
			if m.chance(50) {
				o := m.sizes()
				again.options = &o
			}
			out = append(out, again)
		}
	}
	l.steps = out
}

// rewrite writes every definition otherwise.
func (l *life) rewrite(m *maker) {
	for i := range l.steps {
		if c := l.steps[i].def.Condition; c != nil {
			l.steps[i].def.Condition = rewritten(m, c)
		}
	}
}
