package store

import (
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

var deviceTable = eval.Table{Kind: eval.DeviceTable}

// device creates, updates or deletes a device. A token belongs to one person: whoever had it before loses it.
func (a *application) device(ordinal uint32, p *person) error {
	d := a.it.Device
	owner, ok, err := a.lookup('d', d.Token)
	if err != nil {
		return err
	}
	if a.it.Kind == carpel.ItemDevice && (!ok || owner != ordinal) && len(p.devices) >= carpel.MaxDevices {
		a.refuse(tooManyDevices(p))
		return nil
	}
	if ok && owner != ordinal {
		if a.it.Public {
			a.refuse(carpel.Errorf(carpel.CodePublicKey, "the device belongs to another person; a browser key may not take it from them"))
			return nil
		}
		if a.it.Kind == carpel.ItemDeviceDelete {
			return nil // not theirs
		}
		if err := a.dropDevice(owner, d.Token); err != nil {
			return err
		}
	}
	if ok && owner == ordinal {
		if err := a.dropDevice(ordinal, d.Token); err != nil {
			return err
		}
	}
	if a.it.Kind == carpel.ItemDeviceDelete {
		return nil
	}
	p.devices = append(p.devices, d.Token)
	a.assign('d', d.Token, ordinal)
	if err := a.change(ordinal); err != nil {
		return err
	}
	used := d.LastUsed
	if used == 0 || used == carpel.Never {
		used = a.it.At
	}
	props := map[string]carpel.Value{"token": carpel.TextValue(d.Token), "platform": carpel.TextValue(strings.ToLower(d.Platform)), "last_used": carpel.TimeValue(used)}
	for name, v := range d.Properties {
		if _, ours := props[name]; !ours && !strings.HasPrefix(name, "$") {
			props[name] = v
		}
	}
	a.countNames(deviceTable, "", props)
	return a.addRow(ordinal, deviceTable, used, props)
}

func tooManyDevices(p *person) *carpel.Error {
	return &carpel.Error{Code: carpel.CodeLimit, Limit: carpel.MaxDevices, Actual: int64(len(p.devices)) + 1, Message: "the person has as many devices as there may be; delete those that are not used any more"}
}

// deviceRefused refuses a device more than its person may have, and, with a browser key, one of somebody else than the
// item names.
func (a *application) deviceRefused() (bool, error) {
	owner, owned, err := a.lookup('d', a.it.Device.Token)
	if err != nil {
		return false, err
	}
	named, known, err := a.Resolve(a.it.Person)
	if err != nil {
		return false, err
	}
	if known && (!owned || named != owner) {
		if p, err := a.person(named); err != nil || p != nil && len(p.devices) >= carpel.MaxDevices {
			if err == nil {
				a.refuse(tooManyDevices(p))
			}
			return true, err
		}
	}
	if !a.it.Public || !owned {
		return false, nil
	}
	if known && named == owner || !known && a.it.Person.UserID == "" && a.it.Person.Email == "" {
		return false, err // theirs, or it waits under an anonymous id
	}
	a.refuse(carpel.Errorf(carpel.CodePublicKey, "the device belongs to another person; a browser key may not take it from them"))
	return true, nil
}

// dropDevice takes a device from a person.
func (t *Tx) dropDevice(ordinal uint32, token string) error {
	t.free('d', token)
	p, err := t.person(ordinal)
	if err != nil || p == nil {
		return err
	}
	p.devices = slices.DeleteFunc(slices.Clone(p.devices), func(s string) bool { return s == token })
	if err := t.change(ordinal); err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	stripe, slot := ordinal/block.Width, uint8(ordinal%block.Width)
	k := entryKey{t.name(tableName(deviceTable)), stripe}
	tb, err := t.table(k)
	if err != nil {
		return err
	}
	for _, part := range slices.Clone(tb.parts) {
		rows := part.whole()
		column := rows.Column("token")
		from, to := rows.Find(slot)
		if from == to || column == nil {
			continue
		}
		kept := rows.Filter(func(row int) bool {
			return row < from || row >= to || column.Value(row).Text() != token
		})
		if kept.Len() != rows.Len() {
			tb.set(part.key, kept)
		}
	}
	t.share(k, tb)
	t.touch(ordinal).table(deviceTable).Slots.Set(slot)
	return nil
}
