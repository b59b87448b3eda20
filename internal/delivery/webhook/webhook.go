// Package webhook sends messages as calls of the receiver's own address, signed as Standard Webhooks has it
// (https://www.standardwebhooks.com): webhook-id is the delivery, so a receiver knows a repeat, and webhook-signature
// shows that the call is ours and when it was made.
package webhook

import (
	"context"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// The secrets of a channel: the one that signs, and while they rotate the one before it. Both optional.
const (
	Secret         = "secret"
	PreviousSecret = "previous_secret"
)

// Options is what a channel works with.
type Options struct {
	Outbound *outbound.Outbound
	Now      func() time.Time
}

// Channel is a channel of webhooks.
type Channel struct {
	client  Client
	secrets []string
}

var _ delivery.Channel = (*Channel)(nil)

// Open returns the channel with its secrets; CodeInvalid for one that is none.
func Open(of carpel.Channel, secrets map[string]string, o Options) (*Channel, error) {
	c := &Channel{client: Client(o)}
	if err := delivery.ReadSettings(of.Settings, &struct{}{}); err != nil {
		return nil, err
	}
	if err := delivery.CheckSecrets(secrets, Secret, PreviousSecret); err != nil {
		return nil, err
	}
	for _, name := range []string{Secret, PreviousSecret} {
		secret := secrets[name]
		if secret == "" {
			continue
		}
		if err := CheckSecret(secret); err != nil {
			return nil, delivery.SecretError(name, "%s", err)
		}
		c.secrets = append(c.secrets, secret)
	}
	return c, nil
}

// Send implements delivery.Channel.
func (c *Channel) Send(ctx context.Context, m *carpel.Message) delivery.Outcome {
	w := m.Webhook
	if w == nil {
		return delivery.Outcome{Result: delivery.Refused, Detail: "the message is no webhook"}
	}
	return c.client.Do(ctx, Call{ID: m.Delivery, Method: w.Method, URL: w.URL, Headers: w.Headers, Body: w.Body, Secrets: c.secrets})
}

// Check implements the check of a channel: there is nothing to connect to before there is a message.
func (c *Channel) Check(context.Context) error { return nil }

// Close implements delivery.Channel.
func (c *Channel) Close() error { return nil }
