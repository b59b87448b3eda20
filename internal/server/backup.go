package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// A backup is a directory with the layout of a data directory:
//
//	records.db              a copy of the records, taken first
//	workspaces/ID/engine/   a checkpoint of each workspace's engine
//	backup.json             when and by which version it was made; last, so that what lacks it is not whole
//
// The records come first: an engine that knows more than the records is brought back to them when it opens, while
// records that know a segment the engine does not only mean a build.

// Backup writes a consistent copy of everything into dir, which must not exist yet, while the server goes on. The
// directory is there under its name only when it is whole.
func (s *Server) Backup(ctx context.Context, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return carpel.Errorf(carpel.CodeConflict, "the directory exists already; a backup goes into a new one")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("create backup: %w", err)
	}
	part := dir + ".part"
	if err := os.Mkdir(part, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return carpel.Errorf(carpel.CodeConflict, "another backup goes into this directory, or one broke off: remove %s and try again", part)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return carpel.Errorf(carpel.CodeInvalid, "the directory above %s does not exist", dir)
		}
		return fmt.Errorf("create backup: %w", err)
	}
	if err := s.backup(ctx, part); err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	if err := os.Rename(part, dir); err != nil {
		return fmt.Errorf("finish backup: %w", err)
	}
	return syncDirectory(filepath.Dir(dir))
}

func (s *Server) backup(ctx context.Context, dir string) error {
	if err := s.records.CopyTo(ctx, filepath.Join(dir, recordsFile)); err != nil {
		return err
	}
	all, err := s.records.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if err := s.backupWorkspace(ctx, w.ID, filepath.Join(dir, "workspaces", w.ID)); err != nil {
			return fmt.Errorf("back up workspace %s: %w", w.ID, err)
		}
	}
	about, err := json.Marshal(map[string]any{"version": s.config.Version, "made_at": s.config.Now().UTC()})
	if err != nil {
		return err
	}
	if err := syncDirectory(filepath.Join(dir, "workspaces")); err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, backupFile), about); err != nil {
		return err
	}
	return syncDirectory(dir)
}

// backupFile says that a directory is a backup.
const backupFile = "backup.json"

func (s *Server) backupWorkspace(ctx context.Context, id, to string) error {
	db, release, err := s.workspaces.Engine(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if err := db.Checkpoint(ctx, filepath.Join(to, "engine")); err != nil {
		return err
	}
	return syncDirectory(to)
}

// Restore copies a backup into a data directory that does not exist yet, or is empty; it is there only when it is
// whole. Each engine gets a new epoch when it opens, so that cursors from before the restore are told that they are
// gone.
func Restore(backup, data string) error {
	if _, err := os.Stat(filepath.Join(backup, backupFile)); err != nil {
		return carpel.Errorf(carpel.CodeInvalid, "%s is no backup: it has no %s", backup, backupFile)
	}
	if entries, err := os.ReadDir(data); err == nil && len(entries) > 0 {
		return carpel.Errorf(carpel.CodeConflict, "%s is not empty; a backup is restored into a new directory", data)
	}
	part := filepath.Clean(data) + ".restoring"
	if err := os.Mkdir(part, 0o700); err != nil {
		return fmt.Errorf("restore (remove what an earlier try left behind): %w", err)
	}
	err := restoreInto(backup, part)
	if err == nil {
		err = syncDirectories(part)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("restore %s: %w", backup, err), os.RemoveAll(part))
	}
	if err := os.Rename(part, data); err != nil {
		return fmt.Errorf("restore into %s: %w", data, err)
	}
	return syncDirectory(filepath.Dir(filepath.Clean(data)))
}

func restoreInto(backup, data string) error {
	return filepath.WalkDir(backup, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(backup, path)
		if err != nil {
			return err
		}
		to := filepath.Join(data, rel)
		if rel == backupFile {
			return nil
		}
		if !d.IsDir() {
			return copyFile(path, to)
		}
		if err := os.MkdirAll(to, 0o700); err != nil {
			return err
		}
		if inWorkspaces, _ := filepath.Match(filepath.Join("workspaces", "*", "engine"), rel); inWorkspaces {
			return os.WriteFile(filepath.Join(to, stripes.RestoredMarker), nil, 0o600)
		}
		return nil
	})
}

// syncDirectories makes the names in a directory and in those below it durable.
func syncDirectories(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = syncDirectory(path)
		}
		return err
	})
}

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

// makeDirectory makes a directory and those above it that are missing, so that they survive a power cut.
func makeDirectory(dir string) error {
	above := filepath.Dir(filepath.Clean(dir))
	if _, err := os.Stat(above); errors.Is(err, fs.ErrNotExist) && above != dir {
		if err := makeDirectory(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	return syncDirectory(above)
}

// writeFile writes a new file that survives a power cut once its directory is synced.
func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDirectory makes the names in a directory durable.
func syncDirectory(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
