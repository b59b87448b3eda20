package stripes

import (
	"fmt"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// maxNames bounds the names among which the nearest is looked for.
const maxNames = 10_000

// neverSeen warns of names of a condition that never arrived.
func (db *DB) neverSeen(pointer string, c carpel.Condition) []engine.Warning {
	switch c := c.(type) {
	case *carpel.Attribute:
		if strings.HasPrefix(c.Name, "$") || db.seenAttribute(c.Name) {
			return nil
		}
		return []engine.Warning{db.unseen(pointer+"/attribute", "attribute", "", c.Name)}
	case *carpel.Activity:
		if c.Kind == carpel.EventActivity && c.Name != carpel.AnyEvent && !db.store.Seen("event", "", c.Name) {
			return []engine.Warning{db.unseen(pointer+"/event", "event", "", c.Name)}
		}
		if c.Campaign != "" && !db.store.Seen("campaign", "", c.Campaign) {
			return []engine.Warning{db.unseen(pointer+"/campaign", "campaign", "", c.Campaign)}
		}
	}
	return nil
}

// seenAttribute reports whether an attribute was seen, itself or as an object that the name reaches into.
func (db *DB) seenAttribute(name string) bool {
	for i := 0; i <= len(name); i++ {
		if (i == len(name) || name[i] == '.') && db.store.Seen("attribute", "", name[:i]) {
			return true
		}
	}
	return false
}

// unseen is the warning of a name, with the nearest one that was seen.
func (db *DB) unseen(pointer, kind, event, name string) engine.Warning {
	w := engine.Warning{Code: "never_seen", Pointer: pointer, Message: fmt.Sprintf("The %s %q was never received.", kind, name)}
	names, err := db.store.Names(engine.NamesQuery{Kind: kind, Event: event, Limit: maxNames})
	if err != nil {
		return w
	}
	known := make([]string, len(names))
	for i, n := range names {
		known[i] = n.Name
	}
	w.Suggestion = carpel.Nearest(name, known)
	return w
}

// neverSeenProperties warns of properties that never arrived with the event that is asked about.
func (db *DB) neverSeenProperties(c carpel.Condition) []engine.Warning {
	var out []engine.Warning
	carpel.WalkOutside(c, func(at string, outer carpel.Condition) bool {
		a, ok := outer.(*carpel.Activity)
		if !ok || a.Kind != carpel.EventActivity || !db.store.Seen("event", "", a.Name) {
			return true
		}
		carpel.Walk(a, func(pointer string, inner carpel.Condition) bool {
			p, ok := inner.(*carpel.Property)
			if ok && !strings.HasPrefix(p.Name, "$") && !db.seenProperty(a.Name, p.Name) {
				out = append(out, db.unseen(at+pointer+"/property", "property", a.Name, p.Name))
			}
			return !ok
		})
		if a.Measure.Of != "" && !strings.HasPrefix(a.Measure.Of, "$") && !db.seenProperty(a.Name, a.Measure.Of) {
			out = append(out, db.unseen(fmt.Sprintf("%s/%s/of", at, a.Measure.Kind), "property", a.Name, a.Measure.Of))
		}
		return true
	})
	return out
}

func (db *DB) seenProperty(event, name string) bool {
	for i := 0; i <= len(name); i++ {
		if (i == len(name) || name[i] == '.') && db.store.Seen("property", event, name[:i]) {
			return true
		}
	}
	return false
}
