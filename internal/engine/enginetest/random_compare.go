package enginetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// commit hands items to both sides; the model gives the people it makes the keys that the engine gave.
func (d *duel) commit(items []carpel.Item) error {
	got, err := d.engine.commit(items)
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	d.model.keys = make([]string, len(items))
	for i, out := range got {
		d.model.keys[i] = out.Person
	}
	want, err := d.model.commit(items)
	if err != nil {
		return err
	}
	for i := range items {
		d.compared++
		if g, w := outcomeText(got[i]), outcomeText(want[i]); g != w {
			return fmt.Errorf("item %d (%s): the engine says %s, the model %s", i+1, items[i].Kind, g, w)
		}
	}
	return nil
}

func outcomeText(o engine.Outcome) string {
	all := strings.Fields(outcomeWords(o))
	slices.Sort(all)
	if o.Refused != nil {
		return strings.Join(all, " ") // whether a refused item names a person is not said
	}
	return strings.Join(append(all, "person="+o.Person), " ")
}

// feed compares what the feed tells since the last time.
func (d *duel) feed() error {
	got, err := d.engine.changes()
	if err != nil {
		return err
	}
	want, err := d.model.changes()
	if err != nil {
		return err
	}
	d.compared += 1 + len(want)
	return d.differ("the feed", got, want)
}

// differ returns an error when two answers differ. A key is shown with the person's other names.
func (d *duel) differ(what string, got, want any) error {
	diff := cmp.Diff(want, got)
	if diff == "" {
		return nil
	}
	for _, p := range d.model.people {
		diff = strings.ReplaceAll(diff, p.key, p.key+"("+strings.Join(p.users, ",")+" "+p.email+")")
	}
	return fmt.Errorf("%s differs at %s (-model +engine):\n%s", what, d.model.now, diff)
}

// memberships compares every segment's members, counts and times of entry.
func (d *duel) memberships() error {
	if now := d.engine.position(); now != d.model.now {
		return fmt.Errorf("the engine's time is %s, the model's %s", now, d.model.now)
	}
	if err := d.differ("how the segments stand", d.engine.statuses(), d.model.statuses()); err != nil {
		return err
	}
	for id, s := range d.model.segments {
		got, err := d.engine.members(id)
		if err != nil {
			return fmt.Errorf("members of %s: %w", id, err)
		}
		want, err := d.model.members(id)
		if err != nil {
			return err
		}
		d.compared += 1 + min(len(d.model.people), 8) // a crowd does not make up the number
		if err := d.differ("segment "+id, got, want); err != nil {
			return fmt.Errorf("%w\n%s", err, definitionText(s))
		}
	}
	return nil
}

func definitionText(s *segment) string {
	if s.def.Condition == nil {
		return "manual"
	}
	return string(carpel.Canonical(s.def.Condition))
}

// questions compares a preview, explanations and people.
func (d *duel) questions(s step) error {
	r := rng(s.seed)
	if s.ask == nil {
		return nil
	}
	conditions := []carpel.Condition{s.ask}
	for _, id := range slices.Sorted(maps.Keys(d.model.segments)) {
		if seg := d.model.segments[id]; seg.def.Condition != nil && r.IntN(4) == 0 {
			conditions = append(conditions, seg.def.Condition)
		}
	}
	for _, c := range conditions {
		if err := d.preview(c, s.asOf); err != nil {
			return fmt.Errorf("%w\n%s", err, carpel.Canonical(c))
		}
		if len(d.model.people) == 0 || d.model.check("", "", c) != nil {
			continue
		}
		p := d.model.people[r.IntN(len(d.model.people))]
		if err := d.explain(p, c, 0); err != nil {
			return fmt.Errorf("%w\n%s", err, carpel.Canonical(c))
		}
		if s.asOf > p.firstSeen {
			if err := d.explain(p, c, s.asOf); err != nil {
				return fmt.Errorf("%w\n%s", err, carpel.Canonical(c))
			}
		}
	}
	for _, p := range d.model.people {
		if r.IntN(3) != 0 {
			continue
		}
		ref := carpel.PersonRef{Key: p.key}
		got, err := d.engine.profile(ref)
		if err != nil {
			return fmt.Errorf("person: %w", err)
		}
		want, err := d.model.profile(ref)
		if err != nil {
			return err
		}
		d.compared += 1 + len(want.Attributes)
		if err := d.differ("a person", got, want); err != nil {
			return err
		}
		if err := d.same("the segments of "+p.key, func(x side) (any, error) { return x.segmentsOf(ref) }); err != nil {
			return err
		}
	}
	return d.plans(s.ask, r)
}

// plans compares what a definition would do, and overlaps.
func (d *duel) plans(c carpel.Condition, r *rand.Rand) error {
	ids := slices.Sorted(maps.Keys(d.model.segments))
	if len(ids) == 0 {
		return nil
	}
	id := ids[r.IntN(len(ids))]
	if s := d.model.segments[id]; !s.paused {
		if err := d.same("the impact on "+id, func(x side) (any, error) { return x.impact(id, c) }); err != nil {
			return fmt.Errorf("%w\n%s", err, carpel.Canonical(c))
		}
	}
	return d.same("the overlap", func(x side) (any, error) { return x.overlap(ids[:min(len(ids), 8)]) })
}

// same asks both sides and compares the answers, or that both refuse alike.
func (d *duel) same(what string, ask func(side) (any, error)) error {
	got, gotErr := ask(d.engine)
	want, wantErr := ask(d.model)
	d.compared++
	if carpel.ErrorCode(gotErr) != carpel.ErrorCode(wantErr) {
		return fmt.Errorf("%s: the engine says %v, the model %v", what, gotErr, wantErr)
	}
	if gotErr != nil {
		return nil
	}
	return d.differ(what, got, want)
}

func (d *duel) preview(c carpel.Condition, asOf carpel.Millis) error {
	got, err := d.engine.preview(c, asOf)
	want, wantErr := d.model.preview(c, asOf)
	d.compared++
	if carpel.ErrorCode(err) != carpel.ErrorCode(wantErr) {
		return fmt.Errorf("preview: the engine says %v, the model %v", err, wantErr)
	}
	if err != nil {
		return nil
	}
	d.compared += int(min(want.People, 8)) + 3*len(want.Nodes)
	if asOf == 0 {
		return d.differ("the preview", got, want)
	}
	return d.differ("the preview as of "+asOf.String(), got, want)
}

// explain compares every node of an explanation. Of another moment than now, since is not compared: what the value of
// an attribute was then is unknown.
func (d *duel) explain(p *person, c carpel.Condition, asOf carpel.Millis) error {
	ref := carpel.PersonRef{Key: p.key}
	got, err := d.engine.explain(ref, c, asOf)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	want, err := d.model.explain(ref, c, asOf)
	if err != nil {
		return err
	}
	if asOf != 0 || p.firstSeen > d.model.now {
		for _, nodes := range [][]explanation{got, want} {
			for i := range nodes {
				nodes[i].Since = 0
			}
		}
	}
	d.compared += 3 * len(want)
	return d.differ(fmt.Sprintf("the explanation for %s as of %d", p.key, asOf), got, want)
}

// retrospect compares what the feed tells of the whole history, segment by segment and person by person.
func (d *duel) retrospect(start carpel.Millis) error {
	for _, id := range slices.Sorted(maps.Keys(d.model.segments)) {
		if err := d.same("the feed of "+id, func(x side) (any, error) { return x.past(id, "") }); err != nil {
			return err
		}
		s := d.model.segments[id]
		if s.paused || s.thawed {
			continue
		}
		step := 24 * time.Hour
		err := d.same("the history of "+id, func(x side) (any, error) { return x.history(id, start, start+60*day, step) })
		if err != nil {
			return err
		}
	}
	for _, p := range d.model.people[:min(len(d.model.people), 10)] {
		if err := d.same("the feed about "+p.key, func(x side) (any, error) { return x.past("", p.key) }); err != nil {
			return err
		}
	}
	return nil
}
