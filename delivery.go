package carpel

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
)

// DeliveryState is where one message to one person is in its life:
//
//	(held →) planned → attempting → sent | failed | skipped | unknown
//
// Attempting is durable before the network is touched. From attempting a delivery goes back to planned to be tried
// again, and after a crash to planned (at least once) or unknown (at most once). Unknown is sent again only by hand.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryHeld       DeliveryState = "held" // to be planned once its broadcast lets it out: by its rate, its time, or when it goes on
	DeliveryPlanned    DeliveryState = "planned"
	DeliveryAttempting DeliveryState = "attempting"
	DeliverySent       DeliveryState = "sent"
	DeliveryFailed     DeliveryState = "failed"  // the receiver, or 72 hours, said no; Reason holds the receiver's words
	DeliverySkipped    DeliveryState = "skipped" // nothing was sent; Reason says why
	DeliveryUnknown    DeliveryState = "unknown" // it may have been sent: a crash came between
)

// DeliveryMode is what is promised when a crash comes between sending and knowing.
type DeliveryMode string

// The modes of delivery.
const (
	AtMostOnce  DeliveryMode = "at_most_once"  // never twice: what was in flight becomes unknown
	AtLeastOnce DeliveryMode = "at_least_once" // never lost: what was in flight is sent again with the same ids
)

// OriginKind is what a delivery is a part of.
type OriginKind string

// The kinds of origins.
const (
	FromBroadcast     OriginKind = "broadcast"
	FromCampaign      OriginKind = "campaign"
	FromTransactional OriginKind = "transactional" // asked for by one API call
	FromTest          OriginKind = "test"          // a try-out; not counted anywhere
)

// Origin says what a delivery is a part of. With the workspace and the person it is the identity of the delivery.
type Origin struct {
	Kind       OriginKind `json:"kind"`
	ID         string     `json:"id"`                   // of the broadcast or campaign; of transactional the template's, "" for none
	Version    int        `json:"version,omitempty"`    // of the campaign
	Step       string     `json:"step,omitempty"`       // of the campaign
	Variant    string     `json:"variant,omitempty"`    // no part of the identity: a person gets one variant
	Occurrence string     `json:"occurrence,omitempty"` // which of several: of a campaign the journey, of a call its idempotency key
}

// DeliveryPrefix is what the id of a delivery begins with.
const DeliveryPrefix = "dlv_"

// DeliveryID derives the id of the delivery of an origin to a person: the same for the same, however often it is
// planned, so that nothing is planned twice. Source of Message-ID, webhook-id and apns-id.
func DeliveryID(workspace, person string, o Origin) string {
	h := sha256.New()
	for _, part := range []string{"delivery", workspace, string(o.Kind), o.ID, o.Step, person, o.Occurrence} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	h.Write(binary.AppendUvarint(nil, uint64(o.Version)))
	return DeliveryPrefix + base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:20])
}

// Delivery is one message to one person, from planned to what became of it. Moments are 0 until they come.
type Delivery struct {
	ID              string        `json:"id"` // dlv_…, see [DeliveryID]
	Alias           int64         `json:"alias"`
	Origin          Origin        `json:"origin"`
	Person          string        `json:"person"` // key
	Kind            ChannelKind   `json:"kind"`
	Channel         string        `json:"channel"`  // id of the channel that carried it; "" before
	Template        string        `json:"template"` // id; "" when Content came with the call
	TemplateVersion int           `json:"template_version"`
	Topic           string        `json:"topic"`   // of consent; "" for none
	Consent         bool          `json:"consent"` // false: goes out to the unsubscribed as well (a receipt); suppression holds all the same
	Mode            DeliveryMode  `json:"mode"`
	State           DeliveryState `json:"state"`
	Reason          string        `json:"reason"`    // code of why it was skipped or failed: unsubscribed, suppressed, cap, missing_variable, …
	Detail          string        `json:"detail"`    // the receiver's words, the missing variable
	Attempt         int           `json:"attempt"`   // how often it was tried
	Recipient       string        `json:"recipient"` // address it went to; "" before
	DueAt           Millis        `json:"due_at"`    // when to try next
	PlannedAt       Millis        `json:"planned_at"`
	SentAt          Millis        `json:"sent_at"`
	DeliveredAt     Millis        `json:"delivered_at"`
	OpenedAt        Millis        `json:"opened_at"` // by a person; a machine's are apart
	ClickedAt       Millis        `json:"clicked_at"`
	ConvertedAt     Millis        `json:"converted_at"`
	BouncedAt       Millis        `json:"bounced_at"`
	ComplainedAt    Millis        `json:"complained_at"`
	UnsubscribedAt  Millis        `json:"unsubscribed_at"`
	MachineOpenedAt Millis        `json:"machine_opened_at"`
	MachineClickAt  Millis        `json:"machine_clicked_at"`

	// Content is a content of its own (transactional without a template); nil for the template's.
	Content *Content `json:"-"`
	// Data is a JSON object with the variables event and trigger of the template.
	Data json.RawMessage `json:"-"`
}
