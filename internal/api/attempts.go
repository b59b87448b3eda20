package api

import (
	"net"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
)

// The failed attempts to log in that are allowed in a window, by account and by address.
const (
	attemptsWindow     = 15 * time.Minute
	attemptsOfAccount  = 10
	attemptsOfAddress  = 50
	attemptsRemembered = 10_000 // accounts and addresses; beyond it everybody waits for the window's end
)

// attempts counts failed log-ins in windows of fixed length. Safe for concurrent use. It is in memory: a restart forgets.
type attempts struct {
	mu     sync.Mutex
	window int64          // number of the window that counts are of; guarded by mu
	counts map[string]int // guarded by mu
}

// allow refuses an attempt when too many failed: CodeOverloaded, answered with 429 by statusOf.
func (l *attempts) allow(account, address string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	full := len(l.counts) >= attemptsRemembered
	if !full && l.counts["account "+strings.ToLower(account)] < attemptsOfAccount && (address == "" || l.counts["address "+address] < attemptsOfAddress) {
		return nil
	}
	wait := attemptsWindow - time.Duration(now.UnixNano()%int64(attemptsWindow))
	return &carpel.Error{Code: carpel.CodeTooOften, Message: "too many failed attempts; try again in " + wait.Round(time.Minute).String()}
}

// failed counts a failed attempt.
func (l *attempts) failed(account, address string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	l.counts["account "+strings.ToLower(account)]++
	if address != "" {
		l.counts["address "+address]++
	}
}

// turn forgets the counts of an earlier window. The caller holds mu.
func (l *attempts) turn(now time.Time) {
	if w := now.UnixNano() / int64(attemptsWindow); w != l.window || l.counts == nil {
		l.window, l.counts = w, map[string]int{}
	}
}

// caller is an input that knows the address it came from: an IPv4 address, or the network of an IPv6 one.
type caller struct{ address string }

// Resolve finds the address.
func (c *caller) Resolve(ctx huma.Context) []error {
	host, _, err := net.SplitHostPort(ctx.RemoteAddr())
	if err != nil {
		host = ctx.RemoteAddr()
	}
	c.address = host
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		c.address = ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return nil
}
