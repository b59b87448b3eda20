package server_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/carpel/carpel/internal/server"
)

// TestRingTravels: a backup holds the key ring, and a restored directory opens with the same one.
func TestRingTravels(t *testing.T) {
	backup, s := newBackup(t)
	data := filepath.Join(t.TempDir(), "data")
	if _, err := server.Restore(backup, data); err != nil {
		t.Fatal(err)
	}
	open(t, func(c *server.Config) { c.Data = data })
	read := func(dir string) string {
		path := filepath.Join(dir, "secrets.json")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
		return string(b)
	}
	if here := read(s.Data()); here != read(backup) || here != read(data) {
		t.Error("the rings differ")
	}
}
