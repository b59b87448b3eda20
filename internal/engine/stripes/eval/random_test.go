package eval

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

const (
	second = carpel.Millis(1000)
	hour   = 3600 * second
	day    = 24 * hour
)

// epoch is the middle of the histories drawn.
var epoch = func() carpel.Millis { t, _ := carpel.ParseTime("2026-03-29T10:00:00Z", time.UTC); return t }()

// draw makes stripes and conditions at random; few values, so that they meet.
type draw struct{ *rand.Rand }

func (d draw) of(s ...string) string { return s[d.IntN(len(s))] }
func (d draw) times(n int) carpel.Millis {
	return epoch + carpel.Millis(d.IntN(2*n)-n)*hour
}

func (d draw) value() any {
	switch d.IntN(14) {
	case 0:
		return d.of("pro", "PRO", "free", "", "42", "007", "true", "a.b", "2026-03-28", "Straße")
	case 1:
		return d.of("0.1", "0.25", "1e3", "-3.5")
	case 2:
		return []any{"pro", float64(d.IntN(4)), nil}
	case 3:
		return map[string]any{"city": d.of("Bonn", "Köln"), "n": d.IntN(3), "geo": map[string]any{"lat": d.IntN(3)}}
	case 4:
		return []any{map[string]any{"n": d.IntN(3)}, map[string]any{"n": "x", "city": "Bonn"}}
	case 5:
		return d.IntN(2) == 0
	case 6:
		return d.times(60).String()
	case 7:
		return int64(9007199254740993)
	case 8:
		return float64(d.times(60) / 1000)
	case 9:
		return ""
	case 10:
		return nil
	}
	return float64(d.IntN(8)) / 4
}

func (d draw) props() []any {
	var props []any
	for _, name := range []string{"a", "b", "o", "o.city", "$context.page"} {
		if d.IntN(2) == 0 {
			props = append(props, name, d.value())
		}
	}
	return props
}

func (d draw) memory(zone *time.Location) *memory {
	m := newMemory(zone)
	for range 1 + d.IntN(12) {
		slot := uint8(d.IntN(14))
		p := m.person(slot)
		p.firstSeen = d.times(1000) - 200*hour
		for range d.IntN(4) {
			name := d.of("plan", "o", "o.city", "id")
			m.set(slot, name, d.value(), d.times(200))
			if d.IntN(4) == 0 {
				a := p.attributes[name]
				a.Value = carpel.Value{}
				p.attributes[name] = a
			}
		}
		for range d.IntN(12) {
			t := Table{Kind: EventTable, Name: d.of("A", "A", "B", "C")}
			props := d.props()
			switch d.IntN(6) {
			case 0:
				t = Table{Kind: PageTable}
				props = append(props, "$url", d.of("https://x.io/pricing?a=1", "https://x.io/", "/pricing/", "home"), "$name", d.of("Home", "Pricing"))
			case 1:
				t = Table{Kind: ScreenTable}
				props = append(props, "$name", d.of("Home", "Settings"))
			case 2:
				t = Table{Kind: MessageTable}
				props = append(props, "$channel", d.of("email", "push"), "$action", d.of("opened", "clicked"), "$campaign", d.of("c1", "c2"), "$link", d.of("https://x.io/a", "/b"))
				if d.IntN(2) == 0 {
					props = append(props, "$machine", true)
				}
			}
			m.add(slot, t, d.times(72), props...)
		}
		for range d.IntN(3) {
			p.devices = append(p.devices, map[string]carpel.Value{"platform": valueOf(d.of("ios", "android", "web")), "last_used": valueOf(d.times(100)), "os": valueOf(d.value())})
		}
		if d.IntN(3) == 0 {
			m.heavy.Set(slot)
		}
		in := m.segments["seg"]
		in.Put(slot, d.IntN(2) == 0)
		m.segments["seg"] = in
	}
	m.bounds = []carpel.Millis{d.times(72)}
	m.bounds = append(m.bounds, m.bounds[0]+carpel.Millis(d.IntN(40))*hour)
	return m
}

func (d draw) test() string {
	number := func() string { return d.of("0", "0.25", "1", "1.5", "42", "9007199254740993", "9007199254740992") }
	text := func() string {
		return d.of("'pro'", "'PRO'", "'42'", "'bonn'", "'true'", "'strasse'", "42", "0.25", "true", "'STRASSE'")
	}
	mc := d.of("", "", ", 'match_case': true")
	switch d.IntN(9) {
	case 0, 1:
		return fmt.Sprintf("'op': '%s', 'value': %s%s", d.of("is", "is_not"), text(), mc)
	case 2:
		return fmt.Sprintf("'op': '%s', 'value': [%s, %s]%s", d.of("is_any_of", "is_none_of"), text(), text(), mc)
	case 3:
		return fmt.Sprintf("'op': '%s', 'value': '%s'%s", d.of("contains", "does_not_contain", "starts_with", "ends_with", "does_not_start_with", "does_not_end_with"), d.of("p", "ro", "4", "Bo"), mc)
	case 4:
		return fmt.Sprintf("'op': '%s', 'value': %s", d.of("greater_than", "less_than", "at_least", "at_most"), number())
	case 5:
		return d.of("'op': 'between', 'value': [0.25, 1]", "'op': 'between', 'value': [1, 9007199254740992]", "'op': 'anniversary_within_next', 'value': '"+d.of("0d", "1d", "40d", "364d", "365d", "366d")+"'", "'op': 'on', 'value': '2026-03-28'")
	case 6:
		return fmt.Sprintf("'op': '%s'", d.of("exists", "does_not_exist", "is_true", "is_false", "is_time"))
	case 7:
		return fmt.Sprintf("'op': '%s', 'value': '%s'", d.of("within_last", "more_than_ago", "within_next", "more_than_ahead"), d.duration())
	}
	return d.of("'op': 'has_item', 'value': [{'property': 'n', 'op': 'at_least', 'value': 1}, {'property': 'city', 'op': 'does_not_exist'}]",
		"'op': 'has_item', 'value': {'property': 'geo.lat', 'op': 'is', 'value': 1}", "'op': 'before', 'value': '2026-03-29'", "'op': 'after', 'value': '2026-03-29'")
}

func (d draw) duration() string { return d.of("1h", "12h", "1d", "2d", "50h", "1w") }

func (d draw) inner(depth int) string {
	if depth > 0 && d.IntN(3) == 0 {
		if d.IntN(3) == 0 {
			return fmt.Sprintf("{'not': %s}", d.inner(depth-1))
		}
		return fmt.Sprintf("{'%s': [%s, %s]}", d.of("all", "any", "none"), d.inner(depth-1), d.inner(depth-1))
	}
	return fmt.Sprintf("{'property': '%s', %s}", d.of("a", "b", "o", "o.city", "o.geo.lat", "$context.page", "$context.page.city"), d.test())
}

func (d draw) when() string {
	switch d.IntN(10) {
	case 0, 1, 2:
		return fmt.Sprintf("{'last': '%s'}", d.duration())
	case 3:
		return fmt.Sprintf("{'before_last': '%s'}", d.duration())
	case 4:
		return d.of("{'between': ['2d', '1h']}", "{'between': ['50h', '1d']}", "{'from': '2026-03-29'}", "{'before': '2026-03-29'}", "{'from': '2026-03-28', 'before': '2026-03-30'}")
	case 5:
		return fmt.Sprintf("{'last_calendar_days': %d}", d.IntN(3))
	case 6:
		return fmt.Sprintf("{'%s': '%s'}", d.of("this", "previous"), d.of("day", "week", "month"))
	}
	return ""
}

func (d draw) compare() string {
	if d.IntN(6) == 0 {
		return "'between': [1, 2]"
	}
	return fmt.Sprintf("'%s': %s", d.of("at_least", "at_most", "exactly", "more_than", "less_than"), d.of("0", "1", "2", "3", "1.5", "0.25"))
}

// activity draws what may stand in a step; measured adds a measure and a window.
func (d draw) activity(measured bool) string {
	s := d.of("'event': 'A'", "'event': 'B'", "'event': '*'", "'page': '/pricing*'", "'page': '*'", "'page': '*x.io*'", "'page_name': 'home'", "'screen': '*o*'",
		"'message': 'any', 'action': 'opened'", "'message': 'email', 'action': 'clicked', 'link': '/a|*b', 'campaign': 'c1'", "'message': 'push', 'action': 'clicked', 'machine': true")
	if d.IntN(3) == 0 {
		s += ", 'where': " + d.inner(2)
	}
	if !measured {
		return "{" + s + "}"
	}
	regularly := false
	of := d.of("a", "b", "o.n", "o.geo.lat")
	switch d.IntN(9) {
	case 0, 1, 2:
		s += fmt.Sprintf(", 'count': {%s}", d.compare())
	case 3:
		s += fmt.Sprintf(", 'days': {%s}", d.compare())
	case 4:
		s += fmt.Sprintf(", 'distinct': {'of': '%s', %s}", of, d.compare())
	case 5:
		s += fmt.Sprintf(", '%s': {'of': '%s', %s}", d.of("sum", "avg", "min", "max"), of, d.compare())
	case 6:
		s += fmt.Sprintf(", '%s': {'where': %s}", d.of("first", "last"), d.inner(1))
	case 7:
		regularly = true
		s += fmt.Sprintf(", 'regularly': {'period': '%s', 'of_last': %d, 'times': %d, 'at_least': %d}", d.of("1h", "12h", "1d"), 3+d.IntN(3), 1+d.IntN(2), 1+d.IntN(3))
	}
	if w := d.when(); w != "" && !regularly {
		s += ", 'when': " + w
	}
	return "{" + s + "}"
}

func (d draw) sequence() string {
	var steps []string
	for range 2 + d.IntN(2) {
		steps = append(steps, d.activity(false))
	}
	s := ""
	if d.IntN(2) == 0 {
		if w := d.when(); w != "" {
			s = ", 'when': " + w
		}
	}
	if d.IntN(2) == 0 {
		steps[len(steps)-1] = "{'not': " + steps[len(steps)-1] + "}"
		s += fmt.Sprintf(", 'within': '%s'", d.duration())
	} else if d.IntN(2) == 0 {
		s += fmt.Sprintf(", 'within': '%s'", d.duration())
	}
	return fmt.Sprintf("{'sequence': [%s]%s}", strings.Join(steps, ", "), s)
}

func (d draw) condition(depth int) string {
	if depth > 0 && d.IntN(3) == 0 {
		if d.IntN(3) == 0 {
			return fmt.Sprintf("{'not': %s}", d.condition(depth-1))
		}
		var of []string
		for range 1 + d.IntN(3) {
			of = append(of, d.condition(depth-1))
		}
		return fmt.Sprintf("{'%s': [%s]}", d.of("all", "any", "none"), strings.Join(of, ", "))
	}
	switch d.IntN(12) {
	case 0, 1, 2:
		s := fmt.Sprintf("{'attribute': '%s', %s", d.of("plan", "o", "o.city", "o.geo.lat", "id", "$first_seen_at", "$last_seen_at"), d.test())
		if d.IntN(3) == 0 {
			s += fmt.Sprintf(", 'for': '%s'", d.duration())
		}
		return s + "}"
	case 3:
		return fmt.Sprintf("{'device': '%s', 'where': [{'property': 'last_used', 'op': 'within_last', 'value': '%s'}], 'count': {%s}}", d.of("any", "mobile", "ios"), d.duration(), d.compare())
	case 4, 5:
		return d.sequence()
	case 6:
		return d.of("{'segment': 'seg'}", "{'sample': {'percent': 40, 'seed': 's'}}", "{'device': 'mobile', 'where': [{'property': 'os', 'op': 'is', 'value': 'pro'}]}")
	}
	return d.activity(true)
}

var zones = []string{"UTC", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe"}

// TestAgainstNaive holds random conditions over random stripes against the naive evaluator, over moments that follow
// the timers: between now and the next change that a state gives, nothing may change.
func TestAgainstNaive(t *testing.T) {
	rounds := 6000
	if testing.Short() {
		rounds = 600
	}
	for seed := range uint64(rounds) {
		d := draw{rand.New(rand.NewPCG(seed, 1))}
		zone, err := time.LoadLocation(d.of(zones...))
		if err != nil {
			t.Fatal(err)
		}
		m := d.memory(zone)
		text := d.condition(2)
		c := condition(text)
		p, err := Compile([]Root{{"s", c}}, zone, func(string) int { return -1 })
		if err != nil {
			t.Fatal(err)
		}
		now := epoch + carpel.Millis(d.IntN(100)-50)*hour
		st, err := p.Fill(m, now)
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			check(t, m, c, text, now, p.Members(0, st), seed)
			if t.Failed() {
				return
			}
			next := st.NextDue()
			if next <= now {
				t.Fatalf("seed %d: %s: next %d at %d", seed, text, next, now)
			}
			// Nothing changes before.
			for range 3 {
				at := now + carpel.Millis(d.IntN(100))*hour
				at -= carpel.Millis(d.IntN(2))
				if at < next && at > now {
					check(t, m, c, text, at, p.Members(0, st), seed)
				}
			}
			if next == carpel.Never {
				break
			}
			check(t, m, c, text, next-1, p.Members(0, st), seed)
			if t.Failed() {
				return
			}
			now = next
			if err := p.Update(m, &Touch{}, now, st); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func check(t *testing.T, m *memory, c carpel.Condition, text string, now carpel.Millis, got block.Mask, seed uint64) {
	t.Helper()
	for slot := range m.people {
		if want := (naive{m, slot, now}).matches(c); want != got.Has(slot) {
			t.Errorf("seed %d: %s\nslot %d at %s (%s): got %v, want %v\n%+v", seed, text, slot, now, m.zone, got.Has(slot), want, m.people[slot])
		}
	}
}
