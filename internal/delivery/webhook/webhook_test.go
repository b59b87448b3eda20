package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/delivery/webhook"
	"github.com/carpel/carpel/internal/outbound"
)

var allowed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func open(t *testing.T, secrets map[string]string) *webhook.Channel {
	t.Helper()
	out := outbound.New(outbound.Options{Allow: allowed})
	t.Cleanup(out.CloseIdle)
	c, err := webhook.Open(carpel.Channel{}, secrets, webhook.Options{Outbound: out, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSignature is read by the reference library: with the secret, and while they rotate with the old one as well.
func TestSignature(t *testing.T) {
	secret, previous := webhook.NewSecret(), webhook.NewSecret()
	verify := func(secret string, body []byte, h http.Header) error {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		return wh.Verify(body, h)
	}
	var headers http.Header
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		headers = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
	}))
	defer s.Close()
	m := &carpel.Message{Delivery: "dlv_abc", Webhook: &carpel.WebhookMessage{Method: "PUT", URL: s.URL, Body: []byte(`{"name":"Ännchen"}`),
		Headers: map[string]string{"X-Own": "1", "webhook-signature": "v1,forged", "Webhook-ID": "other"}}}
	if o := open(t, map[string]string{webhook.Secret: secret, webhook.PreviousSecret: previous}).Send(t.Context(), m); o.Result != delivery.Accepted {
		t.Fatal(o)
	}
	for _, known := range []string{secret, previous} {
		if err := verify(known, body, headers); err != nil {
			t.Error(err)
		}
	}
	if verify(webhook.NewSecret(), body, headers) == nil || verify(secret, append(body, ' '), headers) == nil {
		t.Error("another secret or another body verifies")
	}
	if headers.Get("Webhook-Id") != "dlv_abc" || headers.Get("X-Own") != "1" || headers.Get("Content-Type") != "application/json" || strings.Contains(headers.Get("Webhook-Signature"), "forged") {
		t.Errorf("headers: %v", headers)
	}
	if o := open(t, nil).Send(t.Context(), m); o.Result != delivery.Accepted || headers.Get("Webhook-Signature") != "" {
		t.Errorf("without a secret: %v, %v", o, headers)
	}
	// The example of the specification.
	at := time.Unix(1614265330, 0)
	if got := webhook.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232314}`)); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}

// TestOutcomes has what each answer means.
func TestOutcomes(t *testing.T) {
	now := time.Now()
	for name, row := range map[string]struct {
		answer http.HandlerFunc
		want   delivery.Result
		after  time.Duration
		says   string
	}{
		"200":             {status(200, ""), delivery.Accepted, 0, "200 OK"},
		"204":             {status(204, ""), delivery.Accepted, 0, "204"},
		"a redirect":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/200", 307) }, delivery.Refused, 0, "307"},
		"400":             {status(400, ""), delivery.Refused, 0, "400 Bad Request no\x20thanks"},
		"401":             {status(401, ""), delivery.Refused, 0, "401"},
		"408":             {status(408, ""), delivery.Deferred, 0, "408"},
		"410":             {status(410, ""), delivery.Refused, 0, "gone: 410"},
		"429 in seconds":  {status(429, "17"), delivery.Deferred, 17 * time.Second, "429"},
		"429 without":     {status(429, ""), delivery.Deferred, 0, "429"},
		"503 by date":     {status(503, now.Add(time.Hour).UTC().Format(http.TimeFormat)), delivery.Deferred, time.Hour, "503"},
		"503 in the past": {status(503, now.Add(-time.Hour).UTC().Format(http.TimeFormat)), delivery.Deferred, 0, "503"},
		"503 for ever":    {status(503, "99999999999"), delivery.Deferred, 72 * time.Hour, "503"},
		"503 minus":       {status(503, "-5"), delivery.Deferred, 0, "503"},
		"503 nonsense":    {status(503, "soon"), delivery.Deferred, 0, "503"},
		"500":             {status(500, ""), delivery.Deferred, 0, "500"},
		"no answer":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, delivery.Uncertain, 0, "no answer: EOF"},
		"endless words": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat("é\x00\xff\n", 1<<20)))
		}, delivery.Accepted, 0, "200 OK é é"},
		"a broken off one": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("x"))
		}, delivery.Accepted, 0, "200 OK x"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(row.answer)
			defer s.Close()
			o := open(t, nil).Send(t.Context(), &carpel.Message{Delivery: "dlv_1", Webhook: &carpel.WebhookMessage{URL: s.URL + "/hook?secret=ann@example.com", Body: []byte("{}")}})
			if o.Result != row.want || !strings.HasPrefix(o.Detail, row.says) || len(o.Detail) > 1000 || strings.Contains(o.Detail, "ann@") {
				t.Errorf("%d %q", o.Result, o.Detail)
			}
			if diff := o.RetryAfter - row.after; diff < -2*time.Second || diff > 2*time.Second {
				t.Errorf("after %s, not %s", o.RetryAfter, row.after)
			}
		})
	}
}

func status(code int, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(code)
		if code >= 400 {
			_, _ = io.WriteString(w, "no\r\n\tthanks")
		}
	}
}

// TestUnreachable is deferred when nobody listens, and refused when it is no address for us.
func TestUnreachable(t *testing.T) {
	s := httptest.NewServer(status(200, ""))
	url := s.URL
	s.Close()
	out := outbound.New(outbound.Options{})
	strict, err := webhook.Open(carpel.Channel{}, nil, webhook.Options{Outbound: out, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		channel *webhook.Channel
		url     string
		want    delivery.Result
	}{{open(t, nil), url, delivery.Deferred}, {strict, url, delivery.Refused}, {strict, "http://169.254.169.254/latest/meta-data", delivery.Refused},
		{strict, "ftp://example.com", delivery.Refused}, {strict, "example.com", delivery.Refused}, {strict, "http://\n", delivery.Refused}, {strict, "https://example.com:22", delivery.Refused}} {
		if o := row.channel.Send(t.Context(), &carpel.Message{Webhook: &carpel.WebhookMessage{URL: row.url}}); o.Result != row.want || strings.Contains(o.Detail, "169.254") {
			t.Errorf("%q: %v", row.url, o)
		}
	}
}

// TestHeaders that are none, or not the message's to set, are refused before anything is dialled.
func TestHeaders(t *testing.T) {
	c := open(t, nil)
	for name, value := range map[string]string{"": "x", "a b": "x", "X\r\nY": "x", "X:": "x", "Ä": "x", "Host": "internal", "content-length": "1", "Transfer-Encoding": "chunked", "X": "a\r\nY: b", "Z": "\x00"} {
		o := c.Send(t.Context(), &carpel.Message{Webhook: &carpel.WebhookMessage{URL: "http://127.0.0.1:1", Headers: map[string]string{name: value}}})
		if o.Result != delivery.Refused || !strings.Contains(o.Detail, "header") {
			t.Errorf("%q: %q: %v", name, value, o)
		}
	}
}

func TestCheckSecret(t *testing.T) {
	for secret, fine := range map[string]bool{webhook.NewSecret(): true, "": false, "whsec_": false, "whsec_AAAA": false, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA": false, "whsec_!" + strings.Repeat("A", 40): false, "whsec_" + strings.Repeat("A", 200): false} {
		if err := webhook.CheckSecret(secret); (err == nil) != fine {
			t.Errorf("%q: %v", secret, err)
		}
	}
}
