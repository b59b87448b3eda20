package enginetest

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/carpel/carpel"
)

// answer is what a condition says of a person.
type answer uint8

const (
	no answer = iota
	yes
	unknown // only when looking back: an attribute's value before its last change
)

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

func (a answer) not() answer {
	switch a {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// view is the model at a moment: events count from their time on, everything else is as it is today.
type view struct {
	m       *model
	now     carpel.Millis
	history bool // looking back: the value of an attribute is unknown before its last change
}

func (m *model) at(now carpel.Millis) view { return view{m: m, now: now} }

// ask answers a condition for a person.
func (v view) ask(p *person, c carpel.Condition) answer {
	switch c := c.(type) {
	case *carpel.Group:
		return v.group(p, c)
	case *carpel.Not:
		return v.ask(p, c.Of).not()
	case *carpel.Attribute:
		return v.attribute(p, c)
	case *carpel.Activity:
		return answerOf(v.did(p, c))
	case *carpel.Device:
		n := 0
		for _, d := range p.devices {
			if onPlatform(d, c.Platform) && v.properties(d.props, c.Where) {
				n++
			}
		}
		return answerOf(compares(c.Count, wholeNumber(n)))
	case *carpel.InSegment:
		return v.inSegment(p, c.Ref)
	case *carpel.Sequence:
		return answerOf(v.sequence(p, c))
	case *carpel.Sample:
		return answerOf(share(c.Seed, p.key) < c.Percent/100)
	}
	panic("no condition of a person")
}

func (v view) group(p *person, g *carpel.Group) answer {
	has := map[answer]bool{}
	for _, c := range g.Of {
		has[v.ask(p, c)] = true
	}
	switch {
	case g.Quantifier == carpel.AllOf && has[no]:
		return no
	case g.Quantifier == carpel.AnyOf && has[yes]:
		return yes
	case g.Quantifier == carpel.NoneOf && has[yes]:
		return no
	case has[unknown]:
		return unknown
	}
	return answerOf(g.Quantifier != carpel.AnyOf)
}

func onPlatform(d device, platform string) bool {
	switch platform {
	case "any":
		return true
	case "mobile":
		return d.platform == "ios" || d.platform == "android"
	}
	return d.platform == platform
}

// inSegment answers membership: of a manual or a frozen segment as it is, of any other at the moment of the view.
func (v view) inSegment(p *person, ref string) answer {
	s := v.m.find(ref)
	if s == nil {
		return no
	}
	if s.def.Manual || s.paused {
		_, in := s.members[p]
		return answerOf(in)
	}
	return v.ask(p, s.def.Condition)
}

// share places a person in [0, 1).
func share(seed, key string) float64 {
	h := sha256.Sum256([]byte(seed + "\x00" + key))
	return float64(binary.BigEndian.Uint64(h[:8])) / 18446744073709551616.0
}

// value returns an attribute as the view sees it, and since when it is what it is.
func (v view) value(p *person, name string) (r reading, since carpel.Millis) {
	switch name {
	case carpel.AttrFirstSeen:
		return readValue(carpel.TimeValue(p.firstSeen)), p.firstSeen
	case carpel.AttrLastSeen:
		last, ok := v.lastSeen(p)
		if !ok {
			return reading{}, p.firstSeen
		}
		return readValue(carpel.TimeValue(last)), last
	}
	a := v.holder(p, name)
	if a.at == carpel.Never {
		return reading{}, p.firstSeen // never set
	}
	fields := map[string]reading{}
	for n, a := range p.attributes {
		fields[n] = a.value
	}
	return lookup(fields, name), a.since
}

// holder returns the attribute that decides what a name means: the one of that very name if it is set, else the one
// its first dots reach into; at is Never when there is none.
func (v view) holder(p *person, name string) attribute {
	if a := p.attributes[name]; a.value.isSet() {
		return a
	}
	latest := attribute{at: carpel.Never}
	for n, a := range p.attributes {
		if (n == name || strings.HasPrefix(name, n+".")) && !a.unchanged && (latest.at == carpel.Never || a.since > latest.since) {
			latest = a
		}
	}
	return latest
}

// lastSeen returns the time of the latest event, page or screen up to now.
func (v view) lastSeen(p *person) (last carpel.Millis, ok bool) {
	for _, a := range p.activity {
		if a.kind != carpel.ItemMessage && a.at <= v.now && (!ok || a.at > last) {
			last, ok = a.at, true
		}
	}
	return last, ok
}

func (v view) attribute(p *person, c *carpel.Attribute) answer {
	r, since := v.value(p, c.Name)
	ours := c.Name == carpel.AttrFirstSeen || c.Name == carpel.AttrLastSeen
	if v.history && !ours && v.now < since {
		return unknown
	}
	t := c.Test
	if c.Name == "id" {
		t.MatchCase = true
	}
	held := c.For.IsZero() || v.now-since >= span(c.For)
	return answerOf(v.test(t, r) && held)
}

// properties answers conditions over properties; nil for none.
func (v view) properties(props map[string]reading, c carpel.Condition) bool {
	switch c := c.(type) {
	case nil:
		return true
	case *carpel.Not:
		return !v.properties(props, c.Of)
	case *carpel.Property:
		return v.test(c.Test, lookup(props, c.Name))
	case *carpel.Group:
		n := 0
		for _, of := range c.Of {
			if v.properties(props, of) {
				n++
			}
		}
		switch c.Quantifier {
		case carpel.AllOf:
			return n == len(c.Of)
		case carpel.AnyOf:
			return n > 0
		}
		return n == 0
	}
	panic("no condition over properties")
}
