package carpel

// Message is a rendered message, ready for a channel: exactly one of Email, Push and Webhook is set. It holds
// personal data, is made right before it is sent, and is kept by the sandbox alone.
type Message struct {
	Delivery  string // id: the source of Message-ID, webhook-id and apns-id
	Workspace string
	Person    string // key
	Attempt   int    // from 1
	Kind      ChannelKind
	Recipient string // address, device token or URL
	Email     *EmailMessage
	Push      *PushMessage
	Webhook   *WebhookMessage
}

// EmailMessage is a rendered email. HTML holds the links and the pixel of tracking already.
type EmailMessage struct {
	From, ReplyTo string // "Name <address>"; From "": the channel's
	To            string // plain address
	Subject       string
	HTML, Text    string
	// Unsubscribe is the address of one click (RFC 8058), https; "" for a message that nobody unsubscribes from.
	Unsubscribe string
	ListID      string // of List-Id
	FeedbackID  string // of Feedback-ID
}

// PushMessage is a rendered push message to one device.
type PushMessage struct {
	Platform           string // ios, android, web
	Token              string // of web: the subscription as JSON
	Title, Body        string
	Link, Image        string
	Data               map[string]string
	CollapseID, Expiry string // optional; Expiry in RFC 3339
}

// WebhookMessage is a rendered call.
type WebhookMessage struct {
	Method, URL string
	Headers     map[string]string
	Body        []byte
}
