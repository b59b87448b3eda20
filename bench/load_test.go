package main

import (
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/carpel/carpel"
)

// TestLiveSegments holds the load test's definitions to what the report says of them.
func TestLiveSegments(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range append(liveSegments(200), mixedSegments(200)...) {
		c, err := carpel.ParseText(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		seen[string(carpel.Canonical(c))] = true
	}
	if len(seen) != 400 {
		t.Errorf("%d different definitions, not 400", len(seen))
	}
}

// TestLoad puts the real command under a second of traffic, as fast as it takes it and, with what that left, at a rate.
func TestLoad(t *testing.T) {
	program := filepath.Join(t.TempDir(), "carpel")
	build := exec.Command("go", "build", "-o", program, "./cmd/carpel")
	build.Dir = ".." // the command's own module
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build carpel: %v\n%s", err, out)
	}
	dir, seeded := filepath.Join(t.TempDir(), "data"), 0.0
	for _, rate := range []int{0, 200} {
		l := LoadTest{Program: program, Dir: dir, Keep: true, Scale: Scale{People: 300, Events: 3000}, Segments: 10, Connections: 2, Batch: 20,
			Rate: rate, For: time.Second, Identifies: 5, Properties: 30, MemoryMB: 256, Log: io.Discard}
		r, err := l.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if r.Events == 0 || r.Probes == 0 || r.AckP50 <= 0 || r.AckP99 < r.AckP50 || r.SentP50 <= 0 || r.ServerBytes <= 0 || r.History == 0 {
			t.Errorf("rate %d: not measured: %+v", rate, r)
		}
		if seeded == 0 {
			seeded = r.SeedPerSecond
		} else if r.SeedPerSecond != seeded {
			t.Error("the history was sent again")
		}
		if len(r.Minutes) != 1 || r.Minutes[0].PerSecond <= 0 || r.Minutes[0].AckP99 != r.AckP99 {
			t.Errorf("minutes %+v", r.Minutes)
		}
		if rate > 0 && r.Events > int64(rate) {
			t.Errorf("%d events in a second, at a rate of %d", r.Events, rate)
		}
	}
}
