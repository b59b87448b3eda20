package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel"
)

// TestSequencesOfEqualTimes holds sequences over events of few moments, which fit several steps each, against trying
// every choice.
func TestSequencesOfEqualTimes(t *testing.T) {
	matched := 0
	for seed := range uint64(4000) {
		d := draw{rand.New(rand.NewPCG(seed, 5))}
		m := newMemory(time.UTC)
		for range 1 + d.IntN(7) {
			m.event(1, d.of("A", "B"), epoch+carpel.Millis(d.IntN(4)-4)*hour, "n", float64(d.IntN(3)))
		}
		step := func() string {
			return d.of("{'event': 'A'}", "{'event': 'B'}", "{'event': '*'}", "{'event': 'A', 'where': [{'property': 'n', 'op': 'at_least', 'value': 1}]}", "{'event': '*', 'where': [{'property': 'n', 'op': 'is', 'value': 1}]}")
		}
		var steps []string
		for range 2 + d.IntN(3) {
			steps = append(steps, step())
		}
		tail := d.of("", ", 'within': '1h'", ", 'within': '2h', 'when': {'last': '3h'}")
		if d.IntN(2) == 0 {
			steps[len(steps)-1] = "{'not': " + steps[len(steps)-1] + "}"
			tail = d.of(", 'within': '1h'", ", 'within': '2h'", ", 'within': '1h', 'when': {'last': '3h'}")
		}
		text := fmt.Sprintf("{'sequence': [%s]%s}", strings.Join(steps, ", "), tail)
		c := condition(text)
		p, err := Compile([]Root{{"s", c}}, time.UTC, func(string) int { return -1 })
		if err != nil {
			t.Fatal(err)
		}
		for i := range carpel.Millis(9) {
			now := epoch + (i-5)*hour
			st, err := p.Fill(m, now)
			if err != nil {
				t.Fatal(err)
			}
			check(t, m, c, text, now, p.Members(0, st), seed)
			matched += p.Members(0, st).Count()
			if next := st.NextDue(); next > now && next < carpel.Never {
				check(t, m, c, text, next-1, p.Members(0, st), seed)
			}
		}
		if t.Failed() {
			return
		}
	}
	if matched < 1000 {
		t.Errorf("only %d sequences matched", matched)
	}
}

// TestSequenceOfManyEvents: what tries every choice would not come to an end here.
func TestSequenceOfManyEvents(t *testing.T) {
	m := newMemory(time.UTC)
	for i := range 3000 {
		m.event(1, "A", epoch-carpel.Millis(i/30)*hour)
	}
	steps := strings.TrimSuffix(strings.Repeat("{'event': '*'}, ", 9), ", ")
	for _, c := range []struct {
		text string
		want bool
	}{
		{"{'sequence': [" + steps + ", {'event': 'B'}]}", false},
		{"{'sequence': [" + steps + ", {'event': 'A'}], 'within': '1s'}", true},
		{"{'sequence': [" + steps + ", {'not': {'event': 'B'}}], 'within': '1h'}", true},
		{"{'sequence': [" + steps + ", {'not': {'event': 'A'}}], 'within': '1h'}", false},
	} {
		l, err := compileLeaf(condition(c.text), time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := l.eval(ask{src: m, slots: m.People(), now: epoch, timers: true})
		if err != nil {
			t.Fatal(err)
		}
		if got.Has(1) != c.want {
			t.Errorf("%s: got %v", c.text, got.Has(1))
		}
	}
}

// TestSequenceEvidence holds what an explanation names against the definition: one event for every step, in order, near
// enough, however many others would fit as well.
func TestSequenceEvidence(t *testing.T) {
	matched := 0
	for seed := range uint64(200) {
		d := draw{rand.New(rand.NewPCG(seed, 6))}
		m := newMemory(time.UTC)
		m.person(1).firstSeen = epoch - 100*day
		for i := range carpel.Millis(60) {
			m.event(1, d.of("A", "B", "C", "C"), epoch-(i+1)*hour)
		}
		steps, text := make([]string, 2+d.IntN(4)), make([]string, 0, 5)
		for i := range steps {
			steps[i] = d.of("A", "B")
			text = append(text, fmt.Sprintf("{'event': '%s'}", steps[i]))
		}
		q, err := CompileQuery(condition(fmt.Sprintf("{'sequence': [%s], 'within': '6h'}", strings.Join(text, ", "))), time.UTC, nil)
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := q.Explain(m, 1, epoch)
		if err != nil {
			t.Fatal(err)
		}
		if !nodes[0].Matched {
			continue
		}
		matched++
		found := nodes[0].Evidence
		slices.Reverse(found)
		var names []string
		for i, e := range found {
			names = append(names, e.Name)
			if i > 0 && e.At < found[i-1].At || e.At-found[0].At > 6*hour {
				t.Errorf("seed %d: the evidence is out of order or too far apart: %+v", seed, found)
			}
		}
		if !slices.Equal(names, steps) {
			t.Errorf("seed %d: evidence of %v for the steps %v", seed, names, steps)
		}
	}
	if matched < 50 {
		t.Errorf("only %d sequences matched", matched)
	}
}
