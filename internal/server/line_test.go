package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carpel/carpel/internal/server"
)

// pipes is a listener whose connections are pipes, so that time can be that of a test.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// onPipe runs a handler behind the server's bounds, and what a client does on one connection, by a clock that runs as
// soon as everybody waits.
func onPipe(t *testing.T, h http.Handler, client func(t *testing.T, conn net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{make(chan net.Conn), make(chan struct{})}
		hs := server.NewHTTPServer(t.Context(), h, slog.New(slog.DiscardHandler))
		served := make(chan error)
		go func() { served <- hs.Serve(l) }()
		ours, theirs := net.Pipe()
		l.conns <- theirs
		client(t, ours)
		ours.Close()
		hs.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// drip sends byte after byte, one a second, until the server closes the connection.
func drip(conn net.Conn) {
	for {
		if _, err := conn.Write([]byte("x")); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

// Nobody holds a connection by being slow: neither in the header nor in the body, whether it is read or not, and not by
// leaving the answer where it is.
func TestSlowClients(t *testing.T) {
	reads := func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "slow", http.StatusBadRequest)
		}
	}
	refuses := func(w http.ResponseWriter, r *http.Request) { http.Error(w, "who are you", http.StatusUnauthorized) }
	streams := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}
	for _, c := range []struct {
		name   string
		serve  http.HandlerFunc
		header string
		send   func(net.Conn)
		within time.Duration
	}{
		{"a slow header", reads, "GET / HTTP/1.1\r\nX: ", drip, 12 * time.Second},
		{"a slow body", reads, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", drip, 17 * time.Second},
		{"a slow body in chunks", reads, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5", drip, 17 * time.Second},
		{"a slow body that nobody reads", refuses, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", drip, 17 * time.Second},
		{"a body that does not come", refuses, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", nil, 17 * time.Second},
		{"silence", reads, "", nil, 2*time.Minute + time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			onPipe(t, c.serve, func(t *testing.T, conn net.Conn) {
				start := time.Now()
				io.WriteString(conn, c.header)
				var sending sync.WaitGroup
				if c.send != nil {
					sending.Go(func() { c.send(conn) })
				}
				io.Copy(io.Discard, conn)
				sending.Wait()
				if took := time.Since(start); took > c.within {
					t.Errorf("it was held for %s", took)
				}
			})
		})
	}
	t.Run("a stream that nobody reads", func(t *testing.T) {
		var took time.Duration
		onPipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			streams(w, r)
			took = time.Since(start)
		}), func(t *testing.T, conn net.Conn) {
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			time.Sleep(time.Hour)
		})
		if took == 0 || took > 31*time.Second {
			t.Errorf("it went on for %s", took)
		}
	})
}

// Who goes on, however long it takes, is let go on: a body that comes at a fair pace, a stream that is silent for long,
// an answer that takes its time.
func TestSteadyClients(t *testing.T) {
	t.Run("a long upload", func(t *testing.T) {
		const pieces, size = 300, 32 << 10
		var got int64
		onPipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				t.Error(err)
			}
			got = n
		}), func(t *testing.T, conn net.Conn) {
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", pieces*size)
			piece := make([]byte, size)
			for range pieces {
				if _, err := conn.Write(piece); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
			answered(t, conn)
		})
		if got != pieces*size {
			t.Errorf("%d bytes came", got)
		}
	})
	t.Run("an answer after ten minutes", func(t *testing.T) {
		onPipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.ReadAll(r.Body)
			r.Body.Read(make([]byte, 1)) // reading behind the end sets no deadline
			select {
			case <-time.After(10 * time.Minute):
			case <-r.Context().Done():
				t.Error("the request was given up")
			}
		}), func(t *testing.T, conn net.Conn) {
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
			answered(t, conn)
		})
	})
	t.Run("a silent stream", func(t *testing.T) {
		onPipe(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range 4 {
				io.WriteString(w, "data\n")
				w.(http.Flusher).Flush()
				time.Sleep(time.Minute)
			}
		}), func(t *testing.T, conn net.Conn) {
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if body := answered(t, conn); body != strings.Repeat("data\n", 4) {
				t.Errorf("%q came", body)
			}
		})
	})
}

// answered reads an answer, which must be a 200, and returns its body.
func answered(t *testing.T, conn net.Conn) string {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Errorf("status %d, %v", res.StatusCode, err)
	}
	return string(body)
}
