package customerio

import (
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
)

// event is POST /customers/{id}/events.
func event(c *call) error {
	it := c.named(c.item(carpel.ItemEvent, "event", c.body, -1))
	c.happened(it, c.body, c.body.Get("type"), "data")
	return nil
}

// anonymousEvent is POST /events: of a visitor, or of nobody.
func anonymousEvent(c *call) error {
	it := c.item(carpel.ItemEvent, "event", c.body, -1)
	it.Person.AnonymousID = it.ID(c.body.Get("anonymous_id"), "/anonymous_id", carpel.MaxIDBytes)
	c.happened(it, c.body, c.body.Get("type"), "data")
	if it.Refused == nil && it.Person.IsZero() {
		it.Refusef(carpel.CodeNoIdentity, "/anonymous_id", "the event names nobody")
	}
	return nil
}

// happened reads an event, a page or a screen: {name, id, timestamp} and its properties in the field data.
func (c *call) happened(it *ingest.Item, n, kind ingest.Node, data string) {
	it.MessageID = it.ID(n.Get("id"), "/id", carpel.MaxIDBytes)
	c.door.Intake.Content(it, n, "")
	it.Moment(n.Get("timestamp"), "/timestamp", 0)
	switch text := kind.Text(); {
	case text == "page":
		it.Kind, it.Call = carpel.ItemPage, "page"
	case text == "screen":
		it.Kind, it.Call = carpel.ItemScreen, "screen"
	case text != "event" && kind.IsSet():
		it.Refusef(carpel.CodeInvalid, "/type", "%.40q is no type of event; there are event, page and screen", kind.Raw())
	}
	if it.Kind == carpel.ItemEvent {
		it.Name = it.EventName(n.Get("name"), "/name")
	} else if it.Name = it.ViewName(n.Get("name"), "/name"); it.Name == "" {
		it.Refusef(carpel.CodeInvalid, "/name", "a %s has a name", it.Call)
	}
	it.Properties = it.Values(n.Get(data), "/"+data, "", nil)
	if url := it.Properties["url"]; it.Kind == carpel.ItemPage && url.Kind() == carpel.Text {
		it.URL = url.Text()
	}
}

// device is PUT /customers/{id}/devices.
func device(c *call) error {
	it := c.named(c.item(carpel.ItemDevice, "add_device", c.body, -1))
	owned(it, c.body.Get("device"))
	return nil
}

// owned reads a device: version 1 calls its token id, version 2 token.
func owned(it *ingest.Item, n ingest.Node) {
	it.Base = "/device/attributes"
	if !n.IsObject() {
		it.Refusef(carpel.CodeInvalid, "/device", "the device is missing")
		return
	}
	it.Device = &carpel.DeviceInfo{Token: tokenOf(it, n), LastUsed: it.At, Platform: strings.ToLower(strings.TrimSpace(n.Get("platform").Text()))}
	if it.Device.Platform == "" || len(it.Device.Platform) > carpel.MaxNameBytes {
		it.Refusef(carpel.CodeInvalid, "/device/platform", "a device needs its platform: ios, android or web")
	}
	if used := n.Get("last_used"); used.IsSet() {
		at, ok := ingest.Time(used)
		switch {
		case ok && at <= it.Received && at >= ingest.Earliest:
			it.Device.LastUsed = at
		default:
			it.Warnf(carpel.CodeInvalid, "/device/last_used", "%.60q is not a time in the past; the time of receipt was taken", used.Raw())
		}
	}
	it.Device.Properties = it.Values(n.Get("attributes"), "/device/attributes", "", nil)
}

func tokenOf(it *ingest.Item, n ingest.Node) string {
	token, pointer := n.Get("token"), "/device/token"
	if !token.IsSet() {
		token, pointer = n.Get("id"), "/device/id"
	}
	text := it.ID(token, pointer, carpel.MaxTokenBytes)
	if text == "" {
		it.Refusef(carpel.CodeInvalid, pointer, "a device needs its token")
	}
	return text
}

// deviceDeleted is DELETE /customers/{id}/devices/{token}. A device that is not theirs is gone already.
func deviceDeleted(c *call) error {
	it := c.named(c.item(carpel.ItemDeviceDelete, "delete_device", c.body, -1))
	it.CheckLength(c.args[1], "", carpel.MaxTokenBytes)
	it.Device = &carpel.DeviceInfo{Token: c.args[1]}
	it.Gone, it.UpdateOnly = true, true
	c.fallBack(it)
	return nil
}

// metric is POST /metrics: what became of a message, told from outside.
func metric(c *call) error {
	it := c.item(carpel.ItemMessage, "metric", c.body, -1)
	n := c.body
	it.Moment(n.Get("timestamp"), "/timestamp", 0)
	it.Report(ingest.Report{Delivery: n.Get("delivery_id"), Metric: n.Get("metric"), Recipient: n.Get("recipient"), Reason: n.Get("reason"), Link: n.Get("href"),
		Timestamp: n.Get("timestamp"), MetricField: "metric", DeliveryField: "delivery_id", Public: c.batch.Public})
	return nil
}

// pushEvent is POST /push/events: what became of a push message, told by the device.
func pushEvent(c *call) error {
	it := c.item(carpel.ItemMessage, "push_event", c.body, -1)
	n := c.body
	it.Moment(n.Get("timestamp"), "/timestamp", 0)
	it.Report(ingest.Report{Channel: "push", Delivery: n.Get("delivery_id"), Metric: n.Get("event"), Token: n.Get("device_id"), Link: n.Get("href"),
		Timestamp: n.Get("timestamp"), MetricField: "event", DeliveryField: "delivery_id", Public: c.batch.Public})
	return nil
}
