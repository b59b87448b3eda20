package enginetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
)

// model keeps people and segments in plain maps. Used by one goroutine.
type model struct {
	clock  *clock
	now    carpel.Millis
	cal    *calendar
	exprs  expressions
	people []*person // in the order in which they were made
	made   int       // how many people there ever were

	ids        map[identity]*person
	waiting    map[string][]carpel.Item // by anonymous id, in order of arrival
	suppressed map[identity]bool
	seen       map[string]bool // message ids

	segments map[string]*segment // by id
	feed     []engineChange      // not read yet
	told     []engineChange      // read; without those of segments that were dropped

	keys    []string                 // keys to give to the people that the items of a batch make, by item; "" for our own
	touched map[*person]carpel.Cause // by the batch under way
}

// identity is one of the names a person goes by.
type identity struct {
	kind byte // 'k'ey, 'u'ser id, 'e'mail (folded), 'a'nonymous id, 'd'evice token
	text string
}

// person is what is known about somebody.
type person struct {
	key        string
	users      []string // the first is the attribute id
	email      string
	firstSeen  carpel.Millis
	attributes map[string]attribute
	activity   []activity
	devices    []device
	gone       bool
}

// attribute is a value with its times. An attribute that was removed stays, unset, with the time of its removal.
type attribute struct {
	value     reading
	raw       carpel.Value
	at, since carpel.Millis
	unchanged bool // unset, and never was anything else: since means nothing
	source    string
}

// activity is an event, page, screen or message activity.
type activity struct {
	kind      carpel.ItemKind
	name, url string
	at        carpel.Millis
	props     map[string]reading // the call's context under "$context.…"
	message   carpel.MessageInfo
}

type device struct {
	token, platform string
	props           map[string]reading
}

func newModel(clock *clock, zone *time.Location) *model {
	return &model{clock: clock, cal: newCalendar(zone), exprs: expressions{}, ids: map[identity]*person{}, waiting: map[string][]carpel.Item{},
		suppressed: map[identity]bool{}, seen: map[string]bool{}, segments: map[string]*segment{}}
}

// tick moves the model's time to the clock's, never back.
func (m *model) tick() { m.now = max(m.now, carpel.MillisOf(m.clock.now)) }

// commit takes in items and evaluates.
func (m *model) commit(items []carpel.Item) ([]engine.Outcome, error) {
	m.tick()
	before := m.snapshot()
	m.touched = map[*person]carpel.Cause{}
	outcomes := make([]engine.Outcome, len(items))
	for i := range items {
		m.take(&items[i], i, &outcomes[i])
	}
	m.keys = nil
	m.evaluate(before, func(p *person) carpel.Cause {
		if cause, ok := m.touched[p]; ok {
			return cause
		}
		return carpel.CauseTime
	})
	return outcomes, nil
}

// take takes in one item.
func (m *model) take(it *carpel.Item, index int, out *engine.Outcome) {
	if it.Kind == carpel.ItemMember {
		switch s := m.segments[it.Segment.ID]; {
		case s == nil:
			refuse(out, carpel.CodeNotFound)
			return
		case !s.def.Manual:
			refuse(out, carpel.CodeConflict)
			return
		}
	}
	if it.MessageID != "" && m.seen[it.MessageID] {
		out.Repeated = true
		return
	}
	m.apply(it, index, out)
	if it.MessageID != "" && out.Refused == nil {
		m.seen[it.MessageID] = true
	}
}

func (m *model) apply(it *carpel.Item, index int, out *engine.Outcome) {
	switch it.Kind {
	case carpel.ItemAlias, carpel.ItemMerge:
		m.join(it, index, out)
	case carpel.ItemErase, carpel.ItemSuppress, carpel.ItemUnsuppress:
		m.erase(it, out)
	case carpel.ItemMember:
		m.member(it, out)
	default:
		if p := m.resolve(it, index, out); p != nil {
			out.Person = p.key
			m.do(p, it, out)
		}
	}
}

// touch notes that something about a person changed. Of the causes, the weightiest stays.
func (m *model) touch(p *person, cause carpel.Cause) {
	weight := []carpel.Cause{"", carpel.CauseData, carpel.CauseManual, carpel.CauseImport, carpel.CauseMerge, carpel.CauseErasure}
	if slices.Index(weight, cause) > slices.Index(weight, m.touched[p]) {
		m.touched[p] = cause
	}
}

// do writes an item for its person.
func (m *model) do(p *person, it *carpel.Item, out *engine.Outcome) {
	if it.Source == "import" {
		m.touch(p, carpel.CauseImport)
	}
	m.seenAt(p, it.At)
	switch it.Kind {
	case carpel.ItemIdentify:
		m.identify(p, it, out)
	case carpel.ItemDevice, carpel.ItemDeviceDelete:
		m.device(p, it)
	default:
		a := activity{kind: it.Kind, name: strings.TrimSpace(it.Name), url: it.URL, at: it.At, props: map[string]reading{}}
		if it.Message != nil {
			a.message = *it.Message
		}
		if it.Kind == carpel.ItemPage && a.url == "" {
			a.url = it.Name
		}
		for name, v := range it.Properties {
			if !strings.HasPrefix(name, "$") {
				a.props[name] = readValue(v)
			}
		}
		for name, v := range it.Context {
			a.props["$context."+name] = readValue(v)
		}
		p.activity = append(p.activity, a)
		m.touch(p, carpel.CauseData)
	}
}

func (m *model) seenAt(p *person, at carpel.Millis) {
	if at < p.firstSeen {
		p.firstSeen = at
		m.touch(p, carpel.CauseData)
	}
}

// identify writes attributes.
func (m *model) identify(p *person, it *carpel.Item, out *engine.Outcome) {
	for _, name := range slices.Sorted(maps.Keys(it.Properties)) {
		v := it.Properties[name]
		switch {
		case strings.HasPrefix(name, "$"):
			warn(out, carpel.CodeReserved)
		case name == "id":
			if v.IsSet() && v.Text() != "" && len(p.users) > 0 && p.users[0] != v.Text() {
				warn(out, carpel.CodeConflict)
			}
		case name == "email":
			m.setEmail(p, v, it, out)
		case it.Public && (name == "unsubscribed" || name == "phone" && p.attributes["phone"].value.isSet()):
			warn(out, carpel.CodePublicKey)
		default:
			m.set(p, name, v, it)
			if name == "created_at" {
				if at, ok := readValue(v).time(m.cal); ok {
					m.seenAt(p, at)
				}
			}
		}
	}
}

func warn(out *engine.Outcome, code string) {
	out.Warnings = append(out.Warnings, carpel.Errorf(code, "%s", code))
}

// set writes an attribute unless a later write came before. It reports whether it did.
func (m *model) set(p *person, name string, v carpel.Value, it *carpel.Item) bool {
	old, known := p.attributes[name]
	if known && it.At < old.at {
		return false
	}
	a := attribute{value: readValue(v), raw: v, at: it.At, since: it.At, source: it.Source}
	switch {
	case known && old.raw == v:
		a.since, a.unchanged = old.since, old.unchanged // the same again is no change
	case !known && !v.IsSet():
		a.unchanged = true // removing what never was
	default:
		m.touch(p, carpel.CauseData)
	}
	p.attributes[name] = a
	return true
}

// device puts a device into the person's hands, or takes it out of them.
func (m *model) device(p *person, it *carpel.Item) {
	d := it.Device
	if it.Kind == carpel.ItemDeviceDelete {
		m.dropDevice(p, d.Token)
		return
	}
	for _, owner := range m.people {
		m.dropDevice(owner, d.Token)
	}
	used := d.LastUsed
	if used == 0 || used == carpel.Never {
		used = it.At
	}
	props := map[string]reading{}
	for name, v := range d.Properties {
		if !strings.HasPrefix(name, "$") {
			props[name] = readValue(v)
		}
	}
	platform := strings.ToLower(d.Platform)
	props["token"] = readValue(carpel.TextValue(d.Token))
	props["platform"] = readValue(carpel.TextValue(platform))
	props["last_used"] = readValue(carpel.TimeValue(used))
	p.devices = append(p.devices, device{d.Token, platform, props})
	m.touch(p, carpel.CauseData)
}

func (m *model) dropDevice(p *person, token string) {
	for i, d := range p.devices {
		if d.token == token {
			p.devices = slices.Delete(slices.Clone(p.devices), i, i+1)
			m.touch(p, carpel.CauseData)
			return
		}
	}
}

// newKey returns the key of the person that an item makes.
func (m *model) newKey(index int) string {
	m.made++
	if index < len(m.keys) && m.keys[index] != "" {
		return m.keys[index]
	}
	return fmt.Sprintf("p_model%d", m.made)
}
