package server_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/server"
)

// newBackup makes a backup of a server with a few people, and returns it and the server.
func newBackup(t *testing.T) (string, *server.Server) {
	t.Helper()
	s := open(t, nil)
	c := client{t, s, adminKey}
	c.bringIn("kind=people&format=csv", []byte(fewPeople))
	backup := filepath.Join(t.TempDir(), "backup")
	c.want(204, "POST /api/backup", map[string]string{"directory": backup})
	return backup, s
}

// What is not as the backup says is refused by name, and nothing is left of the restore.
func TestRestoreVerifies(t *testing.T) {
	backup, _ := newBackup(t)
	var files []string
	if err := filepath.WalkDir(backup, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "backup.json" {
			files = append(files, path)
		}
		return err
	}); err != nil || len(files) < 4 {
		t.Fatal(err, files)
	}
	refused := func(what, name string) {
		t.Helper()
		mounted := t.TempDir()
		for _, data := range []string{mounted, filepath.Join(t.TempDir(), "new")} {
			_, err := server.Restore(backup, data)
			if carpel.ErrorCode(err) != carpel.CodeInvalid || !strings.Contains(err.Error(), filepath.Base(name)) {
				t.Errorf("%s of %s: %v", what, name, err)
			}
			if left, _ := os.ReadDir(data); len(left) > 0 {
				t.Errorf("%s of %s leaves %v", what, name, left)
			}
		}
	}
	for _, path := range files {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) > 0 {
			flipped := append([]byte{}, whole...)
			flipped[len(whole)/2] ^= 4
			replace(t, path, flipped)
			refused("a flipped bit", path)
			replace(t, path, whole[:len(whole)/2])
			refused("a cut", path)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refused("the loss", path)
		replace(t, path, whole)
	}
	foreign := filepath.Join(backup, "foreign")
	replace(t, foreign, nil)
	refused("the presence", foreign)
	if err := os.Remove(foreign); err != nil {
		t.Fatal(err)
	}

	mounted := t.TempDir()
	if err := os.Mkdir(filepath.Join(mounted, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	if verified, err := server.Restore(backup, mounted); err != nil || !verified {
		t.Fatalf("into an empty directory: %v %v", verified, err)
	}
	restored := client{t, open(t, func(c *server.Config) { c.Data = mounted }), adminKey}
	if a := restored.want(200, "POST /api/check", nil); a.get("problems_all") != 0.0 {
		t.Errorf("the check finds %s", a.body)
	}

	replace(t, filepath.Join(backup, "backup.json"), []byte(`{"version":"v0","made_at":"2026-01-01T00:00:00Z"}`))
	if verified, err := server.Restore(backup, filepath.Join(t.TempDir(), "early")); err != nil || verified {
		t.Errorf("of an early version: %v %v", verified, err)
	}
	if _, err := server.Restore(backup, ""); carpel.ErrorCode(err) != carpel.CodeInvalid {
		t.Errorf("into no directory: %v", err)
	}
}

// replace puts a file in the place of another, which may be a hard link.
func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A backup inside the data directory is refused, also through a link.
func TestBackupInside(t *testing.T) {
	s := open(t, nil)
	c := client{t, s, adminKey}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(s.Data(), link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(s.Data(), "backup"), filepath.Join(link, "workspaces", "backup")} {
		c.want(400, "POST /api/backup", map[string]string{"directory": dir})
	}
}

// Workspaces without records are not taken for a first start.
func TestRecordsGone(t *testing.T) {
	backup, _ := newBackup(t)
	data := filepath.Join(t.TempDir(), "data")
	if _, err := server.Restore(backup, data); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(data, "records.db")); err != nil {
		t.Fatal(err)
	}
	_, err := server.Open(t.Context(), server.Config{Data: data})
	if carpel.ErrorCode(err) != carpel.CodeConflict || !strings.Contains(err.Error(), "records.db is missing, but 1 workspaces are here") {
		t.Errorf("it opens: %v", err)
	}
}
