package store

import (
	"slices"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// merge moves everything of the secondary to the primary, and makes the secondary nobody. Its ids go on meaning the
// primary.
func (a *application) merge(primary uint32, p *person, secondary uint32, q *person) error {
	if primary == secondary {
		return nil
	}
	for _, l := range []struct {
		most, together int
		message        string
	}{
		{carpel.MaxMerges, int(p.merges + q.merges + 1), "too many people would be merged into one"},
		{carpel.MaxUserIDs, len(p.users) + len(q.users), "the two have more user ids than one person may have"},
		{carpel.MaxAnonymousIDs, len(p.anonymous) + len(q.anonymous), "the two have more anonymous ids than one person may have"},
		{carpel.MaxDevices, len(p.devices) + len(q.devices), "the two have more devices than one person may have"},
	} {
		if l.together > l.most {
			a.refuse(&carpel.Error{Code: carpel.CodeLimit, Limit: int64(l.most), Actual: int64(l.together), Message: l.message})
			return nil
		}
	}
	a.note(primary)
	a.followMerge(p.key, q.key)
	a.touched.Merges = append(a.touched.Merges, Merge{secondary, primary, len(a.touched.Members)})
	a.touch(secondary)
	to := a.touch(primary)
	slot := uint8(primary % block.Width)
	to.Whole.Set(slot)
	to.Causes[slot] = carpel.CauseMerge
	if err := a.moveData(primary, p, secondary); err != nil {
		return err
	}
	p.merges += q.merges + 1
	p.firstSeen = min(p.firstSeen, q.firstSeen)
	to.FirstSeen.Set(slot)
	p.anonymous = append(p.anonymous, q.anonymous...)
	p.devices = append(p.devices, q.devices...)
	hadUser := len(p.users) > 0
	p.users = append(p.users, q.users...)
	// Every id of the secondary now means the primary; its key and email too, so that links to it go on working.
	p.keys = append(append(p.keys, q.key), q.keys...)
	for _, k := range p.keys {
		a.assign('k', k, primary)
	}
	for _, u := range q.users {
		a.assign('u', u, primary)
	}
	for _, id := range q.anonymous {
		a.assign('a', id, primary)
	}
	for _, token := range q.devices {
		a.assign('d', token, primary)
	}
	for _, e := range append([]string{q.email}, q.emails...) {
		if e == "" {
			continue
		}
		a.assign('e', carpel.Fold(e), primary)
		if p.email == "" && e == q.email {
			p.email = e
		} else {
			p.emails = append(p.emails, e)
		}
	}
	if !hadUser && len(p.users) > 0 {
		if _, err := a.writeAttribute(primary, "id", carpel.TextValue(p.users[0]), attributeStamp{a.it.At, a.it.At, a.it.Source}); err != nil {
			return err
		}
	}
	if err := a.change(primary); err != nil {
		return err
	}
	return a.remove(secondary, carpel.CauseMerge)
}

// moveData moves rows and attributes from one person to another, table by table of the stripe.
func (a *application) moveData(primary uint32, p *person, secondary uint32) error {
	if err := a.flush(); err != nil {
		return err
	}
	stripe := secondary / block.Width
	h, err := a.readHead(stripe)
	if err != nil {
		return err
	}
	for _, n := range slices.Clone(h.directory) {
		k := a.store.names.of(n)
		switch k.kind {
		case kindStamps: // goes with the values
		case kindValues:
			if err := a.moveAttribute(primary, secondary, k.name); err != nil {
				return err
			}
		default:
			if err := a.moveRows(primary, secondary, entryKey{n, stripe}, eval.Table{Kind: eval.TableKind(k.kind), Name: k.name}); err != nil {
				return err
			}
		}
	}
	// Stamps of attributes that were removed have no value beside them; they do not matter to anybody else.
	return nil
}

// moveRows moves a table's rows, a block at a time.
func (a *application) moveRows(primary, secondary uint32, k entryKey, table eval.Table) error {
	to := entryKey{k.name, primary / block.Width}
	moved, err := a.moveChunks(primary, secondary, k, to)
	if err != nil {
		return err
	}
	rows, err := a.takeRows(k, uint8(secondary%block.Width))
	if err != nil || len(rows) == 0 && !moved {
		return err
	}
	if err := a.file(to.stripe, to.name); err != nil {
		return err
	}
	tb, err := a.table(to)
	if err != nil {
		return err
	}
	slot := uint8(primary % block.Width)
	for _, r := range rows {
		tb.insert(blockKey{name: to.name, stripe: to.stripe}, r.WithSlot(slot))
	}
	a.touch(primary).table(table).Slots.Set(slot)
	a.filled(to, table, nil)
	a.share(to, tb)
	return nil
}

// takeRows removes a slot's rows from a table and returns them, a part each.
func (t *Tx) takeRows(k entryKey, slot uint8) ([]*block.Rows, error) {
	tb, err := t.table(k)
	if err != nil {
		return nil, err
	}
	var mask block.Mask
	mask.Set(slot)
	var taken []*block.Rows
	for _, p := range slices.Clone(tb.parts) {
		rows := p.whole()
		if from, to := rows.Find(slot); from == to {
			continue
		}
		taken = append(taken, rows.Only(slot))
		tb.set(p.key, rows.Without(mask))
	}
	if len(taken) > 0 {
		t.share(k, tb)
	}
	return taken, nil
}

// moveAttribute gives the primary the secondary's value where it has none of its own, with its times.
func (a *application) moveAttribute(primary, secondary uint32, name string) error {
	from := uint8(secondary % block.Width)
	v, err := a.attribute(secondary, name)
	if err != nil {
		return err
	}
	sk := entryKey{a.store.names.lookup(nameKey{kindStamps, name}), secondary / block.Width}
	e, err := a.entry(sk)
	if err != nil {
		return err
	}
	stamp := attributeStamp{a.it.At, a.it.At, a.it.Source}
	if e.stamps != nil && e.stamps.At(from) != block.NoStamp {
		stamp = attributeStamp{e.stamps.At(from), e.stamps.Since(from), e.stamps.Source(from)}
	}
	have, err := a.attribute(primary, name)
	if err != nil {
		return err
	}
	if v.IsSet() && !have.IsSet() && name != "id" {
		if err := a.putAttribute(primary, name, v, stamp); err != nil {
			return err
		}
	}
	return a.putAttribute(secondary, name, carpel.Value{}, attributeStamp{at: block.NoStamp})
}

// putAttribute stores a value with its times, whatever is there. A stamp at NoStamp forgets the slot.
func (t *Tx) putAttribute(ordinal uint32, name string, v carpel.Value, s attributeStamp) error {
	stripe, slot := ordinal/block.Width, uint8(ordinal%block.Width)
	if s.at == block.NoStamp { // most names of a stripe are not of everybody
		e, err := t.entry(entryKey{t.name(nameKey{kindStamps, name}), stripe})
		if err != nil {
			return err
		}
		if e.stamps == nil || e.stamps.At(slot) == block.NoStamp {
			return nil
		}
	}
	for _, k := range []nameKey{{kindValues, name}, {kindStamps, name}} {
		ek := entryKey{t.name(k), stripe}
		e, err := t.entry(ek)
		if err != nil {
			return err
		}
		if s.at != block.NoStamp {
			if err := t.file(stripe, ek.name); err != nil {
				return err
			}
		}
		if s.at == block.NoStamp {
			t.whole[ek] = true
		}
		if k.kind == kindValues {
			nv := e.values.With(slot, v)
			if old := e.values.Value(slot); old != v {
				t.forgetAttribute(name, old, nv)
			}
			t.overlay[ek] = &entry{values: nv, size: int64(nv.Size()) + 64}
		} else {
			ns := e.stamps.With(slot, s.at, s.since, s.source)
			t.overlay[ek] = &entry{stamps: ns, size: int64(ns.Size()) + 64}
		}
		t.mark(ek, slot)
	}
	ts := t.touch(ordinal)
	m := ts.Attributes[name]
	m.Set(slot)
	ts.Attributes[name] = m
	return nil
}
