package delivery

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/render"
)

// attempt renders a delivery and hands it over; e says whose attempt it is. A panic on the way is what a crash is to a
// process: nobody knows what went out.
func (l *line) attempt(d carpel.Delivery, r *ready, e records.Ended) (out result) {
	defer func() {
		if fault := recover(); fault != nil {
			l.Log.Error("sending a delivery panicked", "workspace", l.workspace.ID, "delivery", d.ID, "panic", fmt.Sprintf("%T", fault))
			out = l.result(d, r, e, []Outcome{{Result: Uncertain, Detail: "the sender broke off"}})
		}
	}()
	m, fault := l.render(l.send, d, r)
	if fault != nil {
		e.State, e.Reason, e.Detail = fault.state, fault.reason, short(fault.detail)
		if fault.again {
			l.again(d, &e, 0)
		}
		return l.finished(d, e, nil)
	}
	outcomes := make([]Outcome, len(r.targets))
	for i, t := range r.targets {
		outcomes[i] = t.way.hand(l.send, addressed(m, t), sendTime)
	}
	e.Recipient = addressed(m, r.targets[0]).Recipient
	return l.result(d, r, e, outcomes)
}

// unrendered is why a delivery has no message.
type unrendered struct {
	state          carpel.DeliveryState
	reason, detail string
	again          bool
}

// render makes the message of a delivery.
func (l *line) render(ctx context.Context, d carpel.Delivery, r *ready) (*carpel.Message, *unrendered) {
	t, err := l.templates.of(ctx, l.workspace.ID, d)
	if err != nil {
		code := carpel.ErrorCode(err)
		return nil, &unrendered{carpel.DeliveryFailed, ReasonTemplate, words(err), code == carpel.CodeInternal}
	}
	var links render.Links
	if l.Track != nil && d.Origin.Kind != carpel.FromTest { // of which there is nothing to come back to
		links = l.Track(l.workspace.ID, d)
	}
	m, missing, err := t.Render(ctx, l.vars(d, r), links)
	if err != nil {
		return nil, &unrendered{carpel.DeliveryFailed, ReasonTemplate, words(err), ctx.Err() != nil}
	}
	if len(missing) > 0 {
		return nil, &unrendered{carpel.DeliverySkipped, ReasonMissing, strings.Join(missing, ", "), false}
	}
	m.Delivery, m.Workspace, m.Person, m.Attempt, m.Kind = d.ID, l.workspace.ID, d.Person, d.Attempt, d.Kind
	switch {
	case m.Email != nil:
		l.headers(m.Email, d, r, links)
	case m.Webhook != nil:
		m.Recipient = m.Webhook.URL
	}
	return m, nil
}

// headers completes an email with what the template does not say.
func (l *line) headers(m *carpel.EmailMessage, d carpel.Delivery, r *ready, links render.Links) {
	if from, _ := r.targets[0].way.channel.Settings["from"].(string); m.From == "" && from == "" {
		m.From = r.sending.From
	}
	if d.Consent {
		m.Unsubscribe = links.Unsubscribe
		m.ListID = cmp.Or(d.Topic, "messages") + "." + l.workspace.ID
	}
	m.FeedbackID = fmt.Sprintf("%s:%s:%s:carpel", cmp.Or(d.Origin.ID, "none"), d.Origin.Kind, l.workspace.ID)
}

// vars are what a template knows.
func (l *line) vars(d carpel.Delivery, r *ready) render.Vars {
	vars := render.Vars{
		"customer":  render.Customer(r.person),
		"campaign":  map[string]any{"id": d.Origin.ID, "name": r.name, "kind": string(d.Origin.Kind), "step": d.Origin.Step, "variant": d.Origin.Variant},
		"workspace": render.Workspace(l.workspace, r.sending.Address),
		"now":       l.Now(),
	}
	var data map[string]json.RawMessage
	if len(d.Data) > 0 && json.Unmarshal(d.Data, &data) == nil {
		for _, name := range []string{"event", "trigger"} {
			if x, ok := data[name]; ok {
				vars[name] = render.JSON(x)
			}
		}
	}
	return vars
}

// addressed is the message to one recipient.
func addressed(m *carpel.Message, t target) *carpel.Message {
	one := *m
	switch {
	case m.Email != nil:
		email := *m.Email
		email.To, one.Email, one.Recipient = t.address, &email, t.address
	case m.Push != nil:
		push := *m.Push
		push.Token, one.Push, one.Recipient = t.address, &push, t.address
		if t.device != nil {
			push.Platform = t.device.Platform
		}
	}
	return &one
}

// result makes of what the receivers said what the delivery becomes: sent when one of them took it, else what leaves most
// open.
func (l *line) result(d carpel.Delivery, r *ready, e records.Ended, outcomes []Outcome) result {
	now := l.Now()
	best := 0
	var items []carpel.Item
	for i, o := range outcomes {
		if rank[o.Result] > rank[outcomes[best].Result] {
			best = i
		}
		items = append(items, r.targets[i].changed(d, o, carpel.MillisOf(now))...)
	}
	o := outcomes[best]
	e.Channel, e.Detail = r.targets[best].way.channel.ID, short(o.Detail)
	if d.Kind != carpel.Webhook {
		e.Recipient = r.targets[best].address
	}
	switch o.Result {
	case Accepted:
		e.State, e.SentAt = carpel.DeliverySent, carpel.MillisOf(now)
	case Refused:
		e.State, e.Reason = carpel.DeliveryFailed, ReasonRefused
	case Bounced:
		e.State, e.Reason, e.BouncedAt = carpel.DeliveryFailed, ReasonBounced, carpel.MillisOf(now)
	case Deferred:
		e.Reason = ReasonDeferred
		l.again(d, &e, o.RetryAfter)
	case Uncertain:
		e.State, e.Reason = carpel.DeliveryUnknown, ReasonUncertain
		if d.Mode == carpel.AtLeastOnce {
			l.again(d, &e, o.RetryAfter)
		}
	default:
		e.Reason = ReasonChannel
		l.again(d, &e, o.RetryAfter)
	}
	return l.finished(d, e, items)
}

// rank orders results by what a delivery to several devices becomes. What may have been taken by one is not tried again
// with another.
var rank = map[Result]int{Refused: 1, Bounced: 2, Failed: 3, Deferred: 4, Uncertain: 5, Accepted: 6}

// changed is what a receiver said about a device: it is gone, or has another token.
func (t target) changed(d carpel.Delivery, o Outcome, now carpel.Millis) []carpel.Item {
	if t.device == nil {
		return nil
	}
	item := func(kind carpel.ItemKind, device carpel.DeviceInfo) carpel.Item {
		return carpel.Item{Kind: kind, Person: carpel.PersonRef{Key: d.Person}, At: now, Received: now, Source: "delivery", Device: &device}
	}
	gone := item(carpel.ItemDeviceDelete, carpel.DeviceInfo{Token: t.device.Token})
	switch {
	case o.Result == Bounced:
		return []carpel.Item{gone}
	case o.Token != "" && o.Token != t.device.Token:
		device := *t.device
		device.Token = o.Token
		return []carpel.Item{gone, item(carpel.ItemDevice, device)}
	}
	return nil
}

// finished completes a result: what the delivery is now, and whether that is told.
func (l *line) finished(d carpel.Delivery, e records.Ended, items []carpel.Item) result {
	d.State, d.Reason, d.SentAt, d.BouncedAt = e.State, e.Reason, e.SentAt, e.BouncedAt
	e.Tell = isTold(d)
	return result{d, e, items}
}

// How often and how long a delivery is tried.
const (
	firstRetry = 15 * time.Second
	lastRetry  = 3 * time.Hour
	retryFor   = 72 * time.Hour // since it was planned
)

// again plans a delivery for another try: after a random part (full jitter) of a time that doubles with each, not before
// the receiver asked for it, for 72 hours. Then it has failed, with the receiver's words.
func (l *line) again(d carpel.Delivery, e *records.Ended, asked time.Duration) {
	longest := lastRetry
	if shift := d.Attempt - 1; shift < 20 {
		longest = min(longest, firstRetry<<max(shift, 0))
	}
	delay := max(time.Duration(l.Jitter()*float64(longest)), min(asked, retryFor))
	due := carpel.MillisOf(l.Now().Add(delay))
	if due > d.PlannedAt+carpel.Millis(retryFor.Milliseconds()) {
		e.State = carpel.DeliveryFailed
		return
	}
	e.State, e.DueAt = carpel.DeliveryPlanned, due
}

// maxDetail is how much is kept of a receiver's words.
const maxDetail = 1000

// short is the beginning of a text, in whole characters.
func short(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail]
	}
	return strings.ToValidUTF8(s, "")
}
