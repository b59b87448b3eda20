package segment

import (
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
)

// track is an event, or one of those that mean something else.
func (d *decoder) track(it *ingest.Item, m *message) {
	it.Name = it.EventName(m.event, "/event")
	switch it.Name {
	case "User Deleted":
		d.person(it, carpel.ItemErase)
		it.Gone = true
	case "User Suppressed":
		d.person(it, carpel.ItemSuppress)
	case "User Unsuppressed":
		d.person(it, carpel.ItemUnsuppress)
	case "Device Created or Updated":
		d.device(it, m)
	case "Device Deleted":
		it.Kind, it.Device = carpel.ItemDeviceDelete, &carpel.DeviceInfo{Token: d.token(it, m)}
		it.Gone, it.UpdateOnly = true, true
	case "Report Delivery Event":
		d.report(it, m)
	case "Relationship Deleted", "Object Deleted", "Group Deleted":
		it.Refusef(carpel.CodeUnsupportedType, "/event", "there are no objects and no relationships; a group is attributes of its people")
	default:
		it.Kind = carpel.ItemEvent
		it.Properties = it.Values(m.properties, "/properties", "", nil)
		it.Context = d.context(it, m)
	}
}

// person is something done to the person as a whole. Their userId may be an email. A browser key, which everybody can
// read, must not be able to.
func (d *decoder) person(it *ingest.Item, kind carpel.ItemKind) {
	it.Kind = kind
	if d.batch.Public {
		it.Refusef(carpel.CodePublicKey, "/event", "a browser key may not delete, suppress or unsuppress people; send this with a server key")
		return
	}
	if it.Person.UserID != "" || kind == carpel.ItemUnsuppress { // a visitor is deleted by the anonymous id alone
		it.Person.AnonymousID = ""
	}
	if !ingest.IsEmail(it.Person.UserID) {
		return
	}
	if kind == carpel.ItemUnsuppress {
		it.Person.Email = it.Person.UserID // both are freed
		return
	}
	it.Fallback = carpel.PersonRef{Email: it.Person.UserID}
}

// token reads context.device.token.
func (d *decoder) token(it *ingest.Item, m *message) string {
	const pointer = "/context/device/token"
	token := it.ID(d.field(m, "device", "token"), pointer, carpel.MaxTokenBytes)
	if token == "" {
		it.Refusef(carpel.CodeInvalid, pointer, "a device needs its token in context.device.token")
	}
	return token
}

// field reads a field of an object of the message's context, else of the batch's.
func (d *decoder) field(m *message, object, name string) ingest.Node {
	o := m.context.Get(object)
	if !o.Exists() {
		o = d.sharedField.Get(object)
	}
	return o.Get(name)
}

// device is a device created or updated: token and type from the context, its properties from the event's, completed
// by what the context tells of app, device and system.
func (d *decoder) device(it *ingest.Item, m *message) {
	it.Kind = carpel.ItemDevice
	info := &carpel.DeviceInfo{Token: d.token(it, m), Platform: strings.ToLower(d.field(m, "device", "type").Text()), LastUsed: it.At}
	if info.Platform == "" {
		info.Platform = strings.ToLower(d.field(m, "os", "name").Text())
	}
	if info.Platform == "" {
		it.Refusef(carpel.CodeInvalid, "/context/device/type", "a device needs its platform in context.device.type: ios, android or web")
	}
	info.Properties = it.Values(m.properties, "/properties", "", nil)
	if info.Properties == nil {
		info.Properties = map[string]carpel.Value{}
	}
	for name, v := range map[string]ingest.Node{
		"app_version": d.field(m, "app", "version"), "os": d.field(m, "os", "name"), "os_version": d.field(m, "os", "version"),
		"model": d.field(m, "device", "model"), "manufacturer": d.field(m, "device", "manufacturer"), "name": d.field(m, "device", "name"),
	} {
		if _, told := info.Properties[name]; !told && v.IsSet() {
			info.Properties[name] = v.Value()
		}
	}
	it.Device = info
}

// report is what became of a message, told from outside.
func (d *decoder) report(it *ingest.Item, m *message) {
	p := m.properties
	it.Report(ingest.Report{
		Delivery: p.Get("deliveryId"), Metric: p.Get("metric"), Recipient: p.Get("recipient"), Reason: p.Get("reason"), Link: p.Get("href"),
		Base: "/properties", MetricField: "metric", DeliveryField: "deliveryId", Public: d.batch.Public,
	})
}
