package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/server"
)

// loopback lets a server dial services of a test.
func loopback(c *server.Config) {
	c.OutboundAllow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// mailServer takes mail at a port of this machine, in the clear and without a log-in.
func mailServer(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return mailSession{}, nil }))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() { s.Close(); l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).Port
}

type mailSession struct{}

func (mailSession) Reset()                                 {}
func (mailSession) Logout() error                          { return nil }
func (mailSession) Mail(string, *gosmtp.MailOptions) error { return nil }
func (mailSession) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (mailSession) Data(r io.Reader) error                 { _, err := io.Copy(io.Discard, r); return err }

// TestChannels are made, tried, changed and taken away; their secrets never come back, and lie on no disk in the clear.
func TestChannels(t *testing.T) {
	s := open(t, func(c *server.Config) {
		loopback(c)
		c.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no DNS here") }}
	})
	c := client{t, s, adminKey}
	const password = "correct horse battery staple"
	settings := map[string]any{"host": "127.0.0.1", "port": mailServer(t), "tls": "none", "from": "News <news@example.com>", "dkim_domain": "example.com", "rate": 50}
	made := c.want(201, "POST /api/channels", map[string]any{"provider": "smtp", "name": "Mail", "on": true, "settings": settings, "secrets": map[string]string{"password": password}})
	id := made.get("id").(string)
	if made.get("kind") != "email" || made.get("on") != true || made.get("has.0") != "dkim_ed25519" || made.get("has.1") != "dkim_rsa" || made.get("has.2") != "password" {
		t.Errorf("%s", made.body)
	}
	if a := c.want(200, "POST /api/channels/"+id+"/check", nil); a.get("ok") != true {
		t.Errorf("the check: %s", a.body)
	}

	// Of one provider one is on at a time.
	second := c.want(201, "POST /api/channels", map[string]any{"provider": "smtp", "settings": map[string]any{"host": "127.0.0.1", "port": 1, "tls": "none", "from": "a@example.com"}}).get("id").(string)
	if a := c.want(409, "PUT /api/channels/"+second, map[string]any{"on": true}); a.get("pointer") != "/on" {
		t.Errorf("two are on: %s", a.body)
	}
	c.want(200, "PUT /api/channels/"+id, map[string]any{"on": false})
	c.want(200, "PUT /api/channels/"+second, map[string]any{"on": true})
	if a := c.want(200, "POST /api/channels/"+second+"/check", nil); a.get("ok") != false || a.get("pointer") != "/settings/host" {
		t.Errorf("nobody listens: %s", a.body)
	}

	// A password is not turned to another server, nor to another name.
	for name, value := range map[string]any{"host": "evil.example.com", "port": 26, "username": "x"} {
		other := map[string]any{}
		for k, v := range settings {
			other[k] = v
		}
		other[name] = value
		if name == "username" {
			other["tls"] = "starttls"
		}
		if a := c.want(400, "PUT /api/channels/"+id, map[string]any{"settings": other}); a.get("pointer") != "/secrets/password" {
			t.Errorf("%s: %s", name, a.body)
		}
		if a := c.want(200, "GET /api/channels/"+id, nil); a.get("settings."+name) == value {
			t.Errorf("%s was changed: %s", name, a.body)
		}
	}
	before := c.want(200, "GET /api/channels/"+id, nil)
	settings["from"] = "Other <other@example.com>"
	c.want(200, "PUT /api/channels/"+id, map[string]any{"settings": settings}, "If-Match", before.header.Get("ETag"))
	c.want(412, "PUT /api/channels/"+id, map[string]any{"name": "x"}, "If-Match", before.header.Get("ETag"))

	// What is wrong is told by its place, and leaves no channel.
	for pointer, body := range map[string]map[string]any{
		"/settings/host":      {"provider": "smtp", "settings": map[string]any{"from": "a@example.com"}},
		"/settings/rate":      {"provider": "smtp", "settings": map[string]any{"rate": -1}},
		"/settings/hosts":     {"provider": "smtp", "settings": map[string]any{"hosts": "x"}},
		"/secrets/passwort":   {"provider": "smtp", "settings": settings, "secrets": map[string]string{"passwort": "x"}},
		"/secrets/secret":     {"provider": "webhook", "secrets": map[string]string{"secret": "short"}},
		"/settings/something": {"provider": "webhook", "settings": map[string]any{"something": 1}},
	} {
		if a := c.want(400, "POST /api/channels", body); a.get("pointer") != pointer {
			t.Errorf("%s: %s", pointer, a.body)
		}
	}
	if a := c.do("POST /api/channels", map[string]any{"provider": "sandbox"}); a.status < 400 {
		t.Errorf("another sandbox: %s", a.body)
	}

	// The secret of webhooks is shown once, also to who repeats the call.
	hook := c.want(201, "POST /api/channels", map[string]any{"provider": "webhook"}, "Idempotency-Key", "k1")
	secret, _ := hook.get("secret").(string)
	again := c.want(201, "POST /api/channels", map[string]any{"provider": "webhook"}, "Idempotency-Key", "k1")
	if !strings.HasPrefix(secret, "whsec_") || bytes.Contains(again.body, []byte(secret)) || again.get("id") != hook.get("id") {
		t.Errorf("%s, then %s", hook.body, again.body)
	}
	hookID := hook.get("id").(string)
	if a := c.want(200, "PUT /api/channels/"+hookID, map[string]any{"secrets": map[string]string{"secret": "whsec_" + strings.Repeat("A", 32)}}); a.get("has.0") != "previous_secret" || a.get("has.1") != "secret" {
		t.Errorf("both sign while they rotate: %s", a.body)
	}
	if a := c.want(200, "PUT /api/channels/"+hookID, map[string]any{"secrets": map[string]string{"previous_secret": ""}}); a.get("has.1") != nil {
		t.Errorf("the old one is taken away: %s", a.body)
	}

	// A key of web push is made, and its public half shown.
	web := c.want(201, "POST /api/channels", map[string]any{"provider": "webpush", "settings": map[string]any{"subject": "mailto:push@example.com"}})
	public, _ := web.get("settings.public_key").(string)
	if a := c.want(200, "PUT /api/channels/"+web.get("id").(string), map[string]any{"on": true, "settings": map[string]any{"subject": "https://example.com", "public_key": "x"}}); len(public) != 87 || a.get("settings.public_key") != public || a.get("has.0") != "vapid_key" {
		t.Errorf("%s, then %s", web.body, a.body)
	}
	c.want(204, "DELETE /api/channels/"+web.get("id").(string), nil)
	// Without an answer of the DNS nothing is said to be missing.
	dns := c.want(200, "GET /api/channels/dns", nil)
	if dns.get("records.0.name") != "example.com" || dns.get("records.0.state") != "unknown" || dns.get("records.0.add") != nil || dns.get("records.1.name") != "_dmarc.example.com" {
		t.Errorf("%s", dns.body)
	}
	c.want(400, "GET /api/channels/dns?domain=no+domain", nil)

	c.want(204, "DELETE /api/channels/"+second, nil)
	c.want(404, "GET /api/channels/"+second, nil)
	list := c.want(200, "GET /api/channels", nil)
	if list.get("channels.0.id") != id || list.get("channels.1.id") != hookID || list.get("channels.2") != nil {
		t.Errorf("%s", list.body)
	}
	everything := append(list.body, c.want(200, "GET /api/audit", nil).body...)
	for _, hidden := range []string{password, secret, "PRIVATE KEY"} {
		if bytes.Contains(everything, []byte(hidden)) {
			t.Errorf("%.10q… is shown", hidden)
		}
	}
	for _, name := range []string{"records.db", "records.db-wal"} {
		b, err := os.ReadFile(filepath.Join(s.Data(), name))
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{password, secret, "PRIVATE KEY"} {
			if bytes.Contains(b, []byte(hidden)) {
				t.Errorf("%.10q… stands in %s", hidden, name)
			}
		}
	}
}

// TestRingMissing: records with something sealed are not opened with a new ring, and a check of such a backup says so.
func TestRingMissing(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	c.want(201, "POST /api/channels", map[string]any{"provider": "webhook"})
	backup := filepath.Join(t.TempDir(), "backup")
	c.want(204, "POST /api/backup", map[string]string{"directory": backup})
	data := filepath.Join(t.TempDir(), "data")
	if _, err := server.Restore(backup, data); err != nil {
		t.Fatal(err)
	}
	ring := filepath.Join(data, "secrets.json")
	kept, err := os.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(ring); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Open(t.Context(), server.Config{Data: data, MemoryMB: 64, MinFreeMB: 1}); carpel.ErrorCode(err) != carpel.CodeConflict || !strings.Contains(err.Error(), "secrets.json") {
		t.Errorf("opened without its ring: %v", err)
	}
	if _, err := os.Stat(ring); err == nil {
		t.Error("a new ring was made")
	}
	if err := os.WriteFile(ring, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	restored := client{t, open(t, func(c *server.Config) { c.Data = data }), adminKey}
	if a := restored.want(200, "GET /api/channels", nil); a.get("channels.0.has.0") != "secret" {
		t.Errorf("%s", a.body)
	}
	if err := os.Remove(filepath.Join(backup, "secrets.json")); err != nil {
		t.Fatal(err)
	}
	if check, err := server.CheckBackup(t.Context(), backup); err != nil || len(check.Problems) != 1 || !strings.Contains(check.Problems[0], "secrets.json") {
		t.Errorf("the check of a backup without its ring: %+v, %v", check, err)
	}
}
