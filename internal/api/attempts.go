package api

import (
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/places"
)

// The failed attempts to log in that are allowed in a window, by account and by address.
const (
	attemptsWindow     = 15 * time.Minute
	attemptsOfAccount  = 10
	attemptsOfAddress  = 50
	attemptsRemembered = 10_000 // accounts and addresses; beyond it the one with the fewest is forgotten
)

// attempts counts log-ins that failed or are under way, in windows of fixed length. Safe for concurrent use. It is in
// memory: a restart forgets.
type attempts struct {
	mu     sync.Mutex
	window int64          // number of the window that counts are of; guarded by mu
	counts map[string]int // guarded by mu
}

// begin counts an attempt before its password is looked at, so that those at the same time count as well; "" is no
// address. The function returned ends it: an attempt that did not fail by a wrong password is given back. CodeTooOften
// when too many failed.
func (l *attempts) begin(account, address string, now time.Time) (end func(err error), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	names := []string{"account " + strings.ToLower(account)}
	if address != "" {
		names = append(names, "address "+address)
	}
	for i, name := range names {
		if l.counts[name] >= []int{attemptsOfAccount, attemptsOfAddress}[i] {
			wait := attemptsWindow - time.Duration(now.UnixNano()%int64(attemptsWindow))
			return nil, &carpel.Error{Code: carpel.CodeTooOften, Wait: wait, Message: "too many failed attempts; try again in " + wait.Round(time.Minute).String()}
		}
	}
	for _, name := range names {
		if l.counts[name] == 0 && len(l.counts) >= attemptsRemembered {
			l.forgetLeast()
		}
		l.counts[name]++
	}
	window := l.window
	return func(err error) {
		if code := carpel.ErrorCode(err); code != carpel.CodeUnauthorized && code != carpel.CodeForbidden {
			l.giveBack(names, window)
		}
	}, nil
}

// giveBack takes an attempt off the counts of its window.
func (l *attempts) giveBack(names []string, window int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if window != l.window {
		return
	}
	for _, name := range names {
		if l.counts[name]--; l.counts[name] <= 0 {
			delete(l.counts, name)
		}
	}
}

// forgetLeast makes room by forgetting the name with the fewest attempts: who sprays names forgets those, and not the
// account that is guessed at. The caller holds mu.
func (l *attempts) forgetLeast() {
	least, fewest := "", attemptsOfAddress+1
	for name, n := range l.counts {
		if n < fewest {
			least, fewest = name, n
		}
		if fewest == 1 {
			break
		}
	}
	delete(l.counts, least)
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
	c.address = places.Address(ctx.RemoteAddr())
	return nil
}
