// Package compat is the door that both families of wire formats come in by: it bounds what is at work, reads bodies,
// finds keys, and knows which error is which status. What the bodies mean is said in segment and customerio; what is
// done with the items, in ingest.
package compat

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/ingest"
	"github.com/carpel/carpel/internal/records"
)

// Options is what the door works on. All must be set but what says otherwise.
type Options struct {
	Intake  *ingest.Intake
	Records *records.DB
	// Room returns an error with CodeDiskFull when nothing may be taken in.
	Room       func() error
	MaxPending int // requests at work or waiting before 429
	// Refused is told why a request was refused, for metrics: a code of an error, or a bound. nil for nobody.
	Refused func(reason string)
	Now     func() time.Time
	Log     *slog.Logger
}

// Door is the way in over HTTP, shared by every family. Safe for concurrent use.
type Door struct {
	Options
	gate    *gate
	buffers sync.Pool // *buffer
}

// NewDoor returns a door.
func NewDoor(o Options) *Door {
	d := &Door{Options: o, gate: newGate(o.MaxPending, o.Now)}
	d.buffers.New = func() any { return &buffer{} }
	return d
}

// buffer is the memory of one request, used again by later ones.
type buffer struct {
	body []byte
	doc  ingest.Document
}

// keptBuffer is the largest body whose memory is kept for later requests.
const keptBuffer = 1 << 20

// Request is one request inside the door. Its document and what refers to it are valid until Leave.
type Request struct {
	HTTP     *http.Request
	Received carpel.Millis
	door     *Door
	visit    *visit
	buffer   *buffer
}

// Enter admits a request, or refuses it at once: CodeOverloaded, CodeDiskFull. Who entered calls Of as soon as it is
// known whose the request is, Read, Wait before what was read is committed, and Leave.
func (d *Door) Enter(r *http.Request) (*Request, error) {
	v, overloaded := d.gate.enter()
	if overloaded != nil {
		return nil, overloaded
	}
	if r.Method != http.MethodGet {
		if err := d.Room(); err != nil {
			v.leave()
			return nil, err
		}
	}
	return &Request{HTTP: r, Received: carpel.MillisOf(d.Now()), door: d, visit: v, buffer: d.buffers.Get().(*buffer)}, nil
}

// admitAgain is how soon a batch that was not let in tries again.
const admitAgain = 20 * time.Millisecond

// Admit waits until a batch that is on our disk already, of an import, may be handed to its workspace's writer beside the
// requests: it counts among them, and does not go before them. leave ends that. The error is ctx's.
func (d *Door) Admit(ctx context.Context, workspace string, bytes int) (leave func(), err error) {
	for {
		v, refused := d.gate.admit(workspace, bytes)
		if refused == nil {
			return v.leave, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(admitAgain):
		}
	}
}

// Leave ends a request and lets go of its memory.
func (q *Request) Leave() {
	q.visit.leave()
	if cap(q.buffer.body) <= keptBuffer && q.buffer.doc.Size() <= keptBuffer {
		q.door.buffers.Put(q.buffer)
	}
}

// Of makes the request a workspace's, or returns CodeOverloaded when that has too much at work already.
func (q *Request) Of(key records.Key) error {
	if overloaded := q.visit.of(key.Workspace); overloaded != nil {
		return overloaded
	}
	return nil
}

// Wait puts the request among those that wait for the workspace's writer, or returns CodeOverloaded when they wait too
// long already.
func (q *Request) Wait() error {
	if overloaded := q.visit.wait(); overloaded != nil {
		return overloaded
	}
	return nil
}

// Read reads and scans the body; items names the root's field that holds the items, "" for a body that is one item
// and must be within the limit of one. A missing body is read as {}. The body of a request that is nobody's yet is read
// as far as there is room for such.
func (q *Request) Read(items string) (*ingest.Document, error) {
	if q.visit.share == nil {
		if overloaded := q.visit.of(""); overloaded != nil {
			return nil, overloaded
		}
	}
	body, err := readBody(q.HTTP, q.visit, q.buffer.body[:0])
	q.buffer.body = body
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	if err := q.buffer.doc.Scan(body, items); err != nil {
		return nil, err
	}
	if !q.buffer.doc.Root().IsObject() {
		return nil, carpel.Errorf(carpel.CodeInvalid, "the body must be a JSON object")
	}
	return &q.buffer.doc, nil
}

// Authenticate finds the ingestion key of a secret: CodeUnauthorized when there is none, CodeForbidden for a key of
// the native API.
func (d *Door) Authenticate(ctx context.Context, secret string) (records.Key, error) {
	if secret == "" {
		return records.Key{}, carpel.Errorf(carpel.CodeUnauthorized, "send a write key")
	}
	key, err := d.Records.Authenticate(ctx, secret)
	if err != nil {
		return key, err
	}
	if key.Kind == records.APIKey {
		return records.Key{}, carpel.Errorf(carpel.CodeForbidden, "an ak_ key is for the native API; ingestion takes a pk_ or sk_ key")
	}
	return key, nil
}

// Readable turns an error into what the caller may read, and counts it. What is not a *[carpel.Error] is logged.
func (d *Door) Readable(ctx context.Context, err error) *carpel.Error {
	e := d.readable(ctx, err)
	if d.Refused != nil {
		d.Refused(e.Reason())
	}
	return e
}

func (d *Door) readable(ctx context.Context, err error) *carpel.Error {
	var e *carpel.Error
	if errors.As(err, &e) {
		return e
	}
	if ctx.Err() != nil { // the caller went away; nobody reads this
		return carpel.Errorf(carpel.CodeOverloaded, "the request was cancelled")
	}
	d.Log.ErrorContext(ctx, "ingestion failed", "error", err)
	return carpel.Errorf(carpel.CodeInternal, "internal error; the server's log says more")
}

// retryAfter is how many seconds a client is asked to wait.
const retryAfter = 1

// Head sets the headers that go with an error and returns its status.
func Head(w http.ResponseWriter, e *carpel.Error) int {
	status := statusOf(e)
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	case http.StatusInsufficientStorage:
		w.Header().Set("Retry-After", strconv.Itoa(10*retryAfter))
	}
	w.Header().Set("Content-Type", "application/json")
	return status
}

// statusOf is the one place where ingestion turns a code into a status. A code that is not here is 400.
func statusOf(e *carpel.Error) int {
	switch e.Code {
	case carpel.CodeUnauthorized:
		return http.StatusUnauthorized
	case carpel.CodeForbidden, carpel.CodePublicKey:
		return http.StatusForbidden
	case carpel.CodeNotFound:
		return http.StatusNotFound
	case carpel.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case carpel.CodeOverloaded:
		if e.Limit > 0 { // the gate's; the others are a server that stops
			return http.StatusTooManyRequests
		}
		return http.StatusServiceUnavailable
	case carpel.CodeDiskFull:
		return http.StatusInsufficientStorage
	case carpel.CodeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// Origin opens an answer to every web page: ingestion knows a caller by their key, never by a cookie.
func Origin(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// Preflight answers a browser that asks whether it may send.
func Preflight(w http.ResponseWriter, methods string) {
	Origin(w)
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "authorization, content-type, content-encoding, x-retry-count, x-strict-mode")
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	w.WriteHeader(http.StatusNoContent)
}
