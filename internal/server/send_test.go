package server_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/server"
)

// running is a server that runs: what it does by itself is done.
func running(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.Open(t.Context(), server.Config{Data: filepath.Join(t.TempDir(), "data"), APIKey: adminKey, Write: writeKey, MemoryMB: 64, MinFreeMB: 1, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran, started := make(chan error, 1), make(chan string, 1)
	go func() { ran <- s.Run(ctx, func(address string) { started <- address }) }()
	<-started
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A message from the call to the inbox of the sandbox, to the person's timeline, and into a segment; what keeps it back is
// told.
func TestSend(t *testing.T) {
	s := running(t)
	c, in := client{t, s, adminKey}, client{t, s, ""}
	in.take("/v1/identify", `{"userId":"ann","traits":{"email":"Ann@example.com","name":"Ann"}}`)
	in.take("/v1/identify", `{"userId":"bob","traits":{"email":"bob@example.com","unsubscribed":true}}`)
	content := map[string]any{"email": map[string]any{"subject": "Order {{ event.id }}", "format": "html", "body": `<p>Hi {{ customer.name | default: "you" }}, <a href="https://shop.example/o?a=1&amp;b=2">see</a></p>`}}
	template := c.want(201, "POST /api/templates", map[string]any{"name": "Receipt", "content": content}).get("id").(string)
	c.want(200, "PUT /api/sending", map[string]any{"from": "Shop <shop@example.com>"})
	c.define("Got it", `message any sent campaign "`+template+`" at least 1 times`)

	body := map[string]any{"template": "receipt", "to": "ann", "data": map[string]any{"event": map[string]any{"id": 7}}}
	first := c.want(202, "POST /api/send", body, "Idempotency-Key", "order 7")
	if again := c.want(202, "POST /api/send", body, "Idempotency-Key", "order 7"); again.get("delivery") != first.get("delivery") {
		t.Errorf("the same message is another one: %s", again.body)
	}
	sent := c.until("GET /api/deliveries/"+first.get("delivery").(string), func(a answer) bool { return a.get("state") == "sent" })
	if sent.get("channel") != "sandbox" || sent.get("recipient") != "Ann@example.com" || sent.get("opened_at") != nil || sent.get("sent_at") == nil {
		t.Errorf("the delivery: %s", sent.body)
	}
	listed := c.want(200, "GET /api/inbox?search=order", nil)
	if got := listed.get("messages").([]any); len(got) != 1 {
		t.Fatalf("the inbox: %s", listed.body)
	}
	message := c.want(200, "GET /api/inbox/1", nil)
	if message.get("subject") != "Order 7" || !strings.Contains(message.get("html").(string), "Hi Ann") || !strings.Contains(message.get("text").(string), "Hi Ann") ||
		!strings.HasPrefix(message.get("links.0").(string), "http://127.0.0.1:") || !strings.Contains(message.get("source").(string), "shop@example.com") {
		t.Errorf("the message: %s", message.body)
	}
	c.until("GET /api/segments/got-it", func(a answer) bool { return a.get("count") == 1.0 })
	if a := c.want(200, "GET /api/people/ann/messages", nil); a.get("events.0.properties.$action") != "sent" {
		t.Errorf("the timeline: %s", a.body)
	}

	becomes := func(to string, more map[string]any, state, reason string) {
		t.Helper()
		body := map[string]any{"content": content, "to": to, "data": map[string]any{"event": map[string]any{"id": 8}}}
		for k, v := range more {
			body[k] = v
		}
		id := c.want(202, "POST /api/send", body).get("delivery").(string)
		if a := c.until("GET /api/deliveries/"+id, func(a answer) bool { return a.get("state") != "planned" && a.get("state") != "attempting" }); a.get("state") != state || a.get("reason") != reason {
			t.Errorf("to %s, %v: %s", to, more, a.body)
		}
	}
	becomes("bob", nil, "sent", "")
	becomes("bob", map[string]any{"consent": true}, "skipped", "unsubscribed")
	becomes("ann", map[string]any{"data": map[string]any{}}, "skipped", "missing_variable")
	hash := c.want(201, "POST /api/suppressions", map[string]any{"address": "ann@EXAMPLE.com"}).get("hash").(string)
	becomes("ann", nil, "skipped", "suppressed")
	c.want(204, "DELETE /api/suppressions/email/"+hash, nil)
	becomes("ann", nil, "sent", "")
	if a := c.want(200, "GET /api/deliveries?person=ann&state=skipped&limit=1", nil); a.get("deliveries.0.reason") != "suppressed" || a.get("next") == "" {
		t.Errorf("the skipped: %s", a.body)
	}

	c.want(404, "POST /api/send", map[string]any{"template": "receipt", "to": "nobody"})
	for pointer, body := range map[string]map[string]any{
		"/template": {"to": "ann"}, "/content/email/subject": {"to": "ann", "content": map[string]any{"email": map[string]any{"subject": "{{", "format": "html", "body": "x"}}},
		"/data": {"to": "ann", "template": "receipt", "data": map[string]any{"event": map[string]any{"x": strings.Repeat("x", 70_000)}}},
	} {
		if a := c.want(400, "POST /api/send", body); a.get("pointer") != pointer {
			t.Errorf("%s: %s", pointer, a.body)
		}
	}
	c.want(400, "PUT /api/sending", map[string]any{"caps": []any{map[string]any{"count": 0, "hours": 1}}})
	c.want(204, "DELETE /api/inbox", nil)

	try := map[string]any{"template": "receipt", "person": "ann", "data": map[string]any{"event": map[string]any{"id": 9}}}
	if a := c.want(200, "POST /api/send/test", try); a.get("accepted") != true {
		t.Errorf("a test: %s", a.body)
	}
	if a := c.want(200, "GET /api/inbox", nil); len(a.get("messages").([]any)) != 1 || a.get("messages.0.subject") != "Order 9" {
		t.Errorf("the inbox after a test: %s", a.body)
	}
	delete(try, "data")
	if a := c.want(400, "POST /api/send/test", try); !strings.Contains(a.get("detail").(string), "event.id") {
		t.Errorf("a test that lacks something: %s", a.body)
	}
	try["to"] = "ann@example.com"
	if a := c.want(403, "POST /api/send/test", try); a.get("code") != carpel.CodeForbidden {
		t.Errorf("a test to a stranger: %s", a.body)
	}

	// Erasure takes addresses, contents and the inbox along, and the address gets nothing any more.
	c.want(204, "DELETE /api/people/ann", nil)
	if a := c.want(200, "GET /api/inbox", nil); len(a.get("messages").([]any)) != 0 {
		t.Errorf("the inbox after the erasure: %s", a.body)
	}
	if a := c.want(200, "GET /api/deliveries", nil); strings.Contains(strings.ToLower(string(a.body)), "ann@example.com") {
		t.Errorf("the deliveries after the erasure: %s", a.body)
	}
	if a := c.want(200, "GET /api/suppressions?search=ann@example.com", nil); a.get("suppressions.0.reason") != "erasure" || a.get("suppressions.0.address") != "" {
		t.Errorf("the suppressions after the erasure: %s", a.body)
	}
	in.take("/v1/identify", `{"userId":"ann2","traits":{"email":"ann@example.com"}}`)
	becomes("ann2", nil, "skipped", "suppressed")
}
