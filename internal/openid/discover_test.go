package openid

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/outbound"
)

// at is a provider at the address of a handler, with a clock that stands.
func at(t *testing.T, h http.HandlerFunc) (*Provider, *time.Time) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	p, err := New(Config{Issuer: s.URL, ClientID: "carpel"}, outbound.New(outbound.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}).HTTP())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	p.now = func() time.Time { return now }
	return p, &now
}

// Who goes away does not wait for the provider, and the others wait for one answer.
func TestDiscoverTogether(t *testing.T) {
	var asked atomic.Int64
	answer := make(chan struct{})
	p, _ := at(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-answer
		_, _ = w.Write([]byte(`{"issuer":"http://` + r.Host + `","authorization_endpoint":"http://` + r.Host + `/authorize"}`))
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := p.Begin(gone, "http://carpel/return"); !errors.Is(err, context.Canceled) {
		t.Errorf("who went away got %v", err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := p.Begin(t.Context(), "http://carpel/return"); err != nil {
				t.Error(err)
			}
		})
	}
	close(answer)
	wg.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// A provider that does not answer is left alone for some seconds.
func TestDiscoverFailure(t *testing.T) {
	var asked atomic.Int64
	p, now := at(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	})
	for _, want := range []int64{1, 1, 2} {
		if want == 2 {
			*now = now.Add(failureLasts)
		}
		if _, _, err := p.Begin(t.Context(), "http://carpel/return"); err == nil || asked.Load() != want {
			t.Errorf("asked %d times, want %d: %v", asked.Load(), want, err)
		}
	}
}

func TestDiscoverNoRedirect(t *testing.T) {
	var followed atomic.Bool
	p, _ := at(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			followed.Store(true)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	if _, _, err := p.Begin(t.Context(), "http://carpel/return"); err == nil || followed.Load() {
		t.Errorf("a redirect was followed: %v", err)
	}
}
