package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

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
	if backup, err = realPath(backup); err != nil {
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
	if err := (&restoring{backup: backup, data: data, manifest: m}).run(); err != nil {
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

// belongs refuses a file that the backup does not name; one of an early version names none.
func (m manifest) belongs(name string) error {
	if _, known := m.Files[name]; m.Files != nil && !known {
		return carpel.Errorf(carpel.CodeInvalid, "%s is not of this backup", name)
	}
	return nil
}

// compare refuses a file that is not what the backup says.
func (m manifest) compare(name string, have fileSum) error {
	if want, known := m.Files[name]; known && have != want {
		return carpel.Errorf(carpel.CodeInvalid, "the backup is damaged: %s is not what was written (%d bytes of %d)", name, have.Bytes, want.Bytes)
	}
	return nil
}

// missing returns an error for each file that is not there, in order.
func (m manifest) missing(backup string) (all []error) {
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if _, err := os.Lstat(filepath.Join(backup, filepath.FromSlash(name))); err != nil {
			all = append(all, carpel.Errorf(carpel.CodeInvalid, "the backup is not whole: %s is missing", name))
		}
	}
	return all
}

// restoring is a restore at work.
type restoring struct {
	backup, data string
	manifest     manifest
}

// recordsPart is the name of the records until everything is there.
const recordsPart = recordsFile + ".restoring"

func (r *restoring) run() error {
	if err := filepath.WalkDir(r.backup, r.copy); err != nil {
		return err
	}
	if missing := r.manifest.missing(r.backup); len(missing) > 0 {
		return missing[0]
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
	if err := r.manifest.belongs(name); err != nil {
		return err
	}
	have, err := copyFile(from, to)
	if err != nil {
		return err
	}
	return r.manifest.compare(name, have)
}
