package enginetest

import (
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// preview is what is compared of a preview.
type preview struct {
	Count, People int64
	Members       []string // keys, ascending
	Nodes         []engine.NodeCount
}

// explanation is what is compared of an explained node.
type explanation struct {
	Pointer     string
	Matched     bool
	Since, Next carpel.Millis
}

// count returns how many of some people match.
func (v view) count(people []*person, c carpel.Condition) int64 {
	n := int64(0)
	for _, p := range people {
		if v.ask(p, c) == yes {
			n++
		}
	}
	return n
}

// nodeCounts works out the effect of every condition that is asked of a person.
func nodeCounts(v view, people []*person, root carpel.Condition) []engine.NodeCount {
	var out []engine.NodeCount
	var visit func(at string, c carpel.Condition, left int64, without *int64, rebuild func(carpel.Condition) carpel.Condition)
	visit = func(at string, c carpel.Condition, left int64, without *int64, rebuild func(carpel.Condition) carpel.Condition) {
		out = append(out, engine.NodeCount{Pointer: at, Alone: v.count(people, c), Left: left, Without: without})
		switch c := c.(type) {
		case *carpel.Not:
			visit(at+"/not", c.Of, v.count(people, c), nil, func(x carpel.Condition) carpel.Condition { return rebuild(&carpel.Not{Of: x}) })
		case *carpel.Group:
			for i, of := range c.Of {
				left := v.count(people, &carpel.Group{Quantifier: c.Quantifier, Of: c.Of[:i+1]})
				var without *int64
				if len(c.Of) > 1 {
					rest := slices.Delete(slices.Clone(c.Of), i, i+1)
					n := v.count(people, rebuild(&carpel.Group{Quantifier: c.Quantifier, Of: rest}))
					without = &n
				}
				visit(at+"/"+string(c.Quantifier)+"/"+wholeNumber(i).RatString(), of, left, without, func(x carpel.Condition) carpel.Condition {
					all := slices.Clone(c.Of)
					all[i] = x
					return rebuild(&carpel.Group{Quantifier: c.Quantifier, Of: all})
				})
			}
		}
	}
	visit("", root, v.count(people, root), nil, func(c carpel.Condition) carpel.Condition { return c })
	return out
}

// who finds the person of a reference.
func (m *model) who(ref carpel.PersonRef) (*person, error) {
	if ids := names(ref); len(ids) > 0 { // the first decides
		if p := m.ids[ids[0]]; p != nil {
			return p, nil
		}
	}
	return nil, carpel.Errorf(carpel.CodeNotFound, "nobody is known as %+v", ref)
}

// explain says of every node whether it matches, since when, and until when; asOf 0 is now.
func (m *model) explain(ref carpel.PersonRef, c carpel.Condition, asOf carpel.Millis) ([]explanation, error) {
	p, err := m.who(ref)
	if err != nil {
		return nil, err
	}
	if err := m.check("", "", c); err != nil {
		return nil, err
	}
	v := m.at(m.now)
	if asOf != 0 {
		v = m.at(asOf)
	}
	var out []explanation
	carpel.WalkOutside(c, func(pointer string, node carpel.Condition) bool {
		out = append(out, explanation{pointer, v.ask(p, node) == yes, v.since(p, node), v.nextChange(p, node)})
		return true
	})
	return out, nil
}

// profile is what is compared of a person.
type profile struct {
	Key, UserID, Email string
	IDs                []string // ascending
	FirstSeen          carpel.Millis
	LastSeen           carpel.Millis // Never when not seen up to now
	Attributes         map[string]stamped
	Activity           int
	Devices            []string // tokens, ascending
}

// stamped is an attribute's value and its times.
type stamped struct {
	Value     string // as JSON
	Since, At carpel.Millis
}

func (m *model) profile(ref carpel.PersonRef) (*profile, error) {
	p, err := m.who(ref)
	if err != nil {
		return nil, err
	}
	out := &profile{Key: p.key, Email: p.email, IDs: slices.Sorted(slices.Values(p.users)), FirstSeen: p.firstSeen, LastSeen: carpel.Never,
		Attributes: map[string]stamped{}, Activity: len(p.activity)}
	if len(p.users) > 0 {
		out.UserID = p.users[0]
	}
	if last, ok := m.at(m.now).lastSeen(p); ok {
		out.LastSeen = last
	}
	for name, a := range p.attributes {
		if a.value.isSet() {
			out.Attributes[name] = stamped{string(a.raw.AppendJSON(nil)), a.since, a.at}
		}
	}
	for _, d := range p.devices {
		out.Devices = append(out.Devices, d.token)
	}
	slices.Sort(out.Devices)
	return out, nil
}
