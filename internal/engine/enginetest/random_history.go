package enginetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// maker makes random histories: few people, few names and small pools of values, so that things collide.
type maker struct {
	*rand.Rand
	now      carpel.Millis // the wall clock
	latest   carpel.Millis // the engine's time
	grid     carpel.Millis // the unit of most times, so that boundaries are met exactly
	crowd    int           // how many people there are besides the few
	messages int
	versions int
	events   []string          // names of this history: few
	props    []string          // properties
	attrs    []string          // attributes
	spans    []carpel.Duration // durations of most conditions, and distances of most moments
	shadow   *duel             // two models that live through the history as it is made, so that it can lead to critical moments
}

// some returns n different ones of all.
func some[T any](m *maker, n int, all ...T) []T {
	m.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:n]
}

func pick[T any](m *maker, all ...T) T { return all[m.IntN(len(all))] }

func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

const (
	hour = carpel.Millis(3_600_000)
	day  = 24 * hour
)

// newHistory makes the history of a seed.
func newHistory(seed int64) *history {
	m := &maker{Rand: rng(uint64(seed))}
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Beirut", "Pacific/Apia"}
	starts := []string{"2026-03-27T10:00:00Z", "2026-10-24T22:00:00Z", "2025-12-29T12:00:00Z", "2024-02-27T00:00:00Z", "2026-06-30T21:30:00Z"}
	start, err := time.Parse(time.RFC3339, pick(m, starts...))
	if err != nil {
		panic(err)
	}
	m.now = carpel.MillisOf(start)
	m.latest = m.now
	m.grid = pick(m, hour, hour, day, 1000, 12*hour)
	m.events = some(m, 2, "login", "Order Completed", "Signed Up")
	m.props = some(m, 3, "total", "sku", "plan", "items", "when", "active")
	m.attrs = some(m, 4, "plan", "seats", "tags", "address", "active", "orders", "renews_at")
	m.spans = some(m, 3, durations()...)
	h := &history{zone: loadZone(pick(m, zones...)), start: m.now}
	h.options.SplitRows, h.options.HeavyRows = pick(m, 0, 4, 8, 16), pick(m, 0, 4, 6, 12)
	clock := &clock{start}
	m.shadow = &duel{clock: clock, engine: newModel(clock, h.zone), model: newModel(clock, h.zone)}
	add := func(s step) {
		h.steps = append(h.steps, s)
		ask := s.ask
		s.ask = nil
		if err := m.shadow.step(s); err != nil {
			panic(fmt.Sprintf("two models differ: %v", err))
		}
		h.steps[len(h.steps)-1].ask = ask
	}
	switch n := m.IntN(100); {
	case n < 3:
		m.crowd = 280 + m.IntN(100) // more than fit into one stripe of any engine
	case n < 25:
		m.crowd = 10 + m.IntN(20)
	}
	if m.crowd > 0 {
		add(m.crowdItems())
	}
	for _, id := range []string{"m1", "m2", "s1", "s2", "s3", "s4"}[m.IntN(3):] { // so that there is something to keep up to date
		add(step{verb: "define", clock: m.now, def: m.define(id)})
	}
	for range 15 + m.IntN(30) {
		add(m.step())
	}
	return h
}

// crowdItems makes a first step about a crowd.
func (m *maker) crowdItems() step {
	s := step{verb: "commit", clock: m.now}
	for i := range m.crowd {
		for range 1 + m.IntN(3) {
			it := m.item()
			for it.Kind > carpel.ItemDeviceDelete {
				it = m.item()
			}
			it.Person, it.MessageID, it.UpdateOnly = carpel.PersonRef{UserID: fmt.Sprintf("crowd%d", i)}, "", false
			s.items = append(s.items, it)
		}
	}
	return s
}

// cluster makes activities of one person at few moments, so that steps of sequences meet at one.
func (m *maker) cluster() []carpel.Item {
	who, moments := m.named(), []carpel.Millis{m.past(), m.past()}
	var items []carpel.Item
	for range 3 + m.IntN(5) {
		it := carpel.Item{Kind: carpel.ItemEvent, At: pick(m, moments...), Received: m.now, Source: "api", Person: who, Name: pick(m, m.events...)}
		if m.chance(40) {
			it.Properties = m.properties()
		}
		items = append(items, it)
	}
	return items
}

// burst makes much activity of one person over a long time, which an engine may keep apart.
func (m *maker) burst() []carpel.Item {
	who, name := m.named(), pick(m, m.events...)
	var items []carpel.Item
	for range 10 + m.IntN(30) {
		it := carpel.Item{Kind: carpel.ItemEvent, At: m.past() - pick(m, 0, 0, 30*day, 200*day), Received: m.now, Source: "api", Person: who, Name: name}
		if m.chance(50) {
			it.Properties = m.properties()
		}
		items = append(items, it)
	}
	return items
}

func loadZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// step makes the next step.
func (m *maker) step() step {
	m.move()
	s := step{clock: m.now, seed: m.Uint64()}
	switch n := m.IntN(100); {
	case n < 60:
		s.verb = "commit"
		for range 1 + m.IntN(5)*m.IntN(3) {
			s.items = append(s.items, m.item())
		}
		if m.chance(4) {
			s.items = append(s.items, m.burst()...)
		}
		if m.chance(8) {
			s.items = append(s.items, m.cluster()...)
		}
	case n < 66:
		s.verb = "commit"
		s.items = []carpel.Item{m.member()}
	case n < 72:
		s.verb = "advance"
	case n < 84:
		s.verb = "define"
		s.def = m.define(pick(m, "s1", "s2", "s3", "s4", "s5", "s5", "m1"))
	case n < 88:
		s.verb, s.id = "pause", pick(m, "s1", "s2", "s3")
	case n < 92:
		s.verb, s.id = "resume", pick(m, "s1", "s2", "s3")
	case n < 94:
		s.verb, s.id = "drop", pick(m, "s1", "s2", "s3", "s4", "s5", "m1")
	case n < 95:
		s.verb, s.zone = "zone", loadZone(pick(m, "UTC", "Europe/Berlin", "America/New_York"))
	default:
		m.now = m.latest // what an engine does with a clock that is behind at its start is asked in the scripts
		s.clock, s.verb = m.now, "restart"
	}
	if m.chance(60) {
		s.ask = m.definition()
		if m.chance(40) {
			s.asOf = m.latest + pick(m, -14*day, -7*day, -2*day, -day, -hour, hour, day, 3*day, 30*day)
		}
	}
	return s
}

// define makes the next definition of a segment; those whose id begins with m are manual.
func (m *maker) define(id string) engine.Definition {
	m.versions++
	d := engine.Definition{ID: id, Key: id + "-key", Version: m.versions, Manual: id[0] == 'm'}
	if !d.Manual {
		d.Condition = m.definition()
	}
	return d
}

// move moves the wall clock: mostly forward, by round steps, sometimes by a millisecond, sometimes back.
func (m *maker) move() {
	defer func() { m.latest = max(m.latest, m.now) }()
	if next := m.critical(); next < m.now+60*day && m.chance(30) {
		m.now = next + pick[carpel.Millis](m, -1, 0, 0, 0, 1)
		return
	}
	step := pick(m, 0, 0, 1, m.grid, m.grid, 2*m.grid, hour, 6*hour, day, day-1, 2*day, 3*day, 7*day)
	if m.chance(5) {
		step = 30 * day
	}
	if m.chance(6) {
		step = -pick(m, 1, m.grid, day)
	}
	m.now += step
}

// critical returns when time alone next changes whether somebody is in some segment; Never when it does not.
func (m *maker) critical() carpel.Millis {
	model := m.shadow.model
	ids := slices.Sorted(maps.Keys(model.segments))
	if len(ids) == 0 || len(model.people) == 0 {
		return carpel.Never
	}
	s := model.segments[pick(m, ids...)]
	if s.def.Manual || s.paused {
		return carpel.Never
	}
	return model.at(model.now).nextChange(pick(m, model.people...), s.def.Condition)
}

// past returns a moment up to now, on the grid more often than not.
func (m *maker) past() carpel.Millis {
	back := pick(m, 0, 0, 1, m.grid, 2*m.grid, 3*m.grid, hour, 12*hour, day, 2*day, 3*day, 7*day, 8*day, 14*day, 30*day, 90*day)
	if m.chance(60) { // a moment that conditions tell from its neighbours
		back = span(pick(m, m.spans...))
		if m.chance(30) {
			back += span(pick(m, m.spans...))
		}
	}
	if m.chance(15) {
		back += pick[carpel.Millis](m, -1, 1)
	}
	return m.now - max(back, 0)
}

// item makes an item about somebody.
func (m *maker) item() carpel.Item {
	it := carpel.Item{At: m.past(), Received: m.now, Source: "api", Person: m.ref()}
	if m.chance(35) {
		m.messages++
		n := m.messages
		if m.chance(30) {
			n = 1 + m.IntN(m.messages)
		}
		it.MessageID = fmt.Sprintf("msg-%d", n)
	}
	switch n := m.IntN(100); {
	case n < 30:
		it.Kind, it.Properties = carpel.ItemIdentify, m.attributes()
		if m.chance(12) && it.Person.AnonymousID == "" {
			it.Source = "import"
		}
		it.UpdateOnly, it.Public = m.chance(5), m.chance(5)
	case n < 58:
		it.Kind, it.Name, it.Properties = carpel.ItemEvent, pick(m, m.events...), m.properties()
		m.future(&it)
	case n < 68:
		it.Kind, it.URL, it.Name = carpel.ItemPage, pick(m, urls()...), pick(m, "Home", "Pricing", "Docs")
		it.Properties = m.properties()
		m.future(&it)
	case n < 72:
		it.Kind, it.Name, it.Properties = carpel.ItemScreen, pick(m, "Home", "Settings"), m.properties()
	case n < 80:
		it.Kind, it.Message = carpel.ItemMessage, m.message()
		if m.chance(30) {
			it.Properties = m.properties()
		}
	case n < 87:
		it.Kind, it.Device = carpel.ItemDevice, m.device()
		if m.chance(20) {
			it.Kind = carpel.ItemDeviceDelete
		}
	default:
		m.identity(&it)
	}
	if it.Kind == carpel.ItemEvent && m.chance(25) {
		it.Context = map[string]carpel.Value{"campaign": jsonValue(pick(m, `{"name":"spring","source":"ad"}`, `{"name":"autumn"}`, `"none"`))}
	}
	return it
}

// future dates some activity ahead, and little of it long ago.
func (m *maker) future(it *carpel.Item) {
	if m.chance(1) {
		it.At = pick[carpel.Millis](m, -1, -30*day, 946_684_800_000, 946_684_799_999)
	}
	if m.chance(8) {
		it.At = m.now + pick(m, 1, m.grid, hour, day, 3*day)
	}
}

// identity makes the items that are about who is who.
func (m *maker) identity(it *carpel.Item) {
	it.At = m.now
	user := func() carpel.PersonRef { return carpel.PersonRef{UserID: pick(m, users()...)} }
	switch m.IntN(7) {
	case 0, 1:
		it.Kind, it.Person, it.Other = carpel.ItemAlias, user(), pick(m, user(), carpel.PersonRef{AnonymousID: pick(m, "a1", "a2", "a3")})
	case 2, 3:
		it.Kind, it.Person, it.Other = carpel.ItemMerge, pick(m, user(), m.named()), pick(m, user(), m.named())
	case 4:
		it.Kind, it.Person = carpel.ItemErase, m.ref()
	case 5:
		it.Kind, it.Person = carpel.ItemSuppress, m.ref()
	default:
		it.Kind, it.Person = carpel.ItemUnsuppress, m.named()
	}
}

// member makes a manual edit.
func (m *maker) member() carpel.Item {
	return carpel.Item{Kind: carpel.ItemMember, At: m.now, Received: m.now, Source: "api", Person: m.named(),
		Segment: &carpel.MemberChange{ID: pick(m, "m1", "m2"), Remove: m.chance(30), Cause: pick(m, carpel.CauseManual, carpel.CauseManual, carpel.CauseImport)}}
}

func users() []string  { return []string{"u1", "u2", "u3", "u4", "u5", "U1"} }
func emails() []string { return []string{"e1@x.io", "E1@X.io", "e2@x.io", "e3@x.io"} }

// named names somebody by one id.
func (m *maker) named() carpel.PersonRef {
	if m.crowd > 0 && m.chance(60) {
		return carpel.PersonRef{UserID: fmt.Sprintf("crowd%d", m.IntN(m.crowd))}
	}
	if m.chance(30) {
		return carpel.PersonRef{Email: pick(m, emails()...)}
	}
	return carpel.PersonRef{UserID: pick(m, users()...)}
}

// ref names somebody, perhaps a visitor, perhaps by two ids.
func (m *maker) ref() carpel.PersonRef {
	var r carpel.PersonRef
	if !m.chance(12) {
		r = m.named()
		if r.UserID != "" && m.chance(5) {
			r.Email = pick(m, emails()...)
		}
	}
	if r.IsZero() || m.chance(12) {
		r.AnonymousID = pick(m, "a1", "a2", "a3")
	}
	return r
}

// script writes the history in the language of the scripts.
func (h *history) script() string {
	var b strings.Builder
	fmt.Fprintf(&b, "case found by the random test (SplitRows %d, HeavyRows %d)\nzone %s\n", h.options.SplitRows, h.options.HeavyRows, h.zone)
	for _, s := range h.steps {
		fmt.Fprintf(&b, "at %s\n", strings.Replace(strings.TrimSuffix(s.clock.String(), "Z"), "T", " ", 1))
		switch s.verb {
		case "commit":
			if len(s.items) > 1 {
				b.WriteString("batch\n")
			}
			for i := range s.items {
				b.WriteString(itemScript(&s.items[i]) + "\n")
			}
			if len(s.items) > 1 {
				b.WriteString("end\n")
			}
		case "advance":
			b.WriteString("advance 0s\n")
		case "define":
			if s.def.Manual {
				fmt.Fprintf(&b, "manual %s\n", s.def.ID)
			} else {
				fmt.Fprintf(&b, "segment %s: %s\n", s.def.ID, carpel.Canonical(s.def.Condition))
			}
		case "zone":
			fmt.Fprintf(&b, "zone %s\n", s.zone)
		default:
			fmt.Fprintf(&b, "%s %s\n", s.verb, s.id)
		}
		if s.ask != nil {
			fmt.Fprintf(&b, "# asked (as of %d): %s\n", s.asOf, carpel.Canonical(s.ask))
		}
	}
	return b.String()
}
