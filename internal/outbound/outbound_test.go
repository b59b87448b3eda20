package outbound_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/carpel/carpel/internal/outbound"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// TestLoopback is refused by address, by name and by every other spelling, and dialled when allowed.
func TestLoopback(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1.2.3"} {
		_, err := outbound.New(outbound.Options{}).HTTP().Get("http://" + host + ":" + port)
		var r *outbound.RefusedError
		if !errors.As(err, &r) || r.Port != 0 {
			t.Errorf("%s: %v", host, err)
		}
	}
	res, err := outbound.New(outbound.Options{Allow: loopback}).HTTP().Get("http://127.0.0.1:" + port)
	if err != nil || res.StatusCode != 200 {
		t.Errorf("allowed: %v", err)
	}
}

// names answers every question for an A record with the addresses in turn, as a name does that is bound again.
func names(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	var asked atomic.Int64
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			end := 12
			for b[end] != 0 {
				end += int(b[end]) + 1
			}
			question := b[12 : end+5]
			out := append([]byte{}, b[0], b[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
			out = append(out, question...)
			if n >= end+5 && binary.BigEndian.Uint16(b[end+1:]) == 1 {
				i := min(int(asked.Add(1)), len(answers)) - 1
				a := netip.MustParseAddr(answers[i]).As4()
				out[7] = 1
				out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				out = append(out, a[:]...)
			}
			if _, err := pc.WriteTo(out, from); err != nil {
				return
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", pc.LocalAddr().String())
	}}
}

// TestRebinding: what counts is the address that is dialled, and not one that the name had before.
func TestRebinding(t *testing.T) {
	var reached atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	resolver := names(t, "93.184.216.34", "127.0.0.1")
	addrs, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.test")
	if err != nil || addrs[0] != netip.MustParseAddr("93.184.216.34") {
		t.Fatalf("the first answer: %v, %v", addrs, err)
	}
	_, err = outbound.New(outbound.Options{Resolver: resolver}).HTTP().Get("http://rebind.test:" + port)
	var r *outbound.RefusedError
	if !errors.As(err, &r) || r.What != "loopback" || reached.Load() {
		t.Errorf("the second answer was dialled: %v", err)
	}
	if res, err := outbound.New(outbound.Options{Resolver: names(t, "127.0.0.1"), Allow: loopback}).HTTP().Get("http://rebind.test:" + port); err != nil || res.StatusCode != 200 {
		t.Errorf("allowed: %v", err)
	}
}

// TestPorts below 1024 are those of the protocol alone.
func TestPorts(t *testing.T) {
	out := outbound.New(outbound.Options{Allow: loopback})
	var r *outbound.RefusedError
	for _, port := range []string{"22", "25", "587"} {
		if _, err := out.HTTP().Get("http://127.0.0.1:" + port); !errors.As(err, &r) || r.Port == 0 {
			t.Errorf("HTTP to %s: %v", port, err)
		}
	}
	for _, port := range []string{"22", "80", "443", "0"} {
		if _, err := out.DialMail(t.Context(), "127.0.0.1", port); !errors.As(err, &r) {
			t.Errorf("mail to %s: %v", port, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	conn, err := out.DialMail(t.Context(), "127.0.0.1", port)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// TestAnswers bounds an answer's body, decompressed, follows no redirect, and speaks HTTP/2.
func TestAnswers(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			_, _ = io.WriteString(w, strings.Repeat("x", outbound.MaxResponse))
		case "/long":
			_, _ = io.WriteString(w, strings.Repeat("x", outbound.MaxResponse+1))
		case "/bomb":
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(make([]byte, 4*outbound.MaxResponse))
			z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(b.Bytes())
		case "/redirect":
			http.Redirect(w, r, "/exact", http.StatusFound)
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	out := outbound.New(outbound.Options{Allow: loopback, Roots: roots})
	defer out.CloseIdle()
	for path, want := range map[string]error{"/exact": nil, "/long": outbound.ErrTooLong, "/bomb": outbound.ErrTooLong} {
		res, err := out.HTTP().Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if !errors.Is(err, want) || len(b) > outbound.MaxResponse || res.ProtoMajor != 2 {
			t.Errorf("%s: %d bytes by HTTP/%d, %v", path, len(b), res.ProtoMajor, err)
		}
	}
	if res, err := out.HTTP().Get(s.URL + "/redirect"); err != nil || res.StatusCode != http.StatusFound {
		t.Errorf("the redirect: %v, %v", res, err)
	}
	if _, err := outbound.New(outbound.Options{Allow: loopback}).HTTP().Get(s.URL + "/exact"); err == nil {
		t.Error("a certificate of nobody was trusted")
	}
}
