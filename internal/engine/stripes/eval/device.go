package eval

import (
	"time"

	"github.com/carpel/carpel"
)

// compileDevice counts the devices of a platform that satisfy every condition each: rows, of which the time does not
// matter.
func compileDevice(d *carpel.Device, zone *time.Location) (leaf, error) {
	filter, err := platformOn(d.Platform, zone)
	if err != nil {
		return nil, err
	}
	where, err := compileProperties(d.Where, zone)
	if err != nil {
		return nil, err
	}
	m, err := measureOf(carpel.Measure{Compare: d.Count}, zone)
	if err != nil {
		return nil, err
	}
	of := *d
	of.Count = carpel.Compare{}
	l := newActivityLeaf(anyTime(zone), zone, &of)
	l.measure = m
	l.rows = selection{tables: []Table{{Kind: DeviceTable}}, filter: both(filter, where)}
	return l, nil
}

// anyTime is the window that holds everything, whenever it was or will be.
func anyTime(zone *time.Location) window {
	w := windowOf(carpel.When{}, zone)
	w.fixed = true
	return w
}

// platformOn is the condition that a device's platform fits; nil for any.
func platformOn(platform string, zone *time.Location) (*propertyTest, error) {
	test := carpel.Test{Op: carpel.OpIsAnyOf, Values: []carpel.Value{carpel.TextValue(platform)}}
	switch platform {
	case "any":
		return nil, nil
	case "mobile":
		test.Values = []carpel.Value{carpel.TextValue("ios"), carpel.TextValue("android")}
	}
	t, err := compileTest(test, zone)
	return testOn("platform", t), err
}
