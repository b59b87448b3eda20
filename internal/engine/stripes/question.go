package stripes

import (
	"context"

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
