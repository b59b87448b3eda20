package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/server"
)

// client asks a server through the HTTP API: one elsewhere, the one that serves the data directory, or, when nobody
// does, one opened in this process for the time of the command.
type client struct {
	base  string
	key   string
	given bool // the key was named, though the data directory holds one
	http  *http.Client
	close func() error
	// resume goes on with imports that a stopped process left; nil when a server does it.
	resume func(context.Context) error
}

// connect finds the server to ask.
func (t *terminal) connect(ctx context.Context) (*client, error) {
	if t.URL != "" {
		if t.Key == "" {
			return nil, errors.New("--url needs a key: --key ak_… or CARPEL_API_KEY")
		}
		return &client{base: strings.TrimSuffix(t.URL, "/"), key: t.Key, http: &http.Client{}, close: func() error { return nil }}, nil
	}
	if !server.Exists(t.Data) {
		return nil, fmt.Errorf("%s is no data directory yet: start one with carpel serve, or name another with --data or --url", t.Data)
	}
	if server.Served(t.Data) {
		local, err := server.ReadLocal(t.Data)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if local.Address == "" {
			return nil, fmt.Errorf("another carpel command is at work on %s: try again when it is done", t.Data)
		}
		return &client{base: "http://" + local.Address, key: cmp.Or(t.Key, local.Key), given: t.Key != "", http: &http.Client{}, close: func() error { return nil }}, nil
	}
	s, err := server.Open(ctx, server.Config{Data: t.Data, Version: t.Version, Now: t.Now, Log: slog.New(slog.NewTextHandler(t.Err, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		return nil, err
	}
	return &client{base: "http://carpel", key: cmp.Or(t.Key, s.Local().Key), given: t.Key != "", http: &http.Client{Transport: inProcess{s}}, resume: s.ResumeImports,
		close: func() error { return s.Close(context.WithoutCancel(ctx)) }}, nil
}

// site is where people reach the server: one that is only opened will be at the default address when it is served.
func (c *client) site() string {
	if _, opened := c.http.Transport.(inProcess); opened {
		return "http://127.0.0.1:8080"
	}
	return c.base
}

// inProcess carries requests to a handler of this process.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper. The body of the answer is a stream, as over a network.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pw, started: make(chan struct{})}
	go func() {
		defer func() {
			if x := recover(); x != nil { // http.ErrAbortHandler: the answer is not whole
				pw.CloseWithError(fmt.Errorf("the answer broke off: %v", x))
			} else {
				pw.Close()
			}
			w.WriteHeader(http.StatusOK)
		}()
		if r.Body == nil {
			r.Body = http.NoBody
		}
		r.RequestURI = r.URL.RequestURI()
		p.handler.ServeHTTP(w, r)
	}()
	select {
	case <-w.started:
	case <-r.Context().Done():
		pr.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: w.status, Status: http.StatusText(w.status), Header: w.header, Body: pr, Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

type pipeWriter struct {
	header  http.Header
	status  int
	body    *io.PipeWriter
	started chan struct{}
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		close(w.started)
	}
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *pipeWriter) Flush() {}

// do asks one call and returns the answer's body, which the caller closes. An error of the API comes as a
// *[carpel.Error].
func (c *client) do(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (io.ReadCloser, error) {
	u := c.base + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.key)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 400 {
		defer res.Body.Close()
		var e struct {
			carpel.Error
			Detail string `json:"detail"`
		}
		data, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20)) // what there is tells most
		if json.Unmarshal(data, &e) != nil || e.Detail == "" {
			return nil, fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, http.StatusText(res.StatusCode))
		}
		e.Error.Message = e.Detail
		if c.given && e.Code == carpel.CodeUnauthorized {
			e.Error.Message += "; the key is that of --key or CARPEL_API_KEY: without it the command takes the data directory's own"
		}
		return nil, &e.Error
	}
	return res.Body, nil
}

// call asks with a JSON body (nil for none) and decodes the answer into out (nil to drop it). It returns the answer
// as it came, for -o json.
func (c *client) call(ctx context.Context, method, path string, query url.Values, body, out any) (json.RawMessage, error) {
	var in io.Reader
	contentType := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in, contentType = bytes.NewReader(b), "application/json"
	}
	res, err := c.do(ctx, method, path, query, contentType, in)
	if err != nil {
		return nil, err
	}
	defer res.Close()
	raw, err := io.ReadAll(res)
	if err != nil || out == nil || len(raw) == 0 {
		return raw, err
	}
	return raw, json.Unmarshal(raw, out)
}
