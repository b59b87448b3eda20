// Package sandbox is the channel that sends nothing: it keeps every message as it would have gone out, for a look. It
// carries every kind, and is what messages go through while there is no other channel of theirs.
package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
)

// Caught is a message that was caught.
type Caught struct {
	Workspace, Delivery, Person string
	Kind                        carpel.ChannelKind
	Recipient                   string
	Subject                     string // or the title, or method and address
	Raw                         []byte // a whole email of RFC 5322; of the others JSON
}

// Options is what a sandbox works with.
type Options struct {
	// Keep keeps messages; they are durable when it returns.
	Keep func(ctx context.Context, all []Caught) error
	// Email writes an email as it would have gone out; nil for JSON.
	Email func(m *carpel.Message) ([]byte, error)
}

// Sandbox catches messages. Those that come while others are being kept are kept together, at once.
type Sandbox struct {
	Options
	mu      sync.Mutex
	waiting *group // that the next one who keeps takes along; guarded by mu
	keeping sync.Mutex
}

// group are messages that are kept together.
type group struct {
	all  []Caught
	done chan struct{}
	err  error // once done
}

var _ delivery.Channel = (*Sandbox)(nil)

// New returns a sandbox.
func New(o Options) *Sandbox { return &Sandbox{Options: o} }

// Send implements delivery.Channel.
func (s *Sandbox) Send(ctx context.Context, m *carpel.Message) delivery.Outcome {
	c := Caught{Workspace: m.Workspace, Delivery: m.Delivery, Person: m.Person, Kind: m.Kind, Recipient: m.Recipient, Subject: subject(m)}
	var err error
	if c.Raw, err = s.raw(m); err != nil {
		return delivery.Outcome{Result: delivery.Refused, Detail: err.Error()}
	}
	if err := s.keep(ctx, c); err != nil {
		return delivery.Outcome{Result: delivery.Failed, Detail: "the inbox does not take it"}
	}
	return delivery.Outcome{Result: delivery.Accepted, Detail: "kept in the inbox of the sandbox"}
}

// keep joins the group that waits; the first of it keeps all, once the group before is kept.
func (s *Sandbox) keep(ctx context.Context, c Caught) error {
	s.mu.Lock()
	g, first := s.waiting, s.waiting == nil
	if first {
		g = &group{done: make(chan struct{})}
		s.waiting = g
	}
	g.all = append(g.all, c)
	s.mu.Unlock()
	if !first {
		<-g.done
		return g.err
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	s.mu.Lock()
	s.waiting = nil
	s.mu.Unlock()
	g.err = s.Keep(context.WithoutCancel(ctx), g.all) // the others' as well
	close(g.done)
	return g.err
}

// raw is a message as it would have gone out.
func (s *Sandbox) raw(m *carpel.Message) ([]byte, error) {
	switch {
	case m.Email != nil && s.Email != nil:
		return s.Email(m)
	case m.Email != nil:
		return json.Marshal(m.Email)
	case m.Push != nil:
		return json.Marshal(m.Push)
	case m.Webhook != nil:
		return json.Marshal(struct {
			*carpel.WebhookMessage
			Body string
		}{m.Webhook, string(m.Webhook.Body)})
	}
	return nil, fmt.Errorf("the message is empty")
}

// subject is how a message is listed.
func subject(m *carpel.Message) string {
	switch {
	case m.Email != nil:
		return m.Email.Subject
	case m.Push != nil:
		return m.Push.Title
	case m.Webhook != nil:
		return m.Webhook.Method + " " + m.Webhook.URL
	}
	return ""
}

// Close implements delivery.Channel.
func (s *Sandbox) Close() error { return nil }
