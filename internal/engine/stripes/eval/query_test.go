package eval

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// naiveMask returns who matches a condition at a moment.
func naiveMask(m *memory, now carpel.Millis, c carpel.Condition) (mask block.Mask) {
	for slot := range m.people {
		mask.Put(slot, naive{m, slot, now}.matches(c))
	}
	return mask
}

// naiveNodes works out every node by taking definitions apart.
func naiveNodes(m *memory, now carpel.Millis, root carpel.Condition) (out []NodeAnswer) {
	count := func(c carpel.Condition) block.Mask { return naiveMask(m, now, c) }
	var visit func(at string, c carpel.Condition, n NodeAnswer, rebuild func(carpel.Condition) carpel.Condition)
	visit = func(at string, c carpel.Condition, n NodeAnswer, rebuild func(carpel.Condition) carpel.Condition) {
		n.Pointer, n.Alone = at, count(c)
		out = append(out, n)
		switch c := c.(type) {
		case *carpel.Not:
			visit(at+"/not", c.Of, NodeAnswer{Left: count(c)}, func(x carpel.Condition) carpel.Condition { return rebuild(&carpel.Not{Of: x}) })
		case *carpel.Group:
			for i, of := range c.Of {
				n := NodeAnswer{Left: count(&carpel.Group{Quantifier: c.Quantifier, Of: c.Of[:i+1]})}
				if n.HasWithout = len(c.Of) > 1; n.HasWithout {
					n.Without = count(rebuild(&carpel.Group{Quantifier: c.Quantifier, Of: slices.Delete(slices.Clone(c.Of), i, i+1)}))
				}
				visit(at+"/"+string(c.Quantifier)+"/"+string(rune('0'+i)), of, n, func(x carpel.Condition) carpel.Condition {
					all := slices.Clone(c.Of)
					all[i] = x
					return rebuild(&carpel.Group{Quantifier: c.Quantifier, Of: all})
				})
			}
		}
	}
	visit("", root, NodeAnswer{Left: count(root)}, func(c carpel.Condition) carpel.Condition { return c })
	return out
}

func TestQueryAgainstNaive(t *testing.T) {
	for seed := range uint64(1500) {
		d := draw{rand.New(rand.NewPCG(seed, 2))}
		m := d.memory(time.UTC)
		text := d.condition(3)
		c := condition(text)
		q, err := CompileQuery(c, time.UTC, func(string) (carpel.Condition, bool) { return nil, false })
		if err != nil {
			t.Fatal(err)
		}
		now := epoch + carpel.Millis(d.IntN(100)-50)*hour
		answer, err := q.Evaluation(now).Eval(m)
		if err != nil {
			t.Fatal(err)
		}
		want := &Answer{Matched: naiveMask(m, now, c), Nodes: naiveNodes(m, now, c)}
		if diff := gocmp.Diff(want, answer); diff != "" {
			t.Fatalf("seed %d: %s (-want +got):\n%s", seed, text, diff)
		}
		matched, err := q.Evaluation(now).Matched(m)
		if err != nil || matched != want.Matched {
			t.Fatalf("seed %d: %s: matched %v, want %v (%v)", seed, text, matched, want.Matched, err)
		}
	}
}

func TestQueryReferences(t *testing.T) {
	m := newMemory(time.UTC)
	m.set(1, "plan", "pro", epoch)
	m.set(2, "plan", "free", epoch)
	m.person(3)
	means := map[string]string{
		"pro":   "{'attribute': 'plan', 'op': 'is', 'value': 'pro'}",
		"other": "{'all': [{'not': {'segment': 'pro'}}, {'not': {'segment': 'pro'}}]}",
		"self":  "{'segment': 'self2'}",
		"self2": "{'any': [{'segment': 'pro'}, {'segment': 'self'}]}",
	}
	resolve := func(ref string) (carpel.Condition, bool) {
		text, ok := means[ref]
		if !ok {
			return nil, false
		}
		return condition(text), true
	}
	q, err := CompileQuery(condition("{'any': [{'segment': 'other'}, {'segment': 'kept'}]}"), time.UTC, resolve)
	if err != nil {
		t.Fatal(err)
	}
	var kept block.Mask
	kept.Set(1)
	m.segments["kept"] = kept
	a, err := q.Evaluation(epoch).Eval(m)
	if err != nil {
		t.Fatal(err)
	}
	if a.Matched.Count() != 3 || len(a.Nodes) != 3 || a.Nodes[1].Alone.Count() != 2 || a.Nodes[1].Without != kept {
		t.Errorf("got %+v", a)
	}
	if _, err := CompileQuery(condition("{'segment': 'self'}"), time.UTC, resolve); carpel.ErrorCode(err) != carpel.CodeCycle {
		t.Errorf("a cycle: got %v", err)
	}
}

// Of somebody with very many events each question has an answer of its own, also of devices.
func TestUnreadableOfHeavy(t *testing.T) {
	m := newMemory(time.UTC)
	m.heavy.Set(1)
	for i := range 10 * carpel.Millis(m.chunk) {
		m.event(1, "Order", epoch-day+i*second, "total", "much", "paid", 5.0)
	}
	m.person(1).devices = []map[string]carpel.Value{{"platform": valueOf("ios"), "os": valueOf("x")}}
	q, err := CompileQuery(condition(`{'all': [
		{'event': 'Order', 'where': [{'property': 'paid', 'op': 'at_least', 'value': 5}, {'property': 'total', 'op': 'at_least', 'value': 5}, {'property': 'total', 'op': 'is_true'}]},
		{'device': 'any', 'where': [{'property': 'os', 'op': 'at_least', 'value': 5}]},
		{'device': 'any', 'where': [{'property': 'version', 'op': 'at_least', 'value': 5}]},
		{'device': 'any'}]}`), time.UTC, func(string) (carpel.Condition, bool) { return nil, false })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	pointers := q.MayBeUnreadable()
	for range 2 {
		if err := q.Evaluation(epoch).Unreadable(m, func(i int, people block.Mask) { got = append(got, pointers[i]) }); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"/all/0/where/all/1", "/all/1/where/all/0"}
	if diff := gocmp.Diff(append(want, want...), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnreadable(t *testing.T) {
	m := newMemory(time.UTC)
	m.set(1, "age", "old", epoch)
	m.set(2, "age", "42", epoch)
	m.set(3, "age", []any{float64(1), "x"}, epoch)
	m.person(4)
	for slot, total := range []any{nil, 5.0, "5", "much", 7.0, true} {
		m.event(uint8(slot), "Order", epoch-hour, "total", total)
	}
	m.event(6, "Order", epoch-50*day, "total", "much")
	m.event(7, "Other", epoch-hour, "total", "much")
	m.person(8).devices = []map[string]carpel.Value{{"platform": valueOf("ios"), "last_used": valueOf("never")}}
	q, err := CompileQuery(condition(`{'any': [
		{'attribute': 'age', 'op': 'at_least', 'value': 18},
		{'attribute': 'age', 'op': 'contains', 'value': '4'},
		{'event': 'Order', 'when': {'last': '30d'}, 'where': {'any': [{'property': 'total', 'op': 'at_least', 'value': 5}, {'property': 'total', 'op': 'exists'}]}},
		{'device': 'ios', 'where': [{'property': 'last_used', 'op': 'within_last', 'value': '1d'}]},
		{'sequence': [{'event': 'Other', 'where': [{'property': 'total', 'op': 'less_than', 'value': 5}]}, {'event': 'Order'}]}]}`), time.UTC,
		func(string) (carpel.Condition, bool) { return nil, false })
	if err != nil {
		t.Fatal(err)
	}
	got, pointers := map[string]block.Mask{}, q.MayBeUnreadable()
	if err := q.Evaluation(epoch).Unreadable(m, func(i int, people block.Mask) { got[pointers[i]] = people }); err != nil {
		t.Fatal(err)
	}
	mask := func(slots ...uint8) (m block.Mask) {
		for _, s := range slots {
			m.Set(s)
		}
		return m
	}
	want := map[string]block.Mask{"/any/0": mask(1, 3), "/any/2/where/any/0": mask(3, 5), "/any/3/where/all/0": mask(8), "/any/4/sequence/0/where/all/0": mask(7)}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
