package delivery

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
)

// The reasons of deliveries that were skipped or failed, beside those that the records give (crash, erased, cancelled).
const (
	ReasonNobody       = "no_person"        // there is no such person any more
	ReasonUnsubscribed = "unsubscribed"     // from everything
	ReasonTopic        = "topic"            // from the topic, or not subscribed to it
	ReasonNoAddress    = "no_address"       // no email, or no device that a channel reaches
	ReasonBadAddress   = "bad_address"      // the email is none
	ReasonSuppressed   = "suppressed"       // the address is
	ReasonCap          = "cap"              // the person got as many messages as they may
	ReasonMissing      = "missing_variable" // which has no value for the person, and no default
	ReasonTemplate     = "template"         // is gone, or cannot be rendered for the person
	ReasonRefused      = "refused"          // the receiver said no
	ReasonBounced      = "bounced"          // there is no such recipient
	ReasonDeferred     = "deferred"         // the receiver said not now; of failed: for 72 hours
	ReasonChannel      = "channel"          // the channel cannot be used: its settings, the network; of failed: for 72 hours
	ReasonUncertain    = "uncertain"        // the connection broke between the message and the answer
)

// check decides about the deliveries of one lease. It reads people right there, in the transaction: who unsubscribed a
// moment ago gets nothing.
type check struct {
	*line
	ctx      context.Context
	sending  carpel.Sending
	channels []*way
	names    map[carpel.Origin]string
	now      time.Time
	ready    map[string]*ready // by delivery; of those that may go out
}

// ready is what was read of a delivery that may go out.
type ready struct {
	person  *carpel.Person
	targets []target
	name    string // of the broadcast or campaign
	sending carpel.Sending
}

// target is a recipient, and the way to them.
type target struct {
	way     *way
	address string // email, or token; of webhook ""
	device  *carpel.DeviceInfo
}

func (l *line) newCheck(ctx context.Context) (*check, error) {
	c := &check{line: l, ctx: ctx, names: map[carpel.Origin]string{}, now: l.Now(), ready: map[string]*ready{}}
	var err error
	if c.sending, err = l.Records.Sending(ctx, l.workspace.ID); err != nil {
		return nil, err
	}
	c.channels, err = l.open.ways(ctx, l.workspace.ID)
	return c, err
}

// one decides about a delivery. The order is that of what is worse to get wrong; what only waits comes last.
func (c *check) one(d carpel.Delivery, tx *records.LeaseTx) (records.Verdict, error) {
	p, err := c.engine.Person(c.ctx, carpel.PersonRef{Key: d.Person})
	if carpel.ErrorCode(err) == carpel.CodeNotFound {
		return skip(ReasonNobody, ""), nil
	}
	if err != nil {
		return records.Verdict{}, err
	}
	if d.Consent {
		if reason, detail := c.refused(p, d.Topic); reason != "" {
			return skip(reason, detail), nil
		}
	}
	r := &ready{person: p, sending: c.sending}
	var reason string
	if r.targets, reason, err = c.targets(d.Kind, p, tx); err != nil {
		return records.Verdict{}, err
	}
	if reason != "" {
		v := skip(reason, "")
		v.Tell = reason == ReasonSuppressed && d.Origin.Kind != carpel.FromTest
		return v, nil
	}
	if r.name, err = c.nameOf(d.Origin); err != nil {
		return records.Verdict{}, err
	}
	if d.Consent {
		if until, quiet := c.quiet(p); quiet {
			return wait(until), nil
		}
		if capped, err := c.capped(d, tx); err != nil || capped {
			return skip(ReasonCap, ""), err
		}
	}
	if delay := c.rates.wait(d.ID, c.now, c.buckets(r)); delay > 0 {
		return wait(c.now.Add(delay)), nil
	}
	c.ready[d.ID] = r
	return records.Verdict{State: carpel.DeliveryAttempting}, nil
}

func skip(reason, detail string) records.Verdict {
	return records.Verdict{State: carpel.DeliverySkipped, Reason: reason, Detail: detail}
}

func wait(until time.Time) records.Verdict {
	return records.Verdict{State: carpel.DeliveryPlanned, DueAt: carpel.MillisOf(until.Add(time.Millisecond - 1))}
}

// refused returns why a person does not want a message; "" when they do.
func (c *check) refused(p *carpel.Person, topic string) (reason, detail string) {
	if said, yes := choice(p.Attributes[carpel.AttrUnsubscribed].Value); said && yes {
		return ReasonUnsubscribed, ""
	}
	if topic == "" {
		return "", ""
	}
	said, yes := choice(p.Attributes[carpel.AttrTopic+topic].Value)
	for _, t := range c.sending.Topics {
		if t.Key == topic && t.OptIn && !said {
			return ReasonTopic, topic
		}
	}
	if said && !yes {
		return ReasonTopic, topic
	}
	return "", ""
}

// choice reads a yes or no; texts and numbers that mean one are taken for it, since what is written here keeps mail from
// people or lets it through.
func choice(v carpel.Value) (said, yes bool) {
	switch v.Kind() {
	case carpel.Bool, carpel.Number:
		return true, v.Float() != 0
	case carpel.Text:
		switch strings.ToLower(strings.TrimSpace(v.Text())) {
		case "true", "yes", "1":
			return true, true
		case "false", "no", "0":
			return true, false
		}
	}
	return false, false
}

// targets returns where a message goes, or the reason why nowhere.
func (c *check) targets(kind carpel.ChannelKind, p *carpel.Person, tx *records.LeaseTx) ([]target, string, error) {
	switch kind {
	case carpel.Webhook:
		return []target{{way: c.way(kind, nil)}}, "", nil
	case carpel.Push:
		return c.devices(p, tx)
	}
	switch {
	case p.Email == "":
		return nil, ReasonNoAddress, nil
	case !plausible(p.Email):
		return nil, ReasonBadAddress, nil
	}
	suppressed, err := tx.Suppressed(kind, p.Email)
	if err != nil || suppressed {
		return nil, ReasonSuppressed, err
	}
	return []target{{way: c.way(kind, nil), address: p.Email}}, "", nil
}

// maxDevices is how many devices of a person get a message, those used last.
const maxDevices = 20

func (c *check) devices(p *carpel.Person, tx *records.LeaseTx) (all []target, reason string, err error) {
	devices, err := c.engine.Devices(c.ctx, carpel.PersonRef{Key: p.Key})
	if err != nil && carpel.ErrorCode(err) != carpel.CodeNotFound {
		return nil, "", err
	}
	reason = ReasonNoAddress
	for _, device := range lastUsed(devices) {
		w := c.way(carpel.Push, &device)
		if w == nil || len(all) == maxDevices {
			continue
		}
		suppressed, err := tx.Suppressed(carpel.Push, device.Token)
		if err != nil {
			return nil, "", err
		}
		if suppressed {
			reason = ReasonSuppressed
			continue
		}
		all = append(all, target{w, device.Token, &device})
	}
	if len(all) > 0 {
		reason = ""
	}
	return all, reason, nil
}

// plausible reports whether a text can be an address of email at all: what it cannot be is not tried.
func plausible(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 0 && at < len(address)-1 && strings.IndexFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("<>,;:\\\"()[]", r) }) < 0
}

func (c *check) nameOf(o carpel.Origin) (string, error) {
	o = carpel.Origin{Kind: o.Kind, ID: o.ID}
	name, known := c.names[o]
	if known || c.Name == nil {
		return name, nil
	}
	name, err := c.Name(c.ctx, c.workspace.ID, o)
	if err == nil {
		c.names[o] = name
	}
	return name, err
}

// quiet returns when the quiet hours at hand of a person end, in their zone.
func (c *check) quiet(p *carpel.Person) (time.Time, bool) {
	if c.sending.Quiet == nil {
		return time.Time{}, false
	}
	zone := c.zones.of(cmp.Or(p.Attributes["timezone"].Value.Text(), c.workspace.Zone), c.workspace.Zone)
	return c.sending.Quiet.Until(c.now.In(zone))
}

func (c *check) capped(d carpel.Delivery, tx *records.LeaseTx) (bool, error) {
	for _, limit := range c.sending.Caps {
		if limit.Kind != "" && limit.Kind != d.Kind {
			continue
		}
		n, err := tx.SentSince(d.Person, limit.Kind, carpel.MillisOf(c.now.Add(-time.Duration(limit.Hours)*time.Hour)))
		if err != nil || n >= limit.Count {
			return true, err
		}
	}
	return false, nil
}

// zones remembers time zones by name: loading one reads a file.
type zones struct{ known sync.Map }

// of returns a zone, or another one when the first is none, or UTC.
func (z *zones) of(names ...string) *time.Location {
	for _, name := range names {
		if known, ok := z.known.Load(name); ok {
			return known.(*time.Location)
		}
		if name == "" || name == "Local" || len(name) > 64 {
			continue
		}
		if zone, err := time.LoadLocation(name); err == nil { // only real names are kept
			z.known.Store(name, zone)
			return zone
		}
	}
	return time.UTC
}
