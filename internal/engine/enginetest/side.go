package enginetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// side is what a script or a history runs on: an engine, or the model.
type side interface {
	commit(items []carpel.Item) ([]engine.Outcome, error)
	advance() error
	define(d engine.Definition) error
	drop(id string) error
	pause(id string) error
	resume(id string) error
	setZone(zone *time.Location) error
	restart() error
	// members returns the keys of a segment's members with their times of entry.
	members(id string) (map[string]carpel.Millis, error)
	// changes returns what the feed tells since the last call, sorted.
	changes() ([]engineChange, error)
	// past returns everything the feed tells of a segment, or of a person; of all when both are "".
	past(segment, person string) ([]engineChange, error)
	// history returns a segment's counts, enters and leaves in steps.
	history(id string, from, to carpel.Millis, step time.Duration) ([]engine.HistoryPoint, error)
	preview(c carpel.Condition, asOf carpel.Millis) (*preview, error)
	explain(ref carpel.PersonRef, c carpel.Condition, asOf carpel.Millis) ([]explanation, error)
	profile(ref carpel.PersonRef) (*profile, error)
	// impact says what saving a definition for a segment would do.
	impact(id string, c carpel.Condition) (*impact, error)
	// overlap returns the number of people by the segments they are in, of those asked about.
	overlap(ids []string) (map[string]int64, error)
	// segmentsOf returns a person's segments with their times of entry.
	segmentsOf(ref carpel.PersonRef) (map[string]carpel.Millis, error)
	// position is the moment for which the memberships are exact.
	position() carpel.Millis
	// statuses returns how every segment stands.
	statuses() map[string]status
	// verify is the side's own check of what it holds.
	verify() error
}

// status is what is compared of how a segment stands.
type status struct {
	State   carpel.SegmentState
	Version int // serving
}

var (
	_ side = (*model)(nil)
	_ side = (*opened)(nil)
)

// opened is an engine under test.
type opened struct {
	engine.Engine
	ctx         context.Context
	instance    Instance
	options     Options
	cursor      string
	definitions []engine.Definition // as the records would keep them
}

// openEngine opens an engine, and closes it when the test ends.
func openEngine(t testing.TB, instance Instance, o Options) *opened {
	t.Helper()
	s := &opened{ctx: context.Background(), instance: instance, options: o}
	var err error
	if s.Engine, err = instance.Open(o); err != nil {
		t.Fatalf("open the engine: %v", err)
	}
	t.Cleanup(func() { s.close(t) })
	if err := s.Engine.Reconcile(s.ctx, nil); err != nil {
		t.Fatalf("reconcile with nothing: %v", err)
	}
	if _, s.cursor, err = s.Engine.Changes(s.ctx, engine.ChangesQuery{After: "now", Limit: 1}); err != nil {
		t.Fatalf("read the end of the feed: %v", err)
	}
	return s
}

// close ends the engine, once, and lets go of its storage.
func (s *opened) close(t testing.TB) {
	if s.Engine == nil {
		return
	}
	if err := s.Engine.Close(); err != nil {
		t.Errorf("close the engine: %v", err)
	}
	s.Engine, s.instance = nil, nil
}

func (s *opened) commit(items []carpel.Item) ([]engine.Outcome, error) {
	outcomes, err := s.Engine.Commit(s.ctx, slices.Clone(items))
	if err == nil && len(outcomes) != len(items) {
		return nil, fmt.Errorf("%d outcomes for %d items", len(outcomes), len(items))
	}
	return outcomes, err
}

func (s *opened) advance() error { return s.Engine.Advance(s.ctx) }

func (s *opened) define(d engine.Definition) error {
	if err := s.Engine.Define(s.ctx, d); err != nil {
		return err
	}
	s.definitions = slices.DeleteFunc(s.definitions, func(o engine.Definition) bool { return o.ID == d.ID })
	s.definitions = append(s.definitions, d)
	return nil
}

func (s *opened) drop(id string) error {
	err := s.Engine.Drop(s.ctx, id)
	if err == nil {
		s.definitions = slices.DeleteFunc(s.definitions, func(o engine.Definition) bool { return o.ID == id })
	}
	return err
}

func (s *opened) pause(id string) error  { return s.Engine.Pause(s.ctx, id) }
func (s *opened) resume(id string) error { return s.Engine.Resume(s.ctx, id) }

func (s *opened) setZone(zone *time.Location) error {
	s.options.Zone = zone
	return s.Engine.SetZone(s.ctx, zone)
}

// restart closes the engine, opens it again on the same storage, and tells it the definitions as a server would.
func (s *opened) restart() error {
	if err := s.Engine.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	s.Engine = nil
	e, err := s.instance.Open(s.options)
	if err != nil {
		return fmt.Errorf("open again: %w", err)
	}
	s.Engine = e
	return e.Reconcile(s.ctx, slices.Clone(s.definitions))
}

func (s *opened) members(id string) (map[string]carpel.Millis, error) {
	all := map[string]carpel.Millis{}
	status, err := s.Engine.Status(id)
	if err != nil {
		return nil, err
	}
	for after := ""; ; {
		page, next, err := s.Engine.Members(s.ctx, engine.MembersQuery{Segment: id, After: after, Limit: 3}) // small pages, so that cursors are used
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			if _, twice := all[m.Key]; twice {
				return nil, fmt.Errorf("members of %s: %s is listed twice", id, m.Key)
			}
			all[m.Key] = m.EnteredAt
		}
		if next == "" {
			break
		}
		after = next
	}
	if status.Count != int64(len(all)) {
		return nil, fmt.Errorf("the status of %s counts %d, and %d members are listed", id, status.Count, len(all))
	}
	return all, nil
}

func (s *opened) changes() (feed []engineChange, err error) {
	feed, s.cursor, err = s.read(engine.ChangesQuery{After: s.cursor, Limit: 7})
	return feed, err
}

func (s *opened) past(segment, person string) ([]engineChange, error) {
	feed, _, err := s.read(engine.ChangesQuery{Segment: segment, Person: person, Limit: 5})
	return feed, err
}

func (s *opened) history(id string, from, to carpel.Millis, step time.Duration) ([]engine.HistoryPoint, error) {
	return s.Engine.History(s.ctx, id, from, to, step)
}

// read reads the feed to its end, in pages. It returns the changes sorted, and the cursor to go on from.
func (s *opened) read(q engine.ChangesQuery) ([]engineChange, string, error) {
	var feed []engineChange
	for {
		page, next, err := s.Engine.Changes(s.ctx, q)
		if err != nil {
			return nil, q.After, fmt.Errorf("changes: %w", err)
		}
		q.After = next
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			if n := len(feed); n > 0 && feed[n-1].At > c.At {
				return nil, q.After, fmt.Errorf("the feed goes back in time: %s after %s", c.At, feed[n-1].At)
			}
			if enter := c.Change == "enter"; enter != c.Enter || !enter && c.Change != "leave" {
				return nil, q.After, fmt.Errorf("a change says %q and enter %v", c.Change, c.Enter)
			}
			feed = append(feed, engineChange{c.At, c.Segment, c.Person, c.Enter, c.Cause})
		}
	}
	sortChanges(feed)
	return feed, q.After, nil
}

func (s *opened) preview(c carpel.Condition, asOf carpel.Millis) (*preview, error) {
	p, err := s.Engine.Preview(s.ctx, engine.PreviewQuery{Condition: c, AsOf: asOf, Nodes: true, Sample: 1000})
	if err != nil {
		return nil, err
	}
	out := &preview{Count: p.Count, People: p.People, Nodes: p.Nodes}
	for _, person := range p.Sample {
		out.Members = append(out.Members, person.Key)
	}
	slices.Sort(out.Members)
	if asOf != 0 {
		return out, nil
	}
	return out, s.frozen(c, out.Members)
}

func (s *opened) explain(ref carpel.PersonRef, c carpel.Condition, asOf carpel.Millis) ([]explanation, error) {
	e, err := s.Engine.Explain(s.ctx, engine.ExplainQuery{Person: ref, Condition: c, AsOf: asOf})
	if err != nil {
		return nil, err
	}
	var out []explanation
	for _, n := range e.Tree {
		if len(n.Evidence) > 10 {
			return nil, fmt.Errorf("%d pieces of evidence at %q", len(n.Evidence), n.Pointer)
		}
		if !slices.IsSortedFunc(n.Evidence, func(a, b engine.Evidence) int { return cmp.Compare(b.At, a.At) }) {
			return nil, fmt.Errorf("the evidence at %q is not newest first: %+v", n.Pointer, n.Evidence)
		}
		out = append(out, explanation{n.Pointer, n.Matched, n.Since, n.NextChange})
	}
	if len(out) == 0 || out[0].Matched != e.Matched {
		return nil, fmt.Errorf("the explanation says matched %v, and its root does not: %+v", e.Matched, out)
	}
	return out, nil
}

func (s *opened) profile(ref carpel.PersonRef) (*profile, error) {
	p, err := s.Engine.Person(s.ctx, ref)
	if err != nil {
		return nil, err
	}
	out := &profile{Key: p.Key, UserID: p.UserID, Email: p.Email, IDs: slices.Sorted(slices.Values(p.IDs)), FirstSeen: p.FirstSeenAt,
		LastSeen: p.LastSeenAt, Attributes: map[string]stamped{}}
	for name, a := range p.Attributes {
		if a.Value.IsSet() && name != carpel.AttrFirstSeen && name != carpel.AttrLastSeen {
			out.Attributes[name] = stamped{string(a.Value.AppendJSON(nil)), a.Since, a.At}
		}
	}
	for after := ""; ; {
		page, next, err := s.Engine.Events(s.ctx, ref, engine.EventsQuery{After: after, Limit: 5})
		if err != nil {
			return nil, err
		}
		out.Activity += len(page)
		if next == "" {
			break
		}
		after = next
	}
	devices, err := s.Engine.Devices(s.ctx, ref)
	if err != nil {
		return nil, err
	}
	for _, d := range devices {
		out.Devices = append(out.Devices, d.Token)
	}
	slices.Sort(out.Devices)
	return out, nil
}

func (s *opened) impact(id string, c carpel.Condition) (*impact, error) {
	got, err := s.Engine.Impact(s.ctx, id, c, 1000)
	if err != nil {
		return nil, err
	}
	out := &impact{Join: got.Join, Leave: got.Leave, Stay: got.Stay, Dependants: map[string][2]int64{}}
	for _, p := range got.JoinSample {
		out.Joining = append(out.Joining, p.Key)
	}
	for _, p := range got.LeaveSample {
		out.Leaving = append(out.Leaving, p.Key)
	}
	slices.Sort(out.Joining)
	slices.Sort(out.Leaving)
	for _, d := range got.Segments {
		out.Dependants[d.ID] = [2]int64{d.Join, d.Leave}
	}
	return out, nil
}

func (s *opened) overlap(ids []string) (map[string]int64, error) {
	regions, err := s.Engine.Overlap(s.ctx, ids)
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, r := range regions {
		out[strings.Join(slices.Sorted(slices.Values(r.Segments)), " ")] += r.Count
	}
	return out, nil
}

func (s *opened) segmentsOf(ref carpel.PersonRef) (map[string]carpel.Millis, error) {
	return s.Engine.SegmentsOf(s.ctx, ref)
}

func (s *opened) position() carpel.Millis { return s.Engine.Position().Now }

func (s *opened) statuses() map[string]status {
	all := map[string]status{}
	for _, st := range s.Engine.Statuses() {
		all[st.ID] = status{st.State, st.Serving}
	}
	return all
}

func (s *opened) verify() error {
	report, err := s.Engine.Check(s.ctx, func(float64) {})
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if report.ProblemsAll != 0 {
		return fmt.Errorf("the engine's own check finds %d problems: %+v", report.ProblemsAll, report.Problems)
	}
	return nil
}

// keysOf returns the keys of some members, ascending.
func keysOf(members map[string]carpel.Millis) []string { return slices.Sorted(maps.Keys(members)) }
