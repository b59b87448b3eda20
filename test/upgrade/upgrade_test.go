// Package upgrade holds that data written by an earlier version open in this one.
package upgrade

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel/internal/server"
)

// The archives in testdata are data directories of earlier versions, with what those versions answered about them in
// answers.json. One is made by the version that is to be kept, once, before it is tagged:
//
//	go test ./test/upgrade -run TestMake -make testdata/v0.1.0.tar.gz
//
// and never made again afterwards.
var archive = flag.String("make", "", "write an archive of this version's data, below test/upgrade")

const (
	apiKey   = "ak_upgrade_of_everything"
	writeKey = "sk_upgrade_of_ingestion"
	answers  = "answers.json"
)

// moment is when the archives were made: all times in them are relative to it, so that the same is made each time but
// for ids.
var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// open opens a data directory by a clock.
func open(t *testing.T, dir string, now time.Time) *server.Server {
	t.Helper()
	s, err := server.Open(t.Context(), server.Config{Data: dir, APIKey: apiKey, Write: writeKey, MinFreeMB: 1, MemoryMB: 128,
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closed(t *testing.T, s *server.Server) {
	t.Helper()
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// caller asks a server with a key.
type caller struct {
	t   *testing.T
	s   *server.Server
	key string
}

// do sends a request, which must succeed, and returns the answer.
func (c caller) do(method, path, body string) []byte {
	c.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.key)
	if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/api/v1/") {
		r.SetBasicAuth(c.key, c.key)
	}
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, r)
	if w.Code >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// get reads one field of an answer.
func field(t *testing.T, answer []byte, name string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(answer, &m); err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(name, ".") {
		if inner, ok := m[part].(map[string]any); ok {
			m = inner
			continue
		}
		return fmt.Sprint(m[part])
	}
	return ""
}

// segments are one of each kind of condition. wakes is who leaves by time alone in the week after the moment.
var segments = []struct{ key, text string }{
	{"pro", `plan is pro`}, {"seats", `seats > 10`}, {"trial", `trial is true`}, {"born", `born before 2000-01-01`},
	{"buyers", `did "Order Completed" at least 2 times in the last 30d where (total > 50)`}, {"spenders", `did "Order Completed" with sum of total at least 200 in the last 90d`},
	{"lately", `did "Order Completed" in the last 2d`}, {"days", `did "Order Completed" on at least 2 days`}, {"pricing", `viewed page "/pricing*"`},
	{"steps", `sequence (viewed page "/pricing*" then did "Order Completed") within 7d`}, {"both", `in segment "pro" and in segment "buyers"`}, {"quiet", `not did "*" in the last 7d`},
}

// fill writes some of everything.
func fill(t *testing.T, s *server.Server) {
	api, in := caller{t, s, apiKey}, caller{t, s, writeKey}
	second := caller{t, s, field(t, api.do("POST", "/api/workspaces", `{"name":"second"}`), "key.secret")}
	ago := func(d time.Duration) string { return moment.Add(-d).Format(time.RFC3339) }
	const day = 24 * time.Hour
	for _, d := range segments {
		parsed := api.do("POST", "/api/segments/parse", `{"text":`+quote(d.text)+`}`)
		var p struct{ Definition json.RawMessage }
		if err := json.Unmarshal(parsed, &p); err != nil {
			t.Fatal(err)
		}
		api.do("POST", "/api/segments", fmt.Sprintf(`{"name":%q,"key":%q,"definition":%s}`, d.key, d.key, p.Definition))
	}
	built(t, api)
	plans := []string{"free", "team", "pro"}
	var items []string
	add := func(format string, args ...any) { items = append(items, fmt.Sprintf(format, args...)) }
	for i := range 60 {
		add(`{"type":"identify","messageId":"i%d","userId":"u%d","timestamp":%q,"traits":{"email":"u%d@example.com","plan":%q,"seats":%d,"trial":%t,"born":"19%02d-05-06","list":["a",{"b":%d}],"name":"Zoë %d 😀"}}`,
			i, i, ago(100*day), i, plans[i%3], i, i%2 == 0, 70+i%40, i, i)
		for j := range i % 7 {
			add(`{"type":"track","messageId":"o%d-%d","userId":"u%d","event":"Order Completed","timestamp":%q,"properties":{"total":%d,"sku":"s%d","gift":%t,"tags":["x",%d]}}`,
				i, j, i, ago(time.Duration(j*j)*day+time.Hour), 20*j+i, j, j%2 == 0, j)
		}
	}
	for i := range 700 { // one person's, split into months
		add(`{"type":"track","messageId":"many%d","userId":"u1","event":"Opened App","timestamp":%q,"properties":{"n":%d,"text":%q}}`, i, ago(time.Duration(i)*12*time.Hour), i, strings.Repeat("long ", i%5))
	}
	add(`{"type":"page","messageId":"p1","anonymousId":"a1","timestamp":%q,"name":"Pricing","properties":{"url":"https://x.example/pricing?b=1"}}`, ago(5*day))
	add(`{"type":"page","messageId":"p2","userId":"u5","timestamp":%q,"properties":{"url":"https://x.example/pricing/eu"}}`, ago(5*day))
	add(`{"type":"identify","messageId":"p3","anonymousId":"a1","userId":"visitor","traits":{"plan":"pro"}}`)
	add(`{"type":"page","messageId":"p4","anonymousId":"stays","timestamp":%q,"properties":{"url":"https://x.example/pricing"}}`, ago(day))
	add(`{"type":"identify","messageId":"e1","traits":{"email":"only@example.com","plan":"team"}}`)
	add(`{"type":"screen","messageId":"s1","userId":"u2","name":"Home"}`)
	add(`{"type":"group","messageId":"g1","userId":"u2","groupId":"acme","traits":{"tier":"gold"}}`)
	add(`{"type":"track","messageId":"d1","userId":"u3","event":"Device Created or Updated","context":{"device":{"token":"T3","type":"ios"}}}`)
	add(`{"type":"track","messageId":"r1","userId":"u3","event":"Report Delivery Event","properties":{"deliveryId":"d","metric":"opened"}}`)
	add(`{"type":"track","messageId":"x1","userId":"u4","event":""}`) // is listed
	add(`{"type":"track","messageId":"x2","userId":"u50","event":"User Deleted"}`)
	add(`{"type":"track","messageId":"x3","userId":"u51","event":"User Suppressed"}`)
	for chunk := range slices.Chunk(items, 200) {
		in.do("POST", "/v1/batch", `{"batch":[`+strings.Join(chunk, ",")+`]}`)
	}
	in.do("POST", "/api/v1/merge_customers", `{"primary":{"id":"u8"},"secondary":{"id":"u9"}}`)
	manual := field(t, api.do("POST", "/api/segments", `{"name":"By hand","kind":"manual"}`), "id")
	api.do("POST", "/api/segments/"+manual+"/members", `{"add":["id:u1","id:u8","email:only@example.com"]}`)
	api.do("PUT", "/api/segments/seats", `{"name":"Seats, renamed","description":"changed"}`)
	api.do("POST", "/api/segments/trial/pause", "")
	api.do("POST", "/api/segments/born/archive", "")
	api.do("POST", "/api/keys", `{"kind":"pk","name":"web"}`)
	imported := field(t, api.do("POST", "/api/imports?kind=people&format=csv&file=people.csv", "id,email,plan\nimported,i@example.com,pro\n,,broken\n"), "id")
	until(t, func() bool { return field(t, api.do("GET", "/api/imports/"+imported, ""), "state") != "running" })
	own := caller{t, s, field(t, second.do("POST", "/api/keys", `{"kind":"sk","name":"server"}`), "secret")}
	own.do("POST", "/v1/batch", `{"batch":[{"type":"identify","messageId":"m","userId":"u1","traits":{"plan":"free"}},{"type":"track","messageId":"n","userId":"u1","event":"A"}]}`)
	built(t, api)
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

// built waits until no build is under way.
func built(t *testing.T, api caller) {
	t.Helper()
	until(t, func() bool {
		return !strings.Contains(string(api.do("GET", "/api/segments?limit=100", "")), `"building"`)
	})
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); <-time.After(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it has not ended after a minute")
		}
	}
}

// look is what a server answers about what fill wrote.
func look(t *testing.T, s *server.Server) map[string]json.RawMessage {
	t.Helper()
	api := caller{t, s, apiKey}
	all := map[string]json.RawMessage{}
	ask := func(path string) []byte {
		b := api.do("GET", path, "")
		all[path] = json.RawMessage(b)
		return b
	}
	ask("/api/people?limit=500")
	for _, who := range []string{"id:u1", "id:u5", "id:u8", "id:u9", "id:visitor", "email:only@example.com", "id:imported"} {
		for _, what := range []string{"", "/events?limit=500", "/devices", "/messages", "/segments"} {
			if who == "id:u9" {
				continue // merged: found by u8's
			}
			ask("/api/people/" + who + what)
		}
	}
	var list struct{ Segments []struct{ Key, State string } }
	if err := json.Unmarshal(ask("/api/segments?limit=100"), &list); err != nil {
		t.Fatal(err)
	}
	for _, seg := range list.Segments {
		if seg.State != "archived" {
			ask("/api/segments/" + seg.Key + "/members?limit=500")
			ask("/api/segments/" + seg.Key + "/changes?limit=500")
		}
	}
	for _, path := range []string{"/api/imports", "/api/keys", "/api/rejected", "/api/schema?kind=attribute", "/api/schema?kind=event", "/api/schema?kind=property&event=Order%20Completed", "/api/workspaces"} {
		ask(path)
	}
	return all
}

// TestMake writes an archive, when it is asked to.
func TestMake(t *testing.T) {
	if *archive == "" {
		t.Skip("nothing is to be made: see -make")
	}
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, moment)
	fill(t, s)
	closed(t, s)
	s = open(t, dir, moment) // what is only in memory is not part of it
	told, err := json.Marshal(look(t, s))
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, answers), told, 0o600), os.MkdirAll(filepath.Dir(*archive), 0o755), pack(dir, *archive)); err != nil {
		t.Fatal(err)
	}
}

// pack writes a directory into an archive, without times and owners.
func pack(dir, to string) error {
	var out bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one
	w := tar.NewWriter(zip)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err := errors.Join(err, w.Close(), zip.Close()); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// unpack writes an archive into a new directory and returns that, and what the version that made it answered.
func unpack(t *testing.T, from string) (dir string, told map[string]json.RawMessage) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "data")
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == answers {
			if err := json.Unmarshal(data, &told); err != nil {
				t.Fatal(err)
			}
			continue
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, told
}

// TestUpgrade opens the data of every earlier version: everything that it answered is answered still, the check finds
// nothing, time goes on where it stood, and what comes now counts.
func TestUpgrade(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.tar.gz")
	if err != nil || len(archives) == 0 {
		t.Fatal("there are no archives", err)
	}
	answered := 0
	for _, from := range archives {
		t.Run(filepath.Base(from), func(t *testing.T) {
			dir, told := unpack(t, from)
			s := open(t, dir, moment)
			api, in := caller{t, s, apiKey}, caller{t, s, writeKey}
			if lately := string(told["/api/segments/lately/members?limit=500"]); !strings.Contains(lately, `"id":"u1"`) {
				t.Errorf("nobody is there whom time takes out: %s", lately)
			}
			now := look(t, s)
			for path, before := range told {
				answered++
				then := decoded(t, before)
				if diff := cmp.Diff(then, without(decoded(t, now[path]), then)); diff != "" {
					t.Errorf("%s is answered in another way (-then +now):\n%s", path, diff)
				}
			}
			clean(t, api)
			in.do("POST", "/v1/batch", `{"batch":[{"type":"identify","userId":"u0","traits":{"plan":"pro"}},{"type":"track","messageId":"many3","userId":"u0","event":"Order Completed","properties":{"total":1000}}]}`)
			in.do("POST", "/v1/identify", `{"userId":"u51","traits":{"plan":"pro"}}`) // is suppressed
			pro := string(api.do("GET", "/api/segments/pro/members?limit=500", ""))
			if !strings.Contains(pro, `"u0"`) || strings.Contains(pro, `"u51"`) {
				t.Errorf("after more has come, pro has %s", pro)
			}
			if orders := string(api.do("GET", "/api/people/id:u0/events", "")); strings.Contains(orders, "1000") {
				t.Errorf("a message id from before counts again: %s", orders)
			}
			api.do("POST", "/api/segments/trial/resume", "")
			api.do("POST", "/api/segments/born/restore", "")
			built(t, api)
			clean(t, api)
			closed(t, s)

			s = open(t, dir, moment.Add(3*24*time.Hour)) // those who ordered lately no longer have
			defer closed(t, s)
			api = caller{t, s, apiKey}
			until(t, func() bool {
				return strings.Contains(string(api.do("GET", "/api/segments/lately/members", "")), `"members":[]`)
			})
			clean(t, api)
		})
	}
	t.Logf("TORTURE\tdata of earlier versions\t%d archives\t0\t%d answers compared, checked, written to, three days later", len(archives), answered)
}

// clean fails the test unless the check finds nothing.
func clean(t *testing.T, api caller) {
	t.Helper()
	if report := api.do("POST", "/api/check", ""); field(t, report, "problems_all") != "0" {
		t.Errorf("the check finds %s", report)
	}
}

// decoded is an answer as values.
func decoded(t *testing.T, answer json.RawMessage) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	return v
}

// without is an answer without the fields that another one does not have: a later version may tell more.
func without(now, then any) any {
	switch n := now.(type) {
	case map[string]any:
		m, ok := then.(map[string]any)
		if !ok {
			return now
		}
		out := map[string]any{}
		for key, v := range n {
			was, ok := m[key]
			if key == "last_seen_at" && was == nil {
				v = nil // the first version left it out of lists by mistake
			}
			if ok {
				out[key] = without(v, was)
			}
		}
		return out
	case []any:
		list, ok := then.([]any)
		if !ok || len(list) != len(n) {
			return now
		}
		out := make([]any, len(n))
		for i := range n {
			out[i] = without(n[i], list[i])
		}
		return out
	}
	return now
}
