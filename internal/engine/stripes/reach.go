package stripes

import (
	"fmt"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// The channels that a person may be reached by, in the order of a [reach].
var channels = [...]string{"email", "push"}

// unsubscribed is the question who has unsubscribed.
func (db *DB) unsubscribed() *eval.Query {
	q, err := eval.CompileQuery(&carpel.Attribute{Name: "unsubscribed", Test: carpel.Test{Op: carpel.OpIsTrue}}, db.zone(), fresh)
	if err != nil {
		panic(fmt.Sprintf("stripes: the condition of who has unsubscribed: %v", err)) // it is ours, and valid
	}
	return q
}

// reach finds who can be reached: by email with an address, by push with a device, and by either only who has not
// unsubscribed. Used by one goroutine.
type reach struct{ unsubscribed *eval.Evaluation }

// of returns, by channel, those of some people of a stripe who can be reached.
func (r *reach) of(src *source, people block.Mask) (out [len(channels)]block.Mask, err error) {
	if people.IsEmpty() {
		return out, nil
	}
	email, err := src.Attribute("email")
	if err != nil {
		return out, err
	}
	devices, err := src.Devices()
	if err != nil {
		return out, err
	}
	out[0], out[1] = email.Mask().And(people), devices.And(people)
	said, err := src.Attribute("unsubscribed")
	if err != nil || said == nil {
		return out, err
	}
	gone, err := r.unsubscribed.Among(src, people)
	for i := range out {
		out[i] = out[i].AndNot(gone)
	}
	return out, err
}
