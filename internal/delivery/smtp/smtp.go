// Package smtp sends email over a mail server: it builds the message, signs it by DKIM, and hands it over by SMTP
// (RFC 5321) with TLS, over a few connections that are used again.
//
// What came of a message is known but for one case: a connection that breaks between the dot that ends a message and the
// server's reply. That is told as uncertain; before the dot nothing was taken.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// Options is what a channel works with.
type Options struct {
	Outbound *outbound.Outbound
	Now      func() time.Time
	// Token is what stands in the return path of a message, by which a bounce is known: at most 57 letters, digits, - and _.
	// nil: bounces go to the sender's address.
	Token func(m *carpel.Message) string
}

// Channel is a channel of SMTP. Safe for concurrent use.
type Channel struct {
	settings Settings
	password string
	keys     []Key
	options  Options
	pool     *pool
}

var (
	_ delivery.Channel = (*Channel)(nil)
	_ delivery.Checker = (*Channel)(nil)
)

// Open returns the channel; nothing is dialled yet. Its error points at the setting that is wrong.
func Open(c carpel.Channel, secrets map[string]string, o Options) (*Channel, error) {
	ch := &Channel{password: secrets[Password], options: o}
	if err := delivery.ReadSettings(c.Settings, &ch.settings); err != nil {
		return nil, err
	}
	if err := delivery.CheckSecrets(secrets, Password, DKIMRSA, DKIMEd25519); err != nil {
		return nil, err
	}
	if err := ch.settings.fill(secrets); err != nil {
		return nil, err
	}
	var err error
	if ch.keys, err = ch.settings.keys(secrets); err != nil {
		return nil, err
	}
	ch.pool = newPool(ch.settings.Connections, ch.settings.Messages, ch.dial)
	return ch, nil
}

// Settings returns the channel's, with what was left out filled in.
func (ch *Channel) Settings() Settings { return ch.settings }

// Domain is that of the channel's sender.
func (ch *Channel) Domain() string {
	from, _ := sender(ch.settings.From) // was read when it was opened
	return from.domain()
}

// Keys returns the keys that sign.
func (ch *Channel) Keys() []Key { return ch.keys }

// Send implements delivery.Channel.
func (ch *Channel) Send(ctx context.Context, m *carpel.Message) delivery.Outcome {
	mail, err := compose(m, Draft{From: ch.settings.From, At: ch.options.Now(), Keys: ch.keys})
	if err != nil {
		return delivery.Outcome{Result: delivery.Refused, Detail: err.Error()}
	}
	from, err := ch.returnPath(m, mail.from)
	if err != nil {
		return delivery.Outcome{Result: delivery.Failed, Detail: err.Error()}
	}
	mail.from = from
	o, stale := ch.send(ctx, mail, false)
	if stale { // an old connection that the server had ended: nothing was handed over
		o, _ = ch.send(ctx, mail, true)
	}
	return o
}

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,57}$`)

// returnPath is the address that bounces go to.
func (ch *Channel) returnPath(m *carpel.Message, from address) (address, error) {
	if ch.settings.ReturnPath == "" || ch.options.Token == nil {
		return from, nil
	}
	token := ch.options.Token(m)
	if !tokenForm.MatchString(token) {
		return from, errors.New("the token of the return path does not fit into an address")
	}
	return address{at: "bounce+" + token + "@" + ch.settings.ReturnPath}, nil
}

// send hands one message over. stale says that it was over a connection used before, which broke before anything was
// handed over.
func (ch *Channel) send(ctx context.Context, mail composed, onNew bool) (o delivery.Outcome, stale bool) {
	c, err := ch.pool.take(ctx, onNew)
	if err != nil {
		return setUpOutcome(err), false
	}
	defer ch.pool.put(c)
	used := c.sent > 0
	var handed bool
	err = c.settled(ctx, func() (err error) {
		o, handed, err = c.transact(mail)
		return err
	})
	switch {
	case err == nil:
		return o, c.parted && used && !handed
	case handed:
		return delivery.Outcome{Result: delivery.Uncertain, Detail: outbound.Words("no reply to the message: " + err.Error())}, false
	}
	return delivery.Outcome{Result: delivery.Deferred, Detail: outbound.Words(err.Error())}, used && ctx.Err() == nil
}

// transact sends a message. handed is whether the server may have all of it; the error is of the connection.
func (c *connection) transact(mail composed) (o delivery.Outcome, handed bool, err error) {
	c.sent++
	parameters := ""
	if !isASCII(mail.from.at) || !isASCII(mail.to.at) {
		if _, ok := c.ext["SMTPUTF8"]; !ok {
			return delivery.Outcome{Result: delivery.Refused, Detail: "the mail server takes no address that is not ASCII (SMTPUTF8)"}, false, nil
		}
		parameters = " BODY=8BITMIME SMTPUTF8"
	}
	if _, ok := c.ext["SIZE"]; ok {
		parameters = " SIZE=" + strconv.Itoa(len(mail.raw)) + parameters
	}
	r, at, err := c.envelope("MAIL FROM:<"+mail.from.at+">"+parameters, "RCPT TO:<"+mail.to.at+">")
	if err != nil {
		return o, false, err
	}
	if r.ok() {
		at = atData
		if r, err = c.ask("DATA"); err != nil {
			return o, false, err
		}
		if r.code == 354 {
			if r, handed, err = c.message(mail.raw); err != nil {
				return o, handed, err
			}
			return r.outcome(atData), true, nil
		}
	}
	o = r.outcome(at)
	if !c.broken {
		if reset, err := c.ask("RSET"); err != nil || !reset.ok() {
			c.broken = true // the reply to the message's envelope is known all the same
		}
	}
	return o, false, nil
}

// envelope names sender and recipient, both at once where the server takes that, and returns the reply that decides.
func (c *connection) envelope(from, to string) (r reply, at stage, err error) {
	_, together := c.ext["PIPELINING"]
	if err := c.command("%s", from); err != nil {
		return r, atMail, err
	}
	if together {
		if err := c.command("%s", to); err != nil {
			return r, atMail, err
		}
	}
	if r, err = c.reply(commandTime); err != nil {
		return r, atMail, err
	}
	if !r.ok() {
		if together && !c.broken {
			_, _ = c.reply(commandTime) // to the recipient: there is no sender; broken says if it did not come
		}
		return r, atMail, nil
	}
	if !together {
		if err := c.command("%s", to); err != nil {
			return r, atRcpt, err
		}
	}
	r, err = c.reply(commandTime)
	return r, atRcpt, err
}

// dial makes a connection that takes messages.
func (ch *Channel) dial(ctx context.Context) (*connection, error) {
	s := ch.settings
	conn, err := ch.options.Outbound.DialMail(ctx, s.Host, strconv.Itoa(s.Port))
	if err != nil {
		return nil, err
	}
	c := newConnection(conn)
	if err := c.settled(ctx, func() error { return c.setUp(s, ch.password, ch.options.Outbound.TLS(s.Host)) }); err != nil {
		c.broken = true
		c.quit()
		return nil, err
	}
	return c, nil
}

// setUpOutcome is what came of a message for which there was no connection.
func setUpOutcome(err error) delivery.Outcome {
	o := delivery.Outcome{Result: delivery.Deferred, Detail: outbound.Words(err.Error())}
	var said unexpected
	switch {
	case errors.As(err, &said) && said.code < 500:
		o.RetryAfter = said.retryAfter()
	case errors.As(err, &said), isSettingsFault(err):
		o.Result = delivery.Failed
	}
	return o
}

// isSettingsFault reports whether trying again is of no use before somebody changes something.
func isSettingsFault(err error) bool {
	var refused *outbound.RefusedError
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var name *net.DNSError
	return errors.Is(err, errInsecure) || errors.Is(err, errNoLogIn) || errors.As(err, &refused) || errors.As(err, &certificate) || errors.As(err, &noTLS) || errors.As(err, &name) && name.IsNotFound
}

// Check implements delivery.Checker: it connects and logs in.
func (ch *Channel) Check(ctx context.Context) error {
	c, err := ch.dial(ctx)
	if err != nil {
		return &carpel.Error{Code: carpel.CodeInvalid, Pointer: pointOf(err), Message: outbound.Words(fmt.Sprintf("%s: %v", ch.settings.Host, err))}
	}
	c.quit()
	return nil
}

// pointOf is the setting that an error of a connection is most likely about.
func pointOf(err error) string {
	var said unexpected
	switch {
	case errors.As(err, &said) && said.doing == "log-in":
		return "/secrets/password"
	case errors.Is(err, errInsecure):
		return "/settings/tls"
	case errors.Is(err, errNoLogIn):
		return "/settings/username"
	}
	return "/settings/host"
}

// Close implements delivery.Channel.
func (ch *Channel) Close() error {
	ch.pool.close()
	return nil
}
