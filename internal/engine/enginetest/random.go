package enginetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Random runs random histories under random definitions on an engine and on the model, side by side, and compares every
// answer at every step. It ends after -enginetest.comparisons answers. A failure prints its seed, which
// -enginetest.seed runs alone, and the shortest history found that still fails, as a script.
func Random(t *testing.T, newInstance func(t testing.TB) Instance) { RandomShare(t, newInstance, 100) }

// RandomShare is [Random] for a share of the answers, in percent: for an engine opened in a slower way.
func RandomShare(t *testing.T, newInstance func(t testing.TB) Instance, percent int) {
	if *onlySeed != 0 {
		runSeed(t, *onlySeed, newInstance)
		return
	}
	started, compared, failures := time.Now(), 0, 0
	seed := int64(100-percent) * 1_000_000 // other histories than those of another share
	for compared < *wantedComparisons*percent/100 && failures < *keepGoing {
		seed++
		n, ok := runSeed(t, seed, newInstance)
		compared += n
		if !ok {
			failures++
		}
	}
	t.Logf("TORTURE\tdifferential\t%d answers\t%d\tof an engine and of the model, over %d histories in %v", compared, failures, seed-int64(100-percent)*1_000_000, time.Since(started).Round(time.Millisecond))
}

// runSeed runs the history of one seed; on failure it looks for a shorter one and reports it.
func runSeed(t *testing.T, seed int64, newInstance func(t testing.TB) Instance) (compared int, ok bool) {
	h := newHistory(seed)
	compared, err := h.run(t, newInstance)
	if err == nil {
		return compared, true
	}
	short, shortErr := shrink(h, err, func(h *history) error {
		_, err := h.run(t, newInstance)
		return err
	})
	t.Errorf("seed %d: %v\n\nThe shortest history found (run it as a script, or -enginetest.seed=%d):\n\n%s\n# %v\n", seed, err, seed, short.script(), shortErr)
	return compared, false
}

// history is what happens in one run: made beforehand, so that parts of it can be left out.
type history struct {
	zone    *time.Location
	options Options
	start   carpel.Millis
	steps   []step
}

// step is one thing that happens.
type step struct {
	verb  string        // commit, advance, define, drop, pause, resume, zone, restart
	clock carpel.Millis // the wall clock then
	items []carpel.Item // commit
	def   engine.Definition
	id    string // drop, pause, resume
	zone  *time.Location
	ask   carpel.Condition // asked of everybody after the step
	asOf  carpel.Millis    // for a preview; 0: now
	seed  uint64           // of what is sampled after the step

	again   []bool   // commit: which items were sent before; of [Metamorphic] alone
	options *Options // restart: opened again with these; nil for the same
}

// run plays the history on a new engine and on the model. It returns how many answers were compared, and the first
// difference.
func (h *history) run(t testing.TB, newInstance func(t testing.TB) Instance) (compared int, err error) {
	clock := &clock{h.start.Time()}
	o := h.options
	o.Now, o.Zone = clock.time, h.zone
	engine := openEngine(t, newInstance(t), o)
	defer engine.close(t)
	return h.play(&duel{clock: clock, engine: engine, model: newModel(clock, h.zone)})
}

func (h *history) play(d *duel) (compared int, err error) {
	defer func() {
		if p := recover(); p != nil {
			compared, err = d.compared, fmt.Errorf("panic: %v", p)
		}
	}()
	for i, s := range h.steps {
		if err := d.step(s); err != nil {
			return d.compared, fmt.Errorf("step %d, %s: %w", i+1, s.verb, err)
		}
	}
	if err := d.retrospect(h.start); err != nil {
		return d.compared, fmt.Errorf("at the end: %w", err)
	}
	return d.compared, d.engine.verify()
}

// shrink leaves out steps, items and parts of definitions for as long as the history still fails, within a time.
func shrink(h *history, err error, run func(*history) error) (*history, error) {
	deadline := time.Now().Add(20 * time.Second)
	try := func(steps []step) bool {
		if time.Now().After(deadline) {
			return false
		}
		shorter := *h
		shorter.steps = steps
		if e := run(&shorter); e != nil {
			h, err = &shorter, e
			return true
		}
		return false
	}
	for changed := true; changed && time.Now().Before(deadline); {
		changed = false
		for size := max(1, len(h.steps)/2); size >= 1; size /= 2 {
			for from := 0; from < len(h.steps); {
				to := min(from+size, len(h.steps))
				if try(append(append([]step{}, h.steps[:from]...), h.steps[to:]...)) {
					changed = true
				} else {
					from = to
				}
			}
		}
		for i := range h.steps {
			for _, simpler := range h.steps[i].simpler() {
				steps := append([]step{}, h.steps...)
				steps[i] = simpler
				if try(steps) {
					changed = true
					break
				}
			}
		}
	}
	return h, err
}

// simpler returns steps that ask or do less than s.
func (s step) simpler() []step {
	var all []step
	for i := range s.items {
		if len(s.items) > 1 {
			c := s
			c.items = append(append([]carpel.Item{}, s.items[:i]...), s.items[i+1:]...)
			all = append(all, c)
		}
	}
	for _, d := range simplerConditions(s.def.Condition) {
		c := s
		c.def.Condition = d
		all = append(all, c)
	}
	for _, q := range simplerConditions(s.ask) {
		c := s
		c.ask = q
		all = append(all, c)
	}
	if s.ask != nil {
		c := s
		c.ask = nil
		all = append(all, c)
	}
	return all
}

// simplerConditions returns parts of a condition that are conditions themselves.
func simplerConditions(c carpel.Condition) []carpel.Condition {
	switch c := c.(type) {
	case *carpel.Not:
		return []carpel.Condition{c.Of}
	case *carpel.Group:
		all := append([]carpel.Condition{}, c.Of...)
		for i := range c.Of {
			if len(c.Of) > 1 {
				all = append(all, &carpel.Group{Quantifier: c.Quantifier, Of: append(append([]carpel.Condition{}, c.Of[:i]...), c.Of[i+1:]...)})
			}
		}
		return all
	case *carpel.Activity:
		if c.Where != nil {
			simple := *c
			simple.Where = nil
			return []carpel.Condition{&simple}
		}
	}
	return nil
}

// duel is an engine and the model under the same history.
type duel struct {
	clock    *clock
	engine   side
	model    *model
	compared int
}

// step does a step on both sides and compares.
func (d *duel) step(s step) error {
	d.clock.now = s.clock.Time()
	if s.verb != "commit" || s.items[0].Kind == carpel.ItemMember {
		// Only a commit of what people did may be the one that finds something due.
		if err := d.both("advance", side.advance); err != nil {
			return err
		}
		if err := d.feed(); err != nil {
			return err
		}
	}
	if err := d.do(s); err != nil {
		return err
	}
	if err := d.feed(); err != nil {
		return err
	}
	if err := d.memberships(); err != nil {
		return err
	}
	return d.questions(s)
}

// both does something on both sides, which must accept or refuse it alike.
func (d *duel) both(what string, do func(side) error) error {
	got, want := do(d.engine), do(d.model)
	d.compared++
	if carpel.ErrorCode(got) != carpel.ErrorCode(want) {
		return fmt.Errorf("%s: the engine says %v, the model %v", what, got, want)
	}
	return nil
}

func (d *duel) do(s step) error {
	if s.verb == "commit" {
		return d.commit(s.items)
	}
	if s.idle(d.model) {
		return nil
	}
	return d.both(s.verb+" "+s.id+s.def.ID, func(x side) error { return s.on(x) })
}

// idle reports whether a step makes no sense as things stand; it is passed over then.
func (s step) idle(m *model) bool {
	id := s.id + s.def.ID
	known := m.segments[id]
	switch s.verb {
	case "define":
		return known != nil && (known.paused || known.def.Manual)
	case "drop":
		return known == nil
	case "pause":
		return known == nil || known.paused || known.def.Manual
	case "resume":
		return known == nil || !known.paused
	}
	return false
}

// on does a step that is no commit.
func (s step) on(x side) error {
	switch s.verb {
	case "define":
		return x.define(s.def)
	case "drop":
		return x.drop(s.id)
	case "pause":
		return x.pause(s.id)
	case "resume":
		return x.resume(s.id)
	case "zone":
		return x.setZone(s.zone)
	case "restart":
		if err := x.restart(); err != nil {
			return err
		}
		return x.advance()
	}
	return nil // advance: done before every step
}

// rng is the randomness of one seed.
func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }
