// Package outbound is the only way out of the process: messages, webhooks and OpenID dial through it. It looks at the
// address at the moment of dialling, after the name was resolved, so that a name that answers differently the second time
// leads nowhere; it refuses what is not a public address unless the operator allowed it, follows no redirect, and reads
// no more of an answer than [MaxResponse]. A test of the module bans every other client.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Bounds of every call.
const (
	MaxResponse   = 1 << 20 // bytes of an answer's body, once decompressed
	dialTime      = 10 * time.Second
	answerTime    = 20 * time.Second // from the end of the request to the first byte of the answer
	callTime      = 30 * time.Second // of an HTTP call as a whole
	maxHeaders    = 64 << 10
	idleTime      = 90 * time.Second
	idlePerServer = 16
)

// ErrTooLong is why reading an answer fails that has more than [MaxResponse] bytes.
var ErrTooLong = errors.New("the answer is longer than 1 MiB")

// Options says what may be dialled.
type Options struct {
	Allow    []netip.Prefix // networks that are dialled although they are not public
	Roots    *x509.CertPool // whom TLS trusts; nil for the system's
	Resolver *net.Resolver  // of names; nil for the system's
}

// Outbound dials. Safe for concurrent use.
type Outbound struct {
	table  table
	dialer net.Dialer
	roots  *x509.CertPool
	client *http.Client
}

// New returns what dials by the options.
func New(o Options) *Outbound {
	out := &Outbound{table: newTable(o.Allow), roots: o.Roots}
	out.dialer = net.Dialer{Timeout: dialTime, KeepAlive: 30 * time.Second, Resolver: o.Resolver, Control: out.control}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return out.dial(ctx, address, []uint16{80, 443})
		},
		ForceAttemptHTTP2: true, TLSClientConfig: out.TLS(""), TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: answerTime,
		MaxResponseHeaderBytes: maxHeaders, IdleConnTimeout: idleTime, MaxIdleConns: 256, MaxIdleConnsPerHost: idlePerServer,
		HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 10 * time.Second}, // a dead connection is noticed
	}
	out.client = &http.Client{Transport: bounded{transport}, Timeout: callTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return out
}

// control looks at the address that is about to be dialled.
func (o *Outbound) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	return o.table.check(to.Addr())
}

// dial connects to a host and port, one of the well-known ones named or one that needs no privilege.
func (o *Outbound) dial(ctx context.Context, address string, ports []uint16) (net.Conn, error) {
	_, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", service, err)
	}
	if port < 1024 && !slices.Contains(ports, uint16(port)) {
		return nil, &RefusedError{Port: uint16(port)}
	}
	return o.dialer.DialContext(ctx, "tcp", address)
}

// DialMail connects to a mail server. A [RefusedError] is in the chain when the address or port is not dialled.
func (o *Outbound) DialMail(ctx context.Context, host, port string) (net.Conn, error) {
	return o.dial(ctx, net.JoinHostPort(host, port), []uint16{25, 465, 587})
}

// TLS returns the configuration for a connection to a server of that name.
func (o *Outbound) TLS(name string) *tls.Config {
	return &tls.Config{ServerName: name, RootCAs: o.roots, MinVersion: tls.VersionTLS12}
}

// HTTP returns the client for calls, HTTP/2 where the server has it. A [RefusedError] is in the chain of its error when
// the address or port is not dialled.
func (o *Outbound) HTTP() *http.Client { return o.client }

// CloseIdle ends connections that nothing uses.
func (o *Outbound) CloseIdle() { o.client.CloseIdleConnections() }

// bounded reads no more than [MaxResponse] of an answer.
type bounded struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.Transport.RoundTrip(r)
	if err == nil {
		res.Body = &boundedBody{ReadCloser: res.Body, left: MaxResponse}
	}
	return res, err
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if n > b.left {
		return b.left, ErrTooLong
	}
	b.left -= n
	return n, err
}
