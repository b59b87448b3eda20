package server_test

import "testing"

// How messages go out is read as it was set; a fault points at its place, and changes nothing.
func TestSending(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	if a := c.want(200, "GET /api/sending", nil); a.get("from") != nil || a.get("quiet") != nil {
		t.Errorf("at first it is %s", a.body)
	}
	c.want(200, "PUT /api/sending", map[string]any{"from": "Shop <hello@example.com>", "topics": []any{map[string]any{"key": "news", "name": "News"}},
		"caps": []any{map[string]any{"kind": "email", "count": 3, "hours": 24}}, "quiet": map[string]any{"from": "21:00", "to": "08:00"}})
	for _, bad := range []struct {
		body    map[string]any
		pointer string
	}{
		{map[string]any{"from": "nobody"}, "/from"},
		{map[string]any{"topics": []any{map[string]any{"key": "News!", "name": "News"}}}, "/topics/0/key"},
		{map[string]any{"quiet": map[string]any{"from": "21:00", "to": "21:00"}}, "/quiet/to"},
	} {
		if a := c.want(400, "PUT /api/sending", bad.body); a.get("pointer") != bad.pointer {
			t.Errorf("%v: %s", bad.body, a.body)
		}
	}
	if a := c.want(200, "GET /api/sending", nil); a.get("topics.0.key") != "news" || a.get("caps.0.count") != 3.0 || a.get("quiet.to") != "08:00" {
		t.Errorf("then it is %s", a.body)
	}
}
