package store

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
)

// Of a store that was killed after three acknowledged batches, no bit of the log can flip, and no log be gone, without
// the store being refused.
func TestLogIsWhole(t *testing.T) {
	fs := vfs.NewCrashableMem()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		take(t, s, identify(strings.Repeat("u", n+1), 1, map[string]carpel.Value{"plan": carpel.TextValue(strings.Repeat("pro", 30))}))
	}
	// A killed process: what was written is there, synced or not.
	killed := func() *vfs.MemFS {
		return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 2))})
	}
	names, err := fs.List("store")
	if err != nil {
		t.Fatal(err)
	}
	log := ""
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			log = max(log, name)
		}
	}
	log = "store/" + log
	whole := read(t, fs, log)
	last := len(strings.TrimRight(string(whole), "\x00"))
	open := func(fs vfs.FS) error {
		s, err := Open("store", Options{FS: fs})
		if err == nil {
			err = s.Close()
			if err != nil {
				t.Fatal(err)
			}
		}
		return err
	}
	if err := open(killed()); err != nil {
		t.Fatal("whole:", err)
	}
	named := 0
	for at := 0; at < last; at += 7 {
		damaged := killed()
		b := append([]byte{}, whole...)
		b[at] ^= 1 << (at % 8)
		write(t, damaged, log, b)
		err := open(damaged)
		if err == nil {
			t.Errorf("a bit of byte %d of %d flipped, and nothing was told", at, last)
		} else if strings.Contains(err.Error(), log+" is damaged at byte") {
			named++
		}
	}
	if named < last/7/3 {
		t.Errorf("byte and file were named for %d of %d bytes only", named, last/7)
	}
	without := killed()
	if err := without.Remove(log); err != nil {
		t.Fatal(err)
	}
	if open(without) == nil {
		t.Error("the newest log is gone, and nothing was told")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, fs vfs.FS, path string, b []byte) {
	t.Helper()
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
}
