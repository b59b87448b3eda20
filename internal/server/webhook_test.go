package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/carpel/carpel/internal/server"
)

// receiver is another system that webhooks call.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []received // guarded by mu
	status int        // of its answers; guarded by mu
}

type received struct {
	header http.Header
	body   []byte
	Type   string
	Data   struct {
		Segment, Delivery, Link, Cause string
		Person                         struct{ Key, ID, Email string }
	}
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c := received{header: req.Header.Clone()}
		c.body, _ = io.ReadAll(req.Body)
		if err := json.Unmarshal(c.body, &c); err != nil {
			t.Errorf("a call holds %q: %v", c.body, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, c)
		w.WriteHeader(r.status)
		fmt.Fprint(w, "the receiver's words")
	}))
	t.Cleanup(r.Close)
	return r
}

// answer sets the status of the receiver's answers.
func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// taken returns the calls since the last time.
func (r *receiver) taken() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.calls
	r.calls = nil
	return all
}

// ids are the people of calls, in order, with a sign for what they did.
func ids(calls []received) string {
	var all []string
	for _, c := range calls {
		all = append(all, map[string]string{"segment.entered": "+", "segment.left": "-"}[c.Type]+c.Data.Person.ID)
	}
	return strings.Join(all, " ")
}

// hooked is a server with a segment, and another system that is called for its changes.
type hooked struct {
	client
	server  *server.Server
	config  server.Config
	clock   *wallClock
	to      *receiver
	segment string
	hook    string
	secret  string
}

func newHooked(t *testing.T, events ...string) *hooked {
	t.Helper()
	h := &hooked{to: newReceiver(t), clock: &wallClock{}}
	h.config = server.Config{Data: filepath.Join(t.TempDir(), "data"), APIKey: adminKey, Write: writeKey, MemoryMB: 64, MinFreeMB: 1, Listen: "127.0.0.1:0", Now: h.clock.now,
		OutboundAllow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	h.client = client{t: t, key: adminKey}
	h.start()
	t.Cleanup(func() { h.server.Close(context.Background()) })
	h.people("before,pro")
	h.segment = h.define("Pro", `plan is "pro"`)
	a := h.want(201, "POST /api/webhooks", map[string]any{"name": "CRM", "url": h.to.URL + "/in?x=1", "events": events, "segments": []string{"pro"}})
	h.hook, h.secret = a.get("id").(string), a.get("secret").(string)
	return h
}

func (h *hooked) start() {
	h.t.Helper()
	s, err := server.Open(h.t.Context(), h.config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.server, h.client.handler = s, s
}

func (h *hooked) people(rows ...string) {
	h.t.Helper()
	h.bringIn("kind=people&format=csv", []byte("id,plan\n"+strings.Join(rows, "\n")+"\n"))
}

func (h *hooked) round() {
	h.t.Helper()
	if err := h.server.CallHooks(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// log is the states of the calls, newest first.
func (h *hooked) log() string {
	h.t.Helper()
	var all []string
	for _, c := range h.want(200, "GET /api/webhooks/"+h.hook+"/calls", nil).get("calls").([]any) {
		all = append(all, c.(map[string]any)["state"].(string))
	}
	return strings.Join(all, " ")
}

// Who enters and leaves a segment from now on is called out, in order, signed so that the reference library takes it.
func TestWebhookOfSegment(t *testing.T) {
	h := newHooked(t, "segment.entered", "segment.left")
	h.round()
	for _, change := range []string{"a,pro", "b,pro", "a,free", "c,free", "a,pro"} {
		h.people(change)
	}
	h.round()
	calls := h.to.taken()
	if got := ids(calls); got != "+a +b -a +a" {
		t.Errorf("called: %s", got)
	}
	check, err := standardwebhooks.NewWebhook(h.secret)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range calls {
		if err := check.Verify(c.body, c.header); err != nil {
			t.Errorf("the signature: %v", err)
		}
		if check.Verify(append(c.body, ' '), c.header) == nil {
			t.Error("a body that was changed is taken")
		}
		if id := c.header.Get("Webhook-Id"); seen[id] {
			t.Errorf("%s came twice", id)
		} else {
			seen[id] = true
		}
		if c.Data.Segment != h.segment || !strings.HasPrefix(c.Data.Person.Key, "p_") || c.Data.Cause != "import" {
			t.Errorf("the call says %s", c.body)
		}
	}
	h.round()
	if again := h.to.taken(); len(again) > 0 {
		t.Errorf("called again: %s", ids(again))
	}
	if got := h.log(); got != "sent sent sent sent" {
		t.Errorf("the log is %s", got)
	}
	// While secrets rotate the receiver may know the old one or the new.
	fresh := h.want(201, "POST /api/webhooks/"+h.hook+"/rotate", nil).get("secret").(string)
	h.want(202, "POST /api/webhooks/"+h.hook+"/ping", nil)
	h.round()
	ping := h.to.taken()
	if len(ping) != 1 || ping[0].Type != "ping" {
		t.Fatalf("the try-out called %v", ping)
	}
	for _, secret := range []string{h.secret, fresh} {
		check, _ := standardwebhooks.NewWebhook(secret)
		if err := check.Verify(ping[0].body, ping[0].header); err != nil {
			t.Errorf("while rotating: %v", err)
		}
	}
	if all := string(h.want(200, "GET /api/webhooks", nil).body) + string(h.want(200, "GET /api/webhooks/"+h.hook+"/calls", nil).body); strings.Contains(all, "whsec_") || strings.Contains(all, fresh[6:]) {
		t.Error("a secret is shown again")
	}
}

// A receiver that does not take a call gets it again with the same id, and those behind it wait; also when the server is
// stopped between.
func TestWebhookTriesAgain(t *testing.T) {
	h := newHooked(t, "segment.entered")
	h.to.answer(500)
	h.people("a,pro")
	h.people("b,pro")
	h.round()
	first := h.to.taken()
	if ids(first) != "+a" {
		t.Fatalf("called: %s", ids(first))
	}
	h.round()
	if got := h.to.taken(); len(got) > 0 {
		t.Errorf("called again at once: %s", ids(got))
	}
	if a := h.want(200, "GET /api/webhooks/"+h.hook+"/calls?state=planned", nil); a.get("calls.1.attempts") != 1.0 || !strings.Contains(a.get("calls.1.answer").(string), "500 Internal Server Error the receiver's words") {
		t.Errorf("the log says %s", a.body)
	}
	h.people("c,pro") // is in the feed, and not read yet, when the server stops
	if err := h.server.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.to.answer(204)
	h.clock.jump(time.Minute)
	h.start()
	h.round()
	calls := h.to.taken()
	if ids(calls) != "+a +b +c" || calls[0].header.Get("Webhook-Id") != first[0].header.Get("Webhook-Id") {
		t.Errorf("after the start: %s", ids(calls))
	}
	// By hand a call is made again, with its id.
	id := calls[1].header.Get("Webhook-Id")
	if a := h.want(200, "POST /api/webhooks/"+h.hook+"/replay", map[string]any{"calls": []string{id}}); a.get("planned") != 1.0 {
		t.Errorf("replayed: %s", a.body)
	}
	h.round()
	if again := h.to.taken(); ids(again) != "+b" || again[0].header.Get("Webhook-Id") != id {
		t.Errorf("replayed: %s", ids(again))
	}
}

// A receiver that takes nothing for three days is called no more, and one that says it is gone at once; what waits goes out
// when the webhook is turned on again, and what happened while it was off does not.
func TestWebhookTurnsOff(t *testing.T) {
	h := newHooked(t, "segment.entered")
	spec := map[string]any{"name": "CRM", "url": h.to.URL, "events": []string{"segment.entered"}, "segments": []string{"pro"}}
	h.to.answer(503)
	h.people("a,pro")
	for range 25 {
		h.round()
		h.clock.jump(4 * time.Hour)
	}
	if a := h.want(200, "GET /api/webhooks/"+h.hook, nil); a.get("on") != false || !strings.Contains(a.get("reason").(string), "three days") || !strings.Contains(a.get("reason").(string), "503") {
		t.Fatalf("after four days: %s", a.body)
	}
	h.want(409, "POST /api/webhooks/"+h.hook+"/ping", nil)
	tries := len(h.to.taken())
	if tries < 10 || tries > 25 {
		t.Errorf("it was tried %d times", tries)
	}
	h.people("b,pro")
	h.round()
	h.to.answer(200)
	if a := h.want(200, "PUT /api/webhooks/"+h.hook, spec); a.get("on") != true || a.get("reason") != "" {
		t.Errorf("turned on: %s", a.body)
	}
	h.clock.jump(4 * time.Hour)
	h.people("c,pro")
	h.round()
	calls := h.to.taken()
	got := ids(calls)
	if !strings.HasSuffix(got, "+c") || strings.Contains(got, "+b") {
		t.Errorf("after it was turned on: %s", got)
	}
	h.to.answer(410)
	h.people("d,pro")
	h.round()
	if a := h.want(200, "GET /api/webhooks/"+h.hook, nil); a.get("on") != false || !strings.Contains(a.get("reason").(string), "gone") {
		t.Errorf("gone: %s", a.body)
	}
}

// When the feed does not reach back to where a webhook had read, it goes on from now, and the log says what is missing.
func TestWebhookSaysWhatIsMissing(t *testing.T) {
	h := newHooked(t, "segment.entered")
	backup := filepath.Join(t.TempDir(), "backup")
	h.want(204, "POST /api/backup", map[string]string{"directory": backup})
	h.people("a,pro")
	if err := h.server.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.config.Data = filepath.Join(t.TempDir(), "restored")
	if _, err := server.Restore(backup, h.config.Data); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.people("b,pro")
	h.round()
	h.people("c,pro")
	h.round()
	if got := ids(h.to.taken()); got != "+c" {
		t.Errorf("called: %s", got)
	}
	if a := h.want(200, "GET /api/webhooks/"+h.hook+"/calls", nil); a.get("calls.1.state") != "missing" || a.get("calls.1.event") != "gap" || !strings.Contains(a.get("calls.1.answer").(string), "read the members anew") {
		t.Errorf("the log is %s", a.body)
	}
}

// What becomes of messages is called out once; and nothing of who is erased stays in the log.
func TestWebhookOfDeliveries(t *testing.T) {
	m := newMail(t, nil)
	to := newReceiver(t)
	hook := m.want(201, "POST /api/webhooks", map[string]any{"name": "x", "url": to.URL, "events": []string{"delivery.clicked", "delivery.unsubscribed", "delivery.bounced", "person.erased"}}).get("id").(string)
	m.want(302, "GET "+m.path(m.links.Link("https://shop.example/?who=ann@example.com")), nil, "User-Agent", browser)
	m.want(200, "GET "+m.path(m.links.Pixel), nil, "User-Agent", browser)
	m.want(200, "POST "+m.path(m.links.Unsubscribe), "List-Unsubscribe=One-Click", "Content-Type", form)
	m.want(200, "POST /api/bounces", bounce(m.delivery, "failed", "5.1.1", "550 5.1.1 no such user"), "Content-Type", "message/rfc822")
	m.tell()
	m.tell()
	round := func() []received {
		t.Helper()
		if err := m.server.CallHooks(t.Context()); err != nil {
			t.Fatal(err)
		}
		return to.taken()
	}
	types := map[string]received{}
	for _, c := range round() {
		if _, twice := types[c.Type]; twice {
			t.Errorf("%s came twice", c.Type)
		}
		types[c.Type] = c
	}
	clicked := types["delivery.clicked"]
	if len(types) != 3 || clicked.Data.Delivery != m.delivery || clicked.Data.Link != "https://shop.example/?who=ann@example.com" || clicked.Data.Person.ID != "ann" || clicked.Data.Person.Email != "ann@example.com" {
		t.Errorf("called for %v", types)
	}
	m.want(204, "DELETE /api/people/ann", nil)
	if calls := round(); len(calls) != 1 || calls[0].Type != "person.erased" || calls[0].Data.Person.Key != m.person || calls[0].Data.Person.Email != "" {
		t.Errorf("the erasure called %v", calls)
	}
	if a := m.want(200, "GET /api/webhooks/"+hook+"/calls", nil); strings.Contains(string(a.body), "ann") || strings.Contains(string(a.body), "words") && strings.Contains(string(a.body), "who=") {
		t.Errorf("the log holds %s", a.body)
	}
}

// A webhook that cannot be called is refused with its place, and a server inside is not called unless that is allowed.
func TestWebhookRefused(t *testing.T) {
	h := newHooked(t, "segment.entered")
	spec := func(change func(m map[string]any)) map[string]any {
		m := map[string]any{"name": "x", "url": "https://example.com/", "events": []string{"segment.entered"}, "segments": []string{"pro"}}
		change(m)
		return m
	}
	for pointer, change := range map[string]func(m map[string]any){
		"/url":      func(m map[string]any) { m["url"] = "ftp://example.com" },
		"/segments": func(m map[string]any) { m["segments"] = []string{} },
	} {
		if a := h.want(400, "POST /api/webhooks", spec(change)); a.get("pointer") != pointer {
			t.Errorf("%s: %s", pointer, a.body)
		}
	}
	h.want(404, "POST /api/webhooks", spec(func(m map[string]any) { m["segments"] = []string{"none"} }))
	h.want(404, "GET /api/webhooks/wh_none/calls", nil)
	h.want(404, "DELETE /api/webhooks/wh_none", nil)
	inside := h.want(201, "POST /api/webhooks", spec(func(m map[string]any) {
		m["url"] = "http://10.0.0.1/"
		m["events"] = []string{"person.erased"}
		m["segments"] = nil
	})).get("id").(string)
	h.want(202, "POST /api/webhooks/"+inside+"/ping", nil)
	h.round()
	if a := h.want(200, "GET /api/webhooks/"+inside+"/calls", nil); a.get("calls.0.state") != "failed" || !strings.Contains(a.get("calls.0.answer").(string), "a private network") {
		t.Errorf("a server inside: %s", a.body)
	}
	h.want(204, "DELETE /api/webhooks/"+inside, nil)
	h.want(404, "GET /api/webhooks/"+inside, nil)
}
