package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/carpel/carpel"
)

// Report is what a caller told of a message: the nodes, and the names of their fields for pointers.
type Report struct {
	Delivery, Metric, Recipient, Token, Reason, Link, Timestamp Node
	Base, MetricField, DeliveryField                            string
	// Channel is the message's, when the call tells; else an address as recipient means email, and a token push.
	Channel string
	Public  bool // told with a browser key, or with none
}

// actions maps the metrics of the Customer.io family to the actions of a message. Deferred is none: a mail server has
// asked to be tried again, and nothing has become of the message yet.
func actionOf(metric string) (action string, ok bool) {
	switch metric = strings.ToLower(metric); metric {
	case "sent", "delivered", "opened", "clicked", "converted", "bounced", "failed", "unsubscribed", "complained", "suppressed":
		return metric, true
	case "spammed":
		return "complained", true
	case "dropped":
		return "suppressed", true
	case "undeliverable":
		return "failed", true
	case "deferred":
		return "", true
	}
	return "", false
}

// Report makes the item message activity. The person is the one that the delivery went to: of its recipient, an
// address or a device's token, else the one that the item names. Nobody is made by it.
func (it *Item) Report(r Report) {
	it.Kind, it.UpdateOnly = carpel.ItemMessage, true
	metric := it.ID(r.Metric, r.Base+"/"+r.MetricField, carpel.MaxNameBytes)
	action, known := actionOf(metric)
	switch {
	case !known:
		it.Refusef(carpel.CodeInvalid, r.Base+"/"+r.MetricField, "%.40q is no metric; there are sent, delivered, opened, clicked, converted, bounced, failed, unsubscribed, spammed and dropped", metric)
	case action == "":
		it.Refusef(carpel.CodeUnsupportedType, r.Base+"/"+r.MetricField, "the metric %q changes nothing about a message and is not kept", metric)
	case r.Public && action != "opened" && action != "clicked" && action != "converted" && action != "delivered":
		it.Refusef(carpel.CodePublicKey, r.Base+"/"+r.MetricField, "the metric %q takes a server key: it decides whether a person gets mail", metric)
	}
	delivery := it.ID(r.Delivery, r.Base+"/"+r.DeliveryField, carpel.MaxIDBytes)
	if delivery == "" {
		it.Refusef(carpel.CodeInvalid, r.Base+"/"+r.DeliveryField, "what became of a message needs the id of its delivery")
	}
	it.Message = &carpel.MessageInfo{Channel: r.Channel, Action: action, Delivery: delivery, Link: r.Link.Text(), Reason: r.Reason.Text()}
	it.recipient(r)
	if it.MessageID == "" && r.Timestamp.IsSet() {
		// The same thing told twice is one: callers try again.
		sum := sha256.Sum256([]byte(delivery + "\x00" + action + "\x00" + string(r.Timestamp.Raw()) + "\x00" + it.Message.Link))
		it.MessageID = "metric:" + hex.EncodeToString(sum[:16])
	}
	if it.Refused == nil && it.Person.IsZero() && !it.mayBeOurs() {
		it.notOurs(r.Base + "/" + r.DeliveryField)
	}
	it.deliveryPointer = r.Base + "/" + r.DeliveryField
}

// mayBeOurs reports whether an item is about a message that this server may have sent, by the shape of its id.
func (it *Item) mayBeOurs() bool {
	return it.Kind == carpel.ItemMessage && it.Message != nil && strings.HasPrefix(it.Message.Delivery, carpel.DeliveryPrefix)
}

func (it *Item) notOurs(pointer string) {
	it.Refusef(carpel.CodeNotFound, pointer, "the delivery is not one of ours, and there is no recipient to find the person by")
}

// findDeliveries finds whom the reports are about that name deliveries of ours.
func (in *Intake) findDeliveries(ctx context.Context, b *Batch) error {
	for _, it := range b.Items {
		if it.Refused != nil || !it.mayBeOurs() {
			continue
		}
		d, err := in.options.Records.Delivery(ctx, b.Workspace, it.Message.Delivery)
		switch {
		case carpel.ErrorCode(err) == carpel.CodeNotFound:
			if it.Person.IsZero() {
				it.notOurs(it.deliveryPointer)
			}
		case err != nil:
			return err
		default:
			it.Person, it.Fallback, it.ours = carpel.PersonRef{Key: d.Person}, carpel.PersonRef{}, true
			it.Message.Channel, it.Message.Campaign = string(d.Kind), d.Origin.ID
			if action := it.Message.Action; action != "opened" && action != "clicked" { // it happens once, whoever tells
				it.MessageID = d.ID + ":" + action
			}
		}
	}
	return nil
}

// tellReports hands on what was reported about deliveries of ours, once it is committed. Telling it again is harmless.
func (in *Intake) tellReports(ctx context.Context, b *Batch) error {
	var ours []carpel.Item
	for _, it := range b.Items {
		if it.ours && it.Refused == nil {
			ours = append(ours, it.Item)
		}
	}
	if len(ours) == 0 || in.options.Reported == nil {
		return nil
	}
	return in.options.Reported(ctx, b.Workspace, ours)
}

// recipient finds whom the report is about, and the channel.
func (it *Item) recipient(r Report) {
	pointer := r.Base + "/recipient"
	token := it.ID(r.Token, pointer, carpel.MaxTokenBytes)
	to := it.ID(r.Recipient, pointer, carpel.MaxTokenBytes)
	channel := it.Message.Channel
	switch {
	case IsEmail(to):
		it.CheckLength(to, pointer, carpel.MaxIDBytes)
		it.Person, channel = carpel.PersonRef{Email: to}, cmp.Or(channel, "email")
	case to != "" && token == "":
		token = to
		fallthrough
	case token != "":
		it.Person, channel = carpel.PersonRef{Token: token}, cmp.Or(channel, "push")
	}
	it.Message.Channel = cmp.Or(channel, "email")
}
