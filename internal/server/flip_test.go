package server_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel/internal/server"
	"github.com/carpel/carpel/test/ledger"
)

var flips = flag.Int("flips", 5, "how many bits are flipped in each kind of file, each in a run of its own")

// kindOf names the kind of a file of a store; "" for one that holds nothing.
func kindOf(name string) string {
	base := filepath.Base(name)
	switch {
	case strings.HasSuffix(base, ".log"), strings.HasSuffix(base, ".sst"):
		return "engine *" + filepath.Ext(base)
	case strings.HasPrefix(base, "MANIFEST"), strings.HasPrefix(base, "OPTIONS"):
		return "engine " + base[:strings.IndexByte(base, '-')]
	case strings.HasPrefix(base, "records.db"):
		return base
	}
	return ""
}

// One flipped bit in any file of a stopped server is found: at the start, at a read, or by a check; or nothing that was
// acknowledged is different for it.
func TestFlippedBit(t *testing.T) {
	if testing.Short() {
		*flips = min(*flips, 1)
	}
	b := newFlipped(t)
	rng := rand.New(rand.NewPCG(*powerSeed, 5))
	for _, kind := range slices.Sorted(maps.Keys(b.files)) {
		found := map[string]int{}
		for range *flips {
			found[b.try(kind, rng)]++
		}
		t.Logf("%-16s %v", kind, found)
	}
	t.Logf("TORTURE\tone flipped bit\t%d flips in %d kinds of files\t%d\tnever silently wrong", b.tried, len(b.files), b.silent)
}

// flipped is the disks of a stopped server, and what it had acknowledged.
type flipped struct {
	t             *testing.T
	disks         *disks
	files         map[string][]string // by kind
	writer        *ledger.Writer
	office        *ledger.Office
	tried, silent int
}

// newFlipped lets a server acknowledge a few of everything, across a start, so that every kind of file holds something.
func newFlipped(t *testing.T) *flipped {
	t.Helper()
	b := &flipped{t: t, disks: newDisks(t), files: map[string][]string{}, writer: ledger.NewWriter(0, *powerSeed), office: ledger.NewOffice(0, *powerSeed)}
	for n := range 3 {
		opened, err := server.Open(t.Context(), b.config(b.disks))
		if err != nil {
			t.Fatal(err)
		}
		if err := opened.ResumeImports(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := ledger.InProcess(opened, nil)
		if n == 0 {
			if err := ledger.Define(s); err != nil {
				t.Fatal(err)
			}
		}
		b.send(s)
		if n < 2 {
			b.close(opened)
			continue
		}
		if problems, err := b.office.Look(s); err != nil || len(problems) > 0 { // imports have ended
			t.Fatal(problems, err)
		}
		after, err := b.disks.kill(t.TempDir()) // a server that was killed: its logs are there
		if err != nil {
			t.Fatal(err)
		}
		b.close(opened)
		b.disks.records.Close()
		b.disks = after
	}
	b.list(b.disks.dir)
	for _, name := range b.disks.records.Files() {
		if kind := kindOf(name); kind != "" && b.disks.records.Len(name) > 0 {
			b.files[kind] = append(b.files[kind], name)
		}
	}
	return b
}

func (b *flipped) config(d *disks) server.Config {
	return d.config(slog.New(slog.DiscardHandler), func(bool, bool, string) error { return nil })
}

func (b *flipped) close(s *server.Server) {
	if err := s.Close(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *flipped) send(s ledger.Server) {
	b.t.Helper()
	for range 15 {
		_, err := b.writer.Step(s)
		if err == nil {
			_, err = b.office.Step(s)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// list finds the engines' files.
func (b *flipped) list(dir string) {
	names, err := b.disks.engines.List(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		st, err := b.disks.engines.Stat(path)
		if err != nil {
			b.t.Fatal(err)
		}
		if st.IsDir() {
			b.list(path)
		} else if kind := kindOf(name); kind != "" && st.Size() > 0 {
			b.files[kind] = append(b.files[kind], path)
		}
	}
}

// try flips a bit in a file of a kind, opens the server on it, and says where that was found.
func (b *flipped) try(kind string, rng *rand.Rand) string {
	b.t.Helper()
	b.tried++
	d, err := b.disks.kill(b.t.TempDir())
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { d.records.Close() }()
	path := b.files[kind][rng.IntN(len(b.files[kind]))]
	where, err := d.flip(path, rng)
	if err != nil {
		b.t.Fatal(err)
	}
	opened, err := server.Open(b.t.Context(), b.config(d))
	if err != nil {
		return "at the start"
	}
	defer func() { _ = opened.Close(context.Background()) }() // the disk is damaged
	if opened.ResumeImports(b.t.Context()) != nil {
		return "at the start"
	}
	s := ledger.InProcess(opened, nil)
	s.Faulty = true
	problems, err := b.writer.Look(s, ledger.Everybody)
	if err == nil {
		var more []string
		more, err = b.office.Clone().Look(s)
		problems = append(problems, more...)
	}
	if err != nil {
		return "at a read"
	}
	if found, err := ledger.Check(s); err != nil || len(found) > 0 {
		return "by the check"
	}
	if len(problems) > 0 {
		b.silent++
		b.t.Errorf("silently wrong with %s in %s:\n%s", where, filepath.Base(path), strings.Join(problems, "\n"))
		return "by nobody"
	}
	return "no difference"
}

// flip flips a bit of a file and says which.
func (d *disks) flip(path string, rng *rand.Rand) (where string, err error) {
	if slices.Contains(d.records.Files(), path) {
		at, bit := rng.IntN(d.records.Len(path)), rng.IntN(8)
		d.records.Flip(path, int64(at), uint8(bit))
		return fmt.Sprintf("bit %d of byte %d", bit, at), nil
	}
	in, err := d.engines.Open(path)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil {
		return "", err
	}
	at, bit := rng.IntN(len(data)), rng.IntN(8)
	data[at] ^= 1 << bit
	out, err := d.engines.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return "", err
	}
	_, err = out.Write(data)
	return fmt.Sprintf("bit %d of byte %d of %d", bit, at, len(data)), errors.Join(err, out.Sync(), out.Close())
}
