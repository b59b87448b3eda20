package enginetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// Metamorphic lives through random histories in several ways that must come to the same: items in another order
// (where [commute] says that order is of no account), sent again with their message ids, in other batches, over
// restarts, with time told in smaller steps, with definitions written otherwise or saved at the very end, in an engine
// of other sizes. It needs no model: an engine is held to itself. It ends after -enginetest.variants other ways.
//
// What is compared: who is in which segment, then and at three later moments; what was refused; every person's
// attributes, devices and number of activities; and that the feed, read from its beginning, leads to the members. The
// moment of entry is compared where the order of arrival, the batches and the steps of time are the same, because
// whoever comes and goes within one of them was never seen to.
func Metamorphic(t *testing.T, newInstance func(t testing.TB) Instance) {
	tried, lost := 0, 0
	for seed := uint64(1); tried < *wantedVariants && lost < *keepGoing; seed++ {
		if *onlySeed != 0 {
			seed = uint64(*onlySeed)
		}
		l := newLife(seed)
		want, err := l.live(t, newInstance)
		if err != nil {
			t.Errorf("seed %d: as it was made: %v\n\n%s", seed, err, l.script())
			lost++
			continue
		}
		r := rng(seed + 1<<40)
		for range 3 {
			tried++
			other := l.otherwise(r, want.refused)
			got, err := other.live(t, newInstance)
			if err == nil {
				err = want.differs(got, other.exact)
			}
			if err == nil {
				continue
			}
			lost++
			short, shortErr := l.shrink(other, err, t, newInstance)
			t.Errorf("seed %d, %s: %v\n\nThe shortest history found that still ends otherwise (or -enginetest.seed=%d):\n\n%s\n# lived otherwise:\n%s\n# %v\n",
				seed, other.ways, err, seed, short[0].script(), short[1].script(), shortErr)
		}
		if *onlySeed != 0 {
			break
		}
	}
	t.Logf("TORTURE\tmetamorphic\t%d histories\t%d\tlived in another way, which had to end the same", tried, lost)
}

// life is a history that may be lived in other ways.
type life struct {
	history
	end     carpel.Millis // after all of it
	reorder bool          // no definition asks how long a value has been the same, so items may come in another order
	exact   bool          // entries happen at the same moments as in the life it is another way of
	ways    string        // how it differs from that life
}

// standing is when everybody entered, by segment and by name.
type standing map[string]map[string]carpel.Millis

// ending is what a life came to.
type ending struct {
	refused map[string]string // the codes of what was refused, by message id; of definitions by "version n"
	then    []standing        // at the end, and at moments after it
	people  []string          // what is known of each
}

// live lives a life on a new engine.
func (l *life) live(t testing.TB, newInstance func(t testing.TB) Instance) (end *ending, err error) {
	clock := &clock{l.start.Time()}
	o := l.options
	o.Now, o.Zone = clock.time, l.zone
	s := openEngine(t, newInstance(t), o)
	defer s.close(t)
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	end = &ending{refused: map[string]string{}}
	for i, st := range l.steps {
		clock.now = st.clock.Time()
		if err := end.step(s, st); err != nil {
			return nil, fmt.Errorf("step %d, %s: %w", i+1, st.verb, err)
		}
	}
	for _, later := range []carpel.Millis{0, 1, hour, 30 * day} {
		clock.now = (l.end + later).Time()
		now, err := stand(s)
		if err != nil {
			return nil, err
		}
		end.then = append(end.then, now)
	}
	if end.people, err = peopleText(s); err != nil {
		return nil, err
	}
	return end, s.verify()
}

// step does a step. What is refused is noted.
func (end *ending) step(s *opened, st step) error {
	if st.verb != "commit" {
		if err := s.advance(); err != nil {
			return err
		}
		if st.verb == "restart" && st.options != nil {
			o := *st.options
			o.Now, o.Zone = s.options.Now, s.options.Zone
			s.options = o
		}
		err := st.on(s)
		if code := carpel.ErrorCode(err); st.verb == "define" && (code == carpel.CodeNotFound || code == carpel.CodeCycle) {
			end.refused[fmt.Sprintf("version %d", st.def.Version)], err = "refused", nil // which of several faults is told first is of no account
		}
		return err
	}
	outcomes, err := s.commit(st.items)
	if err != nil {
		return err
	}
	for i, out := range outcomes {
		id := st.items[i].MessageID
		if again := st.again[i]; again != out.Repeated {
			return fmt.Errorf("%s: sent again %v, taken for a repeat %v", id, again, out.Repeated)
		}
		if out.Refused != nil {
			end.refused[id] = out.Refused.Code
		}
	}
	return nil
}

// stand looks at everything, after whatever is due.
func stand(s *opened) (standing, error) {
	if err := s.advance(); err != nil {
		return nil, err
	}
	now := standing{}
	told, err := feedMembers(s)
	if err != nil {
		return nil, err
	}
	for _, st := range s.Statuses() {
		members, err := s.members(st.ID)
		if err != nil {
			return nil, err
		}
		if diff := cmp.Diff(keysOf(members), slices.Sorted(maps.Keys(told[st.ID]))); diff != "" {
			return nil, fmt.Errorf("the feed of %s leads elsewhere (-members +feed):\n%s", st.ID, diff)
		}
		now[st.ID] = map[string]carpel.Millis{}
		for after := ""; ; {
			page, next, err := s.Members(s.ctx, engine.MembersQuery{Segment: st.ID, After: after, Limit: 100})
			if err != nil {
				return nil, err
			}
			for _, m := range page {
				now[st.ID][m.UserID+" "+m.Email] = m.EnteredAt
			}
			if after = next; next == "" {
				break
			}
		}
	}
	return now, nil
}

// feedMembers follows the feed from its beginning.
func feedMembers(s *opened) (map[string]map[string]bool, error) {
	members := map[string]map[string]bool{}
	for after := ""; ; {
		page, next, err := s.Changes(s.ctx, engine.ChangesQuery{After: after, Limit: 100})
		if err != nil || len(page) == 0 {
			return members, err
		}
		for _, c := range page {
			if members[c.Segment][c.Person] == c.Enter {
				return nil, fmt.Errorf("the feed of %s says that %s enters twice or leaves twice: %+v", c.Segment, c.Person, c)
			}
			if members[c.Segment] == nil {
				members[c.Segment] = map[string]bool{}
			}
			if delete(members[c.Segment], c.Person); c.Enter {
				members[c.Segment][c.Person] = true
			}
		}
		after = next
	}
}

// peopleText writes down what is known of the first people by name, without keys and without the moments at which
// values came to be, which are those of whichever item came first.
func peopleText(s *opened) ([]string, error) {
	keys := map[string]string{}
	for after := ""; ; {
		page, next, err := s.ListPeople(s.ctx, engine.PeopleQuery{After: after, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			keys[p.UserID+" "+p.Email] = p.Key
		}
		if after = next; next == "" {
			break
		}
	}
	all := slices.Sorted(maps.Keys(keys))
	for i, name := range all[:min(len(all), 40)] {
		p, err := s.profile(carpel.PersonRef{Key: keys[name]})
		if err != nil {
			return nil, err
		}
		var values []string
		for name, a := range p.Attributes {
			values = append(values, name+"="+a.Value)
		}
		slices.Sort(values)
		all[i] = fmt.Sprintf("%s %v first %s last %s: %s; %d activities; devices %v", name, p.IDs, p.FirstSeen, p.LastSeen, strings.Join(values, " "), p.Activity, p.Devices)
	}
	return all, nil
}

// differs returns how another ending differs; the moments of entry count when exact.
func (end *ending) differs(other *ending, exact bool) error {
	if diff := cmp.Diff(end.refused, other.refused); diff != "" {
		return fmt.Errorf("what was refused differs (-as made +otherwise):\n%s", diff)
	}
	for i := range end.then {
		a, b := end.then[i], other.then[i]
		if !exact {
			a, b = a.timeless(), b.timeless()
		}
		if diff := cmp.Diff(a, b); diff != "" {
			return fmt.Errorf("at moment %d of the end (-as made +otherwise):\n%s", i+1, diff)
		}
	}
	if diff := cmp.Diff(end.people, other.people); diff != "" {
		return fmt.Errorf("what is known of people (-as made +otherwise):\n%s", diff)
	}
	return nil
}

func (s standing) timeless() standing {
	out := standing{}
	for id, members := range s {
		out[id] = map[string]carpel.Millis{}
		for name := range members {
			out[id][name] = 0
		}
	}
	return out
}

// shrink leaves messages and definitions out of both lives for as long as they still end otherwise.
func (l *life) shrink(other *life, err error, t testing.TB, newInstance func(t testing.TB) Instance) ([2]*life, error) {
	gone := map[string]bool{}
	pair := [2]*life{l, other}
	r := rand.New(rand.NewPCG(1, 1))
	for size := 64; size > 0; size /= 2 {
		ids := slices.Sorted(maps.Keys(pair[0].names()))
		r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		for part := range slices.Chunk(ids, size) {
			for _, id := range part {
				gone[id] = true
			}
			a, b := l.without(gone), other.without(gone)
			want, e1 := a.live(t, newInstance)
			got, e2 := b.live(t, newInstance)
			e := e2
			if e1 == nil && e2 == nil {
				e = want.differs(got, other.exact)
			}
			if e1 == nil && e != nil {
				pair, err = [2]*life{a, b}, e
				continue
			}
			for _, id := range part {
				delete(gone, id)
			}
		}
	}
	return pair, err
}

// names returns what may be left out of a life: messages, and definitions by version.
func (l *life) names() map[string]bool {
	all := map[string]bool{}
	for _, st := range l.steps {
		for i := range st.items {
			all[st.items[i].MessageID] = true
		}
		if st.verb == "define" {
			all[fmt.Sprintf("version %d", st.def.Version)] = true
		}
	}
	return all
}

// without returns a life without some messages and definitions.
func (l *life) without(gone map[string]bool) *life {
	out := *l
	out.steps = nil
	for _, st := range l.steps {
		if st.verb == "define" && gone[fmt.Sprintf("version %d", st.def.Version)] {
			continue
		}
		if st.verb == "commit" {
			items, again := st.items, st.again
			st.items, st.again = nil, nil
			for i := range items {
				if !gone[items[i].MessageID] {
					st.items, st.again = append(st.items, items[i]), append(st.again, again[i])
				}
			}
			if len(st.items) == 0 {
				continue
			}
		}
		out.steps = append(out.steps, st)
	}
	return &out
}
