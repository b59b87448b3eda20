package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// benchStripe is one stripe of 5,120 events of one name over a year, in monthly parts, with three properties.
func benchStripe(people, events int) *memory {
	m := newMemory(time.UTC)
	r := rand.New(rand.NewPCG(1, 1))
	for slot := range people {
		p := m.person(uint8(slot))
		p.firstSeen = epoch - 365*day
		m.set(uint8(slot), "plan", []string{"free", "pro", "team"}[r.IntN(3)], epoch-100*day)
		m.set(uint8(slot), "seats", float64(r.IntN(200)), epoch-100*day)
		m.set(uint8(slot), "email", fmt.Sprintf("user%d@example%d.com", slot, slot%50), epoch-100*day)
	}
	for range events {
		m.event(uint8(r.IntN(people)), "Order", epoch-carpel.Millis(r.Int64N(365*int64(day))), "total", float64(r.IntN(50000))/100,
			"plan", []string{"free", "pro", "team"}[r.IntN(3)], "sku", fmt.Sprintf("SKU-%03d", r.IntN(200)), "ships", epoch+carpel.Millis(r.Int64N(14*int64(day))-7*int64(day)))
	}
	for i := range carpel.Millis(12) {
		m.bounds = append(m.bounds, epoch-365*day+i*30*day)
	}
	m.build()
	return m
}

var benchConditions = []struct{ name, text string }{
	{"count", "{'event': 'Order', 'when': {'last': '30d'}, 'count': {'at_least': 2}}"},
	{"filtered", "{'event': 'Order', 'when': {'last': '30d'}, 'where': [{'property': 'total', 'op': 'greater_than', 'value': 100}]}"},
	{"filtered text", "{'event': 'Order', 'when': {'last': '30d'}, 'where': [{'property': 'plan', 'op': 'is', 'value': 'pro'}]}"},
	{"filtered sku", "{'event': 'Order', 'when': {'last': '30d'}, 'where': [{'property': 'sku', 'op': 'contains', 'value': '7|9'}]}"},
	{"year filtered", "{'event': 'Order', 'when': {'last': '360d'}, 'count': {'at_least': 10}, 'where': [{'property': 'total', 'op': 'greater_than', 'value': 100}, {'property': 'plan', 'op': 'is_not', 'value': 'pro'}]}"},
	{"ever", "{'event': 'Order', 'count': {'at_least': 20}}"},
	{"any days", "{'event': '*', 'days': {'at_least': 10}, 'when': {'last': '30d'}}"},
	{"sum", "{'event': 'Order', 'sum': {'of': 'total', 'at_least': 1000}, 'when': {'last': '90d'}}"},
	{"max", "{'event': 'Order', 'max': {'of': 'total', 'at_least': 400}, 'when': {'last': '90d'}}"},
	{"distinct", "{'event': 'Order', 'distinct': {'of': 'sku', 'at_least': 4}, 'when': {'last': '90d'}}"},
	{"last event", "{'event': 'Order', 'last': {'where': {'property': 'total', 'op': 'less_than', 'value': 100}}, 'when': {'last': '90d'}}"},
	{"regularly", "{'event': 'Order', 'regularly': {'period': '7d', 'of_last': 4, 'times': 1, 'at_least': 3}}"},
	{"sequence", "{'sequence': [{'event': 'Order', 'where': [{'property': 'plan', 'op': 'is', 'value': 'free'}]}, {'event': 'Order', 'where': [{'property': 'plan', 'op': 'is', 'value': 'pro'}]}], 'within': '7d', 'when': {'last': '90d'}}"},
	{"never", "{'event': 'Order', 'when': {'last': '90d'}, 'count': {'exactly': 0}}"},
	{"timed sequence", "{'sequence': [{'event': 'Order', 'where': [{'property': 'ships', 'op': 'within_next', 'value': '7d'}]}, {'event': 'Order'}], 'within': '7d', 'when': {'last': '90d'}}"},
	{"attribute", "{'attribute': 'plan', 'op': 'is', 'value': 'pro'}"},
	{"attribute contains", "{'attribute': 'email', 'op': 'contains', 'value': 'example1.com|example2.com'}"},
	{"attribute number", "{'attribute': 'seats', 'op': 'at_least', 'value': 100}"},
	{"last seen", "{'attribute': '$last_seen_at', 'op': 'within_last', 'value': '3d'}"},
}

// fixed is a memory stripe whose blocks are made once.
type fixed struct {
	*memory
	values    map[string]*block.Values
	firstSeen [block.Width]carpel.Millis
}

func fixedStripe(m *memory) *fixed {
	f := &fixed{memory: m, values: map[string]*block.Values{}, firstSeen: *m.FirstSeen()}
	for _, name := range []string{"plan", "seats", "email"} {
		f.values[name], _ = m.Attribute(name)
	}
	return f
}

func (f *fixed) Attribute(name string) (*block.Values, error) { return f.values[name], nil }
func (f *fixed) FirstSeen() *[block.Width]carpel.Millis       { return &f.firstSeen }

// BenchmarkRowBits finds the rows of a part that lie in a window, and narrows them down, as a count does.
func BenchmarkRowBits(b *testing.B) {
	const rows = 512
	r := rand.New(rand.NewPCG(1, 1))
	var of block.RowBuilder
	for range rows {
		of.Add(uint8(r.IntN(256)), epoch-carpel.Millis(r.Int64N(365*int64(day))), map[string]carpel.Value{"total": carpel.NumberValue(float64(r.IntN(50000)) / 100),
			"plan": carpel.TextValue([]string{"free", "pro", "team"}[r.IntN(3)])})
	}
	part := of.Rows()
	first, last, _ := part.Span()
	test := func(text string) *propertyTest {
		l, err := compileLeaf(condition("{'event': 'Order', 'where': ["+text+"]}"), time.UTC)
		if err != nil {
			b.Fatal(err)
		}
		return l.(*activityLeaf).rows.filter
	}
	number, text := test("{'property': 'total', 'op': 'greater_than', 'value': 100}"), test("{'property': 'plan', 'op': 'is', 'value': 'pro'}")
	s := &scratch{}
	rowsIn := s.borrow(rows)
	asked := rowsAsked{part, 0, rows, epoch}
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"since", func() { rowsIn.within(&part.Time, span{first, last}, span{epoch - 30*day, epoch}) }},
		{"within", func() { rowsIn.within(&part.Time, span{first, last}, span{epoch - 60*day, epoch - 30*day}) }},
		{"numbers, all", func() { rowsIn.fill(0, rows, true); number.narrow(s, asked, rowsIn) }},
		{"numbers, few", func() {
			rowsIn.within(&part.Time, span{first, last}, span{epoch - 30*day, epoch})
			number.narrow(s, asked, rowsIn)
		}},
		{"text, all", func() { rowsIn.fill(0, rows, true); text.narrow(s, asked, rowsIn) }},
		{"slots", func() { rowsIn.fill(0, rows, true); rowsIn.slots(part, 0, rows) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.do()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

// BenchmarkCount counts in a stripe, without timers: what a preview does.
func BenchmarkCount(b *testing.B) {
	src := fixedStripe(benchStripe(256, 5120))
	people := src.People()
	for _, c := range benchConditions {
		b.Run(c.name, func(b *testing.B) {
			l, err := compileLeaf(condition(c.text), time.UTC)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := l.eval(ask{src: src, slots: people, now: epoch}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/5120, "ns/row")
		})
	}
}

// BenchmarkBuild evaluates a stripe with timers, as a build does.
func BenchmarkBuild(b *testing.B) {
	src := fixedStripe(benchStripe(256, 5120))
	people := src.People()
	for _, c := range benchConditions {
		b.Run(c.name, func(b *testing.B) {
			l, err := compileLeaf(condition(c.text), time.UTC)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := l.eval(ask{src: src, slots: people, now: epoch, timers: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIncrement evaluates one person, with timers, as a batch does.
func BenchmarkIncrement(b *testing.B) {
	src := fixedStripe(benchStripe(256, 5120))
	var one block.Mask
	one.Set(77)
	for _, c := range benchConditions {
		b.Run(c.name, func(b *testing.B) {
			l, err := compileLeaf(condition(c.text), time.UTC)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := l.eval(ask{src: src, slots: one, now: epoch, timers: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// heavyStripe is one person of very many events over a year, in chunks of 4,096.
func heavyStripe(events int) *fixed {
	m := newMemory(time.UTC)
	m.person(1).firstSeen = epoch - 365*day
	m.tables = map[Table][]Part{}
	r := rand.New(rand.NewPCG(1, 1))
	order, activity := Table{Kind: EventTable, Name: "Order"}, Table{Kind: ActivityTable}
	for from := 0; from < events; from += 4096 {
		var rows, thin block.RowBuilder
		for i := from; i < min(events, from+4096); i++ {
			at := epoch - 365*day + carpel.Millis(i)*(365*day/carpel.Millis(events))
			rows.Add(1, at, map[string]carpel.Value{"total": carpel.NumberValue(float64(r.IntN(50000)) / 100),
				"plan": carpel.TextValue([]string{"free", "pro", "team"}[r.IntN(3)]), "sku": carpel.TextValue(fmt.Sprintf("SKU-%03d", r.IntN(200)))})
			thin.Add(1, at, nil)
		}
		m.tables[order] = append(m.tables[order], newMemoryPart(rows.Rows(), 1, true))
		m.tables[activity] = append(m.tables[activity], newMemoryPart(thin.Rows(), 1, true))
	}
	return fixedStripe(m)
}

// BenchmarkHeavy evaluates one person of a million events, as a batch does.
func BenchmarkHeavy(b *testing.B) {
	src := heavyStripe(1_000_000)
	for _, c := range benchConditions {
		b.Run(c.name, func(b *testing.B) {
			l, err := compileLeaf(condition(c.text), time.UTC)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := l.eval(ask{src: src, slots: src.People(), now: epoch, timers: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExplainHeavy explains a person of a million events.
func BenchmarkExplainHeavy(b *testing.B) {
	src := heavyStripe(1_000_000)
	for _, c := range benchConditions {
		b.Run(c.name, func(b *testing.B) {
			q, err := CompileQuery(condition(c.text), time.UTC, func(string) (carpel.Condition, bool) { return nil, false })
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := q.Explain(src, 1, epoch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExplainTimed explains a sequence whose conditions change with time, of a person with some thousand events.
func BenchmarkExplainTimed(b *testing.B) {
	src := fixedStripe(benchStripe(1, 3000))
	i := slices.IndexFunc(benchConditions, func(c struct{ name, text string }) bool { return c.name == "timed sequence" })
	q, err := CompileQuery(condition(benchConditions[i].text), time.UTC, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := q.Explain(src, 0, epoch); err != nil {
			b.Fatal(err)
		}
	}
}
