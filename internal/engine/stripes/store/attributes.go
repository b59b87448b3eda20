package store

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// attributesFull reports whether a value would be one attribute too many for a person. It counts only in stripes that
// hold enough names for that to be, and then once an item: what it lets pass it takes as stored, until that comes to
// too many, and then counts again.
func (a *application) attributesFull(ordinal uint32, name string, v carpel.Value) (bool, error) {
	h, err := a.readHead(ordinal / block.Width)
	if err != nil || !v.IsSet() || len(h.directory) < 2*carpel.MaxAttributes {
		return false, err // each attribute has two names: of its values and of its stamps
	}
	if has, err := a.hasAttribute(ordinal, name); err != nil || has {
		return false, err
	}
	if a.attributeCount == 0 || a.attributeCount >= carpel.MaxAttributes {
		if a.attributeCount, err = a.countAttributes(ordinal, h); err != nil {
			return false, err
		}
	}
	if a.attributeCount >= carpel.MaxAttributes {
		return true, nil
	}
	a.attributeCount++
	return false, nil
}

// countAttributes returns how many attributes a person has.
func (a *application) countAttributes(ordinal uint32, h *head) (count int, err error) {
	for _, n := range h.directory {
		k := a.store.names.of(n)
		if k.kind != kindValues {
			continue
		}
		has, err := a.hasAttribute(ordinal, k.name)
		if err != nil {
			return 0, err
		}
		if has {
			count++
		}
	}
	return count, nil
}
