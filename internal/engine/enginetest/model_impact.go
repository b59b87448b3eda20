package enginetest

import (
	"maps"
	"slices"
	"strings"

	"github.com/carpel/carpel"
)

// impact is what is compared of an impact.
type impact struct {
	Join, Leave, Stay int64
	Joining, Leaving  []string            // keys, ascending
	Dependants        map[string][2]int64 // join and leave, by id
}

// impact gives a copy of the segment the definition, and looks at what would differ.
func (m *model) impact(id string, c carpel.Condition) (*impact, error) {
	s := m.find(id)
	if s == nil {
		return nil, carpel.Errorf(carpel.CodeNotFound, "no segment %s", id)
	}
	if s.def.Manual {
		return nil, carpel.Errorf(carpel.CodeConflict, "%s is manual", id)
	}
	if err := m.check(s.def.ID, s.def.Key, c); err != nil {
		return nil, err
	}
	after := *m
	after.segments = maps.Clone(m.segments)
	edited := *s
	edited.def.Condition = c
	after.segments[s.def.ID] = &edited
	out := &impact{Dependants: map[string][2]int64{}}
	for _, p := range m.people {
		_, was := s.members[p]
		is := after.at(m.now).ask(p, c) == yes
		switch {
		case is && was:
			out.Stay++
		case is:
			out.Join++
			out.Joining = append(out.Joining, p.key)
		case was:
			out.Leave++
			out.Leaving = append(out.Leaving, p.key)
		}
	}
	slices.Sort(out.Joining)
	slices.Sort(out.Leaving)
	for _, d := range m.segments {
		if !m.follows(d, s) {
			continue
		}
		var join, leave int64
		for _, p := range m.people {
			_, was := d.members[p]
			is := after.at(m.now).ask(p, d.def.Condition) == yes
			if is && !was {
				join++
			} else if was && !is {
				leave++
			}
		}
		out.Dependants[d.def.ID] = [2]int64{join, leave}
	}
	return out, nil
}

// follows reports whether a segment changes when another does. A frozen segment follows nothing, and nothing goes
// through it.
func (m *model) follows(d, s *segment) bool {
	if d.def.Manual || d.paused {
		return false
	}
	for _, ref := range carpel.References(d.def.Condition) {
		if next := m.find(ref); next == s || next != nil && m.follows(next, s) {
			return true
		}
	}
	return false
}

// overlap counts people by the segments they are in.
func (m *model) overlap(ids []string) (map[string]int64, error) {
	out := map[string]int64{}
	for _, p := range m.people {
		var in []string
		for _, id := range ids {
			s := m.find(id)
			if s == nil {
				return nil, carpel.Errorf(carpel.CodeNotFound, "no segment %s", id)
			}
			if _, member := s.members[p]; member {
				in = append(in, id)
			}
		}
		slices.Sort(in)
		if len(in) > 0 {
			out[strings.Join(in, " ")]++
		}
	}
	return out, nil
}

// segmentsOf returns a person's segments with their times of entry.
func (m *model) segmentsOf(ref carpel.PersonRef) (map[string]carpel.Millis, error) {
	p, err := m.who(ref)
	if err != nil {
		return nil, err
	}
	out := map[string]carpel.Millis{}
	for id, s := range m.segments {
		if entered, in := s.members[p]; in {
			out[id] = entered
		}
	}
	return out, nil
}
