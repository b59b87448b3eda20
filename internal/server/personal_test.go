package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/server"
)

// heard is everything that a log was told, at every level.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// Whatever comes in, well formed or not, and whatever breaks: nothing personal is in the log, in the metrics or in the
// name of a file, and what is wrong with a request is told to its sender alone.
func TestNothingPersonal(t *testing.T) {
	log := &heard{}
	var broken atomic.Bool
	s := open(t, func(c *server.Config) {
		c.Metrics, c.Log = "127.0.0.1:0", slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug - 10}))
		c.Now = func() time.Time {
			if broken.Load() {
				panic(canary + "panic")
			}
			return time.Now()
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	address, ran := make(chan string, 1), make(chan error, 1)
	go func() { ran <- s.Run(ctx, func(a string) { address <- a }) }()
	base := "http://" + <-address

	c := client{t, s, adminKey}
	c.fill(canary, writeKey)
	send := func(method, path, body string, header ...string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", canary+"agent")
		r.Header.Set("X-Forwarded-For", canary+"forwarded")
		r.Header.Set("Referer", "https://"+canary+".example")
		r.Header.Set("Cookie", "id="+canary+"cookie")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, "" // a broken answer is one, too
		}
		defer res.Body.Close()
		answer, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(answer)
	}
	ours, wrong := basicAuth(writeKey, ""), basicAuth("sk_"+canary+"secret", "")
	bearer := []string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json"}
	for _, call := range []struct {
		method, path, body string
		header             []string
	}{
		{"POST", "/v1/identify?email=" + canary + "@example.com", `{"userId":"` + canary + `","traits":{"phone":"` + canary + `"}}`, ours},
		{"POST", "/v1/track", `{"userId":"` + canary + `","event":"` + canary + `","properties":{"` + canary + `":1e400}}`, ours},
		{"POST", "/v1/track", `{"userId":"` + canary + `",`, ours},
		{"POST", "/v1/track", "{\"userId\":\"" + canary + "\xff\"}", ours},
		{"POST", "/v1/track", `{"userId":"` + canary + `"}`, append([]string{"Content-Encoding", "gzip"}, ours...)},
		{"POST", "/v1/track", `{"userId":"` + canary + `"}`, append([]string{"Content-Encoding", canary}, ours...)},
		{"POST", "/v1/track", `{"userId":"` + strings.Repeat(canary, 100) + `","event":"A"}`, append([]string{"X-Strict-Mode", "1"}, ours...)},
		{"POST", "/v1/track", `{"userId":"` + canary + `"}`, wrong},
		{"POST", "/v1/batch", `{"writeKey":"sk_` + canary + `secret","batch":[{"type":"` + canary + `"}]}`, nil},
		{"POST", "/v1/batch", `{"batch":[{"type":"` + canary + `","userId":"` + canary + `"}]}`, ours},
		{"POST", "/v1/" + canary, `{}`, ours},
		{"GET", "/v1/projects/" + canary + "/settings", "", nil},
		{"PUT", "/api/v1/customers/" + canary + "%40example.com", `{"email":"` + canary + `"}`, basicAuth("site", writeKey)},
		{"PUT", "/api/v1/customers/" + canary + "/" + canary, `{}`, basicAuth("site", writeKey)},
		{"POST", "/api/v1/customers/" + canary + "/events?x=" + canary, `{"name":7}`, basicAuth("site", writeKey)},
		{"POST", "/api/v2/batch", `{"batch":[{"type":"person","identifiers":{"id":"` + canary + `"},"action":"` + canary + `"}]}`, basicAuth("site", writeKey)},
		{"PUT", "/api/v1/customers/" + canary, `{}`, basicAuth(canary, "sk_"+canary)},
		{"GET", "/api/people/" + canary + "@example.com", "", bearer},
		{"GET", "/api/people?q=" + canary, "", bearer},
		{"GET", "/api/people/" + canary + "nobody", "", bearer},
		{"GET", "/api/" + canary, "", bearer},
		{"GET", "/" + canary, "", nil},
		{"GET", "/api/people/" + canary, "", []string{"Authorization", "Bearer ak_" + canary}},
		{"POST", "/api/segments/preview", `{"definition":{"attribute":"email","op":"is","value":"` + canary + `"}}`, bearer},
		{"POST", "/api/segments/preview", `{"definition":{"` + canary + `":1}}`, bearer},
		{"POST", "/api/people/explain", `{"person":"` + canary + `user","definition":{"attribute":"email","op":"contains","value":"` + canary + `"}}`, bearer},
		{"POST", "/api/segments", `{"name":"` + canary, bearer},
		{"POST", "/api/segments", `{"name":"` + canary + `x","definition":{"attribute":"email","op":"is","value":"` + canary + `"}}`, append([]string{"Idempotency-Key", canary}, bearer...)},
		{"POST", "/api/imports?kind=people&format=csv&file=" + canary + ".csv&mapping=" + canary, "id\n" + canary + "\n", bearer},
		{"POST", "/api/imports?kind=events&format=ndjson", `{"user_id":"` + canary + `",` + "\n", bearer},
		{"POST", "/api/backup", `{"directory":"/` + canary + `/` + canary + `"}`, bearer},
		{"POST", "/api/session", `{"email":"` + canary + `@example.com","password":"` + canary + canary + `"}`, []string{"Content-Type", "application/json"}},
		{"POST", "/api/links/read", `{"token":"` + canary + `"}`, []string{"Content-Type", "application/json"}},
		{"DELETE", "/api/people/" + canary + "@example.com", "", bearer},
	} {
		send(call.method, call.path, call.body, call.header...)
	}
	broken.Store(true)
	for _, path := range []string{"/v1/track?" + canary, "/api/people/" + canary, "/api/v1/customers/" + canary} {
		if status, body := send("POST", path, `{"userId":"`+canary+`"}`, ours...); status != 500 || strings.Contains(body, canary) {
			t.Errorf("a handler that breaks answers %d %s", status, body)
		}
	}
	broken.Store(false)
	// Nothing goes on: what is said of it has been said.
	_, metrics := fetch(t, "http://"+s.MetricsAddress()+"/metrics")
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	said := log.String()
	if strings.Count(said, "a request broke") != 3 {
		t.Errorf("the log does not tell what broke: %s", said)
	}
	secrets := []string{canary, adminKey, writeKey, "127.0.0.1:", "viewer@example.com"}
	for _, secret := range secrets {
		for what, text := range map[string]string{"the log": said, "the metrics": metrics} {
			if i := strings.Index(text, secret); i >= 0 {
				t.Errorf("%s has %s: …%s…", what, secret, text[max(0, i-200):min(len(text), i+200)])
			}
		}
	}
	for line := range strings.Lines(said) {
		if !json.Valid([]byte(line)) {
			t.Errorf("the log has a line of another kind: %s", line)
		}
	}
	if err := filepath.WalkDir(s.Data(), func(path string, d fs.DirEntry, err error) error {
		if strings.Contains(filepath.Base(path), canary) {
			t.Errorf("a file is named %s", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	t.Logf("TORTURE\tnothing personal in logs, metrics, file names\t%d log bytes\t0\ttraffic of all kinds, broken bodies, bad keys, panics; every level", len(said))
}
