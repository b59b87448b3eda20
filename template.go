package carpel

import "time"

// Template is what a message is made from. Every change of Content is a version, which is kept: what was planned with
// one is sent with it.
type Template struct {
	ID        string      `json:"id"`    // tpl_…
	Key       string      `json:"key"`   // slug, unique, never changed
	Alias     int64       `json:"alias"` // integer alias for the Customer.io family
	Name      string      `json:"name"`
	Kind      ChannelKind `json:"kind"`
	Version   int         `json:"version"` // of Content, from 1
	Content   Content     `json:"content"`
	CreatedAt time.Time   `json:"created_at"`
	UpdatedAt time.Time   `json:"updated_at"`
}

// TemplateVersion is one saved content of a template.
type TemplateVersion struct {
	Version int       `json:"version"`
	Content Content   `json:"content"`
	SavedAt time.Time `json:"saved_at"`
	SavedBy string    `json:"saved_by"`
}

// Content is what a template says, by kind: exactly one of the fields is set. Every text in it is Liquid over
// customer, event, trigger, campaign and unsubscribe_url.
type Content struct {
	Email   *EmailContent   `json:"email,omitempty"`
	Push    *PushContent    `json:"push,omitempty"`
	Webhook *WebhookContent `json:"webhook,omitempty"`
}

// Kind returns of which kind the content is; "" when there is none.
func (c Content) Kind() ChannelKind {
	switch {
	case c.Email != nil:
		return Email
	case c.Push != nil:
		return Push
	case c.Webhook != nil:
		return Webhook
	}
	return ""
}

// EmailContent is an email before it is rendered.
type EmailContent struct {
	Subject   string `json:"subject"`
	Preheader string `json:"preheader,omitempty"` // what inboxes show behind the subject
	From      string `json:"from,omitempty"`      // "Name <address>"; "" for the channel's
	ReplyTo   string `json:"reply_to,omitempty"`
	Format    string `json:"format"`         // mjml, html
	Body      string `json:"body"`           // in that format
	Text      string `json:"text,omitempty"` // the plain part; "": made from the body
}

// PushContent is a push message before it is rendered.
type PushContent struct {
	Title string            `json:"title"`
	Body  string            `json:"body"`
	Link  string            `json:"link,omitempty"`
	Image string            `json:"image,omitempty"`
	Data  map[string]string `json:"data,omitempty"`
}

// WebhookContent is a call before it is rendered.
type WebhookContent struct {
	Method  string            `json:"method"` // POST, PUT, PATCH, GET, DELETE
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}
