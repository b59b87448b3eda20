package stripes

import (
	"context"
	"fmt"
	"math"

	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// maxProblems is how many problems a report lists.
const maxProblems = 1000

// Check compares what is kept with a fresh computation. It works in chunks between which others may write: each stripe
// is compared at one moment, after what was due by then was evaluated.
func (db *DB) Check(ctx context.Context, progress func(float64)) (*engine.CheckReport, error) {
	c := &check{db: db, report: &engine.CheckReport{}}
	for n := uint32(0); n < db.store.Stripes(); n++ {
		if err := c.locked(ctx, func() error { return c.stripe(n) }); err != nil {
			return nil, err
		}
		if progress != nil {
			progress(float64(n+1) / float64(db.store.Stripes()))
		}
	}
	if err := c.locked(ctx, c.counts); err != nil {
		return nil, err
	}
	return c.report, nil
}

// check is one run of Check.
type check struct {
	db     *DB
	report *engine.CheckReport
}

// locked runs a piece as the writer, so that nothing changes meanwhile.
func (c *check) locked(ctx context.Context, piece func() error) error {
	if err := c.db.lock(ctx); err != nil {
		return err
	}
	defer c.db.unlock()
	if err := c.db.advance(math.MaxInt); err != nil {
		return err
	}
	c.report.Position = c.db.Position()
	return piece()
}

func (c *check) problem(p engine.Problem) {
	c.report.ProblemsAll++
	if len(c.report.Problems) < maxProblems {
		c.report.Problems = append(c.report.Problems, p)
	}
}

// stripe compares memberships in memory and on disk with a fresh computation from what is on the disk.
func (c *check) stripe(n uint32) error {
	if err := c.db.store.Verify(n, func(kind, detail string) {
		c.problem(engine.Problem{Kind: kind, Detail: fmt.Sprintf("stripe %d: %s", n, detail)})
	}); err != nil {
		return err
	}
	src, err := c.db.committed(n)
	if err != nil {
		return err
	}
	l := &c.db.live
	st, err := l.program.FillExactly(src, l.now)
	if err != nil {
		return err
	}
	expected, rebuild := map[*segment]block.Mask{}, false
	for i, s := range l.roots {
		expected[s] = l.program.Members(i, st)
	}
	for _, s := range l.roots {
		if s.Rebuild { // is about to be brought up to date, and with it what refers to it, and the timers
			rebuild = true
			delete(expected, s)
			for _, d := range c.db.view.dependants(s) {
				delete(expected, d)
			}
		}
	}
	for _, s := range c.db.view.all() {
		kept, err := c.db.readMembers(s.Number, n)
		if err != nil {
			return err
		}
		mask := s.mask(n)
		c.compare(s, n, "the members in memory are not those on disk", mask.Xor(kept.mask))
		if want, ok := expected[s]; ok {
			c.compare(s, n, "the membership is not what the data say", mask.Xor(want))
		} else {
			c.compare(s, n, "somebody is a member who is nobody", mask.AndNot(src.People()))
		}
		c.report.Memberships += int64(src.People().Count())
	}
	if next := st.NextDue(); next < l.timers.of(n) && !rebuild {
		c.problem(engine.Problem{Kind: "timer", Detail: fmt.Sprintf("stripe %d: due at %s, its timer is at %s", n, next, l.timers.of(n))})
	}
	return nil
}

func (c *check) compare(s *segment, n uint32, what string, differ block.Mask) {
	for slot := range differ.Slots {
		p := engine.Problem{Kind: "membership", Segment: s.ID, Detail: what}
		if who, err := c.db.store.Identity(n*block.Width + uint32(slot)); err == nil {
			p.Person = who.Key
		}
		c.problem(p)
	}
}

// counts compares the counts with the memberships.
func (c *check) counts() error {
	for _, s := range c.db.view.all() {
		c.report.Segments++
		n := int64(0)
		for _, m := range s.masks {
			n += int64(m.Count())
		}
		if n != s.count {
			c.problem(engine.Problem{Kind: "count", Segment: s.ID, Detail: fmt.Sprintf("the count is %d, the members are %d", s.count, n)})
		}
	}
	people, _, _ := c.db.store.Counts()
	counted := int64(0)
	for n := range c.db.store.Stripes() {
		st, err := c.db.store.Stripe(n)
		if err != nil {
			return err
		}
		counted += int64(st.People().Count())
	}
	if people != counted {
		c.problem(engine.Problem{Kind: "count", Detail: fmt.Sprintf("the count of people is %d, there are %d", people, counted)})
	}
	return nil
}
