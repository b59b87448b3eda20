package carpel

import "time"

// Suppression is an address that nothing is sent to. It is kept by a keyed hash, so that it outlives an erasure
// without the address; the address beside it is gone then.
type Suppression struct {
	Kind    ChannelKind       `json:"kind"`
	Hash    string            `json:"hash"`    // keyed; names the row
	Address string            `json:"address"` // "" once its person was erased
	Reason  SuppressionReason `json:"reason"`
	Detail  string            `json:"detail"` // the server's words
	At      time.Time         `json:"at"`
}

// SuppressionReason is why an address is suppressed.
type SuppressionReason string

// The reasons.
const (
	SuppressedBounce    SuppressionReason = "bounce"    // a hard bounce
	SuppressedComplaint SuppressionReason = "complaint" // marked as spam
	SuppressedByHand    SuppressionReason = "manual"
	SuppressedErasure   SuppressionReason = "erasure"
)

// AttrUnsubscribed is the attribute that keeps every message but those without consent from a person, when it is true.
// AttrTopic and the name of a topic is the one that keeps those of a topic from them, when it is false.
const (
	AttrUnsubscribed = "unsubscribed"
	AttrTopic        = "topic."
)
