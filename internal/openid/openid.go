// Package openid lets users log in with an OpenID provider: the authorization code flow with PKCE, state and nonce, as
// OpenID Connect Core 1.0 and RFC 7636 have it.
package openid

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Config names a provider and how Carpel is known there.
type Config struct {
	Issuer       string // https://…, as in the provider's discovery document
	ClientID     string
	ClientSecret string // "" for a public client: PKCE protects the code
	Name         string // shown on the log-in page; the issuer's host if left out
}

// Provider is one OpenID provider. It is discovered when somebody first logs in, so that a server starts without it.
// Safe for concurrent use.
type Provider struct {
	config Config
	client *http.Client

	now func() time.Time

	mu        sync.Mutex
	discovery *discovery // under way, or the last; nil before the first; guarded by mu
}

// discovery is one attempt to read the provider's discovery document. What it found may be read once done is closed.
type discovery struct {
	done     chan struct{}
	provider *oidc.Provider
	err      error
	endedAt  time.Time
}

// failureLasts is how long a provider that did not answer is not asked again.
const failureLasts = 5 * time.Second

// New returns the provider of a configuration, asked by client, which follows no redirect: the issuer's address is the one
// that was configured. An error for a configuration that cannot be right.
func New(c Config, client *http.Client) (*Provider, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, fmt.Errorf("the OpenID issuer %q is no URL; it looks like https://accounts.example.com", c.Issuer)
	}
	if c.ClientID == "" {
		return nil, errors.New("OpenID needs the client id that the provider gave out for Carpel")
	}
	if c.Name == "" {
		c.Name = u.Host
	}
	return &Provider{config: c, client: client, now: time.Now}, nil
}

// Name is what the log-in page calls the provider.
func (p *Provider) Name() string { return p.config.Name }

// Attempt is one log-in under way. The browser keeps it in a cookie between the two steps: nobody else can end it.
type Attempt struct {
	state, nonce, verifier string
}

// String is the attempt for the cookie.
func (a Attempt) String() string { return a.state + "." + a.nonce + "." + a.verifier }

// ParseAttempt reads an attempt from the cookie; false for anything else.
func ParseAttempt(s string) (Attempt, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return Attempt{}, false
	}
	return Attempt{parts[0], parts[1], parts[2]}, true
}

func random() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Begin starts a log-in: where to send the browser, and the attempt. redirect is the address that it comes back to,
// which the provider must know.
func (p *Provider) Begin(ctx context.Context, redirect string) (string, Attempt, error) {
	_, client, err := p.discover(ctx, redirect)
	if err != nil {
		return "", Attempt{}, err
	}
	a := Attempt{state: random(), nonce: random(), verifier: oauth2.GenerateVerifier()}
	return client.AuthCodeURL(a.state, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)), a, nil
}

// Identity is whom the provider vouches for.
type Identity struct {
	Subject  string // issuer and subject: unique and permanent
	Email    string
	Verified bool // the provider says that the address is the account's
}

// End ends a log-in with what the browser brought back: it trades the code for a token and checks it.
func (p *Provider) End(ctx context.Context, redirect string, a Attempt, state, code string) (Identity, error) {
	if subtle.ConstantTimeCompare([]byte(state), []byte(a.state)) != 1 {
		return Identity{}, errors.New("the answer belongs to another attempt")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	provider, client, err := p.discover(ctx, redirect)
	if err != nil {
		return Identity{}, err
	}
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(a.verifier))
	if err != nil {
		return Identity{}, fmt.Errorf("trade the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Identity{}, errors.New("the provider sent no id_token")
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: p.config.ClientID}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, fmt.Errorf("verify the token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.nonce)) != 1 {
		return Identity{}, errors.New("the token belongs to another attempt")
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return Identity{}, fmt.Errorf("read the token: %w", err)
	}
	if claims.Email == "" { // some providers keep it out of the token
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return Identity{}, fmt.Errorf("ask for the email: %w", err)
		}
		if info.Subject == id.Subject {
			claims.Email, claims.Verified = info.Email, info.EmailVerified
		}
	}
	return Identity{Subject: id.Issuer + " " + id.Subject, Email: claims.Email, Verified: claims.Verified}, nil
}

// discover reads the provider's discovery document, once it answers, and returns it with Carpel as its client. Callers
// at the same time wait for one reading, each as long as its ctx.
func (p *Provider) discover(ctx context.Context, redirect string) (*oidc.Provider, *oauth2.Config, error) {
	d := p.begun(ctx)
	select {
	case <-d.done:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if d.err != nil {
		return nil, nil, fmt.Errorf("discover %s: %w", p.config.Name, d.err)
	}
	return d.provider, &oauth2.Config{ClientID: p.config.ClientID, ClientSecret: p.config.ClientSecret, RedirectURL: redirect,
		Endpoint: d.provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}, nil
}

// begun returns the discovery to wait for, and begins one when there was none or the last failed some time ago.
func (p *Provider) begun(ctx context.Context) *discovery {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.discovery; d != nil {
		select {
		case <-d.done:
			if d.err == nil || p.now().Sub(d.endedAt) < failureLasts {
				return d
			}
		default:
			return d
		}
	}
	d := &discovery{done: make(chan struct{})}
	p.discovery = d
	go func() { // outlives whoever asked first: the client's timeout ends it
		defer close(d.done)
		d.provider, d.err = oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.config.Issuer)
		d.endedAt = p.now()
	}()
	return d
}
