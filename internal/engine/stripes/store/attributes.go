package store

import (
	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

// attributesFull reports whether a value would be one attribute too many for a person. It counts only in stripes that
// hold enough names for that to be.
func (a *application) attributesFull(ordinal uint32, name string, v carpel.Value) (bool, error) {
	h, err := a.readHead(ordinal / block.Width)
	if err != nil || !v.IsSet() || len(h.directory) < 2*carpel.MaxAttributes {
		return false, err // each attribute has two names: of its values and of its stamps
	}
	if has, err := a.hasAttribute(ordinal, name); err != nil || has {
		return false, err
	}
	count := 0
	for n := range h.directory {
		k := a.store.names.of(n)
		if k.kind != kindValues {
			continue
		}
		has, err := a.hasAttribute(ordinal, k.name)
		if err != nil {
			return false, err
		}
		if has {
			count++
		}
	}
	return count >= carpel.MaxAttributes, nil
}
