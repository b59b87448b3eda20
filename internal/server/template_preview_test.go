package server_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carpel/carpel"
)

func htmlContent(subject, body string) map[string]any {
	return map[string]any{"email": map[string]any{"subject": subject, "format": "html", "body": body}}
}

func TestTemplatePreview(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.bringIn("kind=people&format=csv", []byte("id,email,first_name,plan\nu1,u1@example.com,<Ada>,pro\n"))
	body := `<p>{{ customer.first_name }} {{ customer.nickname }} {{ event.total }}</p><a href="{{ unsubscribe_url }}">Unsubscribe</a>`
	a := c.want(200, "POST /api/templates/preview", map[string]any{"content": htmlContent("Hi {{ customer.first_name }}", body), "person": "u1", "data": map[string]any{"event": map[string]any{"total": 12}}})
	want := map[string]any{"kind": "email", "subject": "Hi <Ada>", "html": `<p>&lt;Ada&gt;  12</p><a href="https://example.com/unsubscribe">Unsubscribe</a>`, "text": "<Ada> 12\n\nUnsubscribe (https://example.com/unsubscribe)",
		"missing": []any{"customer.nickname"}, "variables": []any{"customer.first_name", "customer.nickname", "event.total", "unsubscribe_url"}, "size": 79.0, "warnings": []any{}}
	var got map[string]any
	if err := json.Unmarshal(a.body, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "$schema")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Nobody, and an attribute that is made up.
	a = c.want(200, "POST /api/templates/preview", map[string]any{"content": htmlContent("Hi {{ customer.first_name }}", "{{ nickname }}"), "data": map[string]any{"customer": map[string]any{"first_name": "Grace"}}})
	if a.get("subject") != "Hi Grace" || a.get("missing.0") != "nickname" || a.get("warnings.0.code") != "unknown_variable" || a.get("warnings.0.suggestion") != "customer.nickname" || a.get("warnings.1.code") != "no_unsubscribe" {
		t.Errorf("%s", a.body)
	}
	a = c.want(200, "POST /api/templates/preview", map[string]any{"content": htmlContent("s", strings.Repeat("<p>word</p>", 10000))})
	if a.get("warnings.0.code") != "clipped" || a.get("size") != 110000.0 {
		t.Errorf("a long one: %v %v", a.get("warnings"), a.get("size"))
	}
	// Faults have a place.
	for _, f := range []struct {
		content         map[string]any
		pointer         string
		line, column    float64
		code, suggested string
	}{
		{htmlContent("s", "<p>\n  {{ customer.x | upcas }}"), "/content/email/body", 2, 3, carpel.CodeInvalid, "upcase"},
		{htmlContent("{% if %}", "x"), "/content/email/subject", 1, 1, carpel.CodeInvalid, ""},
		{htmlContent("s", "{% for i in (1..100000000) %}{% endfor %}"), "/content/email/body", 1, 1, carpel.CodeLimit, ""},
		{map[string]any{"webhook": map[string]any{"method": "POST", "url": "ftp://x"}}, "/content/webhook/url", 0, 0, carpel.CodeInvalid, ""},
		{map[string]any{}, "/content", 0, 0, carpel.CodeInvalid, ""},
	} {
		a := c.want(400, "POST /api/templates/preview", map[string]any{"content": f.content})
		line, _ := a.get("line").(float64)
		column, _ := a.get("column").(float64)
		suggested, _ := a.get("suggestion").(string)
		if a.get("pointer") != f.pointer || line != f.line || column != f.column || a.get("code") != f.code || suggested != f.suggested {
			t.Errorf("%v: %s", f.content, a.body)
		}
	}
	if a := c.want(404, "POST /api/templates/preview", map[string]any{"content": htmlContent("s", "b"), "person": "nobody"}); a.get("pointer") == "/content" {
		t.Errorf("nobody: %s", a.body)
	}
	// Saved ones, also an earlier version; what does not compile is not saved.
	c.want(201, "POST /api/templates", map[string]any{"name": "Welcome", "content": htmlContent("One", "x")})
	c.want(200, "PUT /api/templates/welcome", map[string]any{"content": htmlContent("Two {{ customer.plan }}", "x")})
	if a := c.want(400, "PUT /api/templates/welcome", map[string]any{"content": htmlContent("{{", "x")}); a.get("pointer") != "/content/email/subject" || a.get("column") != 1.0 {
		t.Errorf("%s", a.body)
	}
	if a := c.want(200, "POST /api/templates/welcome/preview", map[string]any{"person": "email:u1@example.com"}); a.get("subject") != "Two pro" {
		t.Errorf("%s", a.body)
	}
	if a := c.want(200, "POST /api/templates/welcome/preview", map[string]any{"version": 1}); a.get("subject") != "One" {
		t.Errorf("%s", a.body)
	}
	c.want(404, "POST /api/templates/welcome/preview", map[string]any{"version": 7})
	push := c.want(200, "POST /api/templates/preview", map[string]any{"content": map[string]any{"push": map[string]any{"title": "Hi {{ customer.plan }}", "body": "b"}}, "person": "u1"})
	hook := c.want(200, "POST /api/templates/preview", map[string]any{"content": map[string]any{"webhook": map[string]any{"method": "PUT", "url": "https://x.example/", "body": `{"a": {{ customer.first_name | json }}}`}}, "person": "u1"})
	if push.get("push.title") != "Hi pro" || hook.get("webhook.body") != `{"a": "<Ada>"}` || hook.get("webhook.method") != "PUT" {
		t.Errorf("%s\n%s", push.body, hook.body)
	}
}

// A starter is a content as it is.
func TestStarters(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	starters := c.want(200, "GET /api/templates/starters", nil).get("starters").([]any)
	var keys []string
	for _, s := range starters {
		s := s.(map[string]any)
		keys = append(keys, s["key"].(string))
		made := c.want(201, "POST /api/templates", map[string]any{"name": s["name"], "content": s["content"]})
		if a := c.want(200, "POST /api/templates/"+made.get("id").(string)+"/preview", map[string]any{}); len(a.get("missing").([]any)) > 0 || len(a.get("warnings").([]any)) > 0 {
			t.Errorf("%s: missing %v, warnings %v", s["key"], a.get("missing"), a.get("warnings"))
		}
	}
	if !slices.Equal(keys, []string{"welcome", "announcement", "letter", "win-back"}) {
		t.Errorf("the starters are %v", keys)
	}
}
