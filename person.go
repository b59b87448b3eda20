package carpel

// PersonRef names a person the way callers do. Of Key, UserID, Email and Token the first that is set decides; an
// anonymous id stands beside them or alone.
type PersonRef struct {
	Key         string `json:"key,omitempty"`   // p_…, ours and permanent
	UserID      string `json:"id,omitempty"`    // exact bytes
	Email       string `json:"email,omitempty"` // compared without regard to case
	AnonymousID string `json:"anonymous_id,omitempty"`
	Token       string `json:"token,omitempty"` // of a device: the person who owns it; makes nobody
}

// IsZero reports whether nothing is named.
func (r PersonRef) IsZero() bool { return r == PersonRef{} }

// Person is an identified person as the API shows them.
type Person struct {
	Key         string          `json:"key"`   // p_…, permanent, never reused
	UserID      string          `json:"id"`    // "" when known only by email
	Email       string          `json:"email"` // "" when none
	FirstSeenAt Millis          `json:"first_seen_at"`
	LastSeenAt  Millis          `json:"last_seen_at"` // Never when no event, page or screen up to now
	Suppressed  bool            `json:"suppressed,omitempty"`
	Attributes  map[string]Attr `json:"attributes,omitempty"`
	IDs         []string        `json:"ids,omitempty"` // every user id that means this person (aliases, merged people)
	Reachable   map[string]bool `json:"reachable,omitempty"`
	// Identities is every id that means this person: user ids, emails, anonymous ids and device tokens. It is there only
	// where one person is read, and never shown.
	Identities []string `json:"-"`
}

// Attr is one attribute's value, the moment it was set to that value, and where it came from.
type Attr struct {
	Value  Value  `json:"value"`
	Since  Millis `json:"since"`  // time of the last change
	At     Millis `json:"at"`     // time of the last accepted write
	Source string `json:"source"` // "segment", "customerio", "api", "import", …
}

// The attributes that are ours.
const (
	AttrFirstSeen = "$first_seen_at"
	AttrLastSeen  = "$last_seen_at"
)
