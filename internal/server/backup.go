package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/carpel/carpel"
)

// A backup is a directory with the layout of a data directory:
//
//	records.db              a copy of the records, taken first
//	secrets.json            the key ring, as it was then
//	workspaces/ID/engine/   a checkpoint of each workspace's engine
//	backup.json             when and by which version it was made, and each file's length and checksum; last, so that what
//	                        lacks it is not whole
//
// A checkpoint is made beside its engine, on the same file system, where tables are hard links and the writer waits for no
// longer than it takes to make them. From there it goes to its place: by its name, or, on another file system, copied while
// the engine works on. On the file system of the data directory damage there is damage here.
//
// The records come first: an engine that knows more than the records is brought back to them when it opens, while
// records that know a segment the engine does not only mean a build.

// Backup writes a consistent copy of everything into dir, which must not exist yet, while the server goes on. The
// directory is there under its name only when it is whole.
func (s *Server) Backup(ctx context.Context, dir string) error {
	if inside, err := isInside(dir, s.config.Data); err != nil {
		return fmt.Errorf("create backup: %w", err)
	} else if inside {
		return carpel.Errorf(carpel.CodeInvalid, "%s is inside the data directory; a backup goes elsewhere, best to another disk", dir)
	}
	if _, err := os.Lstat(dir); err == nil {
		return carpel.Errorf(carpel.CodeConflict, "the directory exists already; a backup goes into a new one")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("create backup: %w", err)
	}
	if !s.backingUp.TryLock() {
		return carpel.Errorf(carpel.CodeConflict, "another backup is at work; try again when it has ended")
	}
	defer s.backingUp.Unlock()
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
	if err := s.backupRing(filepath.Join(dir, ringFile)); err != nil {
		return fmt.Errorf("back up key ring: %w", err)
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
	m := manifest{Version: s.config.Version, MadeAt: s.config.Now().UTC()}
	if m.Files, err = sumFiles(ctx, dir); err != nil {
		return err
	}
	about, err := json.MarshalIndent(m, "", "  ")
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

// backupRing copies the key ring: without it nothing sealed in the records can be read.
func (s *Server) backupRing(to string) error {
	ring, err := os.ReadFile(filepath.Join(s.config.Data, ringFile))
	if err != nil {
		return err
	}
	return writeFile(to, ring)
}

// backupFile says that a directory is a backup: a [manifest].
const backupFile = "backup.json"

// manifest is what a backup tells of itself.
type manifest struct {
	Version string             `json:"version"`
	MadeAt  time.Time          `json:"made_at"`
	Files   map[string]fileSum `json:"files,omitempty"` // by path, with slashes; none in backups of early versions
}

// fileSum is what a file must be.
type fileSum struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// sumFiles reads every file in a directory and below once.
func sumFiles(ctx context.Context, dir string) (map[string]fileSum, error) {
	sums := map[string]fileSum{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sums[filepath.ToSlash(rel)], err = copySum(io.Discard, path)
		return err
	})
	return sums, err
}

// copySum writes a file to w and tells what it was.
func copySum(w io.Writer, path string) (fileSum, error) {
	in, err := os.Open(path)
	if err != nil {
		return fileSum{}, err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), in)
	return fileSum{Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

// isInside reports whether a directory that does not exist yet would be inside another.
func isInside(dir, other string) (bool, error) {
	other, err := filepath.Abs(other)
	if err == nil {
		other, err = filepath.EvalSymlinks(other)
	}
	if err != nil {
		return false, err
	}
	above, err := filepath.EvalSymlinks(filepath.Dir(filepath.Clean(dir)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil // is told when it is made
	}
	if err != nil {
		return false, err
	}
	rel, err := filepath.Rel(other, above)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)), nil
}

// checkpointDirectory is where a workspace's checkpoint lies until it is in its place.
const checkpointDirectory = "checkpoint"

func (s *Server) backupWorkspace(ctx context.Context, id, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	made := filepath.Join(s.config.Data, workspacesDirectory, id, checkpointDirectory)
	err := s.checkpoint(ctx, id, made)
	if err == nil {
		err = s.move(ctx, made, filepath.Join(to, "engine"))
	}
	if err = errors.Join(err, os.RemoveAll(made)); err != nil {
		return err
	}
	return syncDirectory(to)
}

// checkpoint makes a workspace's checkpoint. The engine may close behind it: many may have been opened for theirs.
func (s *Server) checkpoint(ctx context.Context, id, dir string) error {
	db, release, err := s.workspaces.Engine(ctx, id)
	if err != nil {
		return err
	}
	err = db.Checkpoint(ctx, dir)
	release()
	return errors.Join(err, s.workspaces.closeIdle(ctx))
}

// sweepCheckpoints removes those of a backup under which the process ended.
func sweepCheckpoints(data string) error {
	all, err := filepath.Glob(filepath.Join(data, workspacesDirectory, "*", checkpointDirectory))
	if err != nil {
		return err
	}
	for _, dir := range all {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove what a backup left: %w", err)
		}
	}
	return nil
}

// move moves a directory, to another file system by copying it.
func move(ctx context.Context, from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, syscall.EXDEV) {
		return copyDirectory(ctx, from, to)
	}
	return err
}

// copyDirectory copies a directory with what is below it, so that it survives a power cut once its own name is synced.
func copyDirectory(ctx context.Context, from, to string) error {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		}
		_, err = copyFile(path, filepath.Join(to, rel))
		return err
	})
	if err != nil {
		return err
	}
	return syncDirectories(to)
}

// copyFile copies a file to a new one, which survives a power cut once its name is synced, and tells what it was.
func copyFile(from, to string) (fileSum, error) {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fileSum{}, err
	}
	sum, err := copySum(out, from)
	if err == nil {
		err = out.Sync()
	}
	return sum, errors.Join(err, out.Close())
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
