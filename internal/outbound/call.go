package outbound

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Answer is what a server said.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte        // at most [MaxResponse]: what could be read
	RetryAfter time.Duration // of the header Retry-After; 0 for none
}

// CallError is why there is no answer.
type CallError struct {
	// Written: the server may have the whole request.
	Written bool
	err     error
}

// Error is the cause without the address called, which may hold what is nobody's business.
func (e *CallError) Error() string {
	var u *url.Error
	switch {
	case errors.Is(e.err, context.Canceled):
		return "it was stopped"
	case errors.As(e.err, &u) && u.Timeout():
		return "it took too long"
	case errors.As(e.err, &u):
		return u.Err.Error()
	}
	return e.err.Error()
}

// Unwrap is the cause.
func (e *CallError) Unwrap() error { return e.err }

// Call makes one call and reads its answer. Its error is a *[CallError].
func (o *Outbound) Call(r *http.Request, now time.Time) (Answer, error) {
	var written atomic.Bool
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		WroteRequest: func(w httptrace.WroteRequestInfo) { written.Store(w.Err == nil || written.Load()) },
	}))
	res, err := o.client.Do(r)
	if err != nil {
		return Answer{}, &CallError{Written: written.Load(), err: err}
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body) // the status is the answer, also when its words break off
	return Answer{Status: res.StatusCode, Header: res.Header, Body: body, RetryAfter: retryAfter(res.Header.Get("Retry-After"), now)}, nil
}

// Words are an answer's status and the beginning of its body, in one line of at most 500 bytes.
func (a Answer) Words() string {
	return Words(strconv.Itoa(a.Status) + " " + http.StatusText(a.Status) + " " + string(a.Body[:min(len(a.Body), 4*maxWords)]))
}

const maxWords = 500

// Words makes one line of printable text of at most 500 bytes of what somebody else said.
func Words(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxWords {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:maxWords], ""))
	}
	return s
}

// maxRetryAfter bounds what a server may ask for.
const maxRetryAfter = 72 * time.Hour

// retryAfter reads the header Retry-After, in seconds or as a date; 0 for none.
func retryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Duration(min(max(n, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
