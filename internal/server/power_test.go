package server_test

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/carpel/carpel/internal/records"
	"github.com/carpel/carpel/internal/server"
	"github.com/carpel/carpel/test/crashfs"
	"github.com/carpel/carpel/test/ledger"
)

var (
	powerCuts = flag.Int("cuts", 30, "how many power cuts the server is put through")
	powerSeed = flag.Uint64("cuts.seed", 1, "of what is sent, when the power is cut and what the disks keep")
)

// disks are those of a server: the engines' and the records' in memory, and a directory for the rest.
type disks struct {
	dir     string
	engines *vfs.MemFS
	records *crashfs.Disk
}

func newDisks(t testing.TB) *disks {
	t.Helper()
	records, err := crashfs.New()
	if err != nil {
		t.Fatal(err)
	}
	d := &disks{dir: filepath.Join(t.TempDir(), "data"), engines: vfs.NewCrashableMem(), records: records}
	if err := d.engines.MkdirAll(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for dir := d.dir; dir != "/"; dir = filepath.Dir(dir) { // which the server has from its directory
		above, err := d.engines.OpenDir(filepath.Dir(dir))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(above.Sync(), above.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// crash is the disks as they may be after a power cut at this moment, which is the same for all of them. rng decides what
// of the changes that were not synced survives; nil for nothing. What lies in the directory is copied to aside.
func (d *disks) crash(rng *rand.Rand, aside string) (*disks, error) {
	return d.end(rng, aside, func() vfs.CrashCloneCfg {
		clone := vfs.CrashCloneCfg{RNG: rng}
		if rng != nil {
			clone.UnsyncedDataPercent = []int{0, 50, 100, rng.IntN(101)}[rng.IntN(4)]
		}
		return clone
	})
}

// kill is the disks as they are after the process was killed at this moment: the engines' files hold all that was written.
func (d *disks) kill(aside string) (*disks, error) {
	return d.end(nil, aside, func() vfs.CrashCloneCfg {
		return vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))}
	})
}

func (d *disks) end(rng *rand.Rand, aside string, engines func() vfs.CrashCloneCfg) (*disks, error) {
	after := &disks{dir: d.dir}
	var copied error
	records, err := d.records.Crash(rng, func() {
		clone := engines()
		after.engines = d.engines.CrashClone(clone)
		copied = copyFiles(filepath.Join(d.dir, "imports"), filepath.Join(aside, "imports"))
	})
	after.records = records
	return after, errors.Join(err, copied)
}

// copyFiles copies a directory in which files come and go.
func copyFiles(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), data, 0o600))
	})
}

// config opens a server on the disks; hook is asked before every call of a disk that is not of its directory.
func (d *disks) config(log *slog.Logger, hook func(changes, sync bool, path string) error) server.Config {
	d.records.Hook(func(op crashfs.Op) error { return hook(op.Kind.Changes(), op.Kind == crashfs.Sync, op.Path) })
	return server.Config{Data: d.dir, APIKey: ledger.APIKey, Write: ledger.WriteKey, MemoryMB: 64, MinFreeMB: 1, Listen: "127.0.0.1:0", Log: log,
		Files: records.Files{VFS: d.records.Name(), ReadFile: d.records.ReadFile}, FS: errorfs.Wrap(d.engines, injector(hook))}
}

// injector asks before every call of Pebble.
type injector func(changes, sync bool, path string) error

func (i injector) String() string { return "injector" }

func (i injector) MaybeError(op errorfs.Op) error {
	return i(op.Kind.ReadOrWrite() != errorfs.OpIsRead, op.Kind == errorfs.OpFileSync, op.Path)
}

// power cuts the power of both disks at the same instant, before a chosen call of either.
type power struct {
	disks *disks
	aside string

	off atomic.Bool // nothing counts any more that is answered from now on

	mu    sync.Mutex
	rng   *rand.Rand // guarded by mu
	calls int        // until the cut; guarded by mu
	after *disks     // guarded by mu
	err   error      // guarded by mu
}

// hook counts the calls that change something.
func (p *power) hook(changes, _ bool, _ string) error {
	if !changes || p.off.Load() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls--; p.calls == 0 {
		p.off.Store(true)
		p.after, p.err = p.disks.crash(p.rng, p.aside)
	}
	return nil
}

// Everything that a server acknowledges is there after its power is cut, in the engines and in the records, and the two
// fit together; what was under way is there as a whole or not at all.
func TestPowerCuts(t *testing.T) {
	n := *powerCuts
	if testing.Short() {
		n = min(n, 8)
	}
	h := &cutter{t: t, seed: *powerSeed, rng: rand.New(rand.NewPCG(*powerSeed, 7))}
	for i := range n {
		if i%cutsOfMachine == 0 {
			h.fresh(uint64(i))
		}
		if h.cut(i); t.Failed() {
			break
		}
	}
	h.end()
	t.Logf("TORTURE\tpower cuts, both stores at the same instant\t%d cuts\t%d\t%d items and %d writes of the API acknowledged", h.cuts, h.lost, h.items, h.writes)
}

// cutsOfMachine is how many power cuts a machine goes through before a new one: the ledgers stay short.
const cutsOfMachine = 25

// cutter puts servers through power cuts.
type cutter struct {
	t       *testing.T
	seed    uint64
	rng     *rand.Rand
	disks   *disks
	writers []*ledger.Writer
	offices []*ledger.Office

	cuts, lost, items, writes int
}

// fresh begins with a new machine.
func (h *cutter) fresh(n uint64) {
	h.t.Helper()
	h.end()
	h.disks = newDisks(h.t)
	h.writers, h.offices = nil, nil
	for i := range 2 {
		h.writers = append(h.writers, ledger.NewWriter(i, h.seed+n))
	}
	for i := range 2 {
		h.offices = append(h.offices, ledger.NewOffice(i, h.seed+n))
	}
	s, stop := h.open(&power{})
	if err := ledger.Define(s); err != nil {
		h.t.Fatal(err)
	}
	stop()
}

// end counts what a machine acknowledged, and lets it go.
func (h *cutter) end() {
	if h.disks == nil {
		return
	}
	sent, _, _ := ledger.Sum(h.writers)
	h.items += sent
	for _, o := range h.offices {
		h.writes += o.Writes()
	}
	h.disks.records.Close()
	h.disks = nil
}

// open opens the server and lets it run; stop ends it.
func (h *cutter) open(p *power) (s ledger.Server, stop func()) {
	h.t.Helper()
	opened, err := server.Open(h.t.Context(), h.disks.config(slog.New(slog.NewTextHandler(testWriter{h.t}, &slog.HandlerOptions{Level: slog.LevelError})), p.hook))
	if err != nil {
		h.t.Fatalf("after %d cuts: %v", h.cuts, err)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	ran := make(chan error, 1)
	started := make(chan string, 1)
	go func() { ran <- opened.Run(ctx, func(address string) { started <- address }) }()
	<-started
	return ledger.InProcess(&marking{Server: opened}, func() bool { return !p.off.Load() }), func() {
		h.t.Helper()
		cancel()
		if err := errors.Join(<-ran, opened.Close(context.Background())); err != nil {
			h.t.Fatalf("after %d cuts: %v", h.cuts, err)
		}
	}
}

// marking is a server whose watermarks are recorded much more often than every ten seconds.
type marking struct {
	*server.Server
	requests atomic.Int64
}

// ServeHTTP answers one request; behind one in four the watermarks are recorded before anybody hears of the answer.
func (m *marking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.Server.ServeHTTP(w, r)
	if m.requests.Add(1)%4 == 0 {
		if err := m.KeepWatermarks(context.WithoutCancel(r.Context())); err != nil {
			panic(err)
		}
	}
}

// cut sends until the power is cut, and holds what is left to the ledgers.
func (h *cutter) cut(n int) {
	h.t.Helper()
	p := &power{disks: h.disks, aside: h.disks.dir + ".aside", rng: rand.New(rand.NewPCG(h.seed, uint64(n))), calls: 1 + h.rng.IntN(400)}
	s, stop := h.open(p) // the cut may come already while it opens
	faults := make([]error, len(h.writers)+len(h.offices))
	var work sync.WaitGroup
	for i, w := range h.writers {
		work.Go(func() { faults[i] = w.Run(s) })
	}
	for i, o := range h.offices {
		work.Go(func() { faults[len(h.writers)+i] = o.Run(s) })
	}
	work.Wait()
	h.cuts++
	if err := errors.Join(faults...); err != nil {
		h.t.Fatal(err)
	}
	stop()
	h.replace(p)

	s, stop = h.open(&power{})
	defer stop()
	for _, w := range h.writers {
		h.found(w.Look(s, 5))
		if err := w.Flush(s); err != nil {
			h.t.Fatal(err)
		}
	}
	for _, o := range h.offices {
		h.found(o.Look(s))
	}
	if n%5 == 4 {
		for _, w := range h.writers {
			h.found(w.Look(s, ledger.Everybody))
		}
		h.found(ledger.Memberships(s, h.writers))
		h.found(ledger.Check(s))
	}
}

// replace makes the disks after the cut the machine's.
func (h *cutter) replace(p *power) {
	h.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		h.t.Fatal(p.err)
	}
	h.disks.records.Close()
	h.disks = p.after
	if err := errors.Join(os.RemoveAll(h.disks.dir), os.MkdirAll(p.aside, 0o700), os.Rename(p.aside, h.disks.dir)); err != nil {
		h.t.Fatal(err)
	}
}

// found fails the test for every problem.
func (h *cutter) found(problems []string, err error) {
	h.t.Helper()
	for _, p := range problems {
		h.lost++
		h.t.Errorf("after %d cuts: %s", h.cuts, p)
	}
	if err != nil {
		h.t.Fatalf("after %d cuts: %v", h.cuts, err)
	}
}
