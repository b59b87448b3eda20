// Package provider knows every provider of channels: it opens a channel with its secrets, and says before one is kept
// whether it could be opened.
package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/push"
	"github.com/carpel/carpel/internal/delivery/smtp"
	"github.com/carpel/carpel/internal/delivery/webhook"
	"github.com/carpel/carpel/internal/outbound"
	"github.com/carpel/carpel/internal/secret"
)

// Set opens the channels of an installation. Safe for concurrent use.
type Set struct {
	Ring     *secret.Ring
	Outbound *outbound.Outbound
	Now      func() time.Time
	// Token is what stands in the return path of an email; see [smtp.Options].
	Token func(m *carpel.Message) string
	// Resolver asks the DNS how a domain is set up.
	Resolver smtp.Resolver
	// Receiver is the host at which bounces come in; "" if there is none.
	Receiver func() string
}

// Open opens a channel as the records hold it; nothing is dialled yet. A *[carpel.Error] says what is wrong with it.
func (s *Set) Open(c carpel.Channel) (delivery.Channel, error) {
	secrets, err := s.unseal(c)
	if err != nil {
		return nil, err
	}
	return s.open(c, secrets)
}

// Check tries a channel: it connects and shows its credentials, where there is something to connect to.
func (s *Set) Check(ctx context.Context, c carpel.Channel) error {
	opened, err := s.Open(c)
	if err != nil {
		return err
	}
	if checker, ok := opened.(delivery.Checker); ok {
		err = checker.Check(ctx)
	}
	return errors.Join(err, opened.Close())
}

// Has lists the names of the secrets that a channel has.
func (s *Set) Has(c carpel.Channel) ([]string, error) {
	secrets, err := s.unseal(c)
	return slices.Sorted(maps.Keys(secrets)), err
}

// DNS returns the records that mail from a domain needs, by a channel of SMTP, or by none yet (the zero value). An empty
// name is the channel's own. CodeInvalid for what is no domain.
func (s *Set) DNS(ctx context.Context, name string, c carpel.Channel) ([]smtp.Record, error) {
	d := smtp.Domain{Receiver: s.Receiver()}
	if c.ID != "" {
		secrets, err := s.unseal(c)
		if err != nil {
			return nil, err
		}
		opened, err := smtp.Open(c, secrets, smtp.Options{})
		if err != nil {
			return nil, err
		}
		of := opened.Settings()
		d.Name, d.Server, d.ReturnPath, d.Keys = opened.Domain(), of.Host, of.ReturnPath, opened.Keys()
	}
	if name != "" && name != d.Name {
		d.Name, d.Keys = name, slices.DeleteFunc(d.Keys, func(k smtp.Key) bool { return k.Domain != name })
	}
	var err error
	if d.Name, err = smtp.CheckDomain(d.Name); err != nil {
		return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/domain", Message: fmt.Sprintf("%.100q is no domain name", name)}
	}
	return smtp.Lookup(ctx, s.Resolver, d)
}

func (s *Set) open(c carpel.Channel, secrets map[string]string) (delivery.Channel, error) {
	switch c.Provider {
	case carpel.SMTP:
		return opened(smtp.Open(c, secrets, smtp.Options{Outbound: s.Outbound, Now: s.Now, Token: s.Token}))
	case carpel.FCM:
		return opened(push.OpenFCM(c, secrets, push.Options{Outbound: s.Outbound, Now: s.Now}))
	case carpel.APNs:
		return opened(push.OpenAPNs(c, secrets, push.Options{Outbound: s.Outbound, Now: s.Now}))
	case carpel.WebPush:
		return opened(push.OpenWeb(c, secrets, push.Options{Outbound: s.Outbound, Now: s.Now}))
	case carpel.HTTPWebhook:
		return opened(webhook.Open(c, secrets, webhook.Options{Outbound: s.Outbound, Now: s.Now}))
	}
	return nil, &carpel.Error{Code: carpel.CodeInvalid, Pointer: "/provider", Message: fmt.Sprintf("%.20q is no provider; there are %s", c.Provider, words())}
}

// opened is a channel as the interface; nil with an error.
func opened[C delivery.Channel](c C, err error) (delivery.Channel, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

func words() string {
	var all []string
	for _, p := range carpel.Providers() {
		all = append(all, string(p))
	}
	return strings.Join(all, ", ")
}

func purpose(c carpel.Channel) string { return "channel " + c.Workspace + " " + c.ID }

func (s *Set) seal(c carpel.Channel, secrets map[string]string) ([]byte, error) {
	plain, err := json.Marshal(secrets)
	if err != nil {
		return nil, fmt.Errorf("seal secrets of channel %s: %w", c.ID, err)
	}
	return s.Ring.Seal(purpose(c), plain), nil
}

// unseal returns a channel's secrets. CodeConflict when the key ring is not the one that sealed them.
func (s *Set) unseal(c carpel.Channel) (map[string]string, error) {
	secrets := map[string]string{}
	if len(c.Secrets) == 0 {
		return secrets, nil
	}
	plain, err := s.Ring.Open(purpose(c), c.Secrets)
	if err != nil {
		return nil, carpel.Errorf(carpel.CodeConflict, "the secrets of channel %s were sealed by another key ring: give them again", c.ID)
	}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, fmt.Errorf("secrets of channel %s: %w", c.ID, err)
	}
	return secrets, nil
}
