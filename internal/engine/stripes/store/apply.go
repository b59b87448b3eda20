package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Apply resolves and writes one item. An error is one of storage, never of input.
func (t *Tx) Apply(it *carpel.Item) (engine.Outcome, error) {
	hash := ""
	if it.MessageID != "" {
		hash = t.store.messageHash(it.MessageID)
		repeated, err := t.repeated(hash)
		if err != nil || repeated {
			return engine.Outcome{Repeated: repeated}, err
		}
	}
	a := &application{Tx: t, it: it}
	if err := a.run(); err != nil {
		return engine.Outcome{}, err
	}
	if a.out.Refused == nil {
		t.applied++
		if hash != "" {
			if err := t.noteMessage(hash); err != nil {
				return a.out, err
			}
		}
	}
	return a.out, nil
}

func (s *Store) hash(use, text string) []byte {
	h := hmac.New(sha256.New, s.hashKey)
	h.Write([]byte(use))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return h.Sum(nil)
}

// application is one item on its way in.
type application struct {
	*Tx
	it  *carpel.Item
	out engine.Outcome

	attributeCount int // of the person; see attributesFull
}

func (a *application) refuse(e *carpel.Error) { a.out.Refused = e }

func (a *application) warn(code, pointer, format string, args ...any) {
	e := carpel.Errorf(code, format, args...)
	e.Pointer = pointer
	a.out.Warnings = append(a.out.Warnings, e)
}

// run finds the person and does what the item asks.
func (a *application) run() error {
	switch a.it.Kind {
	case carpel.ItemAlias, carpel.ItemMerge:
		return a.join()
	case carpel.ItemErase, carpel.ItemSuppress, carpel.ItemUnsuppress:
		return a.eraseItem()
	case carpel.ItemMember:
		return a.member()
	}
	if a.it.Kind == carpel.ItemEvent {
		if name := strings.TrimSpace(a.it.Name); !a.nameAllowed(name) {
			a.refuse(&carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxEventNames, Message: "the workspace has too many event names; this one is new"})
			return nil
		}
	}
	if a.it.Kind == carpel.ItemDevice { // before a person is made who would be left behind by a refusal
		if refused, err := a.deviceRefused(); err != nil || refused {
			return err
		}
	}
	if done, err := a.usual(); err != nil || done {
		return err
	}
	ordinal, p, err := a.resolve()
	if err != nil || p == nil {
		return err // refused, or waiting under an anonymous id
	}
	a.out.Person = p.key
	return a.do(ordinal, p)
}

// usual takes what arrives most, an activity of somebody who is known and of whom nothing else changes by it. It does
// without the person's record: what it needs to know lies with the stripe's people. It reports false when it takes
// nothing.
func (a *application) usual() (bool, error) {
	it := a.it
	switch it.Kind {
	case carpel.ItemEvent, carpel.ItemPage, carpel.ItemScreen, carpel.ItemMessage:
	default:
		return false, nil
	}
	if suppressed, err := a.suppressed(it.Person); err != nil || suppressed {
		return false, err
	}
	kind, text := refKey(it.Person)
	if kind == 0 {
		return false, nil
	}
	ordinal, known, err := a.lookup(kind, text)
	if err != nil || !known {
		return false, err
	}
	if id := it.Person.AnonymousID; id != "" && kind != 'a' {
		if _, taken, err := a.lookup('a', id); err != nil || !taken {
			return false, err
		}
	}
	stripe, slot := slotOf(ordinal)
	h, err := a.readHead(stripe)
	if err != nil || !h.people.Has(slot) || it.At < h.firstSeen[slot] {
		return false, err
	}
	a.out.Person = h.keys[slot]
	a.tell(ordinal)
	return true, a.activity(ordinal)
}

// nameAllowed reports whether an event of the name may be stored: it is known, or there is room for another.
func (a *application) nameAllowed(name string) bool {
	return a.store.names.room(nameKey{kindEvent, name}, carpel.MaxEventNames)
}

// do writes the item for its person.
func (a *application) do(ordinal uint32, p *person) error {
	if err := a.seenAt(ordinal, p, a.it.At); err != nil {
		return err
	}
	a.tell(ordinal)
	switch a.it.Kind {
	case carpel.ItemIdentify:
		return a.attributes(ordinal, p)
	case carpel.ItemDevice, carpel.ItemDeviceDelete:
		return a.device(ordinal, p)
	}
	return a.activity(ordinal)
}

// tell notes of whom the item is, in the journal and, when it comes from an import, as the cause of what changes.
func (a *application) tell(ordinal uint32) {
	if a.it.Source == "import" {
		ts, slot := a.touch(ordinal), uint8(ordinal%block.Width)
		if _, ok := ts.Causes[slot]; !ok {
			ts.Causes[slot] = carpel.CauseImport
		}
	}
	a.note(ordinal)
}

// seenAt moves the person's first moment back when the item is from before it.
func (a *application) seenAt(ordinal uint32, p *person, at carpel.Millis) error {
	if at >= p.firstSeen {
		return nil
	}
	p.firstSeen = at
	a.touch(ordinal).FirstSeen.Set(uint8(ordinal % block.Width))
	return a.change(ordinal)
}

// activity writes an event, page, screen or message activity.
func (a *application) activity(ordinal uint32) error {
	it := a.it
	props := make(map[string]carpel.Value, len(it.Properties)+len(it.Context)+4)
	for name, v := range it.Properties {
		if !strings.HasPrefix(name, "$") {
			props[name] = v
		}
	}
	for name, v := range it.Context {
		props["$context."+name] = v
	}
	table, name := eval.Table{}, strings.TrimSpace(it.Name)
	switch it.Kind {
	case carpel.ItemEvent:
		table = eval.Table{Kind: eval.EventTable, Name: name}
		if err := a.follow(ordinal, name, props); err != nil {
			return err
		}
	case carpel.ItemPage:
		table = eval.Table{Kind: eval.PageTable}
		url := it.URL
		if url == "" {
			url = it.Name
		}
		props["$url"], props["$name"] = carpel.TextValue(url), carpel.TextValue(it.Name)
	case carpel.ItemScreen:
		table = eval.Table{Kind: eval.ScreenTable}
		props["$name"] = carpel.TextValue(it.Name)
	case carpel.ItemMessage:
		return a.message(ordinal, props)
	}
	a.countNames(table, name, props)
	a.meta.Events++
	if err := a.addRow(ordinal, table, it.At, props); err != nil {
		return err
	}
	kind := [...]string{carpel.ItemEvent: "", carpel.ItemPage: "page ", carpel.ItemScreen: "screen "}[it.Kind]
	return a.addRow(ordinal, eval.Table{Kind: eval.ActivityTable}, it.At, map[string]carpel.Value{"$name": carpel.TextValue(kind + name)})
}

func (a *application) message(ordinal uint32, props map[string]carpel.Value) error {
	m := a.it.Message
	for name, text := range map[string]string{"$channel": m.Channel, "$action": m.Action, "$delivery": m.Delivery, "$campaign": m.Campaign, "$link": m.Link, "$reason": m.Reason} {
		if text != "" {
			props[name] = carpel.TextValue(text)
		}
	}
	if m.Machine {
		props["$machine"] = carpel.BoolValue(true)
	}
	table := eval.Table{Kind: eval.MessageTable}
	a.countNames(table, m.Action, props)
	a.meta.Events++
	return a.addRow(ordinal, table, a.it.At, props)
}

// attributes writes what an identify says.
func (a *application) attributes(ordinal uint32, p *person) error {
	props := a.it.Properties
	if len(props) == 0 {
		return nil
	}
	for _, name := range sortedNames(props) {
		v := props[name]
		switch {
		case strings.HasPrefix(name, "$"):
			a.warn(carpel.CodeReserved, "/"+name, "the name %.60q is reserved: names that begin with $ are ours", name)
			continue
		case name == "id":
			if err := a.userID(ordinal, p, v.Text()); err != nil {
				return err
			}
			continue
		case name == "email":
			if err := a.email(ordinal, p, v); err != nil {
				return err
			}
			continue
		case a.it.Public && name == "unsubscribed":
			a.warn(carpel.CodePublicKey, "/unsubscribed", "a browser key may not set unsubscribed")
			continue
		case a.it.Public && name == "phone":
			if has, err := a.hasAttribute(ordinal, name); err != nil {
				return err
			} else if has {
				a.warn(carpel.CodePublicKey, "/phone", "a browser key may not change a phone number")
				continue
			}
		}
		if !a.store.names.room(nameKey{kindValues, name}, carpel.MaxAttributeNames) {
			a.out.Warnings = append(a.out.Warnings, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/" + name, Limit: carpel.MaxAttributeNames, Actual: carpel.MaxAttributeNames + 1,
				Message: "the workspace has as many names of attributes as there may be; this one is new and was not stored"})
			continue
		}
		if full, err := a.attributesFull(ordinal, name, v); err != nil {
			return err
		} else if full {
			a.out.Warnings = append(a.out.Warnings, &carpel.Error{Code: carpel.CodeLimit, Pointer: "/" + name, Limit: carpel.MaxAttributes, Actual: carpel.MaxAttributes + 1,
				Message: "the person has as many attributes as there may be; this one is new and was not stored"})
			continue
		}
		if err := a.setAttribute(ordinal, name, v, a.it.At); err != nil {
			return err
		}
		if name == "created_at" {
			if at, ok := v.AsTime(a.store.options.Zone); ok {
				if err := a.seenAt(ordinal, p, at); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func sortedNames(props map[string]carpel.Value) []string { return slices.Sorted(maps.Keys(props)) }

// hasAttribute reports whether a person has a value for an attribute.
func (a *application) hasAttribute(ordinal uint32, name string) (bool, error) {
	v, err := a.attribute(ordinal, name)
	return v.IsSet(), err
}

// attribute returns a person's value of an attribute, this transaction's writes included.
func (t *Tx) attribute(ordinal uint32, name string) (carpel.Value, error) {
	n := t.store.names.lookup(nameKey{kindValues, name})
	if n == 0 {
		return carpel.Value{}, nil
	}
	e, err := t.entry(entryKey{n, ordinal / block.Width})
	if err != nil {
		return carpel.Value{}, err
	}
	return e.values.Value(uint8(ordinal % block.Width)), nil
}

// setAttribute writes an attribute if the write is not older than the one stored.
func (a *application) setAttribute(ordinal uint32, name string, v carpel.Value, at carpel.Millis) error {
	accepted, err := a.writeAttribute(ordinal, name, v, attributeStamp{at, at, a.it.Source})
	if accepted {
		a.countAttribute(name, v)
	}
	return err
}

// attributeStamp is when a value was written, since when it is what it is, and where it came from.
type attributeStamp struct {
	at, since carpel.Millis
	source    string
}

// writeAttribute stores a value unless a later write is stored already. It reports whether it did. A value that is the
// same as before keeps its since.
func (t *Tx) writeAttribute(ordinal uint32, name string, v carpel.Value, s attributeStamp) (bool, error) {
	stripe, slot := ordinal/block.Width, uint8(ordinal%block.Width)
	vk := entryKey{t.name(nameKey{kindValues, name}), stripe}
	sk := entryKey{t.name(nameKey{kindStamps, name}), stripe}
	values, err := t.entry(vk)
	if err != nil {
		return false, err
	}
	stamps, err := t.entry(sk)
	if err != nil {
		return false, err
	}
	have := block.NoStamp
	if stamps.stamps != nil {
		have = stamps.stamps.At(slot)
	}
	if have != block.NoStamp && s.at < have {
		return false, nil
	}
	changed := values.values.Value(slot) != v
	switch {
	case have == block.NoStamp && !v.IsSet():
		// Removing what never was changes nothing, and never set goes on counting from the first moment; but an older value
		// that arrives later must not undo it.
		s.since = block.NoStamp
	case have == block.NoStamp:
	case !changed:
		s.since = stamps.stamps.Since(slot)
	}
	if err := t.file(stripe, vk.name); err != nil {
		return false, err
	}
	if err := t.file(stripe, sk.name); err != nil {
		return false, err
	}
	newStamps := stamps.stamps.With(slot, s.at, s.since, s.source)
	t.overlay[sk] = &entry{stamps: newStamps, size: int64(newStamps.Size()) + 64}
	t.mark(sk, slot)
	if changed {
		newValues := values.values.With(slot, v)
		t.forgetAttribute(name, values.values.Value(slot), newValues)
		t.overlay[vk] = &entry{values: newValues, size: int64(newValues.Size()) + 64}
		t.mark(vk, slot)
		ts := t.touch(ordinal)
		m := ts.Attributes[name]
		m.Set(slot)
		ts.Attributes[name] = m
	}
	return true, nil
}

// mark notes a slot of an attribute's block to be written.
func (t *Tx) mark(k entryKey, slot uint8) {
	m := t.attrs[k]
	m.Set(slot)
	t.attrs[k] = m
}

// SetZone sets the zone of bare dates. The writer's.
func (s *Store) SetZone(zone *time.Location) { s.options.Zone = zone }
