package tracking

import (
	"encoding/binary"
	"errors"
	"net/url"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/secret"
)

// The purposes of tokens: one made for one of them is none for another.
const (
	forOpen        = "open"
	forClick       = "click"
	forUnsubscribe = "unsubscribe"
)

// ticket is what a token of a link says, sealed: nobody can read it, and nobody can make one.
//
//	token = base64url(secret.Ring.Seal(purpose, ticket))
//	ticket = 1 len:uvarint workspace len:uvarint delivery rest
//
// The prefixes ws_ and dlv_ are left out. Rest is a click's destination, or the person who unsubscribes.
type ticket struct {
	workspace, delivery, rest string
}

const (
	ticketFormat    = 1
	workspacePrefix = "ws_"
	deliveryPrefix  = carpel.DeliveryPrefix
)

var errTicket = errors.New("not a ticket")

func (t ticket) token(ring *secret.Ring, purpose string) string {
	b := []byte{ticketFormat}
	for _, part := range []string{strings.TrimPrefix(t.workspace, workspacePrefix), strings.TrimPrefix(t.delivery, deliveryPrefix)} {
		b = append(binary.AppendUvarint(b, uint64(len(part))), part...)
	}
	return ring.Token(purpose, append(b, t.rest...))
}

// maxToken is the longest token that is looked at.
const maxToken = 8 << 10

// readTicket opens a token; an error for anything that is none of ours.
func readTicket(ring *secret.Ring, purpose, token string) (ticket, error) {
	if len(token) > maxToken {
		return ticket{}, errTicket
	}
	b, err := ring.ReadToken(purpose, token)
	if err != nil {
		return ticket{}, err
	}
	return parseTicket(b)
}

func parseTicket(b []byte) (ticket, error) {
	if len(b) == 0 || b[0] != ticketFormat {
		return ticket{}, errTicket
	}
	b = b[1:]
	var parts [2]string
	for i := range parts {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return ticket{}, errTicket
		}
		parts[i], b = string(b[size:size+int(n)]), b[size+int(n):]
	}
	return ticket{workspacePrefix + parts[0], deliveryPrefix + parts[1], string(b)}, nil
}

// maxLink is the longest destination that is tracked: its token must be an address that every browser takes.
const maxLink = 4 << 10

// isDestination reports whether an address is one that a click may be sent on to: absolute, over the web.
func isDestination(link string) bool {
	if len(link) > maxLink {
		return false
	}
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !strings.ContainsAny(link, "\r\n\x00")
}
