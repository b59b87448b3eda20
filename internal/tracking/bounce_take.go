package tracking

import (
	"context"
	"crypto/subtle"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/secret"
)

// Taken is what was made of a report about one delivery.
type Taken struct {
	Delivery   string `json:"delivery"`
	What       string `json:"what" enum:"bounced,failed,delayed,delivered,complained,unsubscribed"`
	Status     string `json:"status,omitempty" doc:"The enhanced status of the server, such as 5.1.1."`
	Suppressed bool   `json:"suppressed" doc:"Nothing is sent to the address any more."`
}

// Take keeps what a report says about the deliveries of a workspace that it names: it is durable when Take returns nil.
// CodeNotFound when it names none, and CodeInvalid when it is no report.
func (t *Tracker) Take(ctx context.Context, workspace string, raw []byte) ([]Taken, error) {
	r, ok := ReadReport(raw)
	if !ok {
		return nil, carpel.Errorf(carpel.CodeInvalid, "this message reports neither a bounce nor a complaint")
	}
	var all []Taken
	for _, id := range r.Deliveries {
		d, err := t.o.Records.Delivery(ctx, workspace, id)
		if carpel.ErrorCode(err) == carpel.CodeNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		taken, err := t.take(ctx, workspace, d, r)
		if err != nil {
			return nil, err
		}
		all = append(all, taken)
	}
	if len(all) == 0 {
		return nil, carpel.Errorf(carpel.CodeNotFound, "the report names no delivery of this workspace")
	}
	return all, nil
}

// take keeps what a report says about one delivery. The address is suppressed first: a crash between leaves the sender's
// server to report again.
func (t *Tracker) take(ctx context.Context, workspace string, d carpel.Delivery, r Report) (Taken, error) {
	taken := Taken{Delivery: d.ID, What: r.What, Status: r.Status}
	if r.What == reportDelayed || d.Origin.Kind == carpel.FromTest {
		return taken, nil
	}
	if reason := suppressedBy(r.What, r.BadAddress); reason != "" && d.Recipient != "" {
		err := t.o.Records.Suppress(ctx, workspace, carpel.Suppression{Kind: carpel.Email, Address: d.Recipient, Reason: reason, Detail: r.Detail})
		if err != nil {
			return taken, err
		}
		taken.Suppressed = true
	}
	s := records.Sighting{Workspace: workspace, Delivery: d.ID, Person: d.Person, Action: r.What, Reason: strings.TrimSpace(r.Detail), At: carpel.MillisOf(t.o.Now())}
	if r.What == "unsubscribed" {
		s.Reason, s.Attributes = d.Topic, unsubscribing(d.Topic)
	}
	return taken, t.see(ctx, s)
}

// suppressedBy is why an address is suppressed by what a report says; "" when it is not.
func suppressedBy(what string, badAddress bool) carpel.SuppressionReason {
	switch {
	case what == "complained":
		return carpel.SuppressedComplaint
	case what == "bounced" && badAddress:
		return carpel.SuppressedBounce
	}
	return ""
}

// A return path is bounce+TOKEN@DOMAIN. Its token is short, and in letters that no server changes: the delivery without
// its prefix, and a keyed hash of it, so that nobody reports about a message that they did not get.
//
//	token = id:32 hash:20
const (
	bounceID   = 32
	bounceHash = 20
)

// BounceToken is what stands in the return path of a delivery; "" for an id that is none.
func BounceToken(ring *secret.Ring, delivery string) string {
	id, ok := strings.CutPrefix(delivery, deliveryPrefix)
	if !ok || len(id) != bounceID {
		return ""
	}
	return id + ring.Hash("bounce", id)[:bounceHash]
}

// returned finds the delivery whose return path an address is; false for any other address.
func returned(ring *secret.Ring, to string) (delivery string, ok bool) {
	local, _, _ := strings.Cut(strings.ToLower(strings.Trim(to, "<>")), "@")
	_, token, _ := strings.Cut(local, "+")
	if len(token) != bounceID+bounceHash {
		return "", false
	}
	delivery = deliveryPrefix + token[:bounceID]
	return delivery, subtle.ConstantTimeCompare([]byte(BounceToken(ring, delivery)), []byte(token)) == 1
}
