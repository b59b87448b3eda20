package server

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/carpel/carpel"
)

// disk watches the free space of the data directory. The store below ends the process when the disk is full, so
// ingestion is refused before that; everything that only reads goes on, and ingestion comes back by itself.
type disk struct {
	dir     string
	minFree int64 // bytes
	now     func() time.Time

	checked atomic.Int64 // unix milliseconds of the last look
	free    atomic.Int64 // bytes then
}

// newDisk looks once, so that whoever asks while somebody else looks has an answer.
func newDisk(dir string, minFree int64, now func() time.Time) (*disk, error) {
	d := &disk{dir: dir, minFree: minFree, now: now}
	return d, d.look()
}

// look finds how much space there is.
func (d *disk) look() error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &st); err != nil {
		return fmt.Errorf("look at the space of %s: %w", d.dir, err)
	}
	d.free.Store(int64(st.Bavail) * st.Bsize)
	return nil
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
		return &carpel.Error{Code: carpel.CodeDiskFull, Limit: d.minFree, Actual: free, Message: "the disk is nearly full; nothing is taken in until there is space again"}
	}
	return nil
}
