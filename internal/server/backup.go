package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/carpel/carpel"
)

// A backup is a directory with the layout of a data directory:
//
//	records.db              a copy of the records, taken first
//	workspaces/ID/engine/   a checkpoint of each workspace's engine
//
// The records come first: an engine that knows more than the records is brought back to them when it opens, while
// records that know a segment the engine does not only mean a build.

// Backup writes a consistent copy of everything into dir, which must not exist yet, while the server goes on.
func (s *Server) Backup(ctx context.Context, dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return carpel.Errorf(carpel.CodeConflict, "the directory exists already; a backup goes into a new one")
		}
		return fmt.Errorf("create backup: %w", err)
	}
	if err := s.records.CopyTo(ctx, filepath.Join(dir, recordsFile)); err != nil {
		return err
	}
	all, err := s.records.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		db, release, err := s.workspaces.Engine(ctx, w.ID)
		if err != nil {
			return fmt.Errorf("back up workspace %s: %w", w.ID, err)
		}
		to := filepath.Join(dir, "workspaces", w.ID)
		if err = os.MkdirAll(to, 0o700); err == nil {
			err = db.Checkpoint(ctx, filepath.Join(to, "engine"))
		}
		release()
		if err != nil {
			return fmt.Errorf("back up workspace %s: %w", w.ID, err)
		}
	}
	return nil
}

// Restore copies a backup into a data directory that does not exist yet, or is empty. Each engine gets a new epoch
// when it opens, so that cursors from before the restore are told that they are gone.
func Restore(backup, data string) error {
	if _, err := os.Stat(filepath.Join(backup, recordsFile)); err != nil {
		return carpel.Errorf(carpel.CodeInvalid, "%s is no backup: it has no %s", backup, recordsFile)
	}
	if entries, err := os.ReadDir(data); err == nil && len(entries) > 0 {
		return carpel.Errorf(carpel.CodeConflict, "%s is not empty; a backup is restored into a new directory", data)
	}
	return filepath.WalkDir(backup, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(backup, path)
		if err != nil {
			return err
		}
		to := filepath.Join(data, rel)
		if d.IsDir() {
			if err := os.MkdirAll(to, 0o700); err != nil {
				return err
			}
			if filepath.Base(path) == "engine" && strings.HasPrefix(rel, "workspaces") {
				return os.WriteFile(filepath.Join(filepath.Dir(to), restoredMark), nil, 0o600)
			}
			return nil
		}
		return copyFile(path, to)
	})
}

// restoredMark lies beside an engine that comes from a backup and was not opened since.
const restoredMark = "restored"

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
