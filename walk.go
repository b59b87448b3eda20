package carpel

import (
	"fmt"
	"slices"
)

// Walk calls fn for every condition in document order, the root first, with its JSON pointer in the canonical form:
// those inside where, has_item and measures, and the steps of sequences, as well. When fn returns false, what lies
// below that condition is passed over.
func Walk(c Condition, fn func(pointer string, c Condition) bool) { walk(c, "", true, fn) }

// WalkOutside is [Walk] without what lies inside where, has_item, measures and sequences: the conditions that are
// asked of a person.
func WalkOutside(c Condition, fn func(pointer string, c Condition) bool) { walk(c, "", false, fn) }

func walk(c Condition, at string, inside bool, fn func(string, Condition) bool) {
	if c == nil || !fn(at, c) {
		return
	}
	into := func(key string, inner Condition) {
		if inside && inner != nil {
			walk(inner, at+"/"+key, inside, fn)
		}
	}
	switch c := c.(type) {
	case *Group:
		for i, inner := range c.Of {
			walk(inner, fmt.Sprintf("%s/%s/%d", at, c.Quantifier, i), inside, fn)
		}
	case *Not:
		walk(c.Of, at+"/not", inside, fn)
	case *Attribute:
		into("value", c.Test.Item)
	case *Property:
		into("value", c.Test.Item)
	case *Activity:
		into(string(c.Measure.Kind)+"/where", c.Measure.Where)
		into("where", c.Where)
	case *Device:
		into("where", c.Where)
	case *Sequence:
		for i, step := range c.Steps {
			key := fmt.Sprintf("sequence/%d", i)
			if c.LastNot && i == len(c.Steps)-1 {
				key += "/not"
			}
			into(key, step)
		}
	}
}

// References returns the segments that a condition refers to, by id or key as written, each once, in order.
func References(c Condition) []string {
	var refs []string
	WalkOutside(c, func(_ string, n Condition) bool {
		if s, ok := n.(*InSegment); ok && !slices.Contains(refs, s.Ref) {
			refs = append(refs, s.Ref)
		}
		return true
	})
	return refs
}
