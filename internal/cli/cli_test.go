package cli_test

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/carpel/carpel/internal/cli"
	"github.com/carpel/carpel/internal/server"
)

// TestMain makes this test binary the command carpel for the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"carpel": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := cli.Run(ctx, os.Args[1:], cli.IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Version: "v1.2.3"})
			stop()
			os.Exit(code)
		},
	})
}

// TestScripts runs testdata/script: what a user types, and what comes back.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"served": served,
			"code":   code,
			"keyed":  keyed,
		},
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("CARPEL_MIN_FREE_MB", "1")
			e.Setenv("CARPEL_MEMORY_MB", "64")
			return nil
		},
	})
}

// served waits until a server in the background serves the data directory: served DIR.
func served(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		if l, err := server.ReadLocal(dir); err == nil && l.Address != "" && server.Served(dir) {
			if res, err := http.Get("http://" + l.Address + "/readyz"); err == nil {
				res.Body.Close()
				if res.StatusCode == http.StatusOK {
					ts.Setenv("ADDRESS", l.Address)
					return
				}
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("nobody serves %s after 20 seconds", dir)
		}
	}
}

// code runs carpel and wants an exit code: code 3 ARGS….
func code(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("carpel", args[1:]...)
	got := "0"
	if x, ok := err.(interface{ ExitCode() int }); ok {
		got = string(rune('0' + x.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("carpel %v ended with %s, want %s", args[1:], got, args[0])
	}
}

// keyed runs carpel with the API key that a file holds: keyed FILE ARGS….
func keyed(ts *testscript.TestScript, neg bool, args []string) {
	key := strings.TrimSpace(ts.ReadFile(args[0]))
	if err := ts.Exec("carpel", append(args[1:], "--key", key)...); (err != nil) != neg {
		ts.Fatalf("carpel %v: %v", args[1:], err)
	}
}

// realData is the folder of real data beside the checkout; tests without it are skipped.
func realData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		data := filepath.Join(dir, "shared", "data")
		if _, err := os.Stat(filepath.Join(data, "cdnow_sample.csv")); err == nil {
			return data
		}
		above := filepath.Dir(dir)
		if above == dir {
			t.Skip("the folder shared/data is not there")
		}
		dir = above
	}
}
