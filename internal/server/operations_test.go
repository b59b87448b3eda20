package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/server"
)

// More workspaces than may be open at once are opened and closed under use, and nobody notices.
func TestManyWorkspaces(t *testing.T) {
	s := open(t, func(c *server.Config) { c.MaxOpen = 1 })
	c := client{t, s, adminKey}
	clients := []client{c}
	for i := range 3 {
		a := c.want(201, "POST /api/workspaces", map[string]string{"name": fmt.Sprint("w", i)})
		clients = append(clients, client{t, s, a.get("key.secret").(string)})
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, nil) }()
	var work sync.WaitGroup
	for n, c := range clients {
		work.Go(func() {
			for i := range 10 {
				c.bringIn("kind=people&format=csv", fmt.Appendf(nil, "id,plan\nw%d-%d,pro\n", n, i))
				if err := s.CloseIdle(ctx); err != nil {
					t.Error(err)
				}
			}
			if a := c.want(200, "POST /api/segments/preview", map[string]any{"definition": json.RawMessage(`{"attribute":"plan","op":"is","value":"pro"}`)}); a.get("count") != 10.0 {
				t.Errorf("workspace %d has %s", n, a.body)
			}
		})
	}
	work.Wait()
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if a := c.want(200, "POST /api/check", nil); a.get("problems_all") != 0.0 || a.get("workspaces.3.memberships") == nil {
		t.Errorf("the check is %s", a.body)
	}
	if n := s.OpenWorkspaces(); n > 1 {
		t.Errorf("%d workspaces stay open behind a check", n)
	}
}

// A backup made under load is whole; restored, it passes the check, and cursors from before are gone.
func TestBackupUnderLoad(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	c.define("Pro", "plan is pro")
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	cursor := c.want(200, "GET /api/segments/pro/changes", nil).get("next").(string)

	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			now := carpel.MillisOf(time.Now())
			if err := commit(ctx, s, carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: fmt.Sprint("load", i)}, At: now, Received: now,
				Properties: map[string]carpel.Value{"plan": carpel.TextValue("pro")}}); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	backup := filepath.Join(t.TempDir(), "backup")
	c.want(204, "POST /api/backup", map[string]string{"directory": backup})
	stop()
	work.Wait()
	if _, err := os.Stat(backup + ".part"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unfinished directory stays: %v", err)
	}
	c.want(409, "POST /api/backup", map[string]string{"directory": backup})

	data := filepath.Join(t.TempDir(), "restored")
	if verified, err := server.Restore(backup, data); err != nil || !verified {
		t.Fatal(verified, err)
	}
	if _, err := server.Restore(backup, data); carpel.ErrorCode(err) != carpel.CodeConflict {
		t.Errorf("restored over data: %v", err)
	}
	restored := client{t, open(t, func(c *server.Config) { c.Data = data }), adminKey}
	if a := restored.want(200, "POST /api/check", nil); a.get("problems_all") != 0.0 {
		t.Errorf("the check finds %s", a.body)
	}
	if a := restored.want(200, "GET /api/segments/pro", nil); a.get("count").(float64) < 2 {
		t.Errorf("the segment is %s", a.body)
	}
	restored.want(410, "GET /api/segments/pro/changes?after="+cursor, nil)
	c.want(200, "GET /api/segments/pro/changes?after="+cursor, nil)
	restored.want(200, "GET /api/segments/pro/changes", nil)
}

// What is refused is counted by its reason: the bound that was passed, else the code of the error.
func TestRefused(t *testing.T) {
	s := open(t, func(c *server.Config) { c.MaxPending = 1 })
	c := client{t, s, adminKey}
	c.want(401, "POST /v1/track", `{}`, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("sk_unknown:")))
	c.want(400, "POST /v1/track", `{`, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
	client{t, s, "ak_unknown_unknown_unknown"}.want(401, "GET /api/segments", nil)
	c.want(404, "GET /api/segments/nothing", nil)
	cut, reading, slow := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(slow)
		r := httptest.NewRequest("POST", "/v1/track", io.MultiReader(&told{reading}, &endless{cut}))
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
		s.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-reading
	c.want(429, "POST /v1/track", `{}`)
	close(cut)
	<-slow
	metrics := s.Metrics()
	for _, want := range []string{`{api="ingestion",reason="unauthorized"} 1`, `{api="ingestion",reason="requests"} 1`, `{api="native",reason="unauthorized"} 1`,
		`{api="native",reason="not_found"} 1`, `{api="ingestion",reason="invalid"} 2`} {
		if !strings.Contains(metrics, "carpel_requests_refused_total"+want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	_, rest, _ := strings.Cut(metrics, "\ncarpel_disk_free_bytes ")
	value, _, _ := strings.Cut(rest, "\n")
	if free, err := strconv.ParseFloat(value, 64); err != nil || free <= 0 {
		t.Errorf("the free disk is %q", value)
	}
}

// While a backup is copied to another file system the writer goes on: what is acknowledged meanwhile is not in the backup,
// which is of the moment of its checkpoint. Another backup has to wait, and nothing is left of either.
func TestBackupCopied(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	c.define("Pro", "plan is pro")
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	pro := c.want(200, "GET /api/segments/pro", nil).get("count")
	copying, goOn := make(chan struct{}), make(chan struct{})
	s.CopyBackups(func() {
		close(copying)
		<-goOn
	})
	backup, made := filepath.Join(t.TempDir(), "backup"), make(chan answer, 1)
	go func() { made <- c.do("POST /api/backup", map[string]string{"directory": backup}) }()
	<-copying
	now := carpel.MillisOf(time.Now())
	if err := commit(t.Context(), s, carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: "meanwhile"}, At: now, Received: now,
		Properties: map[string]carpel.Value{"plan": carpel.TextValue("pro")}}); err != nil {
		t.Fatal(err)
	}
	if a := c.want(200, "GET /api/segments/pro", nil); a.get("count") != pro.(float64)+1 {
		t.Errorf("while the copy goes on the segment is %s", a.body)
	}
	c.want(409, "POST /api/backup", map[string]string{"directory": backup + "2"})
	close(goOn)
	if a := <-made; a.status != 204 {
		t.Fatalf("the backup: %d %s", a.status, a.body)
	}
	data := filepath.Join(t.TempDir(), "restored")
	if verified, err := server.Restore(backup, data); err != nil || !verified {
		t.Fatal(verified, err)
	}
	restored := client{t, open(t, func(c *server.Config) { c.Data = data }), adminKey}
	if a := restored.want(200, "POST /api/check", nil); a.get("problems_all") != 0.0 {
		t.Errorf("the check finds %s", a.body)
	}
	if a := restored.want(200, "GET /api/segments/pro", nil); a.get("count") != pro {
		t.Errorf("in the backup the segment is %s, want %v", a.body, pro)
	}
	if left, err := filepath.Glob(filepath.Join(s.Data(), "workspaces", "*", "checkpoint")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// What a backup leaves when the process ends under it is gone at the next start: it would keep what was erased.
func TestBackupBrokenOff(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	s, err := server.Open(t.Context(), server.Config{Data: data, MinFreeMB: 1, MemoryMB: 64})
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(data, "workspaces", s.Local().Workspace, "checkpoint")
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(left, 0o700), os.WriteFile(filepath.Join(left, "000001.sst"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	open(t, func(c *server.Config) { c.Data = data })
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it stays: %v", err)
	}
}

// commit hands items to the engine of the first workspace.
func commit(ctx context.Context, s *server.Server, items ...carpel.Item) error {
	db, release, err := s.Engine(ctx, s.Local().Workspace)
	if err != nil {
		return err
	}
	defer release()
	_, err = db.Commit(ctx, items)
	return err
}

// A running server: health, version, metrics without names or personal data, one process at a time, and a stop that
// ends streams and lets requests finish.
func TestRun(t *testing.T) {
	s := open(t, func(c *server.Config) { c.Listen, c.Metrics, c.Version = "127.0.0.1:0", "127.0.0.1:0", "v9" })
	if _, err := server.Open(t.Context(), server.Config{Data: s.Data()}); carpel.ErrorCode(err) != carpel.CodeConflict {
		t.Errorf("a second process opens the directory: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	address, ran := make(chan string, 1), make(chan error, 1)
	go func() { ran <- s.Run(ctx, func(a string) { address <- a }) }()
	base := "http://" + <-address
	for path, want := range map[string]string{"/livez": "live", "/readyz": "ready", "/version": "v9", "/api/docs": "Carpel API", "/api/openapi.json": `"openapi":"3.1`} {
		if status, body := fetch(t, base+path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
	if status, _ := fetch(t, base+"/metrics"); status != 404 {
		t.Errorf("metrics on the main listener: %d", status)
	}
	c := client{t, s, adminKey}
	id := c.define("Secret name", "plan is pro")
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	c.track("PUT /api/v1/customers/ann%40example.com", `{}`)
	c.want(405, "POST /api/v1/customers/ann@example.com", `{}`)
	c.want(401, "POST /v1/track", `{}`)
	feed := c.follow(base, "/api/segments/"+id+"/changes")
	feed.next()
	feed.next()
	_, metrics := fetch(t, "http://"+s.MetricsAddress()+"/metrics")
	for _, want := range []string{
		`carpel_people{workspace="ws_`, `carpel_segment_people{segment="` + id + `",workspace="`, `carpel_ingest_items_total{kind="identify",outcome="taken",workspace="`,
		"carpel_commit_seconds_count", "carpel_evaluation_lag_seconds", "carpel_feed_changes_read_total", "carpel_engine_disk_bytes", "carpel_batches_total",
		`carpel_http_request_seconds_count{route="GET /api/segments/{id}",status="2xx"}`, "carpel_workspaces_open 1",
		`carpel_http_request_seconds_count{route="PUT /api/v1/customers/{id}",status="2xx"}`, `carpel_http_request_seconds_count{route="customerio",status="4xx"}`,
		`carpel_http_request_seconds_count{route="/v1/track",status="4xx"}`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, personal := range []string{"ann@", "Secret", "secret-name", adminKey} {
		if strings.Contains(metrics, personal) {
			t.Errorf("the metrics hold %s", personal)
		}
	}
	start := time.Now()
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("an open stream held the stop up for %s", took)
	}
	if _, err := io.ReadAll(feed.body.Body); err != nil {
		t.Errorf("the stream did not end in order: %v", err)
	}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// A preview stops when the client goes away.
func TestCancelledPreview(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", "/api/segments/preview", strings.NewReader(`{"definition":{"event":"*"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminKey)
	r.Header.Set("Content-Type", "application/json")
	w := &discard{header: http.Header{}}
	s.ServeHTTP(w, r)
	if w.status < 400 {
		t.Errorf("a request that nobody waits for got %d", w.status)
	}
}

// discard drops an answer but for its status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// An engine that has less than what it acknowledged does not open, and says so; others do.
func TestLostData(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	config := server.Config{Data: data, APIKey: adminKey, MinFreeMB: 1, MemoryMB: 64}
	s, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	c := client{t, s, adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	other := c.want(201, "POST /api/workspaces", map[string]string{"name": "other"}).get("key.secret").(string)
	workspace := s.Local().Workspace
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := records.Open(t.Context(), filepath.Join(data, "records.db"), records.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// As if the disk had lost the engine's last batches.
	if err := errors.Join(db.SetDue(t.Context(), records.Due{Workspace: workspace, Acknowledged: 1000}), db.Close()); err != nil {
		t.Fatal(err)
	}
	s = open(t, func(c *server.Config) { c.Data = data })
	if a := (client{t, s, adminKey}).want(500, "GET /api/segments", nil); !strings.Contains(string(a.body), "has lost data") {
		t.Errorf("the answer is %s", a.body)
	}
	client{t, s, other}.want(200, "GET /api/segments", nil)

	// So does readiness, with which it is, and a gauge.
	if a := (client{t, s, ""}).want(200, "GET /readyz", nil); a.get("status") != "ready" || a.get("workspaces_failed.0") != workspace || a.get("workspaces_failed.1") != nil {
		t.Errorf("ready is %s", a.body)
	}
	if metrics := s.Metrics(); !strings.Contains(metrics, "\ncarpel_workspaces_failed 1\n") {
		t.Error("the metrics do not tell of it")
	}

	// A check of all says of which it is, and looks at the others; the others' own is not about it.
	a := client{t, s, adminKey}.want(200, "POST /api/check", nil)
	if a.get("problems_all") != 1.0 || a.get("problems.0.workspace") != workspace || a.get("problems.0.kind") != "engine" || a.get("workspaces.1.segments") != 7.0 {
		t.Errorf("the check of all is %s", a.body)
	}
	if a := (client{t, s, other}).want(200, "POST /api/check", nil); a.get("problems_all") != 0.0 || a.get("workspaces.0.name") != "other" || a.get("workspaces.1.id") != nil {
		t.Errorf("the check of the other is %s", a.body)
	}
}
