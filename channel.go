package carpel

import "time"

// ChannelKind is by which way a message reaches people.
type ChannelKind string

// The kinds of channels.
const (
	Email   ChannelKind = "email"
	Push    ChannelKind = "push"
	Webhook ChannelKind = "webhook"
)

// ChannelKinds are all kinds, in the order they are shown.
func ChannelKinds() []ChannelKind { return []ChannelKind{Email, Push, Webhook} }

// Provider is what carries the messages of a channel.
type Provider string

// The providers. Sandbox carries every kind: it keeps what it is given in the workspace's inbox, and sends nothing.
const (
	SMTP          Provider = "smtp"    // email
	FCM           Provider = "fcm"     // push to Android and iOS by FCM HTTP v1
	APNs          Provider = "apns"    // push to Apple's devices with a token's authentication
	WebPush       Provider = "webpush" // push to browsers (RFC 8030, 8291, 8292)
	HTTPWebhook   Provider = "webhook" // Standard Webhooks
	Sandbox       Provider = "sandbox"
	SandboxChanID          = "sandbox" // id of the channel that every workspace has
)

// Kind is the kind of the messages that a provider carries; "" for the sandbox, which carries all, and for none.
func (p Provider) Kind() ChannelKind {
	switch p {
	case SMTP:
		return Email
	case FCM, APNs, WebPush:
		return Push
	case HTTPWebhook:
		return Webhook
	}
	return ""
}

// Channel is a configured way out. A message goes through the channel of its kind (of push: and of the device's
// platform) that is on; while there is none, to the sandbox.
type Channel struct {
	Workspace string         `json:"-"`
	ID        string         `json:"id"` // ch_…
	Kind      ChannelKind    `json:"kind"`
	Provider  Provider       `json:"provider"`
	Name      string         `json:"name"`
	On        bool           `json:"on"`
	Settings  map[string]any `json:"settings"` // by provider; no secrets
	Secrets   []byte         `json:"-"`        // sealed JSON object of the provider's secrets; see internal/secret
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
}

// Providers are all that a channel can be made with, in the order they are shown.
func Providers() []Provider { return []Provider{SMTP, FCM, APNs, WebPush, HTTPWebhook} }
