package server_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/server"
)

// An engine that nobody used for ten minutes is closed, and opens again at the next use; one in which time has work soon
// stays open.
func TestIdleWorkspaceCloses(t *testing.T) {
	var passed atomic.Int64
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := open(t, func(c *server.Config) { c.Now = func() time.Time { return now.Add(time.Duration(passed.Load())) } })
	first := client{t, s, adminKey}
	second := client{t, s, first.want(201, "POST /api/workspaces", map[string]string{"name": "second"}).get("key.secret").(string)}
	for _, c := range []client{first, second} {
		c.bringIn("kind=people&format=csv", []byte(fewPeople))
		c.define("Pro", "plan is pro")
	}
	second.define("New", "created_at within last 11min") // time has work in it ten and a half minutes from now
	second.bringIn("kind=people&format=csv", []byte("id,created_at\nann,2026-05-01T11:59:30Z\n"))
	want := func(what string, open int) {
		t.Helper()
		if err := s.CloseIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.OpenWorkspaces(); got != open {
			t.Fatalf("%s: %d are open, not %d", what, got, open)
		}
	}
	want("both were just used", 2)
	passed.Store(int64(10*time.Minute + time.Second))
	want("one has work soon", 1)
	if a := first.want(200, "GET /api/segments/pro", nil); a.get("count") == 0.0 {
		t.Errorf("after it was closed and opened again: %s", a.body)
	}
	want("used again", 2)
}
