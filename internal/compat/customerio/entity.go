package customerio

import (
	"net/http"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
)

// failure is one error of version 2.
type failure struct {
	BatchIndex *int   `json:"batch_index,omitempty"`
	Reason     string `json:"reason"` // our code
	Field      string `json:"field"`
	Message    string `json:"message"`
	Limit      int64  `json:"limit,omitempty"`
	Actual     int64  `json:"actual,omitempty"`
}

// failureOf says why an item was not taken.
func failureOf(it *ingest.Item) failure {
	e := it.Refused
	f := failure{Reason: e.Code, Field: fieldOf(e.Pointer), Message: e.Message, Limit: e.Limit, Actual: e.Actual}
	if it.Index >= 0 {
		f.BatchIndex = &it.Index
	}
	return f
}

// fieldOf writes a pointer as version 2 names fields: identifiers.id.
func fieldOf(pointer string) string {
	return strings.NewReplacer("/", ".", "~1", "/", "~0", "~").Replace(strings.TrimPrefix(pointer, "/"))
}

func answerFailures(w http.ResponseWriter, status int, all []failure) {
	answerJSON(w, status, map[string][]failure{"errors": all})
}

// answerEntities answers a batch: 207 when only some were taken, 400 when none was.
func answerEntities(c *call, w http.ResponseWriter) {
	switch {
	case len(c.failed) == 0:
		answerJSON(w, http.StatusOK, struct{}{})
	case len(c.failed) == len(c.batch.Items):
		answerFailures(w, http.StatusBadRequest, c.failed)
	default:
		answerFailures(w, http.StatusMultiStatus, c.failed)
	}
}

// entity is POST /api/v2/entity.
func entity(c *call) error {
	c.entity(c.body, -1)
	return nil
}

// entities is POST /api/v2/batch.
func entities(c *call) error {
	list := c.body.Get("batch")
	if !list.IsList() {
		if c.batch.Replay {
			return entity(c)
		}
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/batch", Message: "a batch holds its items in the list batch"}
	}
	for i, n := range list.Items() {
		if fault := c.doc.ItemFault(i); fault != nil {
			c.item(0, n.Get("action").Text(), n, i).Refuse(fault)
			continue
		}
		c.entity(n, i)
	}
	return nil
}

// entity reads one entity: {type, action, identifiers, …}.
func (c *call) entity(n ingest.Node, index int) {
	action := n.Get("action").Text()
	it := c.item(0, action[:min(len(action), carpel.MaxNameBytes)], n, index)
	switch kind := n.Get("type").Text(); kind {
	case "person":
		c.personEntity(it, n, action)
	case "delivery":
		c.deliveryEntity(it, n, action)
	case "object", "relationship":
		it.Refusef(carpel.CodeUnsupportedType, "/type", "there are no objects and no relationships")
	default:
		it.Refusef(carpel.CodeInvalid, "/type", "%.40q is no type; there are person and delivery", kind)
	}
}

// personEntity reads what is asked for about a person.
func (c *call) personEntity(it *ingest.Item, n ingest.Node, action string) {
	switch action {
	case "merge":
		it.Kind = carpel.ItemMerge
		c.merging(it, n)
		return
	case "add_relationships", "delete_relationships":
		it.Refusef(carpel.CodeUnsupportedType, "/action", "there are no relationships")
		return
	}
	happens := action == "event" || action == "page" || action == "screen"
	if visitor := visitorOf(n); happens && visitor.IsSet() && !n.Get("identifiers").Get("id").IsSet() {
		it.Person.AnonymousID = it.ID(visitor, "/anonymous_id", carpel.MaxIDBytes)
	} else {
		it.Person = identifiers(it, n.Get("identifiers"), "/identifiers")
	}
	it.Moment(n.Get("timestamp"), "/timestamp", 0)
	switch action {
	case "identify":
		it.Kind = carpel.ItemIdentify
		c.attributes(it, n.Get("attributes"), "/attributes")
		if n.Get("cio_relationships").IsSet() {
			it.Warnf(carpel.CodeUnsupportedType, "/cio_relationships", "there are no relationships; the rest was taken")
		}
	case "event", "page", "screen":
		it.Kind = carpel.ItemEvent
		c.happened(it, n, n.Get("action"), "attributes")
	case "add_device":
		it.Kind = carpel.ItemDevice
		owned(it, n.Get("device"))
	case "delete_device":
		it.Kind, it.Device = carpel.ItemDeviceDelete, &carpel.DeviceInfo{Token: tokenOf(it, n.Get("device"))}
		it.Gone, it.UpdateOnly = true, true
	case "delete":
		it.Kind = carpel.ItemErase
		c.removal(it, "delete people")
	case "suppress":
		it.Kind = carpel.ItemSuppress
		c.removal(it, "suppress people")
	case "unsuppress":
		it.Kind = carpel.ItemUnsuppress
		c.removal(it, "unsuppress people")
	default:
		it.Refusef(carpel.CodeInvalid, "/action", "%.40q is no action of a person", action)
	}
}

// visitorOf finds the anonymous id of an event without an identified person.
func visitorOf(n ingest.Node) ingest.Node {
	if id := n.Get("anonymous_id"); id.IsSet() {
		return id
	}
	return n.Get("identifiers").Get("anonymous_id")
}

// deliveryEntity is what became of a message.
func (c *call) deliveryEntity(it *ingest.Item, n ingest.Node, action string) {
	if action != "event" {
		it.Refusef(carpel.CodeInvalid, "/action", "%.40q is no action of a delivery; there is event", action)
		return
	}
	it.Moment(n.Get("timestamp"), "/timestamp", 0)
	attributes := n.Get("attributes")
	it.Report(ingest.Report{Delivery: n.Get("identifiers").Get("id"), Metric: n.Get("name"), Token: attributes.Get("device_token"), Recipient: attributes.Get("recipient"),
		Link: attributes.Get("href"), Reason: attributes.Get("reason"), Timestamp: n.Get("timestamp"), MetricField: "name", DeliveryField: "identifiers/id", Public: c.batch.Public})
}
