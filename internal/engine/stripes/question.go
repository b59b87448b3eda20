package stripes

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// inline resolves references to the definitions that serve, for evaluation at another moment; segments without one, and
// those that are frozen, are read as they are.
func (db *DB) inline(ref string) (carpel.Condition, bool) {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	if s := db.view.find(ref); s != nil && s.evaluated() {
		return s.served, true
	}
	return nil, false
}

// checkAsked refuses a question about segments that do not exist or were never built.
func (db *DB) checkAsked(c carpel.Condition) error {
	db.view.mu.RLock()
	defer db.view.mu.RUnlock()
	return db.checkReferences(engine.Definition{Condition: c})
}

// Preview counts the people who match a condition.
func (db *DB) Preview(ctx context.Context, q engine.PreviewQuery) (*engine.Preview, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	if err := db.checkAsked(q.Condition); err != nil {
		return nil, err
	}
	p := &preview{db: db, query: q, now: q.AsOf, reach: db.newReach(), matched: map[uint32]block.Mask{},
		out: &engine.Preview{AsOf: q.AsOf, Reachable: map[string]int64{}}, unreadable: map[string]int64{}}
	resolve := db.inline
	if q.AsOf == 0 {
		p.now, p.out.AsOf, resolve = db.now(), db.now(), fresh
	}
	var err error
	if p.compiled, err = eval.CompileQuery(q.Condition, db.zone(), resolve); err != nil {
		return nil, err
	}
	if err := db.eachStripe(ctx, p.stripe); err != nil {
		return nil, err
	}
	if q.Nodes && p.out.Nodes == nil {
		p.out.Nodes = nobodyNodes(q.Condition)
	}
	if p.out.Sample, err = db.sample(p.matched, q.Sample); err != nil {
		return nil, err
	}
	p.out.Warnings = p.warnings()
	return p.out, nil
}

// preview is one preview under way.
type preview struct {
	db       *DB
	query    engine.PreviewQuery
	compiled *eval.Query
	now      carpel.Millis
	reach    *reach

	mu         sync.Mutex
	out        *engine.Preview       // guarded by mu
	matched    map[uint32]block.Mask // of the stripes that the sample may come from; guarded by mu
	unreadable map[string]int64      // people, by pointer; guarded by mu
}

// stripe counts in one stripe.
func (p *preview) stripe(n uint32, src *source) error {
	if p.query.AsOf != 0 {
		src.asOf = p.query.AsOf
	}
	var answer *eval.Answer
	var matched block.Mask
	var err error
	if p.query.Nodes {
		if answer, err = p.compiled.Eval(src, p.now); err != nil {
			return err
		}
		matched = answer.Matched
	} else if matched, err = p.compiled.Matched(src, p.now); err != nil {
		return err
	}
	reached, err := p.reach.of(src, matched, p.now)
	if err != nil {
		return err
	}
	unreadable, err := p.compiled.Unreadable(src, p.now)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Count += int64(matched.Count())
	p.out.People += int64(src.People().Count())
	for i, m := range reached {
		p.out.Reachable[channels[i]] += int64(m.Count())
	}
	for pointer, m := range unreadable {
		p.unreadable[pointer] += int64(m.Count())
	}
	if answer != nil {
		p.nodes(answer)
	}
	if !matched.IsEmpty() && p.query.Sample > 0 {
		p.matched[n] = matched
	}
	return nil
}

// nodes adds a stripe's counts by node. The caller holds mu.
func (p *preview) nodes(a *eval.Answer) {
	if p.out.Nodes == nil {
		p.out.Nodes = make([]engine.NodeCount, len(a.Nodes))
	}
	for i, n := range a.Nodes {
		c := &p.out.Nodes[i]
		c.Pointer = n.Pointer
		c.Alone += int64(n.Alone.Count())
		c.Left += int64(n.Left.Count())
		if n.HasWithout {
			if c.Without == nil {
				c.Without = new(int64)
			}
			*c.Without += int64(n.Without.Count())
		}
	}
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
func (p *preview) warnings() []engine.Warning {
	var out []engine.Warning
	order := map[string]int{}
	carpel.Walk(p.query.Condition, func(pointer string, c carpel.Condition) bool {
		order[pointer] = len(order)
		out = append(out, p.db.neverSeen(pointer, c)...)
		if n := p.unreadable[pointer]; n > 0 {
			people := "people have"
			if n == 1 {
				people = "person has"
			}
			out = append(out, engine.Warning{Code: "unreadable", Pointer: pointer, People: n,
				Message: fmt.Sprintf("%d %s a value here that the operator cannot read; it does not match them.", n, people)})
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

// Explain says why a person matches a condition.
func (db *DB) Explain(_ context.Context, q engine.ExplainQuery) (*engine.Explanation, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.leave()
	ordinal, err := db.resolve(q.Person)
	if err != nil {
		return nil, err
	}
	if err := db.checkAsked(q.Condition); err != nil {
		return nil, err
	}
	now := q.AsOf
	if now == 0 {
		now = db.now()
	}
	compiled, err := eval.CompileQuery(q.Condition, db.zone(), db.inline)
	if err != nil {
		return nil, err
	}
	src, err := db.committed(ordinal / block.Width)
	if err != nil {
		return nil, err
	}
	tree, err := compiled.Explain(src, uint8(ordinal%block.Width), now)
	if err != nil {
		return nil, err
	}
	p, err := db.store.Identity(ordinal)
	if err != nil {
		return nil, err
	}
	return &engine.Explanation{Person: p, Matched: tree[0].Matched, AsOf: now, Tree: tree}, nil
}
