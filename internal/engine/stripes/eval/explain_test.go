package eval

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel"
)

// truth answers looking back: an attribute is unknown before its last change.
func (n naive) truth(c carpel.Condition) truth {
	switch x := c.(type) {
	case *carpel.Not:
		return n.truth(x.Of).not()
	case *carpel.Group:
		seen := map[truth]bool{}
		for _, of := range x.Of {
			seen[n.truth(of)] = true
		}
		switch {
		case x.Quantifier == carpel.AllOf && seen[no], x.Quantifier == carpel.NoneOf && seen[yes]:
			return no
		case x.Quantifier == carpel.AnyOf && seen[yes]:
			return yes
		case seen[unknown]:
			return unknown
		}
		return truthOf(x.Quantifier != carpel.AnyOf)
	case *carpel.Attribute:
		if _, since := n.attribute(x.Name); x.Name[0] != '$' && n.now < since {
			return unknown
		}
	}
	return truthOf(n.matches(c))
}

// moments returns, ascending, every moment at which something could change, and many more.
func (n naive) moments(text string) []carpel.Millis {
	p := n.m.people[n.slot]
	bases := map[carpel.Millis]bool{p.firstSeen: true}
	var values func(v carpel.Value)
	values = func(v carpel.Value) {
		if at, ok := v.AsTime(n.m.zone); ok {
			bases[at] = true
		}
		for _, item := range v.Items() {
			values(item)
		}
		for _, field := range v.Fields() {
			values(field)
		}
	}
	for _, a := range p.attributes {
		bases[a.Since] = true
		values(a.Value)
	}
	for _, e := range p.events {
		bases[e.at] = true
		for _, v := range e.props {
			values(v)
		}
	}
	for _, d := range p.devices {
		for _, v := range d {
			values(v)
		}
	}
	set := map[carpel.Millis]bool{}
	for base := range bases {
		for _, d := range []carpel.Millis{0, hour, 12 * hour, day, 2 * day, 50 * hour, 7 * day} {
			set[base+d], set[base-d] = true, true
		}
		for k := range carpel.Millis(6) {
			set[base+k*hour], set[base+k*12*hour], set[base+k*day] = true, true, true
		}
	}
	first, days := carpel.DateOf(epoch, n.m.zone).AddDays(-60), 160
	if strings.Contains(text, "anniversary") {
		first, days = first.AddDays(-300), 10*366
	}
	for i := range days {
		set[first.AddDays(i).Midnight(n.m.zone)] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// explained works out since and next change by asking at every moment.
func (n naive) explained(c carpel.Condition, moments []carpel.Millis) (is bool, since, next carpel.Millis) {
	is, since, next = n.matches(c), n.now, carpel.Never
	first := min(n.m.people[n.slot].firstSeen, n.now)
	moments = slices.Clone(moments)
	at, _ := slices.BinarySearch(moments, n.now+1)
	for _, t := range slices.Backward(append([]carpel.Millis{first}, slices.DeleteFunc(slices.Clone(moments[:at]), func(t carpel.Millis) bool { return t <= first })...)) {
		if (naive{n.m, n.slot, t}).truth(c) != truthOf(is) {
			break
		}
		since = t
	}
	for _, t := range moments[at:] {
		if (naive{n.m, n.slot, t}).matches(c) != is {
			return is, since, t
		}
	}
	return is, since, next
}

func TestExplainAgainstNaive(t *testing.T) {
	for seed := range uint64(400) {
		d := draw{rand.New(rand.NewPCG(seed, 3))}
		zone, err := time.LoadLocation(d.of(zones...))
		if err != nil {
			t.Fatal(err)
		}
		m := d.memory(zone)
		text := d.condition(2)
		c := condition(text)
		q, err := CompileQuery(c, zone, func(string) (carpel.Condition, bool) { return nil, false })
		if err != nil {
			t.Fatal(err)
		}
		now := epoch + carpel.Millis(d.IntN(100)-50)*hour
		for slot := range m.people {
			nodes, err := q.Explain(m, slot, now)
			if err != nil {
				t.Fatal(err)
			}
			n := naive{m, slot, now}
			moments := n.moments(text)
			i := 0
			carpel.WalkOutside(c, func(pointer string, c carpel.Condition) bool {
				got := nodes[i]
				i++
				is, since, next := n.explained(c, moments)
				if got.Pointer != pointer || got.Matched != is || got.Since != since || got.NextChange != next {
					t.Errorf("seed %d: %s\n%s of slot %d at %s (%s), first seen %s: got %v since %s until %s, want %v since %s until %s\n%+v", seed, text, pointer, slot, now, zone,
						m.people[slot].firstSeen, got.Matched, got.Since, got.NextChange, is, since, next, m.people[slot])
				}
				if got.Actual == "" || got.Wanted == "" || len(got.Evidence) > maxEvidence {
					t.Errorf("seed %d: %s: %s says %+v", seed, text, pointer, got)
				}
				return true
			})
			if t.Failed() {
				return
			}
		}
	}
}
