package server_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/carpel/carpel/internal/server"
)

// FuzzRequest asks every route of the native API with any path, query, header and body: cursors, filters, If-Match,
// Idempotency-Key, definitions. Whatever it is, the answer is JSON with a code and not an internal error.
func FuzzRequest(f *testing.F) {
	dir := f.TempDir()
	if memory, err := os.MkdirTemp("/dev/shm", "carpel-fuzz-"); err == nil { // where a sync costs nothing
		f.Cleanup(func() { os.RemoveAll(memory) })
		dir = memory
	}
	s, err := server.Open(f.Context(), server.Config{Data: dir + "/data", APIKey: adminKey, Write: writeKey, MemoryMB: 64, MinFreeMB: 1, Listen: "127.0.0.1:0",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close(context.Background()) })
	h := http.Handler(s)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/api/openapi.json", nil))
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		f.Fatal(err)
	}
	var routes []string
	for path, item := range doc.Paths {
		for method := range maps.Keys(item) {
			// A backup writes where the request says, and there is no end to new workspaces.
			if route := strings.ToUpper(method) + " " + path; route != "POST /api/backup" && route != "POST /api/workspaces" {
				routes = append(routes, route)
			}
		}
	}
	slices.Sort(routes)
	for i := range routes {
		f.Add(uint8(i), "x", "limit=3&after=abc&as_of=2026-03-01", `"1"`, "k", []byte(`{"name":"a","definition":{"event":"*"},"text":"plan is pro"}`))
	}
	f.Add(uint8(0), "../..", "after=0123456789abcdef.7.0&step=1h&from=0001-01-01T00:00:00Z&to=9999-12-31T00:00:00Z", "*", "", []byte(`{"segments":["a","a"],"definition":{"all":[{"segment":"a"}]}}`))
	f.Add(uint8(3), "default", "prefix=%00&attribute=plan&value=pro&limit=-1", "W/\"1\"", "\x7f", []byte("{"))
	f.Fuzz(func(t *testing.T, n uint8, part, query, match, idempotency string, body []byte) {
		method, path, _ := strings.Cut(routes[int(n)%len(routes)], " ")
		if from := strings.IndexByte(path, '{'); from >= 0 {
			path = path[:from] + url.PathEscape(part) + path[from+strings.IndexByte(path[from:], '}')+1:]
		}
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		u.RawQuery = query
		r := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(string(body)))
		r.URL, r.Header = u, http.Header{"Authorization": {"Bearer " + adminKey}, "Content-Type": {"application/json"}, "If-Match": {match}, "Idempotency-Key": {idempotency}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
			t.Fatalf("%s %s?%s: %d %s", method, path, query, w.Code, w.Body)
		}
		if w.Code >= 400 {
			var problem struct {
				Code string `json:"code"`
			}
			if json.Unmarshal(w.Body.Bytes(), &problem) != nil || problem.Code == "" || problem.Code == "internal" {
				t.Fatalf("%s %s?%s: %d without a code: %s", method, path, query, w.Code, w.Body)
			}
		}
	})
}
