package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/server"
	"github.com/carpel/carpel/web"
)

const (
	adminKey = "ak_test_of_everything"
	writeKey = "sk_test_of_ingestion"
)

// open opens a server on a new directory; it closes with the test.
func open(t *testing.T, change func(*server.Config)) *server.Server {
	t.Helper()
	c := server.Config{Data: filepath.Join(t.TempDir(), "data"), APIKey: adminKey, Write: writeKey, MemoryMB: 64, MinFreeMB: 1, Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(testWriter{t}, nil))}
	if change != nil {
		change(&c)
	}
	s, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// testWriter writes a server's log into the test's.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get reads a value out of a JSON answer by its path: "segments.0.id"; nil when it is not there.
func (a answer) get(path string) any {
	var v any
	if json.Unmarshal(a.body, &v) != nil {
		return nil
	}
	for _, name := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i := int(name[0] - '0')
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// client asks a server with a key.
type client struct {
	t       *testing.T
	handler http.Handler
	key     string
}

// do sends one request: "GET /api/segments", with a JSON body (nil for none; a string or bytes go as they are) and
// headers in pairs.
func (c client) do(request string, body any, headers ...string) answer {
	c.t.Helper()
	method, target, _ := strings.Cut(request, " ")
	var in io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	case []byte:
		in, contentType = bytes.NewReader(b), "application/octet-stream"
	default:
		data, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		in = bytes.NewReader(data)
	}
	r := httptest.NewRequestWithContext(c.t.Context(), method, target, in)
	if in != nil {
		r.Header.Set("Content-Type", contentType)
	}
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.Bytes()}
}

// want sends a request that must get the status, and returns the answer.
func (c client) want(status int, request string, body any, headers ...string) answer {
	c.t.Helper()
	a := c.do(request, body, headers...)
	if a.status != status {
		c.t.Fatalf("%s: status %d, want %d: %s", request, a.status, status, a.body)
	}
	return a
}

// text is a definition in JSON, by its text form.
func (c client) text(text string) json.RawMessage {
	c.t.Helper()
	a := c.want(200, "POST /api/segments/parse", map[string]string{"text": text})
	var out struct {
		Definition json.RawMessage `json:"definition"`
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		c.t.Fatal(err)
	}
	return out.Definition
}

// define creates a segment, waits until it is built, and returns its id.
func (c client) define(name, text string) string {
	c.t.Helper()
	a := c.want(201, "POST /api/segments", map[string]any{"name": name, "definition": c.text(text)})
	id := a.get("id").(string)
	c.built(id)
	return id
}

// built waits until no build of a segment is under way.
func (c client) built(id string) answer {
	c.t.Helper()
	return c.until("GET /api/segments/"+id, func(a answer) bool { return a.get("state") != "building" })
}

// until asks again and again until the answer is as wanted, for a minute at most.
func (c client) until(request string, wanted func(answer) bool) answer {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		a := c.want(200, request, nil)
		if wanted(a) {
			return a
		}
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("%s: after a minute still %s", request, a.body)
		}
	}
}

// bringIn imports a file and waits until it is in.
func (c client) bringIn(query string, file []byte) answer {
	c.t.Helper()
	a := c.want(202, "POST /api/imports?"+query, file)
	return c.until("GET /api/imports/"+a.get("id").(string), func(a answer) bool { return a.get("state") != "running" })
}

// The first thing that a newcomer opens is the console, or says that it was not built; what is not there stays so.
func TestRoot(t *testing.T) {
	c := client{t, open(t, nil), ""}
	for _, path := range []string{"/", "/login", "/w/ws_1/segments"} {
		if web.Built() {
			c.want(200, "GET "+path, nil)
		} else if a := c.want(404, "GET "+path, nil); !strings.Contains(string(a.body), "not built") {
			t.Errorf("%s does not say that the console is not built: %s", path, a.body)
		}
	}
	c.want(200, "GET /api/docs", nil)
	c.want(404, "GET /nothing", nil)
}
