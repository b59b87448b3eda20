package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel/internal/server"
)

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::1/128")}

// What a handler sees of a request, by who brings it and what they say of whom it is from.
func TestTrustedProxy(t *testing.T) {
	type seen struct{ Address, Host, Proto string }
	const port = ":0"
	for _, c := range []struct {
		name, peer string
		header     http.Header
		want       seen
	}{
		{"directly", "192.0.2.9:7", nil, seen{"192.0.2.9:7", "carpel.example", ""}},
		{"by the proxy", "10.1.2.3:7", http.Header{"X-Forwarded-For": {"192.0.2.9"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"data.example:8443"}},
			seen{"192.0.2.9" + port, "data.example:8443", "https"}},
		{"spoofed", "192.0.2.9:7", http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"}},
			seen{"192.0.2.9:7", "carpel.example", ""}},
		{"spoofed as the proxy", "192.0.2.9:7", http.Header{"X-Forwarded-For": {"10.1.2.3"}}, seen{"192.0.2.9:7", "carpel.example", ""}},
		{"spoofed through the proxy", "10.1.2.3:7", http.Header{"X-Forwarded-For": {"198.51.100.1, 192.0.2.9"}, "X-Forwarded-Proto": {"http, http"}},
			seen{"192.0.2.9" + port, "carpel.example", ""}},
		{"spoofed in a line of its own", "10.1.2.3:7", http.Header{"X-Forwarded-For": {"198.51.100.1", "192.0.2.9"}}, seen{"192.0.2.9" + port, "carpel.example", ""}},
		{"by two proxies", "10.1.2.3:7", http.Header{"X-Forwarded-For": {"198.51.100.1, 192.0.2.9, 2001:db8::1"}}, seen{"192.0.2.9" + port, "carpel.example", ""}},
		{"by IPv6", "[2001:db8::1]:7", http.Header{"X-Forwarded-For": {"[2001:db8:7::9]:443"}}, seen{"[2001:db8:7::9]" + port, "carpel.example", ""}},
		{"by IPv4 in IPv6", "[::ffff:10.1.2.3]:7", http.Header{"X-Forwarded-For": {"::ffff:192.0.2.9"}}, seen{"192.0.2.9" + port, "carpel.example", ""}},
		{"nonsense", "10.1.2.3:7", http.Header{"X-Forwarded-For": {"192.0.2.9, unknown"}, "X-Forwarded-Proto": {"ftp"}, "X-Forwarded-Host": {"a b/c"}},
			seen{"10.1.2.3:7", "carpel.example", ""}},
		{"in this process", "", http.Header{"X-Forwarded-For": {"198.51.100.1"}}, seen{"", "carpel.example", ""}},
	} {
		var got seen
		h := server.Behind(proxies, slog.New(slog.DiscardHandler), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = seen{r.RemoteAddr, r.Host, r.Header.Get("X-Forwarded-Proto")}
			if r.Header["X-Forwarded-For"] != nil || r.Header["X-Forwarded-Host"] != nil {
				t.Errorf("%s: the handler sees %v", c.name, r.Header)
			}
		}))
		r := httptest.NewRequest("GET", "http://carpel.example/", nil)
		r.RemoteAddr = c.peer
		for name, lines := range c.header {
			r.Header[name] = lines
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// from is a client at an address, with headers in pairs.
func from(h http.Handler, peer string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = peer
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		h.ServeHTTP(w, r)
	})
}

// On a server: who sends made-up headers is one address for the limit of log-ins and gets addresses of the server that are
// true; users behind the proxy are apart. The log tells of headers that nobody believes, once, and not whose they are.
func TestSpoofedProxy(t *testing.T) {
	var log bytes.Buffer
	s := open(t, func(c *server.Config) {
		c.TrustedProxies, c.Log = proxies, slog.New(slog.NewTextHandler(&log, nil))
		c.Now = func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) } // attempts are counted by quarters of an hour
	})
	where := func(h http.Handler) string {
		a := client{t, h, ""}.want(200, "GET /v1/projects/"+writeKey+"/settings", nil)
		var out struct {
			Integrations map[string]struct{ Protocol, APIHost string }
		}
		if err := json.Unmarshal(a.body, &out); err != nil {
			t.Fatal(err)
		}
		to := out.Integrations["Segment.io"]
		return to.Protocol + " " + to.APIHost
	}
	told := []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "data.example"}
	if got := where(from(s, "192.0.2.9:1", told...)); got != "http example.com/v1" {
		t.Errorf("a stranger's browser is told to send to %s", got)
	}
	if got := where(from(s, "10.0.0.1:1", told...)); got != "https data.example/v1" {
		t.Errorf("a browser behind the proxy is told to send to %s", got)
	}
	// An account that does not exist for each guess: only the address is the same.
	guess := func(h http.Handler, n int) int {
		return client{t, h, ""}.do("POST /api/session", map[string]string{"email": fmt.Sprintf("u%d@example.com", n), "password": "a guess"}).status
	}
	for n := range 50 {
		if status := guess(from(s, "192.0.2.9:1", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", n)), n); status != 401 {
			t.Fatalf("guess %d: %d", n, status)
		}
	}
	if status := guess(from(s, "192.0.2.9:2", "X-Forwarded-For", "198.51.100.200"), 50); status != 429 {
		t.Errorf("the guess behind the limit: %d", status)
	}
	if status := guess(from(s, "10.0.0.1:1", "X-Forwarded-For", "192.0.2.9"), 51); status != 429 {
		t.Errorf("the same address behind the proxy: %d", status)
	}
	if status := guess(from(s, "10.0.0.1:1", "X-Forwarded-For", "192.0.2.10"), 52); status != 401 {
		t.Errorf("another behind the proxy: %d", status)
	}
	if said := log.String(); strings.Count(said, "--trusted-proxy") != 1 || strings.Contains(said, "192.0.2.9") {
		t.Errorf("the log says %s", said)
	}
}
