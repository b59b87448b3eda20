package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// Restore copies a backup into a data directory that does not exist yet, or is empty, and compares every file with what
// the backup says of it; verified is false for a backup of an early version, which says nothing. The records come last
// under their name: without them a server does not start on the directory. After an error nothing of it is left. Each
// engine gets a new epoch when it opens, so that cursors from before the restore are told that they are gone.
func Restore(backup, data string) (verified bool, err error) {
	if data == "" {
		return false, carpel.Errorf(carpel.CodeInvalid, "name the data directory to restore into")
	}
	m, err := readManifest(backup)
	if err != nil {
		return false, err
	}
	leave, err := makeEmpty(data)
	if err != nil {
		return false, err
	}
	lock, err := lockDirectory(data)
	if err != nil {
		return false, err // another restore is at work
	}
	defer lock.Close()
	if err := (&restoring{backup: backup, data: data, files: m.Files}).run(); err != nil {
		return false, errors.Join(fmt.Errorf("restore %s: %w", backup, err), leave())
	}
	return m.Files != nil, syncDirectory(filepath.Dir(filepath.Clean(data)))
}

func readManifest(backup string) (manifest, error) {
	var m manifest
	about, err := os.ReadFile(filepath.Join(backup, backupFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, carpel.Errorf(carpel.CodeInvalid, "%s is no backup: it has no %s", backup, backupFile)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(about, &m); err != nil {
		return m, carpel.Errorf(carpel.CodeInvalid, "%s is damaged: %v", filepath.Join(backup, backupFile), err)
	}
	return m, nil
}

// makeEmpty makes a directory, or takes one that is there and empty, but for what a file system begins with. leave puts it
// back as it was.
func makeEmpty(dir string) (leave func() error, err error) {
	err = os.Mkdir(dir, 0o700)
	if err == nil {
		return func() error { return os.RemoveAll(dir) }, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("restore: %w", err)
	}
	names, err := namesIn(dir)
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if len(names) > 0 {
		return nil, carpel.Errorf(carpel.CodeConflict, "%s is not empty; a backup is restored into a new directory", dir)
	}
	return func() error {
		names, err := namesIn(dir)
		for _, name := range names {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
		}
		return err
	}, nil
}

func namesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if e.Name() != "lost+found" {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// restoring is a restore at work.
type restoring struct {
	backup, data string
	files        map[string]fileSum // nil: not known
}

// recordsPart is the name of the records until everything is there.
const recordsPart = recordsFile + ".restoring"

func (r *restoring) run() error {
	if err := filepath.WalkDir(r.backup, r.copy); err != nil {
		return err
	}
	for path := range r.files {
		if _, err := os.Lstat(filepath.Join(r.backup, filepath.FromSlash(path))); err != nil {
			return carpel.Errorf(carpel.CodeInvalid, "the backup is not whole: %s is missing", path)
		}
	}
	if err := syncDirectories(r.data); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(r.data, recordsPart), filepath.Join(r.data, recordsFile)); err != nil {
		return err
	}
	return syncDirectory(r.data)
}

// copy copies what lies at a path of the backup.
func (r *restoring) copy(path string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(r.backup, path)
	if err != nil || rel == backupFile {
		return err
	}
	to := filepath.Join(r.data, rel)
	if !d.IsDir() {
		if rel == recordsFile {
			to = filepath.Join(r.data, recordsPart)
		}
		return r.copyFile(path, to, filepath.ToSlash(rel))
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if inWorkspaces, _ := filepath.Match(filepath.Join(workspacesDirectory, "*", "engine"), rel); inWorkspaces {
		return os.WriteFile(filepath.Join(to, stripes.RestoredMarker), nil, 0o600)
	}
	return nil
}

func (r *restoring) copyFile(from, to, name string) error {
	want, known := r.files[name]
	if r.files != nil && !known {
		return carpel.Errorf(carpel.CodeInvalid, "%s is not of this backup", name)
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	have, err := copySum(out, from)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if known && have != want {
		return carpel.Errorf(carpel.CodeInvalid, "the backup is damaged: %s is not what was written (%d bytes of %d)", name, have.Bytes, want.Bytes)
	}
	return nil
}
