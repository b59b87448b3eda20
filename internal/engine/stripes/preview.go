package stripes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Preview counts the people who match a condition.
func (db *DB) Preview(ctx context.Context, q engine.PreviewQuery) (*engine.Preview, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	if err := db.checkAsked(q.Condition); err != nil {
		return nil, err
	}
	p := &preview{db: db, query: q, now: q.AsOf, unsubscribed: db.unsubscribed()}
	resolve := db.inline
	if q.AsOf == 0 {
		p.now, resolve = db.now(), fresh
	}
	var err error
	if p.compiled, err = eval.CompileQuery(q.Condition, db.zone(), resolve); err != nil {
		return nil, err
	}
	if err := db.walk(ctx, p.begin); err != nil {
		return nil, err
	}
	all := newTally(p)
	for _, t := range p.tallies {
		all.add(t)
	}
	out := &engine.Preview{AsOf: p.now, Count: all.count, People: all.people, Reachable: map[string]int64{}, Nodes: all.nodes}
	for i, n := range all.reachable {
		out.Reachable[channels[i]] = n
	}
	if q.Nodes && out.Nodes == nil {
		out.Nodes = nobodyNodes(q.Condition)
	}
	if out.Sample, err = db.sample(all.matched, q.Sample); err != nil {
		return nil, err
	}
	out.Warnings = p.warnings(all.unreadable)
	return out, nil
}

// preview is one preview under way.
type preview struct {
	db           *DB
	query        engine.PreviewQuery
	compiled     *eval.Query
	unsubscribed *eval.Query
	now          carpel.Millis

	mu      sync.Mutex
	tallies []*tally // a worker's each; guarded by mu
}

// begin begins the tally of a worker.
func (p *preview) begin() (visit func(*source) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := newTally(p)
	p.tallies = append(p.tallies, t)
	return t.stripe
}

// tally is what a preview has counted so far in some of the stripes. Used by one goroutine.
type tally struct {
	query      engine.PreviewQuery
	evaluation *eval.Evaluation
	reach      reach

	count, people int64
	reachable     [len(channels)]int64
	unreadable    []int64 // people, by condition that may be unreadable
	nodes         []engine.NodeCount
	matched       map[uint32]block.Mask // of the stripes that the sample may come from
}

func newTally(p *preview) *tally {
	return &tally{query: p.query, evaluation: p.compiled.Evaluation(p.now), reach: reach{p.unsubscribed.Evaluation(p.now)},
		unreadable: make([]int64, len(p.compiled.MayBeUnreadable())), matched: map[uint32]block.Mask{}}
}

// stripe counts in one stripe.
func (t *tally) stripe(src *source) error {
	if t.query.AsOf != 0 {
		src.asOf = t.query.AsOf
	}
	matched, err := t.answer(src)
	if err != nil {
		return err
	}
	reached, err := t.reach.of(src, matched)
	if err != nil {
		return err
	}
	t.count += int64(matched.Count())
	t.people += int64(src.People().Count())
	for i, m := range reached {
		t.reachable[i] += int64(m.Count())
	}
	if !matched.IsEmpty() && t.query.Sample > 0 {
		t.matched[src.Number()] = matched
	}
	return t.evaluation.Unreadable(src, func(i int, people block.Mask) { t.unreadable[i] += int64(people.Count()) })
}

// answer returns who of a stripe matches, and counts by condition when that is asked for.
func (t *tally) answer(src *source) (block.Mask, error) {
	if !t.query.Nodes {
		return t.evaluation.Matched(src)
	}
	a, err := t.evaluation.Eval(src)
	if err != nil {
		return block.Mask{}, err
	}
	nodes := make([]engine.NodeCount, len(a.Nodes))
	for i, n := range a.Nodes {
		nodes[i] = engine.NodeCount{Pointer: n.Pointer, Alone: int64(n.Alone.Count()), Left: int64(n.Left.Count())}
		if n.HasWithout {
			without := int64(n.Without.Count())
			nodes[i].Without = &without
		}
	}
	t.addNodes(nodes)
	return a.Matched, nil
}

// addNodes adds counts by condition.
func (t *tally) addNodes(nodes []engine.NodeCount) {
	if t.nodes == nil {
		t.nodes = nodes
		return
	}
	for i, n := range nodes {
		c := &t.nodes[i]
		c.Alone += n.Alone
		c.Left += n.Left
		if n.Without != nil {
			*c.Without += *n.Without
		}
	}
}

// add adds what another has counted in other stripes.
func (t *tally) add(o *tally) {
	t.count += o.count
	t.people += o.people
	for i, n := range o.reachable {
		t.reachable[i] += n
	}
	for i, n := range o.unreadable {
		t.unreadable[i] += n
	}
	if o.nodes != nil {
		t.addNodes(o.nodes)
	}
	maps.Copy(t.matched, o.matched)
}

// nobodyNodes are the counts of a definition's conditions when there is nobody.
func nobodyNodes(c carpel.Condition) []engine.NodeCount {
	var out []engine.NodeCount
	several := map[string]bool{} // pointers of conditions that are one of several
	carpel.WalkOutside(c, func(pointer string, c carpel.Condition) bool {
		n := engine.NodeCount{Pointer: pointer}
		if several[pointer] {
			n.Without = new(int64)
		}
		if g, ok := c.(*carpel.Group); ok && len(g.Of) > 1 {
			for i := range g.Of {
				several[fmt.Sprintf("%s/%s/%d", pointer, g.Quantifier, i)] = true
			}
		}
		out = append(out, n)
		return true
	})
	return out
}

// warnings are what a person who wrote the definition would want to know, in document order.
func (p *preview) warnings(unreadable []int64) []engine.Warning {
	people := map[string]int64{} // by pointer
	for i, pointer := range p.compiled.MayBeUnreadable() {
		people[pointer] += unreadable[i]
	}
	var out []engine.Warning
	order := map[string]int{}
	carpel.Walk(p.query.Condition, func(pointer string, c carpel.Condition) bool {
		order[pointer] = len(order)
		out = append(out, p.db.neverSeen(pointer, c)...)
		if n := people[pointer]; n > 0 {
			who := "people have"
			if n == 1 {
				who = "person has"
			}
			out = append(out, engine.Warning{Code: "unreadable", Pointer: pointer, People: n,
				Message: fmt.Sprintf("%d %s a value here that the operator cannot read; it does not match them.", n, who)})
		}
		return true
	})
	out = append(out, p.db.neverSeenProperties(p.query.Condition)...)
	for _, f := range carpel.Lint(p.query.Condition) {
		out = append(out, engine.Warning{Code: f.Code, Pointer: f.Pointer, Message: f.Message, Suggestion: f.Suggestion})
	}
	place := func(pointer string) int {
		for ; pointer != ""; pointer = pointer[:max(0, lastSlash(pointer))] {
			if i, ok := order[pointer]; ok {
				return i
			}
		}
		return 0
	}
	slices.SortStableFunc(out, func(a, b engine.Warning) int { return place(a.Pointer) - place(b.Pointer) })
	return out
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}
