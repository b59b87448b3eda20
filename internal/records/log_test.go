package records

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carpel/carpel"
)

// A log that is whole is taken, one that is torn in its last transaction as well; a bit that is flipped before that is
// found.
func TestDamagedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	db, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := db.CreateWorkspace(context.Background(), carpel.Workspace{Name: "w", Zone: "UTC"}); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if at := damagedAt(log); at >= 0 {
		t.Fatalf("a whole log is damaged at %d", at)
	}
	if at := damagedAt(log[:len(log)-100]); at >= 0 {
		t.Errorf("a log that ends too early is damaged at %d", at)
	}
	l := wal{log: log, size: 4096}
	last := l.last()
	for at := 0; at < len(log); at += 97 {
		log[at] ^= 4
		found := damagedAt(log) >= 0
		log[at] ^= 4
		if want := at < l.at(last); found != want {
			t.Errorf("a bit of byte %d is flipped, the last transaction begins at %d: found %t", at, l.at(last), found)
		}
	}
}

// last returns the first frame of the last transaction.
func (l *wal) last() (frame int) {
	for i := 0; l.has(i + 1); i++ {
		if l.isCommit(i) {
			frame = i + 1
		}
	}
	return frame
}

// A power cut tears a long transaction, and after the next start another one tears a shorter one: what is left of the first
// behind the second is no damage.
func TestTornTwice(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "records.db")
	// tear changes the records, and returns a copy of them as they are when the power fails while the first frame of the
	// last change is not on the disk and all others are.
	tear := func(path, names string) (after string) {
		t.Helper()
		db, err := Open(ctx, path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		add := func(name string) {
			if _, err := db.write.ExecContext(ctx, "INSERT INTO workspaces (id, name, zone, created_at) VALUES (?, ?, 'UTC', 0)", newID("w_"), name); err != nil {
				t.Fatal(err)
			}
		}
		read := func(path string) []byte {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		add("kept")
		first := 0
		for l := (wal{log: read(path + "-wal"), order: binary.LittleEndian, size: 4096}); l.has(first) && l.fits(first); {
			first++
		}
		if first == 0 {
			t.Fatal("no frame is read")
		}
		add(names)
		file, log := read(path), read(path+"-wal")
		l := wal{log: log, size: 4096}
		clear(l.frame(first))
		after = filepath.Join(t.TempDir(), "records.db")
		if err := errors.Join(os.WriteFile(after, file, 0o600), os.WriteFile(after+"-wal", log, 0o600)); err != nil {
			t.Fatal(err)
		}
		return after
	}
	short := tear(tear(path, strings.Repeat("long", 20_000)), strings.Repeat("short", 2_000))
	db, err := Open(ctx, short, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
