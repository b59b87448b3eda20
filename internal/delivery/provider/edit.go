package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/push"
	"github.com/carpel/carpel/internal/delivery/smtp"
	"github.com/carpel/carpel/internal/delivery/webhook"
)

// Edit changes a channel, or is what a new one has. Nil fields stay.
type Edit struct {
	Name     *string
	On       *bool
	Settings map[string]any    // all of them; nil: they stay
	Secrets  map[string]string // those given; "" takes one away

	made map[string]string // keys, see [Set.Prepare]
}

// maxSecret bounds one secret, in bytes: a service account's file has 2 to 3 thousand.
const maxSecret = 16 << 10

// Prepare makes what an edit of a channel of a provider needs and has not given: the keys of one that is to sign for a
// domain, and the key of web push. It takes a while, so it comes before the transaction.
func (e *Edit) Prepare(p carpel.Provider, has []string) (err error) {
	domain, _ := e.Settings["dkim_domain"].(string)
	given := e.Secrets[smtp.DKIMRSA]+e.Secrets[smtp.DKIMEd25519] != "" || strings.Contains(strings.Join(has, " "), "dkim_")
	if p == carpel.SMTP && domain != "" && !given {
		e.made, err = smtp.NewKeys()
	}
	if p == carpel.WebPush && e.Secrets[push.VAPIDKey] == "" && !slices.Contains(has, push.VAPIDKey) {
		var made string
		made, err = push.NewVAPIDKey()
		e.made = map[string]string{push.VAPIDKey: made}
	}
	return err
}

// Apply changes a channel by an edit and refuses one that could not be opened, with a pointer at what is wrong. Secret is
// one that was made here and has to be shown: to verify the channel's calls.
func (s *Set) Apply(c *carpel.Channel, e Edit) (secret string, err error) {
	secrets, err := s.unseal(*c)
	if err != nil {
		if len(e.Secrets) == 0 {
			return "", err
		}
		secrets = map[string]string{} // of another key ring; these take their place
	}
	if e.Name != nil {
		c.Name = strings.TrimSpace(*e.Name)
	}
	if c.Name == "" || len(c.Name) > carpel.MaxNameBytes {
		return "", &carpel.Error{Code: carpel.CodeLimit, Pointer: "/name", Limit: carpel.MaxNameBytes, Actual: int64(len(c.Name)), Message: fmt.Sprintf("a channel needs a name of 1 to %d bytes", carpel.MaxNameBytes)}
	}
	if e.On != nil {
		c.On = *e.On
	}
	if err := sameServer(c, e, secrets); err != nil {
		return "", err
	}
	if e.Settings != nil {
		c.Settings = e.Settings
	}
	for name, value := range e.Secrets {
		if len(value) > maxSecret {
			return "", &carpel.Error{Code: carpel.CodeLimit, Pointer: "/secrets/" + name, Limit: maxSecret, Actual: int64(len(value)), Message: fmt.Sprintf("a secret has at most %d bytes", maxSecret)}
		}
	}
	if old, given := secrets[webhook.Secret], e.Secrets[webhook.Secret]; c.Provider == carpel.HTTPWebhook && old != "" && given != "" && given != old {
		secrets[webhook.PreviousSecret] = old // both sign until the old one is taken away
	}
	for _, some := range []map[string]string{e.made, e.Secrets} {
		for name, value := range some {
			if secrets[name] = value; value == "" {
				delete(secrets, name)
			}
		}
	}
	if c.Provider == carpel.HTTPWebhook && len(c.Secrets) == 0 && secrets[webhook.Secret] == "" {
		secret = webhook.NewSecret()
		secrets[webhook.Secret] = secret
	}
	if c.Provider == carpel.WebPush { // which browsers are told
		if public, err := push.PublicKey(secrets[push.VAPIDKey]); err == nil {
			c.Settings = maps.Clone(c.Settings)
			c.Settings["public_key"] = public
		}
	}
	opened, err := s.open(*c, secrets)
	if err != nil {
		return "", err
	}
	if err := opened.Close(); err != nil {
		return "", err
	}
	c.Secrets, err = s.seal(*c, secrets)
	return secret, err
}

// sameServer refuses to turn a password that nobody can read to another server than the one it was given for.
func sameServer(c *carpel.Channel, e Edit, secrets map[string]string) error {
	if c.Provider != carpel.SMTP || e.Settings == nil || secrets[smtp.Password] == "" {
		return nil
	}
	if _, given := e.Secrets[smtp.Password]; given {
		return nil
	}
	for _, name := range []string{"host", "port", "tls", "username"} {
		if fmt.Sprint(c.Settings[name]) != fmt.Sprint(e.Settings[name]) {
			return delivery.SecretError(smtp.Password, "give the password again: it is only sent to the server, and under the name, that it was given for")
		}
	}
	return nil
}
