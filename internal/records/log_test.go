package records

import (
	"context"
	"os"
	"path/filepath"
	"testing"
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
		if _, err := db.CreateWorkspace(context.Background(), "w", "UTC"); err != nil {
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
	last := 0 // frame of the last transaction
	for i := 0; l.has(i + 1); i++ {
		if l.isCommit(i) {
			last = i + 1
		}
	}
	for at := 0; at < len(log); at += 97 {
		log[at] ^= 4
		found := damagedAt(log) >= 0
		log[at] ^= 4
		if want := at < l.at(last); found != want {
			t.Errorf("a bit of byte %d is flipped, the last transaction begins at %d: found %t", at, l.at(last), found)
		}
	}
}
