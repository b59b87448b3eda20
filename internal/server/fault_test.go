package server_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel/internal/server"
	"github.com/carpel/carpel/test/crashfs"
	"github.com/carpel/carpel/test/ledger"
)

var faults = flag.Int("faults", 6, "at how many calls of each disk, in each phase, an error is tried; spread over the first 200 when fewer")

var errDisk = errors.New("the disk failed")

// faultProcess is set in the environment of the process that faults are tried in.
const faultProcess = "CARPEL_TEST_FAULTS"

// faulty fails one call of one of the two disks, once.
type faulty struct {
	engines bool // of these; of the records otherwise
	left    atomic.Int64
	failed  atomic.Pointer[string] // the call that failed
}

// engine is asked before each call of the engines' disk.
func (f *faulty) engine(_, sync bool, path string) error {
	if !f.engines || sync && filepath.Base(path) == "engine" { // Pebble itself ends the process when a directory does not sync
		return nil
	}
	return f.count(path, sync)
}

// record is asked before each call of the records' disk.
func (f *faulty) record(op crashfs.Op) error {
	if f.engines {
		return nil
	}
	return f.count(op.Path, op.Kind == crashfs.Sync)
}

func (f *faulty) count(path string, sync bool) error {
	if f.left.Add(-1) != 0 {
		return nil
	}
	call := fmt.Sprintf("%s, sync %t", filepath.Base(path), sync)
	f.failed.Store(&call)
	return errDisk
}

// An error of the disk at every call of it, of the engines' and of the records', while a server starts for the first time
// and under traffic: nothing hangs, nothing is acknowledged that is not on the disk, and the next start has all of it.
func TestFaultAtEveryCall(t *testing.T) {
	if testing.Short() {
		*faults = min(*faults, 2)
	}
	if os.Getenv(faultProcess) == "" {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestFaultAtEveryCall$", "-test.v", "-test.timeout", "2h", "-faults", strconv.Itoa(*faults))
		cmd.Env = append(os.Environ(), faultProcess+"=1")
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Error(err)
		}
		return
	}
	tried, lost := 0, 0
	for _, engines := range []bool{true, false} {
		for _, traffic := range []bool{false, true} {
			last := max(200, *faults)
			for i := range *faults {
				call := 1 + i*last / *faults
				f := &faulter{t: t, fault: &faulty{engines: engines}, call: int64(call), traffic: traffic}
				f.run()
				tried, lost = tried+1, lost+f.lost
				if t.Failed() {
					what := "no call failed"
					if failed := f.fault.failed.Load(); failed != nil {
						what = *failed
					}
					t.Fatalf("the fault was at call %d; engines %t, under traffic %t: %s", call, engines, traffic, what)
				}
			}
		}
	}
	t.Logf("TORTURE\tI/O error at the k-th call, both stores\t%d faults\t%d\twhile it starts for the first time, and under traffic", tried, lost)
}

// faulter is one run with a fault in it.
type faulter struct {
	t       *testing.T
	disks   *disks
	fault   *faulty
	call    int64
	traffic bool // the fault comes under traffic; otherwise while the server starts for the first time
	writer  *ledger.Writer
	office  *ledger.Office
	lost    int
}

func (f *faulter) run() {
	f.t.Helper()
	f.disks = newDisks(f.t)
	f.writer, f.office = ledger.NewWriter(0, uint64(f.call)), ledger.NewOffice(0, uint64(f.call))
	done := make(chan error, 1)
	go func() { done <- f.withFault() }()
	select {
	case err := <-done:
		if err != nil {
			f.t.Error(err)
		}
	case <-time.After(time.Minute):
		f.t.Fatal("something hangs")
	}
	after, err := f.disks.crash(nil, f.disks.dir)
	if err != nil {
		f.t.Fatal(err)
	}
	f.disks.records.Close()
	f.disks = after
	f.hold()
}

// config is that of a server on the disks, with the fault.
func (f *faulter) config() server.Config {
	c := f.disks.config(slog.New(slog.DiscardHandler), f.fault.engine)
	f.disks.records.Hook(f.fault.record)
	return c
}

// withFault uses a server until the fault has come and a while longer. The error is an answer that should not have come.
func (f *faulter) withFault() error {
	if !f.traffic {
		f.fault.left.Store(f.call)
	}
	opened, err := server.Open(context.Background(), f.config())
	if err != nil {
		return nil // it ends
	}
	defer opened.Close(context.Background()) // which may fail
	s := ledger.InProcess(opened, nil)
	s.Faulty = true
	if f.traffic {
		if err := ledger.Define(s); err != nil {
			return err
		}
		f.fault.left.Store(f.call)
	}
	office, err := f.office.Import(s)
	if err != nil {
		return err
	}
	for range 12 {
		if _, err := f.writer.Step(s); err != nil {
			return err
		}
		if office {
			if office, err = f.office.Step(s); err != nil {
				return err
			}
		}
		_ = opened.KeepWatermarks(context.Background()) // may fail
	}
	return nil
}

// hold opens the server without faults and holds it to the ledgers.
func (f *faulter) hold() {
	f.t.Helper()
	defer func() { f.disks.records.Close() }()
	opened, err := server.Open(f.t.Context(), f.disks.config(slog.New(slog.NewTextHandler(testWriter{f.t}, &slog.HandlerOptions{Level: slog.LevelError})), func(bool, bool, string) error { return nil }))
	if err != nil {
		f.t.Error(err)
		return
	}
	if err := opened.ResumeImports(f.t.Context()); err != nil {
		f.t.Error(err)
	}
	s := ledger.InProcess(opened, nil)
	for _, look := range []func() ([]string, error){
		func() ([]string, error) { return f.writer.Look(s, ledger.Everybody) },
		func() ([]string, error) { return f.office.Look(s) },
		func() ([]string, error) { return nil, f.writer.Flush(s) },
		func() ([]string, error) { return ledger.Check(s) },
	} {
		problems, err := look()
		for _, p := range problems {
			f.lost++
			f.t.Error(p)
		}
		if err != nil {
			f.t.Error(err)
		}
	}
	if err := opened.Close(context.Background()); err != nil {
		f.t.Error(err)
	}
}
