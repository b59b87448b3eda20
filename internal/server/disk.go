package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/carpel/carpel"
)

// disk watches the free space of the data directory. The store below ends the process when the disk is full, so
// ingestion is refused before that; everything that only reads goes on, and ingestion comes back by itself.
//
// Others may fill the disk to the last byte all the same. A file that holds nothing, the ballast, is removed then: what it
// leaves is for what the server has to write even so, such as changes by time, and for a start on a full disk. It is made
// again when there is room.
type disk struct {
	dir     string
	minFree int64 // bytes
	now     func() time.Time

	checked atomic.Int64 // unix milliseconds of the last look
	free    atomic.Int64 // bytes then

	mu sync.Mutex // held while the ballast is made or removed
}

// newDisk looks once, so that whoever asks while somebody else looks has an answer.
func newDisk(dir string, minFree int64, now func() time.Time) (*disk, error) {
	d := &disk{dir: dir, minFree: minFree, now: now}
	return d, d.look()
}

// look finds how much space there is, and makes or removes the ballast by it.
func (d *disk) look() error {
	free, err := d.space()
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch size := d.ballastBytes(); {
	case free < size:
		err = d.removeBallast()
	case free >= d.minFree+2*size:
		err = d.makeBallast(size)
	}
	return err
}

// space finds how much space there is.
func (d *disk) space() (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &st); err != nil {
		return 0, fmt.Errorf("look at the space of %s: %w", d.dir, err)
	}
	free := int64(st.Bavail) * st.Bsize
	d.free.Store(free)
	return free, nil
}

// ballastBytes is the size of the ballast: an eighth of what is to stay free.
func (d *disk) ballastBytes() int64 { return d.minFree / 8 }

// ballastFile is its name.
const ballastFile = "BALLAST"

func (d *disk) ballast() string { return filepath.Join(d.dir, ballastFile) }

// removeBallast leaves its space to others. The caller holds mu.
func (d *disk) removeBallast() error {
	if err := os.Remove(d.ballast()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the ballast: %w", err)
	}
	return nil
}

// makeBallast makes the ballast, unless it is there. A filesystem that cannot set space aside goes without. The caller
// holds mu.
func (d *disk) makeBallast(size int64) error {
	if have, err := os.Stat(d.ballast()); err == nil && have.Size() >= size {
		return nil
	}
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the ballast: %w", err)
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, size)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return d.removeBallast()
	}
	return nil
}

// full is told that a write found no space: what it tries again finds the ballast's.
func (d *disk) full() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.removeBallast() // the write fails then
}

// watch looks at the disk every second, until ctx ends: whoever fills it may do so while nobody sends anything.
func (d *disk) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = d.look() // whoever sends something is told
		}
	}
}

// recheck is how long a look at the disk is good for. At a gigabyte a second the least reserve of 512 MB lasts longer.
const recheck = 250 * time.Millisecond

// room returns an error with CodeDiskFull when there is too little space to take anything in.
func (d *disk) room() error {
	now := d.now().UnixMilli()
	// A clock that was set back is no reason not to look.
	if last := d.checked.Load(); (now < last || now-last >= recheck.Milliseconds()) && d.checked.CompareAndSwap(last, now) {
		if err := d.look(); err != nil {
			return err
		}
	}
	if free := d.free.Load(); free < d.minFree {
		return &carpel.Error{Code: carpel.CodeDiskFull, Limit: d.minFree, Actual: free, Message: fmt.Sprintf("the disk is nearly full; nothing is taken in until there is space again: %s are free, and %s stay so", carpel.Bytes(free), carpel.Bytes(d.minFree))}
	}
	return nil
}
