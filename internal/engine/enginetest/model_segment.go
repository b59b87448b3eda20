package enginetest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// segment is a definition with its members and their times of entry.
type segment struct {
	def     engine.Definition
	paused  bool
	thawed  bool // it was paused once: who was erased then left without a word
	members map[*person]carpel.Millis
}

// engineChange is a change of the feed, without its cursor.
type engineChange struct {
	At      carpel.Millis
	Segment string
	Person  string // key
	Enter   bool
	Cause   carpel.Cause
}

// find returns the segment that a reference means; nil for none.
func (m *model) find(ref string) *segment {
	if s := m.segments[ref]; s != nil {
		return s
	}
	for _, s := range m.segments {
		if s.def.Key == ref {
			return s
		}
	}
	return nil
}

// snapshot copies who is in which segment.
func (m *model) snapshot() map[string]map[*person]carpel.Millis {
	all := map[string]map[*person]carpel.Millis{}
	for id, s := range m.segments {
		all[id] = maps.Clone(s.members)
	}
	return all
}

// evaluate works out every membership anew and writes what differs from before to the feed.
func (m *model) evaluate(before map[string]map[*person]carpel.Millis, cause func(*person) carpel.Cause) {
	after := map[*segment]map[*person]carpel.Millis{}
	for id, s := range m.segments {
		after[s] = s.members
		if s.def.Manual || s.paused {
			continue
		}
		now := map[*person]carpel.Millis{}
		for _, p := range m.people {
			if m.at(m.now).ask(p, s.def.Condition) != yes {
				continue
			}
			now[p] = m.now
			if entered, in := before[id][p]; in {
				now[p] = entered
			}
		}
		after[s] = now
	}
	for id, s := range m.segments {
		s.members = after[s]
		if s.paused {
			continue
		}
		for p := range s.members {
			if _, in := before[id][p]; !in {
				m.feed = append(m.feed, engineChange{m.now, id, p.key, true, cause(p)})
			}
		}
		for p := range before[id] {
			if _, in := s.members[p]; !in {
				m.feed = append(m.feed, engineChange{m.now, id, p.key, false, cause(p)})
			}
		}
	}
}

// reevaluate evaluates with one cause for all.
func (m *model) reevaluate(cause carpel.Cause) {
	m.evaluate(m.snapshot(), func(*person) carpel.Cause { return cause })
}

func (m *model) advance() error {
	m.tick()
	m.reevaluate(carpel.CauseTime)
	return nil
}

// check returns the fault of a condition's references; id and key are those of the segment it is for, "" for none.
func (m *model) check(id, key string, c carpel.Condition) error {
	for _, ref := range carpel.References(c) {
		s := m.find(ref)
		if id != "" && (ref == id || ref == key) {
			return carpel.Errorf(carpel.CodeCycle, "%s refers to itself", id)
		}
		if s == nil {
			return carpel.Errorf(carpel.CodeNotFound, "no segment %s", ref)
		}
		if id != "" && (s.def.ID == id || m.reaches(s, id)) {
			return carpel.Errorf(carpel.CodeCycle, "a cycle through %s", ref)
		}
	}
	return nil
}

// reaches reports whether a segment refers to another, directly or through others.
func (m *model) reaches(s *segment, id string) bool {
	for _, ref := range carpel.References(s.def.Condition) {
		if next := m.find(ref); next != nil && (next.def.ID == id || m.reaches(next, id)) {
			return true
		}
	}
	return false
}

func (m *model) define(d engine.Definition) error {
	m.tick()
	if !d.Manual {
		if err := m.check(d.ID, d.Key, d.Condition); err != nil {
			return err
		}
	}
	before := m.snapshot()
	s := m.segments[d.ID]
	if s == nil {
		s = &segment{members: map[*person]carpel.Millis{}}
		m.segments[d.ID] = s
	}
	s.def = d
	m.evaluate(before, func(*person) carpel.Cause { return carpel.CauseDefinition })
	return nil
}

func (m *model) drop(id string) error {
	s := m.segments[id]
	if s == nil {
		return carpel.Errorf(carpel.CodeNotFound, "no segment %s", id)
	}
	for _, other := range m.segments {
		if other.def.Condition != nil && slices.ContainsFunc(carpel.References(other.def.Condition), func(ref string) bool { return m.find(ref) == s }) {
			return carpel.Errorf(carpel.CodeInUse, "%s is in use", id)
		}
	}
	delete(m.segments, id)
	m.told = slices.DeleteFunc(m.told, func(c engineChange) bool { return c.Segment == id })
	return nil
}

func (m *model) pause(id string) error {
	m.segments[id].paused = true
	return nil
}

func (m *model) resume(id string) error {
	m.tick()
	m.segments[id].paused, m.segments[id].thawed = false, true
	m.reevaluate(carpel.CauseDefinition)
	return nil
}

func (m *model) setZone(zone *time.Location) error {
	m.tick()
	m.cal = newCalendar(zone)
	m.reevaluate(carpel.CauseDefinition)
	return nil
}

// restart changes nothing: what a model holds is what must survive.
func (m *model) restart() error { return nil }

func (m *model) members(id string) (map[string]carpel.Millis, error) {
	s := m.segments[id]
	if s == nil {
		return nil, carpel.Errorf(carpel.CodeNotFound, "no segment %s", id)
	}
	all := map[string]carpel.Millis{}
	for p, entered := range s.members {
		all[p.key] = entered
	}
	return all, nil
}

// changes returns what the feed tells since the last call, in a fixed order.
func (m *model) changes() ([]engineChange, error) {
	feed := m.feed
	m.feed = nil
	sortChanges(feed)
	m.told = append(m.told, feed...)
	return feed, nil
}

// past returns everything the feed told of a segment, or of a person, sorted.
func (m *model) past(segment, person string) ([]engineChange, error) {
	var out []engineChange
	for _, c := range m.told {
		if (segment == "" || c.Segment == segment) && (person == "" || c.Person == person) {
			out = append(out, c)
		}
	}
	sortChanges(out)
	return out, nil
}

// history adds up what the feed told of a segment.
func (m *model) history(id string, from, to carpel.Millis, step time.Duration) ([]engine.HistoryPoint, error) {
	var out []engine.HistoryPoint
	for at := from; at < to; at += carpel.Millis(step.Milliseconds()) {
		p, end := engine.HistoryPoint{At: at}, min(to, at+carpel.Millis(step.Milliseconds()))
		for _, c := range m.told {
			if c.Segment != id || c.At >= end {
				continue
			}
			if c.Enter {
				p.Count++
			} else {
				p.Count--
			}
			if c.At < at {
				continue
			}
			defined := int64(0)
			if c.Cause == carpel.CauseDefinition {
				defined = 1
			}
			if c.Enter {
				p.Enters, p.EntersDefined = p.Enters+1, p.EntersDefined+defined
			} else {
				p.Leaves, p.LeavesDefined = p.Leaves+1, p.LeavesDefined+defined
			}
		}
		out = append(out, p)
	}
	return out, nil
}

func sortChanges(feed []engineChange) {
	slices.SortStableFunc(feed, func(a, b engineChange) int {
		if a.At != b.At {
			return int(a.At - b.At)
		}
		if c := strings.Compare(a.Segment, b.Segment); c != 0 {
			return c
		}
		return strings.Compare(a.Person, b.Person)
	})
}

// preview counts who matches; asOf 0 is now.
func (m *model) preview(c carpel.Condition, asOf carpel.Millis) (*preview, error) {
	if err := m.check("", "", c); err != nil {
		return nil, err
	}
	people := m.people
	at := m.at(m.now)
	if asOf != 0 {
		at = m.at(asOf)
		people = nil
		for _, p := range m.people {
			if p.firstSeen <= asOf {
				people = append(people, p)
			}
		}
	}
	out := &preview{People: int64(len(people))}
	for _, p := range people {
		if at.ask(p, c) == yes {
			out.Members = append(out.Members, p.key)
		}
	}
	slices.Sort(out.Members)
	out.Count = int64(len(out.Members))
	out.Nodes = nodeCounts(at, people, c)
	return out, nil
}

func (m *model) position() carpel.Millis { return m.now }

func (m *model) statuses() map[string]status {
	all := map[string]status{}
	for id, s := range m.segments {
		st := status{carpel.StateLive, s.def.Version}
		if s.paused {
			st.State = carpel.StatePaused
		}
		all[id] = st
	}
	return all
}

func (m *model) verify() error { return nil }
