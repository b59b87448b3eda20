package store

import (
	"errors"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the filesystem that Pebble works on. While drop is set, a log that could be used again is deleted, and a new
// one made in its place.
type disk struct {
	vfs.FS
	drop atomic.Bool
}

// Create makes a file; see [vfs.FS]. A marker is a name that points to another file: Pebble makes that file and its
// marker, removes the marker before, and syncs the directory once. A disk may keep any of these changes without the
// others, and the store would be gone: so the names are synced before and behind a new marker.
func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if !strings.HasPrefix(d.PathBase(name), "marker.") {
		return d.FS.Create(name, c)
	}
	if err := d.syncNames(d.PathDir(name)); err != nil {
		return nil, err
	}
	f, err := d.FS.Create(name, c)
	if err != nil {
		return nil, err
	}
	if err := d.syncNames(d.PathDir(name)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// syncNames makes the names in a directory durable.
func (d *disk) syncNames(dir string) error {
	f, err := d.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// ReuseForWrite renames a file and opens it for writing, or makes a new one in its place; see [vfs.FS].
func (d *disk) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if !d.drop.Load() {
		return d.FS.ReuseForWrite(oldname, newname, c)
	}
	if err := d.FS.Remove(oldname); err != nil {
		return nil, err
	}
	return d.FS.Create(newname, c)
}

// Unwrap returns the filesystem below.
func (d *disk) Unwrap() vfs.FS { return d.FS }
