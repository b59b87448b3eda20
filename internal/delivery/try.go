package delivery

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"github.com/carpel/carpel"
)

// Try is a message that somebody tries out: it is planned nowhere and counted nowhere.
type Try struct {
	Content carpel.Content
	Person  *carpel.Person  // whose data it has
	Data    json.RawMessage // the variables event and trigger
	To      string          // address of email; "" for the inbox of the sandbox
}

// Try renders a message and hands it over at once, without the checks of consent: to the sandbox, or by the channel of email
// that is on to an address. CodeInvalid for variables that are missing, and for what cannot be rendered.
func (s *Sender) Try(ctx context.Context, workspace string, t Try) (Outcome, error) {
	w, err := s.Records.Workspace(ctx, workspace)
	if err != nil {
		return Outcome{}, err
	}
	l := &line{Sender: s, workspace: w, send: ctx}
	r := &ready{person: t.Person, name: "Test"}
	if r.sending, err = s.Records.Sending(ctx, workspace); err != nil {
		return Outcome{}, err
	}
	d := carpel.Delivery{Origin: carpel.Origin{Kind: carpel.FromTest, Occurrence: rand.Text()}, Person: t.Person.Key, Kind: t.Content.Kind(), Attempt: 1, Content: &t.Content, Data: t.Data}
	d.ID = carpel.DeliveryID(workspace, d.Person, d.Origin)
	to := target{way: s.open.sandbox, address: t.Person.Email}
	if t.To != "" {
		ways, err := s.open.ways(ctx, workspace)
		if err != nil {
			return Outcome{}, err
		}
		to = target{way: wayOf(ways, d.Kind, nil), address: t.To}
	}
	if d.Kind == carpel.Email && to.address == "" {
		to.address = nobodyAddress
	}
	r.targets = []target{to}
	m, fault := l.render(ctx, d, r)
	if fault != nil {
		message := fault.detail
		if fault.reason == ReasonMissing {
			message = "these have no value for the person, and no default: " + fault.detail
		}
		return Outcome{}, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/content", Message: message}
	}
	return to.way.hand(ctx, addressed(m, to), sendTime), nil
}

// nobodyAddress is the recipient of an email in the sandbox that is of nobody with an address.
const nobodyAddress = "nobody@carpel.invalid"
