package server_test

import (
	"strings"
	"testing"
)

// An archived segment has no members: an edit says so, and does not call everybody unknown.
func TestEditMembersOfArchived(t *testing.T) {
	c := client{t, open(t, nil), adminKey}
	c.want(201, "POST /api/segments", map[string]any{"name": "Old", "kind": "manual"})
	c.want(200, "POST /api/segments/old/archive", nil)
	edit := map[string]any{"add": []string{"ann"}}
	if body := string(c.want(409, "POST /api/segments/old/members", edit).body); !strings.Contains(body, "archived") {
		t.Errorf("%s", body)
	}
	c.want(200, "POST /api/segments/old/restore", nil)
	c.want(200, "POST /api/segments/old/members", edit)
}
