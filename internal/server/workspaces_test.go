package server_test

import (
	"encoding/base64"
	"fmt"
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

// Many workspaces share few open engines: everybody finds their own people, and time does its work in all of them although
// nobody asks.
func TestManyWorkspacesFewOpen(t *testing.T) {
	const all, most = 40, 6
	var passed atomic.Int64
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := open(t, func(c *server.Config) {
		c.Now = func() time.Time { return now.Add(time.Duration(passed.Load())) }
		c.MaxOpen = most
	})
	keys := make([]client, all)
	for i := range keys {
		made := client{t, s, adminKey}.want(201, "POST /api/workspaces", map[string]string{"name": fmt.Sprintf("Workspace %d", i)})
		keys[i] = client{t, s, made.get("key.secret").(string)}
		sk := keys[i].want(201, "POST /api/keys", map[string]string{"kind": "sk", "name": "test"}).get("secret").(string)
		// One of two people has been there for seven days, but for up to 40 minutes.
		first := now.Add(-7*24*time.Hour + time.Duration(i+1)*time.Minute).Format(time.RFC3339)
		body := fmt.Sprintf(`{"batch":[{"type":"track","userId":"old-%d","event":"Ping","timestamp":%q},{"type":"track","userId":"new-%d","event":"Ping"}]}`, i, first, i)
		keys[i].want(200, "POST /v1/batch", body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(sk+":")))
		keys[i].until("GET /api/segments/signed-up-recently", func(a answer) bool { return a.get("count") == 2.0 }) // it is built in the background
		closeIdle(t, s, most)
	}
	passed.Store(int64(time.Hour))
	for due := -1; due != 0; {
		var err error
		if due, err = s.DoDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		closeIdle(t, s, most)
		passed.Add(int64(11 * time.Minute)) // those that have done their work are closed
		closeIdle(t, s, most)
	}
	for i, c := range keys {
		if got := c.want(200, "GET /api/segments/signed-up-recently", nil).get("count"); got != 1.0 {
			t.Errorf("workspace %d: %v signed up recently, not 1", i, got)
		}
		c.want(200, fmt.Sprintf("GET /api/people/new-%d", i), nil)
		c.want(404, fmt.Sprintf("GET /api/people/new-%d", (i+1)%all), nil)
		closeIdle(t, s, most)
	}
}

func closeIdle(t *testing.T, s *server.Server, most int) {
	t.Helper()
	if err := s.CloseIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.OpenWorkspaces(); got > most {
		t.Fatalf("%d workspaces are open, not %d at most", got, most)
	}
}
