package segment

import (
	"fmt"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
)

// decoder turns the body of one call into items.
type decoder struct {
	batch  *ingest.Batch
	intake *ingest.Intake
	kind   string // of the call

	shared      map[string]carpel.Value // the batch's context, which every item has too
	sharedPage  ingest.Node             // its page
	sharedField ingest.Node             // its context as it came
	sentAt      ingest.Node             // of the batch
}

// message is the fields of one message that mean something.
type message struct {
	typ, userID, anonymousID, messageID, event, name, category, groupID, previousID ingest.Node
	properties, traits, context                                                     ingest.Node
	timestamp, originalTimestamp, sentAt                                            ingest.Node
}

// maxSkew is how far a browser's clock may be off, in milliseconds, before its times are corrected.
const maxSkew = 60_000

// decode makes the batch's items. Its error refuses the whole call.
func (d *decoder) decode(doc *ingest.Document) error {
	root := doc.Root()
	if d.kind != "batch" && d.kind != "import" {
		d.batch.Items = []*ingest.Item{d.item(root, d.kind, -1)}
		return nil
	}
	list := root.Get("batch")
	if !list.Exists() && d.batch.Replay {
		d.batch.Items = []*ingest.Item{d.batchItem(root, -1)}
		return nil
	}
	if !list.IsList() {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/batch", Message: "a batch holds its items in the list batch"}
	}
	d.sentAt, d.sharedField = root.Get("sentAt"), root.Get("context")
	shared := &ingest.Item{}
	d.shared = shared.Values(d.sharedField, "/context", "", nil)
	if shared.Refused != nil {
		return shared.Refused
	}
	if len(d.sharedField.Raw()) > carpel.MaxItem {
		return &carpel.Error{Code: carpel.CodeTooLarge, Pointer: "/context", Limit: carpel.MaxItem, Actual: int64(len(d.sharedField.Raw())), Message: carpel.TooLarge("the batch's context", int64(len(d.sharedField.Raw())), carpel.MaxItem)}
	}
	d.sharedPage = d.sharedField.Get("page")
	if d.sharedField.IsSet() || d.sentAt.IsSet() {
		d.batch.Body = d.bodyAlone
	}
	for i, n := range list.Items() {
		it := d.batchItem(n, i)
		if fault := doc.ItemFault(i); fault != nil {
			it = d.newItem(n, it.Call, i)
			it.Refuse(fault)
		}
		d.batch.Items = append(d.batch.Items, it)
	}
	if len(d.batch.Items) > 0 {
		first := d.batch.Items[0]
		first.Warnings = append(first.Warnings, shared.Warnings...)
	}
	return nil
}

// bodyAlone is a batch of one item, with what the batch said for all of its items.
func (d *decoder) bodyAlone(it *ingest.Item) []byte {
	b := []byte("{")
	for key, n := range map[string]ingest.Node{"context": d.sharedField, "sentAt": d.sentAt} {
		if n.IsSet() {
			b = fmt.Appendf(b, "%q:%s,", key, n.Raw())
		}
	}
	return fmt.Appendf(b, `"batch":[%s]}`, it.Raw)
}

func (d *decoder) newItem(n ingest.Node, call string, index int) *ingest.Item {
	it := &ingest.Item{Call: call, Raw: n.Raw(), Index: index}
	it.Received, it.At, it.Source = d.batch.Received, d.batch.Received, Family
	return it
}

// batchItem decodes an item by its own type.
func (d *decoder) batchItem(n ingest.Node, index int) *ingest.Item {
	if !n.IsObject() {
		it := d.newItem(n, "", index)
		it.Refusef(carpel.CodeInvalid, "", "an item must be an object")
		return it
	}
	kind := n.Get("type").Text()
	switch kind {
	case "identify", "track", "page", "screen", "group", "alias":
		return d.item(n, kind, index)
	}
	it := d.newItem(n, kind[:min(len(kind), carpel.MaxNameBytes)], index)
	it.Refusef(carpel.CodeInvalid, "/type", "%.40q is no type; there are identify, track, page, screen, group and alias", kind)
	return it
}

// item decodes one message.
func (d *decoder) item(n ingest.Node, kind string, index int) *ingest.Item {
	it := d.newItem(n, kind, index)
	m := message{}
	m.read(it, n)
	it.MessageID = it.ID(m.messageID, "/messageId", carpel.MaxIDBytes)
	it.Person.UserID = it.ID(m.userID, "/userId", carpel.MaxIDBytes)
	it.Person.AnonymousID = it.ID(m.anonymousID, "/anonymousId", carpel.MaxIDBytes)
	d.intake.Content(it, n, "sentAt")
	d.moment(it, &m)
	switch kind {
	case "identify":
		d.identify(it, &m)
	case "group":
		d.group(it, &m)
	case "alias":
		d.alias(it, &m)
	case "track":
		d.track(it, &m)
	case "page", "screen":
		d.view(it, &m)
	}
	if it.Refused == nil && it.Person.IsZero() {
		it.Refusef(carpel.CodeNoIdentity, "", "the message names nobody: it needs a userId or an anonymousId")
	}
	return it
}

// read finds the fields. Keys count exactly as written: one that differs from ours by case alone is not taken for it,
// and is warned of.
func (m *message) read(it *ingest.Item, n ingest.Node) {
	for key, v := range n.Fields() {
		switch string(key) {
		case "type":
			m.typ = v
		case "userId":
			m.userID = v
		case "anonymousId":
			m.anonymousID = v
		case "messageId":
			m.messageID = v
		case "event":
			m.event = v
		case "name":
			m.name = v
		case "category":
			m.category = v
		case "groupId":
			m.groupID = v
		case "previousId":
			m.previousID = v
		case "properties":
			m.properties = v
		case "traits":
			m.traits = v
		case "context":
			m.context = v
		case "timestamp":
			m.timestamp = v
		case "originalTimestamp":
			m.originalTimestamp = v
		case "sentAt":
			m.sentAt = v
		case "integrations", "writeKey", "receivedAt", "version", "channel", "_metadata":
		default:
			if meant := variant(key); meant != "" {
				it.Warnings = append(it.Warnings, &carpel.Error{Code: carpel.CodeUnknownKey, Pointer: "/" + string(key), Suggestion: meant,
					Message: fmt.Sprintf("the key %q is not known and was passed over; did you mean %q?", key, meant)})
			}
		}
	}
}

// variant returns the key that differs from an unknown one by case alone, "" when there is none.
func variant(key []byte) string {
	for _, known := range []string{"type", "userId", "anonymousId", "messageId", "event", "name", "category", "groupId", "previousId", "properties",
		"traits", "context", "timestamp", "originalTimestamp", "sentAt"} {
		if len(key) == len(known) && strings.EqualFold(string(key), known) {
			return known
		}
	}
	return ""
}

// moment reads when the message's event happened. Only a browser's clock is corrected, and only when it is far off.
func (d *decoder) moment(it *ingest.Item, m *message) {
	told, pointer := m.originalTimestamp, "/originalTimestamp"
	if !told.IsSet() {
		told, pointer = m.timestamp, "/timestamp"
	}
	skew := carpel.Millis(0)
	if d.batch.Public && d.kind != "import" {
		sent := m.sentAt
		if !sent.IsSet() {
			sent = d.sentAt
		}
		if at, ok := ingest.Time(sent); ok {
			if skew = it.Received - at; -maxSkew <= skew && skew <= maxSkew {
				skew = 0
			}
		}
	}
	it.Moment(told, pointer, skew)
}

// identify sets attributes. Without a userId, an email makes the person.
func (d *decoder) identify(it *ingest.Item, m *message) {
	it.Kind, it.Base = carpel.ItemIdentify, "/traits"
	it.Properties = it.Values(m.traits, "/traits", "", nil)
	it.Context = d.context(it, m)
	it.CheckEmail("/traits")
	if email := it.Properties["email"]; it.Person.UserID == "" && email.Kind() == carpel.Text && ingest.IsEmail(email.Text()) {
		it.Person.Email = email.Text()
		it.CheckLength(it.Person.Email, "/traits/email", carpel.MaxIDBytes)
	}
}

// group makes what is told of a group attributes of the person: group_id, and group.<trait>.
func (d *decoder) group(it *ingest.Item, m *message) {
	it.Kind, it.Base = carpel.ItemIdentify, ""
	group := it.ID(m.groupID, "/groupId", carpel.MaxIDBytes)
	if group == "" {
		it.Refusef(carpel.CodeInvalid, "/groupId", "a group needs a groupId")
	}
	it.Properties = it.Values(m.traits, "/traits", "group.", nil)
	it.Context = d.context(it, m)
	if it.Properties == nil {
		it.Properties = map[string]carpel.Value{}
	}
	it.Properties["group_id"] = carpel.TextValue(group)
}

// alias makes previousId mean the person. With a browser key the engine refuses to join two identified people.
func (d *decoder) alias(it *ingest.Item, m *message) {
	it.Kind = carpel.ItemAlias
	it.Other.UserID = it.ID(m.previousID, "/previousId", carpel.MaxIDBytes)
	if it.Other.UserID == "" {
		it.Other.AnonymousID = it.Person.AnonymousID
	}
	it.Person.AnonymousID = ""
	switch {
	case it.Person.UserID == "":
		it.Refusef(carpel.CodeNoIdentity, "/userId", "an alias needs a userId")
	case it.Other.IsZero():
		it.Refusef(carpel.CodeNoIdentity, "/previousId", "an alias needs a previousId")
	case it.Other.UserID == it.Person.UserID:
		it.Refusef(carpel.CodeInvalid, "/previousId", "previousId and userId are the same")
	}
}

// view is a page or a screen.
func (d *decoder) view(it *ingest.Item, m *message) {
	it.Kind = carpel.ItemPage
	if it.Call == "screen" {
		it.Kind = carpel.ItemScreen
	}
	it.Name = it.ViewName(m.name, "/name")
	it.Properties = it.Values(m.properties, "/properties", "", nil)
	it.Context = d.context(it, m)
	if category := m.category; category.IsText() {
		if it.Properties == nil {
			it.Properties = map[string]carpel.Value{}
		}
		if _, ok := it.Properties["category"]; !ok {
			it.Properties["category"] = category.Value()
		}
	}
	if it.Kind != carpel.ItemPage {
		return
	}
	if url := it.Properties["url"]; url.Kind() == carpel.Text && url.Text() != "" {
		it.URL = url.Text()
		return
	}
	page := m.context.Get("page")
	if !page.Exists() {
		page = d.sharedPage
	}
	it.URL = page.Get("url").Text()
}

// context is the message's own context over the batch's.
func (d *decoder) context(it *ingest.Item, m *message) map[string]carpel.Value {
	own := it.Values(m.context, "/context", "", nil)
	if len(d.shared) == 0 {
		return own
	}
	all := make(map[string]carpel.Value, len(d.shared)+len(own))
	for key, v := range d.shared {
		all[key] = v
	}
	for key, v := range own {
		all[key] = v
	}
	return all
}
