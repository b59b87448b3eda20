package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/carpel/carpel/internal/delivery"
	"github.com/carpel/carpel/internal/outbound"
)

// Call is one signed call.
type Call struct {
	ID      string // of webhook-id: the same for every attempt at the same
	Method  string // POST if left out
	URL     string
	Headers map[string]string // beside those of the signature
	Body    []byte
	Secrets []string // sign it, each [CheckSecret] takes; none: it goes unsigned
}

// Client makes signed calls. Safe for concurrent use.
type Client struct {
	Outbound *outbound.Outbound
	Now      func() time.Time
}

// Do makes a call and says what came of it: 2xx is accepted; 429, 503 and every 5xx are deferred, for as long as
// Retry-After says; 410 ("gone") and every other answer are refused, a redirect too. What broke off before the request was
// written is deferred, and after that uncertain.
func (c *Client) Do(ctx context.Context, call Call) delivery.Outcome {
	r, err := c.request(ctx, call)
	if err != nil {
		return delivery.Outcome{Result: delivery.Refused, Detail: err.Error()}
	}
	answer, err := c.Outbound.Call(r, c.Now())
	if err != nil {
		return delivery.Unanswered(err)
	}
	o := delivery.Outcome{Result: delivery.Refused, Detail: answer.Words()}
	switch code := answer.Status; {
	case code >= 200 && code <= 299:
		o.Result = delivery.Accepted
	case code == http.StatusGone:
		o.Detail = "gone: " + o.Detail
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		o.Result, o.RetryAfter = delivery.Deferred, answer.RetryAfter
	}
	return o
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	if call.Method == "" {
		call.Method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, call.Method, call.URL, bytes.NewReader(call.Body))
	if err != nil || (r.URL.Scheme != "https" && r.URL.Scheme != "http") || r.URL.Host == "" {
		return nil, errors.New("the method or the address is none of http or https") // err holds the address, which may hold personal data
	}
	r.Header.Set("User-Agent", "Carpel-Webhook/1")
	if len(call.Body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range call.Headers {
		if err := checkHeader(name, value); err != nil {
			return nil, err
		}
		r.Header.Set(name, value)
	}
	at := c.Now()
	r.Header.Set("Webhook-Id", call.ID)
	r.Header.Set("Webhook-Timestamp", seconds(at))
	r.Header.Del("Webhook-Signature")
	if len(call.Secrets) > 0 {
		r.Header.Set("Webhook-Signature", signatures(call.Secrets, call.ID, at, call.Body))
	}
	return r, nil
}

// notOwn are headers that say how the call is carried, which is not the message's to say.
var notOwn = []string{"Connection", "Content-Length", "Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func checkHeader(name, value string) error {
	wrong := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }
	if name == "" || strings.ContainsFunc(name, wrong) || slices.Contains(notOwn, http.CanonicalHeaderKey(name)) {
		return fmt.Errorf("%.60q is no header that a message may set", name)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f }) {
		return fmt.Errorf("the header %.60s holds a control character", name)
	}
	return nil
}
