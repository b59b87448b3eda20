package server_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/carpel/carpel/internal/server"
)

// An archived manual segment is seen nowhere and takes nobody, and has its members again when it is restored: also when
// the server was started anew meanwhile.
func TestArchivedManualSegment(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := server.Open(t.Context(), server.Config{Data: dir, APIKey: adminKey, Write: writeKey, MemoryMB: 64, MinFreeMB: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := client{t, s, adminKey}
	c.want(201, "POST /api/segments", map[string]any{"name": "Old", "kind": "manual"})
	c.bringIn("kind=people&format=csv", []byte("id\nann\nbob\n"))
	c.want(200, "POST /api/segments/old/members", map[string]any{"add": []string{"ann", "bob"}})
	if a := c.want(200, "POST /api/segments/old/archive", nil); a.get("state") != "archived" || a.get("count") != 0.0 {
		t.Errorf("archived it is %s", a.body)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.handler = open(t, func(c *server.Config) { c.Data = dir })
	for _, call := range []string{"GET /api/segments/old/members", "GET /api/segments/old/changes", "POST /api/segments/old/members", "POST /api/segments/overlap"} {
		if a := c.want(409, call, map[string]any{"segments": []string{"old"}}); !strings.Contains(string(a.body), "archived") {
			t.Errorf("%s: %s", call, a.body)
		}
	}
	c.want(409, "POST /api/imports?kind=members&format=csv&segment=old", nil)
	for _, call := range []string{"GET /api/people/ann/segments", "GET /api/overview", "GET /api/schema?kind=segment", "GET /api/segments", "GET /api/segments/old/history"} {
		if a := c.want(200, call, nil); strings.Contains(string(a.body), `"Old"`) || strings.Contains(string(a.body), `"old"`) {
			t.Errorf("%s shows it: %s", call, a.body)
		}
	}
	if a := c.want(200, "POST /api/segments/old/restore", nil); a.get("count") != 2.0 || a.get("state") != "live" {
		t.Errorf("restored it is %s", a.body)
	}
	c.want(409, "POST /api/segments/old/restore", nil)
	c.want(200, "POST /api/segments/old/archive", nil)
	c.want(204, "DELETE /api/segments/old", nil)
	c.want(404, "GET /api/segments/old", nil)
}
