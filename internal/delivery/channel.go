// Package delivery sends: it takes planned deliveries, checks what must hold at the moment of sending, renders, hands them
// to a channel, and keeps what came of it.
package delivery

import (
	"context"
	"time"

	"github.com/carpel/carpel"
)

// Channel is a way out: SMTP, a push service, webhooks, the sandbox. Safe for concurrent use.
type Channel interface {
	// Send hands one message over and says what came of it. It returns when the receiver answered, or ctx ended: the
	// message may then be under way (Uncertain). It does not retry, and keeps nothing of the message.
	Send(ctx context.Context, m *carpel.Message) Outcome
	// Close ends idle connections. Sends at work go on.
	Close() error
}

// Result is what came of handing a message over.
type Result uint8

// The results.
const (
	Accepted  Result = iota + 1 // the receiver has taken it
	Deferred                    // not now: to be tried again, after RetryAfter if given
	Refused                     // never: the message or the request is at fault
	Bounced                     // never: there is no such recipient; their address is suppressed, their token deleted
	Failed                      // nothing was handed over, by our fault or the channel's settings: to be tried again
	Uncertain                   // it may have been taken: the connection broke between the message and the answer
)

// Outcome is a [Result] with the receiver's words.
type Outcome struct {
	Result     Result
	Detail     string        // what the receiver said, at most 1,000 bytes; no personal data of our own
	RetryAfter time.Duration // of Deferred: what the receiver asked for; 0 for nothing
	Token      string        // of push: the token that takes the place of the one used; "" for none
}
