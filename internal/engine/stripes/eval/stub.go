package eval

import (
	"errors"
	"time"

	"github.com/carpel/carpel"
)

var errStub = errors.New("not built yet")

type propertyTest struct{ timed bool }

func (p *propertyTest) row(get func(string) carpel.Value, now carpel.Millis) (bool, carpel.Millis) {
	return false, carpel.Never
}
func compileProperties(c carpel.Condition, zone *time.Location) (*propertyTest, error) {
	return nil, errStub
}
func compileAttribute(*carpel.Attribute, *time.Location) (leaf, error) { return nil, errStub }
func compileActivity(*carpel.Activity, *time.Location) (leaf, error)   { return nil, errStub }
func compileDevice(*carpel.Device, *time.Location) (leaf, error)       { return nil, errStub }
func compileSequence(*carpel.Sequence, *time.Location) (leaf, error)   { return nil, errStub }
