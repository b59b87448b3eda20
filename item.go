package carpel

// ItemKind says what an [Item] asks for.
type ItemKind uint8

// The kinds of items that ingestion hands to an engine.
const (
	ItemIdentify     ItemKind = iota + 1 // set Properties as attributes; unset values remove
	ItemEvent                            // Name is the event's name
	ItemPage                             // Name is the page's name, URL its address
	ItemScreen                           // Name is the screen's name
	ItemMessage                          // Message: activity between the person and a message
	ItemDevice                           // Device: created or updated
	ItemDeviceDelete                     // Device.Token
	ItemAlias                            // Other's id becomes another id of Person; joins Other's anonymous history, merges when both are people
	ItemMerge                            // Other is merged into Person
	ItemErase                            // the person and everything of theirs is removed
	ItemSuppress                         // erased, and the ids refused from then on
	ItemUnsuppress                       // the ids are free again
	ItemMember                           // Segment: put into, or taken out of, a manual segment
)

// String returns the kind's name: "identify", "event", ….
func (k ItemKind) String() string {
	names := [...]string{"none", "identify", "event", "page", "screen", "message", "device", "device_delete", "alias", "merge", "erase", "suppress", "unsuppress", "member"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Item is one thing that was told about a person: decoded, validated and within the limits, not yet resolved to
// a person. An engine owns the items it is given and may keep them.
type Item struct {
	Kind      ItemKind
	MessageID string // unique in the workspace; "" for an item that is never taken for a repeat
	Person    PersonRef
	Other     PersonRef // alias: the previous id; merge: the secondary
	At        Millis    // when it happened, as told and corrected
	Received  Millis    // when it reached us
	Source    string    // where it came from: "segment", "customerio", "api", "import", "demo"

	Name       string           // event, page and screen: its name
	URL        string           // page: properties.url, else context.page.url, else ""
	Properties map[string]Value // identify: attributes; event, page, screen: properties
	Context    map[string]Value // the call's context, top-level keys
	Device     *DeviceInfo
	Message    *MessageInfo
	Segment    *MemberChange

	Public     bool // came with a browser key: may not change an email or phone, or set unsubscribed
	UpdateOnly bool // identify: do not make a person who is not there
}

// MessageInfo is what happened between a person and a message.
type MessageInfo struct {
	Channel  string // email, push, webhook
	Action   string // sent, delivered, opened, clicked, converted, bounced, failed, unsubscribed, complained, suppressed
	Delivery string // id of the delivery, ours or the caller's
	Campaign string
	Link     string
	Reason   string
	Machine  bool // an open or click by a privacy proxy or scanner
}

// MemberChange puts the person into a manual segment, or takes them out.
type MemberChange struct {
	ID     string
	Remove bool
	Cause  Cause // CauseManual or CauseImport
}

// DeviceInfo is a device as it was told. Properties hold everything but the token.
type DeviceInfo struct {
	Token      string           `json:"token"`
	Platform   string           `json:"platform"` // ios, android, web, or as told, in lower case
	LastUsed   Millis           `json:"last_used"`
	Properties map[string]Value `json:"properties,omitempty"` // app_version, os, model, …
}

// Event is one stored event, page view, screen view or message activity, as timelines show it.
type Event struct {
	Kind       string           `json:"kind"` // event, page, screen, message
	Name       string           `json:"name"`
	At         Millis           `json:"at"`
	Properties map[string]Value `json:"properties,omitempty"` // "$url", "$context.page", "$action" and the like among them
}
