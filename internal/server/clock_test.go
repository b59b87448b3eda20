package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/server"
)

// wallClock is a clock that a test sets. It counts how often it is looked at.
type wallClock struct {
	ahead atomic.Int64 // of the real one, in nanoseconds
	looks atomic.Int64
}

func (c *wallClock) now() time.Time {
	c.looks.Add(1)
	return time.Now().Add(time.Duration(c.ahead.Load())).Round(0)
}

func (c *wallClock) jump(d time.Duration) { c.ahead.Add(int64(d)) }
func (c *wallClock) set(to time.Time)     { c.ahead.Store(int64(time.Until(to))) }

// The clock jumps, while the server runs and while it does not: forward and back, by an hour and by a day, to 1970 and to
// 2100. Its own time never goes back, memberships stay exact for it, what is due by time is done without anybody sending
// anything, and nothing turns in circles.
func TestClockJumps(t *testing.T) {
	clock := &wallClock{}
	config := server.Config{Data: filepath.Join(t.TempDir(), "data"), APIKey: adminKey, Write: writeKey, MemoryMB: 64, MinFreeMB: 1, Listen: "127.0.0.1:0", Now: clock.now}
	var c client
	var stop func()
	start := func() {
		t.Helper()
		s, err := server.Open(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran, started := make(chan error, 1), make(chan string, 1)
		go func() { ran <- s.Run(ctx, func(address string) { started <- address }) }()
		<-started
		c = client{t, s, adminKey}
		stop = func() {
			t.Helper()
			cancel()
			if err := <-ran; err != nil {
				t.Error(err)
			}
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	}
	start()
	c.define("Recent", `did "Ping" at least 1 times in the last 30min`)
	sent := 0
	ping := func() {
		t.Helper()
		sent++
		body := fmt.Sprintf(`{"userId":"u%d","event":"Ping","messageId":"m%d"}`, sent%3, sent)
		c.want(200, "POST /v1/track", body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
	}
	var last time.Time
	jumps, wrong := 0, 0
	sound := func(what string) {
		t.Helper()
		jumps++
		ping()
		a := c.want(200, "POST /api/check", struct{}{})
		var report struct {
			Problems   []any
			Workspaces [1]struct{ Position struct{ Now time.Time } }
		}
		if err := json.Unmarshal(a.body, &report); err != nil {
			t.Fatalf("%v in %s", err, a.body)
		}
		if len(report.Problems) > 0 {
			wrong++
			t.Errorf("%s: %s", what, a.body)
		}
		now := report.Workspaces[0].Position.Now
		if now.Before(last) || now.IsZero() {
			wrong++
			t.Errorf("%s: the engine's time went from %s to %s", what, last, now)
		}
		last = now
		before := clock.looks.Load()
		<-time.After(300 * time.Millisecond) // on a slow machine it is looked at less often, never more
		if looks := clock.looks.Load() - before; looks > 200 {
			t.Errorf("%s: in 300 ms at rest the clock is looked at %d times", what, looks)
		}
	}
	count := func() float64 { return c.want(200, "GET /api/segments/recent", nil).get("count").(float64) }

	sound("at first")
	if count() == 0 {
		t.Error("nobody is in the segment at first")
	}
	clock.jump(time.Hour)
	c.until("GET /api/segments/recent", func(a answer) bool { return a.get("count") == 0.0 }) // nobody sends anything
	sound("an hour forward")
	clock.jump(-time.Hour)
	sound("an hour back")
	for _, to := range []struct {
		what string
		at   time.Time
	}{
		{"a day back", time.Now().Add(-24 * time.Hour)}, {"to 1970", time.Unix(1, 0)}, {"today", time.Now()},
		{"to 2100", time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}, {"back from 2100", time.Now()},
	} {
		clock.set(to.at)
		sound(to.what)
		stop()
		start()
		sound(to.what + ", started again")
	}
	stop()
	clock.set(time.Unix(1, 0))
	start()
	other := client{t, c.handler, c.want(201, "POST /api/workspaces", map[string]string{"name": "made in 1970"}).get("key.secret").(string)}
	if a := other.want(200, "GET /api/workspaces", nil); a.get("workspaces.1") != nil {
		t.Errorf("a workspace made when the clock was set back is the first one: %s", a.body)
	}
	sound("to 1970, across a start")
	stop()
	t.Logf("TORTURE\tclock jumps\t%d looks\t%d\tan hour and a day, to 1970 and to 2100, under way and across starts", jumps, wrong)
}
