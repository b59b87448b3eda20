package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"
)

// What whoever is at the other end of a connection has time for. A body that comes slowly holds memory and a place at
// the gate, and an answer that nobody reads holds what makes it: an engine, a place in a queue.
const (
	headerTime = 10 * time.Second // to send the header of a request
	bodyTime   = 15 * time.Second // to send a body, and a second more for each bodyRate of it that came
	bodyRate   = 16 << 10         // bytes
	bodyPause  = 30 * time.Second // at most, between two pieces of a body, whatever came before
	answerTime = 30 * time.Second // to take a piece of an answer
	idleTime   = 2 * time.Minute  // between two requests
	maxHeader  = 64 << 10
)

// newHTTPServer bounds what slow clients can hold. Requests end with ctx at the latest.
func newHTTPServer(ctx context.Context, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{Handler: onLine(unbroken(h, log)), ReadHeaderTimeout: headerTime, WriteTimeout: answerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

// onLine sets the deadlines of a connection while a request is on it. It holds for every handler alike, and for what
// net/http does by itself: it reads what is left of a body before it sends an answer.
func onLine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := &line{ResponseWriter: w, conn: http.NewResponseController(w), start: time.Now()}
		if r.Body != nil && r.Body != http.NoBody {
			l.reading()
			r.Body = &lineBody{r.Body, l, false}
		}
		next.ServeHTTP(l, r)
		l.writing() // what net/http holds of the answer goes out now
	})
}

// unbroken answers a request whose handler panics with an internal error, and says so in the log with the place where it
// broke: not with the value, which may hold anything, nor, as net/http would, with the address of the caller.
func unbroken(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { // an answer is broken off on purpose
				panic(p)
			}
			what := fmt.Sprintf("%T", p)
			if e, ok := p.(runtime.Error); ok {
				what = e.Error()
			}
			log.Error("a request broke", "route", r.Pattern, "panic", what, "stack", string(debug.Stack()))
			w.Header().Set("Connection", "close")
			http.Error(w, `{"code":"internal"}`, http.StatusInternalServerError) // lost when an answer has begun
		}()
		next.ServeHTTP(w, r)
	})
}

// line is one request's connection. Handlers use it from one goroutine at a time, as they do a ResponseWriter.
type line struct {
	http.ResponseWriter
	conn    *http.ResponseController
	start   time.Time
	got     int64     // bytes of the body
	written time.Time // when the deadline of writing was last set
}

// reading gives the next piece of the body its time. A connection without deadlines is a test's, and needs none.
func (l *line) reading() {
	due := l.start.Add(bodyTime + time.Duration(l.got)*time.Second/bodyRate)
	if pause := time.Now().Add(bodyPause); pause.Before(due) {
		due = pause
	}
	_ = l.conn.SetReadDeadline(due)
}

// writing gives the next piece of the answer its time.
func (l *line) writing() {
	if now := time.Now(); now.Sub(l.written) > time.Second {
		l.written = now
		_ = l.conn.SetWriteDeadline(now.Add(answerTime))
	}
}

// WriteHeader implements http.ResponseWriter.
func (l *line) WriteHeader(status int) {
	l.writing()
	l.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (l *line) Write(b []byte) (int, error) {
	l.writing()
	return l.ResponseWriter.Write(b)
}

// Flush lets streams go out.
func (l *line) Flush() {
	l.writing()
	_ = l.conn.Flush() // a client that is gone is noticed by the next write
}

// Unwrap lets http.ResponseController reach the connection.
func (l *line) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// lineBody is the body of a request, read under deadlines. Behind its end net/http waits for the client to go away, and
// that has no deadline.
type lineBody struct {
	io.ReadCloser
	line  *line
	ended bool
}

// Read implements io.Reader.
func (b *lineBody) Read(p []byte) (int, error) {
	if !b.ended {
		b.line.reading()
	}
	n, err := b.ReadCloser.Read(p)
	b.line.got += int64(n)
	b.ended = b.ended || err != nil
	return n, err
}
