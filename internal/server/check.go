package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// BackupCheck is what a comparison of a backup's files with its checksums found.
type BackupCheck struct {
	Files    int      // compared
	Problems []string // in order of their paths, then what is missing
}

// IsBackup reports whether a directory is a backup.
func IsBackup(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, backupFile))
	return err == nil
}

// CheckBackup compares every file of a backup with what the backup says of it, as [Restore] does, and goes on behind what
// it finds. It returns nil for a directory that is no backup, and no files for a backup of an early version, which has no
// checksums.
func CheckBackup(ctx context.Context, dir string) (*BackupCheck, error) {
	if !IsBackup(dir) {
		return nil, nil
	}
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	c := &BackupCheck{}
	if m.Files == nil {
		return c, nil
	}
	if dir, err = realPath(dir); err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == backupFile {
			return err
		}
		name := filepath.ToSlash(rel)
		if err := m.belongs(name); err != nil {
			c.Problems = append(c.Problems, err.Error())
			return nil
		}
		c.Files++
		have, err := copySum(io.Discard, path)
		if err == nil {
			err = m.compare(name, have)
		}
		if err != nil { // damaged, or the disk cannot read it
			c.Problems = append(c.Problems, err.Error())
		}
		return nil
	})
	for _, missing := range m.missing(dir) {
		c.Problems = append(c.Problems, missing.Error())
	}
	return c, err
}

// realPath is the whole path of a directory, without links: a walk does not follow one.
func realPath(dir string) (string, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// Still is a data directory or a backup, to be looked at without changing anything of it: a directory for temporary files
// with copies of what a server writes to, and links to the tables, which nobody writes to once they are there. Open it with
// [Config.Still].
type Still struct {
	Dir  string // to open
	Of   string // what it shows
	lock io.Closer
}

// NewStill makes one. CodeConflict when a process has the directory open. Close it at the end.
func NewStill(dir string) (s *Still, err error) {
	if err := checkRecords(dir); err != nil {
		return nil, err
	}
	s = &Still{Of: dir}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("look at %s: %w", dir, err), s.Close())
			s = nil
		}
	}()
	if _, err := os.Lstat(filepath.Join(dir, lockFile)); err == nil { // a backup has none, and nobody opens it
		f, err := lockDirectory(dir)
		if err != nil {
			return s, err
		}
		s.lock = f
	}
	if s.Dir, err = os.MkdirTemp("", "carpel-check-"); err != nil {
		return s, err
	}
	source, err := realPath(dir)
	if err != nil {
		return s, err
	}
	return s, filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return s.take(source, path, d)
	})
}

// take copies or links what lies at a path.
func (s *Still) take(source, path string, d fs.DirEntry) error {
	rel, err := filepath.Rel(source, path)
	if err != nil || rel == "." {
		return err
	}
	switch rel {
	case importsDirectory, "lost+found":
		return fs.SkipDir
	case lockFile, localFile, ballastFile, backupFile, FirstKeysFile, SetupLinkFile:
		return nil
	}
	if d.IsDir() && d.Name() == checkpointDirectory {
		return fs.SkipDir
	}
	to := filepath.Join(s.Dir, rel)
	switch {
	case d.IsDir():
		return os.MkdirAll(to, 0o700)
	case filepath.Ext(rel) == ".sst":
		return os.Symlink(path, to)
	}
	_, err = copyFile(path, to)
	return err
}

// Close removes the copies.
func (s *Still) Close() error {
	var errs []error
	if s.Dir != "" {
		errs = append(errs, os.RemoveAll(s.Dir))
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
