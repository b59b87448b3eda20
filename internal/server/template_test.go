package server_test

import (
	"testing"

	"github.com/carpel/carpel"
)

func TestTemplates(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	content := func(subject string) map[string]any {
		return map[string]any{"email": map[string]any{"subject": subject, "format": "html", "body": "<p>Hello</p>"}}
	}
	made := c.want(201, "POST /api/templates", map[string]any{"name": "Welcome", "content": content("Hello")})
	if made.get("key") != "welcome" || made.get("version") != 1.0 || made.get("kind") != "email" {
		t.Errorf("made %s", made.body)
	}
	c.want(201, "POST /api/templates", map[string]any{"name": "Ping", "content": map[string]any{"push": map[string]any{"title": "a", "body": "b"}}})
	if a := c.want(409, "POST /api/templates", map[string]any{"name": "x", "key": "welcome", "content": content("x")}); a.get("pointer") != "/key" {
		t.Errorf("a key twice: %s", a.body)
	}
	if a := c.want(400, "POST /api/templates", map[string]any{"name": "x", "content": map[string]any{}}); a.get("pointer") != "/content" {
		t.Errorf("no content: %s", a.body)
	}
	edited := c.want(200, "PUT /api/templates/welcome", map[string]any{"content": content("Hello again")})
	if edited.get("version") != 2.0 {
		t.Errorf("edited %s", edited.body)
	}
	if a := c.want(412, "PUT /api/templates/welcome", map[string]any{"name": "x"}, "If-Match", made.header.Get("ETag")); a.get("code") != carpel.CodeVersion {
		t.Errorf("an edit of what was edited since: %s", a.body)
	}
	if a := c.want(200, "GET /api/templates?kind=push", nil); len(a.get("templates").([]any)) != 1 {
		t.Errorf("push templates: %s", a.body)
	}
	first := c.want(200, "GET /api/templates?limit=1", nil)
	if a := c.want(200, "GET /api/templates?after="+first.get("next").(string), nil); len(a.get("templates").([]any)) != 1 || a.get("next") != "" {
		t.Errorf("the second page: %s", a.body)
	}
	if a := c.want(200, "GET /api/templates/welcome/versions", nil); len(a.get("versions").([]any)) != 2 {
		t.Errorf("versions: %s", a.body)
	}
	if a := c.want(404, "GET /api/templates/welcom", nil); a.get("suggestion") != "welcome" {
		t.Errorf("misspelt: %s", a.body)
	}
	c.want(204, "DELETE /api/templates/welcome", nil)
	c.want(404, "GET /api/templates/welcome", nil)
}
