package smtp_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/smtp"
)

// TestSend sends over every way to secure a connection and to log in.
func TestSend(t *testing.T) {
	login := map[string]any{"username": "carpel"}
	password := map[string]string{smtp.Password: "geheim ✓"}
	for name, row := range map[string]struct {
		change   func(*sink)
		settings map[string]any
		secrets  map[string]string
	}{
		"STARTTLS":             {nil, nil, nil},
		"STARTTLS, PLAIN":      {func(s *sink) { s.ways = []string{"PLAIN", "LOGIN"} }, login, password},
		"STARTTLS, LOGIN":      {func(s *sink) { s.ways = []string{"LOGIN"} }, login, password},
		"in the clear":         {func(s *sink) { s.TLSConfig = nil }, map[string]any{"tls": "none"}, nil},
		"with names of others": {nil, map[string]any{"hello": "out.example.com", "return_path": "bounces.example.com"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t, row.change)
			c := channel(t, s.roots, s.port, row.settings, row.secrets)
			if err := c.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			o := c.Send(t.Context(), email("abc"))
			if o.Result != delivery.Accepted {
				t.Fatal(o)
			}
			want := received{from: "news@example.com", to: "ann@example.org", hello: "example.com"}
			if row.settings["hello"] != nil {
				want.from, want.hello = "bounce+abc@bounces.example.com", "out.example.com"
			}
			got := s.messages()
			if len(got) != 1 || got[0].from != want.from || got[0].to != want.to || got[0].hello != want.hello || !strings.Contains(got[0].raw, "\r\nMessage-ID: <dlv_abc@example.com>\r\n") {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("implicit TLS", func(t *testing.T) { // the scripted server of the library speaks it on a listener of its own
		s := newSink(t, nil)
		l := tlsListener(t, s)
		c := channel(t, s.roots, l, map[string]any{"tls": "implicit"}, nil)
		if o := c.Send(t.Context(), email("abc")); o.Result != delivery.Accepted || len(s.messages()) != 1 {
			t.Error(o)
		}
	})
}

// TestSetUp has what keeps a message from being handed over: whose fault it is, and that nothing went out.
func TestSetUp(t *testing.T) {
	login := map[string]any{"username": "carpel"}
	for name, row := range map[string]struct {
		change   func(*sink)
		settings map[string]any
		secrets  map[string]string
		trusted  bool
		pointer  string
		says     string
	}{
		"no STARTTLS":           {func(s *sink) { s.TLSConfig = nil }, nil, nil, true, "/settings/tls", "nothing is sent in the clear"},
		"a foreign certificate": {nil, nil, nil, false, "/settings/host", "certificate"},
		"a wrong password":      {func(s *sink) { s.ways = []string{"PLAIN"} }, login, map[string]string{smtp.Password: "other"}, true, "/secrets/password", "535"},
		"no log-in":             {nil, login, map[string]string{smtp.Password: "geheim ✓"}, true, "/settings/username", "offers no log-in"},
		"TLS at the wrong port": {nil, map[string]any{"tls": "implicit"}, nil, true, "/settings/host", "handshake"},
		"a name of nobody":      {nil, map[string]any{"host": "nobody.invalid"}, nil, true, "/settings/host", "no such host"},
		"a port of HTTP":        {nil, map[string]any{"port": 80}, nil, true, "/settings/host", "port 80"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t, row.change)
			roots := s.roots
			if !row.trusted {
				_, roots = certificate(t)
			}
			c := channel(t, roots, s.port, row.settings, row.secrets)
			o := c.Send(t.Context(), email("abc"))
			if o.Result != delivery.Failed || !strings.Contains(o.Detail, row.says) || len(s.messages()) > 0 {
				t.Errorf("%+v", o)
			}
			err, ok := c.Check(t.Context()).(*carpel.Error)
			if !ok || err.Pointer != row.pointer || !strings.Contains(err.Message, row.says) {
				t.Errorf("%+v", err)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		s := newScript(t, func(int, string) string { return "" })
		c := channel(t, nil, s.port, map[string]any{"tls": "none", "port": unused(t)}, nil)
		if o := c.Send(t.Context(), email("abc")); o.Result != delivery.Deferred {
			t.Error(o)
		}
	})
}

// TestReplies has what a server may answer at each step, and what comes of it.
func TestReplies(t *testing.T) {
	for name, row := range map[string]struct {
		verb, says string
		want       delivery.Result
		after      time.Duration
	}{
		"taken":                       {".", "250 2.0.0 Ok: queued as 4F", delivery.Accepted, 0},
		"busy at the greeting":        {"", "421 4.3.2 too many connections, try again in 10 minutes", delivery.Deferred, 10 * time.Minute},
		"banned":                      {"", "554 5.7.1 your address is on a list", delivery.Failed, 0},
		"no SMTP":                     {"", "HTTP/1.1 400 Bad Request", delivery.Deferred, 0},
		"EHLO refused":                {"EHLO", "550 who are you", delivery.Failed, 0},
		"sender slowed":               {"MAIL", "451 4.7.1 slow down", delivery.Deferred, 0},
		"sender refused":              {"MAIL", "550 5.7.1 you may not send as this", delivery.Failed, 0},
		"log-in asked":                {"MAIL", "530 5.7.0 authentication required", delivery.Failed, 0},
		"too large":                   {"MAIL", "552 5.3.4 message too big", delivery.Refused, 0},
		"no such user":                {"RCPT", "550 5.1.1 no such user", delivery.Bounced, 0},
		"no such user, many lines":    {"RCPT", "550-5.1.1 The account does not exist.\r\n550 5.1.1 See https://example.com", delivery.Bounced, 0},
		"no such domain":              {"RCPT", "550 5.1.2 bad destination", delivery.Bounced, 0},
		"null MX":                     {"RCPT", "556 5.1.10 null MX", delivery.Bounced, 0},
		"disabled":                    {"RCPT", "550 5.2.1 disabled", delivery.Bounced, 0},
		"no such user, old words":     {"RCPT", "550 unknown user", delivery.Bounced, 0},
		"no such user, Microsoft's":   {"RCPT", "550 5.4.1 Recipient address rejected: Access denied", delivery.Bounced, 0},
		"policy":                      {"RCPT", "550 5.7.1 blocked by policy", delivery.Refused, 0},
		"relaying":                    {"RCPT", "554 5.7.1 relay access denied", delivery.Refused, 0},
		"full for ever":               {"RCPT", "552 5.2.2 mailbox full", delivery.Refused, 0},
		"full":                        {"RCPT", "452 4.2.2 mailbox full", delivery.Deferred, 0},
		"greylisted":                  {"RCPT", "450 4.2.0 Greylisted, please try again in 300 seconds", delivery.Deferred, 5 * time.Minute},
		"a code that does not belong": {"RCPT", "450 5.1.1 not sure", delivery.Deferred, 0},
		"no data":                     {"DATA", "451 4.3.0 no", delivery.Deferred, 0},
		"spam":                        {".", "554 5.7.1 spam", delivery.Refused, 0},
		"550 of the content":          {".", "550 rejected", delivery.Refused, 0},
		"no such user, late":          {".", "550 5.1.1 no such user", delivery.Bounced, 0},
		"no space":                    {".", "452 4.3.1 no space", delivery.Deferred, 0},
		"421 to the message":          {".", "421 4.3.0 going down", delivery.Deferred, 0},
		"broken before the dot":       {"DATA", "close", delivery.Deferred, 0},
		"broken at RCPT":              {"RCPT", "close", delivery.Deferred, 0},
		"broken after the dot":        {".", "close", delivery.Uncertain, 0},
		"nonsense after the dot":      {".", "hello?", delivery.Uncertain, 0},
		"an endless reply":            {"RCPT", strings.Repeat("250-more\r\n", 100) + "250 end", delivery.Deferred, 0},
		"an endless line":             {"RCPT", "250 " + strings.Repeat("x", 1<<16), delivery.Deferred, 0},
	} {
		for _, pipelining := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, pipelining %v", name, pipelining), func(t *testing.T) {
				s := newScript(t, func(_ int, verb string) string {
					switch {
					case verb == row.verb:
						return row.says
					case verb == "EHLO" && pipelining:
						return "250-script\r\n250-SIZE 1000000\r\n250 PIPELINING"
					}
					return ""
				})
				c := channel(t, nil, s.port, map[string]any{"tls": "none"}, nil)
				o := c.Send(t.Context(), email("abc"))
				if o.Result != row.want || o.RetryAfter != row.after || len(o.Detail) > 1000 || o.Detail == "" {
					t.Errorf("%+v", o)
				}
				if strings.Contains(o.Detail, "ann@") {
					t.Errorf("the detail holds an address of ours: %s", o.Detail)
				}
			})
		}
	}
}

// TestReuse sends many messages over few connections, RSETs what was refused, and ends a connection after its share.
func TestReuse(t *testing.T) {
	s := newSink(t, nil)
	c := channel(t, s.roots, s.port, map[string]any{"connections": 2, "messages": 10}, nil)
	var work sync.WaitGroup
	for i := range 40 {
		work.Go(func() {
			m, want := email(fmt.Sprint(i)), delivery.Accepted
			if i%4 == 0 {
				m.Email.To, want = "nobody@example.org", delivery.Bounced
			}
			if o := c.Send(t.Context(), m); o.Result != want {
				t.Errorf("%d: %+v", i, o)
			}
		})
	}
	work.Wait()
	if n := len(s.messages()); n != 30 || s.sessions < 2*4 || s.sessions > 2*6 {
		t.Errorf("%d messages in %d sessions", n, s.sessions)
	}
}

// TestStale: a connection that the server ended while it was idle is replaced, without a word.
func TestStale(t *testing.T) {
	for name, parting := range map[string]string{"with 421": "421 4.4.2 idle for too long", "without a word": "close"} {
		t.Run(name, func(t *testing.T) {
			var mails atomic.Int64 // of all connections
			s := newScript(t, func(_ int, verb string) string {
				if verb == "MAIL" && mails.Add(1) == 2 {
					return parting
				}
				return ""
			})
			c := channel(t, nil, s.port, map[string]any{"tls": "none"}, nil)
			for i := range 3 {
				if o := c.Send(t.Context(), email(fmt.Sprint(i))); o.Result != delivery.Accepted {
					t.Errorf("%d: %+v", i, o)
				}
			}
			if s.connections != 2 {
				t.Errorf("%d connections", s.connections)
			}
		})
	}
}

// TestStopped: who stops waiting before the dot has sent nothing, and after it does not know.
func TestStopped(t *testing.T) {
	for verb, want := range map[string]delivery.Result{"": delivery.Deferred, "RCPT": delivery.Deferred, ".": delivery.Uncertain} {
		ctx, stop := context.WithCancel(t.Context())
		s := newScript(t, func(_ int, at string) string {
			if at == verb {
				stop()
				<-ctx.Done()
				return "close"
			}
			return ""
		})
		c := channel(t, nil, s.port, map[string]any{"tls": "none"}, nil)
		if o := c.Send(ctx, email("abc")); o.Result != want {
			t.Errorf("at %q: %+v", verb, o)
		}
	}
}

// TestUTF8 sends to addresses that are not ASCII: the domain in its ASCII form, the local part only where the server takes
// it.
func TestUTF8(t *testing.T) {
	for _, takes := range []bool{true, false} {
		s := newSink(t, func(s *sink) { s.EnableSMTPUTF8 = takes })
		c := channel(t, s.roots, s.port, nil, nil)
		for to, want := range map[string]string{"ann@bücher.example": "ann@xn--bcher-kva.example", "用户@例え.jp": "用户@xn--r8jz45g.jp"} {
			before := len(s.messages())
			m := email("abc")
			m.Email.To = to
			o := c.Send(t.Context(), m)
			if !takes && strings.HasPrefix(to, "用") {
				if o.Result != delivery.Refused || !strings.Contains(o.Detail, "SMTPUTF8") {
					t.Errorf("%s: %+v", to, o)
				}
				continue
			}
			got := s.messages()[before:]
			if o.Result != delivery.Accepted || len(got) != 1 || got[0].to != want || !strings.Contains(got[0].raw, "\r\nTo: "+want+"\r\n") {
				t.Errorf("%s: %+v, %+v", to, o, got)
			}
		}
	}
}

// TestSettings are refused with a pointer at what is wrong.
func TestSettings(t *testing.T) {
	keys, err := smtp.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	fine := map[string]any{"host": "mail.example.com", "from": "news@example.com"}
	for _, row := range []struct {
		settings map[string]any
		secrets  map[string]string
		pointer  string
	}{
		{map[string]any{"host": ""}, nil, "/settings/host"}, {map[string]any{"host": "a b"}, nil, "/settings/host"}, {map[string]any{"host": "mail.example.com\r\nQUIT"}, nil, "/settings/host"},
		{map[string]any{"host": 5}, nil, "/settings/host"}, {map[string]any{"hosst": "x"}, nil, "/settings/hosst"}, {map[string]any{"port": 70000}, nil, "/settings/port"}, {map[string]any{"port": "25"}, nil, "/settings/port"},
		{map[string]any{"from": ""}, nil, "/settings/from"}, {map[string]any{"from": "A <a@b\r\nBcc: c@d>"}, nil, "/settings/from"}, {map[string]any{"tls": "maybe"}, nil, "/settings/tls"},
		{map[string]any{"tls": "none", "username": "x"}, nil, "/settings/tls"}, {map[string]any{"hello": "x\r\nY"}, nil, "/settings/hello"}, {map[string]any{"return_path": "a@b"}, nil, "/settings/return_path"},
		{map[string]any{"connections": 51}, nil, "/settings/connections"}, {map[string]any{"messages": -1}, nil, "/settings/messages"}, {map[string]any{"dkim_domain": "example.com"}, nil, "/secrets/dkim_rsa"},
		{nil, map[string]string{smtp.DKIMRSA: keys[smtp.DKIMRSA]}, "/settings/dkim_domain"}, {map[string]any{"dkim_domain": "example.com"}, map[string]string{smtp.DKIMRSA: "x"}, "/secrets/dkim_rsa"},
		{map[string]any{"dkim_domain": "example.com"}, map[string]string{smtp.DKIMRSA: keys[smtp.DKIMEd25519]}, "/secrets/dkim_rsa"}, {map[string]any{"dkim_domain": "example.com", "dkim_selector": "a.b"}, keys, "/settings/dkim_selector"},
		{nil, map[string]string{"passwort": "x"}, "/secrets/passwort"},
		{nil, nil, ""}, {map[string]any{"dkim_domain": "example.com"}, keys, ""}, {map[string]any{"host": "192.0.2.1"}, nil, ""}, {map[string]any{"host": "bücher.example"}, nil, ""},
	} {
		all := map[string]any{}
		for k, v := range fine {
			all[k] = v
		}
		for k, v := range row.settings {
			all[k] = v
		}
		_, err := smtp.Open(carpel.Channel{Settings: all}, row.secrets, smtp.Options{})
		var e *carpel.Error
		if err != nil {
			e = err.(*carpel.Error)
		}
		if (e == nil) != (row.pointer == "") || e != nil && e.Pointer != row.pointer {
			t.Errorf("%v: %v", row.settings, err)
		}
	}
}
