// Package compattest holds what the tests of the wire formats share.
package compattest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/compat"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/ingest"
	"github.com/carpel/carpel/internal/records"
)

// Now is the moment of receipt.
func Now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// The secrets of the workspace's keys.
const (
	Server  = "sk_a_key_for_servers"
	Browser = "pk_a_key_for_browsers"
	Native  = "ak_a_key_for_the_api"
)

// MaxPending is how many requests the door lets in at once, and Share how many of them of one workspace.
const (
	MaxPending = 4
	Share      = 3
)

// Family is a family's handlers on records of their own, over a commit function that keeps what it is given and
// answers as it is told. Its fields are read once the requests that write them have ended.
type Family struct {
	http.Handler
	mu        sync.Mutex // guards Committed and Commits while requests are at work
	Records   *records.DB
	Door      *compat.Door
	Workspace string
	Committed []carpel.Item
	Commits   int
	Outcome   func(carpel.Item) engine.Outcome // nil: taken, by somebody
	Err       error                            // of every commit
	Full      bool                             // the disk
	Hold      chan struct{}                    // when not nil, a commit tells Entered that it is there, and waits
	Entered   chan struct{}
}

// New opens records with one workspace and its keys, and puts the handler that serve makes on a door to them.
func New(t *testing.T, serve func(*compat.Door) http.Handler) *Family {
	t.Helper()
	ctx := t.Context()
	db, err := records.Open(ctx, filepath.Join(t.TempDir(), "records.db"), records.Options{Now: Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ws, err := db.CreateWorkspace(ctx, carpel.Workspace{Name: "default", Zone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	for secret, spec := range map[string]records.KeySpec{
		Server: {Kind: records.ServerKey}, Browser: {Kind: records.PublicKey}, Native: {Kind: records.APIKey, Scopes: []string{records.ScopeAdmin}},
	} {
		spec.Name, spec.Secret = string(spec.Kind), secret
		if _, _, err := db.CreateKey(ctx, ws.ID, spec); err != nil {
			t.Fatal(err)
		}
	}
	f := &Family{Records: db, Workspace: ws.ID}
	f.Door = compat.NewDoor(compat.Options{Intake: ingest.New(ingest.Options{Records: db, Commit: f.commit, Person: f.person}), Records: db, Room: f.room,
		MaxPending: MaxPending, Now: Now, Log: slog.New(slog.DiscardHandler)})
	f.Handler = serve(f.Door)
	return f
}

func (f *Family) room() error {
	if f.Full {
		return &carpel.Error{Code: carpel.CodeDiskFull, Message: "full"}
	}
	return nil
}

func (f *Family) commit(_ context.Context, workspace string, items []carpel.Item) ([]engine.Outcome, error) {
	if workspace != f.Workspace {
		return nil, fmt.Errorf("commit to workspace %q", workspace)
	}
	if f.Hold != nil {
		f.Entered <- struct{}{}
		<-f.Hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Commits++
	if f.Err != nil {
		return nil, f.Err
	}
	outcomes := make([]engine.Outcome, len(items))
	for i, it := range items {
		outcomes[i] = engine.Outcome{Person: "p_1"}
		if f.Outcome != nil {
			outcomes[i] = f.Outcome(it)
		}
	}
	f.Committed = append(f.Committed, items...)
	return outcomes, nil
}

// person knows everybody by what they are called.
func (f *Family) person(_ context.Context, _ string, ref carpel.PersonRef) (*carpel.Person, error) {
	return &carpel.Person{Key: "p_1", UserID: ref.UserID, Email: ref.Email}, nil
}

// Rejected lists what is under Data → Rejected, oldest first, as "code pointer", warnings marked.
func (f *Family) Rejected(t *testing.T) []string {
	t.Helper()
	rs, err := f.Records.Rejections(t.Context(), f.Workspace, records.RejectionFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, r := range rs {
		s := strings.TrimSpace(r.Code + " " + r.Pointer)
		if r.Warning {
			s += " (warning)"
		}
		all = append([]string{s}, all...)
	}
	return all
}

// Send sends one request; the header lines are "Name: value".
func (f *Family) Send(method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// Basic is the header line with a key as the user of Basic.
func Basic(key string) string {
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth(key, "")
	return "Authorization: " + r.Header.Get("Authorization")
}

// Show writes an item in a line, so that rows can be read.
func Show(it carpel.Item) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", it.Kind, person(it.Person))
	if !it.Other.IsZero() {
		fmt.Fprintf(&b, " other=%s", person(it.Other))
	}
	for _, f := range [][2]string{{"name", it.Name}, {"url", it.URL}, {"mid", it.MessageID}} {
		if f[1] != "" {
			fmt.Fprintf(&b, " %s=%s", f[0], f[1])
		}
	}
	if it.At != carpel.MillisOf(Now()) {
		fmt.Fprintf(&b, " at=%s", it.At)
	}
	for name, x := range map[string]any{"": it.Properties} {
		if len(it.Properties) > 0 {
			j, _ := json.Marshal(x)
			fmt.Fprintf(&b, " %s%s", name, j)
		}
	}
	if len(it.Context) > 0 {
		j, _ := json.Marshal(it.Context)
		fmt.Fprintf(&b, " context%s", j)
	}
	if d := it.Device; d != nil {
		j, _ := json.Marshal(d.Properties)
		fmt.Fprintf(&b, " device=%s/%s%s", d.Token, d.Platform, j)
	}
	if m := it.Message; m != nil {
		fmt.Fprintf(&b, " %s/%s/%s/%s/%s", m.Channel, m.Action, m.Delivery, m.Link, m.Reason)
	}
	if it.Public {
		b.WriteString(" public")
	}
	if it.UpdateOnly {
		b.WriteString(" update-only")
	}
	return b.String()
}

func person(r carpel.PersonRef) string {
	var parts []string
	for _, f := range [][2]string{{"key", r.Key}, {"id", r.UserID}, {"email", r.Email}, {"token", r.Token}, {"anon", r.AnonymousID}} {
		if f[1] != "" {
			parts = append(parts, f[0]+":"+f[1])
		}
	}
	return strings.Join(parts, ",")
}
