package crash

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel/test/ledger"
)

var backups = flag.Int("backups", 3, "how many backups are made under load and restored; after each, another is killed in its midst")

// TestBackups makes backups while everybody writes. Restored into a new directory, each holds exactly what those had been
// acknowledged who paused while it was made, and passes the check for the others. One that is killed in its midst is
// not taken for whole, and nothing is restored over data.
func TestBackups(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("%d backups, -seed %d", *backups, *seed)
	b := &backupHarness{t: t, dir: t.TempDir(), binary: build(t), rng: rand.New(rand.NewPCG(*seed, 1)), office: ledger.NewOffice(0, *seed)}
	b.data = filepath.Join(b.dir, "data")
	for n := range 4 {
		b.writers = append(b.writers, ledger.NewWriter(n, *seed))
	}
	b.server = start(t, b.binary, b.data)
	if err := ledger.Define(b.server.Server); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= *backups && !t.Failed(); n++ {
		b.whole(n)
		b.broken(n)
	}
	b.server.stop(t)
	sent, _, people := ledger.Sum(b.writers)
	t.Logf("TORTURE\tbackups under load\t%d restored, %d killed\t%d\t%d items of %d people acknowledged; each backup holds what was acknowledged before it began, and passes the check",
		*backups, *backups, b.lost, sent, people)
}

// backupHarness is the parent of the server. The writers and the office pause while a backup is made; loads go on.
type backupHarness struct {
	t       *testing.T
	rng     *rand.Rand
	dir     string
	binary  string
	data    string
	server  *server
	writers []*ledger.Writer // the last two never pause
	office  *ledger.Office
	lost    int
}

func (b *backupHarness) pausing() []*ledger.Writer { return b.writers[:2] }
func (b *backupHarness) loads() []*ledger.Writer   { return b.writers[2:] }

var errPaused = errors.New("paused")

// write lets writers write until pause is called, which returns once they have ended.
func (b *backupHarness) write(writers []*ledger.Writer) (pause func()) {
	var paused atomic.Bool
	s := b.server.Server
	do := s.Do
	s.Do = func(r *http.Request) (*http.Response, error) {
		if paused.Load() {
			return nil, errPaused
		}
		return do(r)
	}
	faults := make([]error, len(writers))
	var done sync.WaitGroup
	for i, w := range writers {
		done.Go(func() { faults[i] = w.Run(s) })
	}
	return func() {
		b.t.Helper()
		paused.Store(true)
		done.Wait()
		for _, err := range faults {
			if err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// prepare writes for a while, and leaves no acknowledgement of those who pause open.
func (b *backupHarness) prepare() {
	b.t.Helper()
	pause := b.write(b.pausing())
	for range 5 {
		if _, err := b.office.Step(b.server.Server); err != nil {
			b.t.Fatal(err)
		}
	}
	<-time.After(time.Duration(50+b.rng.IntN(200)) * time.Millisecond) // real processes, in real time
	pause()
	for _, w := range b.pausing() {
		if err := w.Flush(b.server.Server); err != nil {
			b.t.Fatal(err)
		}
	}
}

// command runs the command and returns what it said.
func (b *backupHarness) command(args ...string) (string, error) {
	out, err := exec.Command(b.binary, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// whole makes a backup under load, restores it, and looks at what is there.
func (b *backupHarness) whole(n int) {
	b.t.Helper()
	b.prepare()
	backup, restored := filepath.Join(b.dir, fmt.Sprint("backup", n)), filepath.Join(b.dir, fmt.Sprint("restored", n))
	pause := b.write(b.loads())
	if said, err := b.command("backup", backup, "--data", b.data); err != nil {
		b.server.kill()
		b.t.Fatalf("backup: %v: %s\n%s", err, said, b.server.said.String())
	}
	pause()
	if said, err := b.command("restore", backup, "--data", restored); err != nil {
		b.t.Fatalf("restore: %v: %s", err, said)
	}
	for _, over := range []string{restored, b.data} {
		if said, err := b.command("restore", backup, "--data", over); err == nil {
			b.t.Errorf("a backup was restored over %s: %s", over, said)
		}
	}
	s := start(b.t, b.binary, restored)
	for _, w := range b.pausing() {
		b.found(w.Look(s.Server, ledger.Everybody))
	}
	b.found(b.office.Look(s.Server))
	b.found(ledger.Check(s.Server))
	s.stop(b.t)
	check(b.t, b.binary, restored)
	if err := errors.Join(os.RemoveAll(backup), os.RemoveAll(restored)); err != nil {
		b.t.Fatal(err)
	}
}

// broken kills the server in the midst of a backup: it is there as a whole, or not at all.
func (b *backupHarness) broken(n int) {
	b.t.Helper()
	backup := filepath.Join(b.dir, fmt.Sprint("broken", n))
	pause := b.write(b.loads())
	begun := make(chan error, 1)
	go func() {
		_, err := b.command("backup", backup, "--data", b.data)
		begun <- err
	}()
	for { // until it has begun
		if _, err := os.Stat(backup + ".part"); err == nil {
			break
		}
		if _, err := os.Stat(backup); err == nil {
			break
		}
		<-time.After(time.Millisecond)
	}
	<-time.After(time.Duration(b.rng.IntN(30)) * time.Millisecond)
	b.server.kill()
	ended := <-begun
	pause()
	into := filepath.Join(b.dir, fmt.Sprint("from-broken", n))
	if _, err := os.Stat(backup); err == nil {
		if said, err := b.command("restore", backup, "--data", into); err != nil {
			b.t.Errorf("a backup has its name and is not whole: %v: %s", err, said)
		}
		check(b.t, b.binary, into)
	} else {
		if ended == nil {
			b.t.Error("the command says that the backup was made, and it is not there")
		}
		if said, err := b.command("restore", backup, "--data", into); err == nil {
			b.t.Errorf("what is not there was restored: %s", said)
		}
		if _, err := b.command("restore", backup+".part", "--data", into); err == nil {
			check(b.t, b.binary, into) // it says that it is whole, and only its name was not there yet
		}
	}
	b.server = start(b.t, b.binary, b.data)
	if _, err := os.Stat(backup + ".part"); err == nil {
		if said, err := b.command("backup", backup, "--data", b.data); err == nil || !strings.Contains(said, "remove") {
			b.t.Errorf("a backup into what one left that broke off: %v: %s", err, said)
		}
	}
	for _, w := range b.writers {
		if err := w.Flush(b.server.Server); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := errors.Join(os.RemoveAll(backup), os.RemoveAll(backup+".part"), os.RemoveAll(into)); err != nil {
		b.t.Fatal(err)
	}
}

// found fails the test for every problem.
func (b *backupHarness) found(problems []string, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	b.lost += len(problems)
	for _, p := range problems {
		b.t.Error(p)
	}
}
