// Package crashfs is a disk for SQLite that loses what was not synced when its power is cut, and fails when it is told
// to. It is for tests: a [Disk] is in memory, registers itself with SQLite under its own name, and is opened with the
// parameter vfs of a data source name.
//
// A file is what programs see, what was synced, and the changes since, in order. [Disk.Crash] makes of it the disk that
// a real one may be after a power cut: everything synced, and of the rest nothing, all of it, the first changes with the
// last of them torn, or any sectors in any order. Names of files are durable once the directory was synced, which SQLite
// does with the first sync of a journal or log that it made, and with most deletions.
//
// A sync that fails loses what it was to write, also for later syncs, as Linux does: programs still see it.
package crashfs

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// Disk is a disk for SQLite, in memory. Safe for concurrent use.
type Disk struct {
	name string
	vfs  uintptr

	// hook is called before every call of SQLite, with nothing held; an error fails the call.
	hook atomic.Pointer[func(Op) error]

	mu      sync.Mutex
	files   map[string]*file // as programs see them; guarded by mu
	durable map[string]*file // names that survive a power cut; guarded by mu
}

// Op is a call that SQLite makes.
type Op struct {
	Kind Kind
	Path string
}

// Kind says what a call does.
type Kind string

// The calls that can fail.
const (
	Open     Kind = "open"
	Read     Kind = "read"
	Write    Kind = "write"
	Truncate Kind = "truncate"
	Sync     Kind = "sync"
	Size     Kind = "size"
	Delete   Kind = "delete"
)

// Changes reports whether the call changes the disk, or what survives a power cut.
func (k Kind) Changes() bool { return k != Read && k != Size }

// file is one file's bytes and locks. Guarded by Disk.mu.
type file struct {
	data     []byte   // as programs see it
	synced   []byte   // as it survives a power cut
	unsynced []change // what makes the one of the other
	locks    locks
	shm      sharedMemory
}

// change is a write, or when bytes is nil a truncation.
type change struct {
	at    int64
	bytes []byte
}

// apply makes a change to what is stored.
func (c change) apply(data []byte) []byte {
	if c.bytes == nil {
		return slices.Clip(data[:min(c.at, int64(len(data)))])
	}
	if grow := int(c.at) + len(c.bytes) - len(data); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[c.at:], c.bytes)
	return data
}

// change is made by a program.
func (f *file) change(c change) {
	f.data = c.apply(f.data)
	f.unsynced = append(f.unsynced, c)
}

// sync makes everything durable, or loses it.
func (f *file) sync(lose bool) {
	if !lose {
		for _, c := range f.unsynced {
			f.synced = c.apply(f.synced)
		}
	}
	f.unsynced = nil
}

// Files returns the names of the files that programs see, in order.
func (d *Disk) Files() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.files))
}

// ReadFile returns a copy of what programs see of a file; fs.ErrNotExist when there is none.
func (d *Disk) ReadFile(path string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[path]; f != nil {
		return slices.Clone(f.data), nil
	}
	return nil, fs.ErrNotExist
}

// Len returns the size of a file; 0 when there is none.
func (d *Disk) Len(path string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.files[path]; f != nil {
		return len(f.data)
	}
	return 0
}

// Hook sets what is called before every call of SQLite; nil for nothing.
func (d *Disk) Hook(hook func(Op) error) {
	if hook == nil {
		d.hook.Store(nil)
		return
	}
	d.hook.Store(&hook)
}

// call asks the hook.
func (d *Disk) call(kind Kind, path string) error {
	if hook := d.hook.Load(); hook != nil {
		return (*hook)(Op{kind, path})
	}
	return nil
}

// Crash returns the disk as it may be after a power cut at this moment. also is called while nothing can change on this
// disk: what it copies is of the same moment. rng decides what of the unsynced changes survives; nil for nothing.
func (d *Disk) Crash(rng *rand.Rand, also func()) (*Disk, error) {
	after, err := New()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if also != nil {
		also()
	}
	names := maps.Clone(d.durable)
	for name, f := range d.files {
		if rng != nil && rng.IntN(2) == 0 {
			names[name] = f
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		data := names[name].crash(rng)
		f := &file{data: data, synced: slices.Clone(data)}
		after.files[name], after.durable[name] = f, f
	}
	return after, nil
}

// crash returns what of a file survives.
func (f *file) crash(rng *rand.Rand) []byte {
	data := slices.Clone(f.synced)
	if rng == nil || len(f.unsynced) == 0 {
		return data
	}
	changes := f.unsynced
	switch rng.IntN(4) {
	case 0: // nothing
	case 1: // everything
		for _, c := range changes {
			data = c.apply(data)
		}
	case 2: // the first ones, the last of them in part
		n := rng.IntN(len(changes))
		for _, c := range changes[:n] {
			data = c.apply(data)
		}
		data = tear(changes[n], func(i int) bool { return i == 0 || rng.IntN(2) == 0 }, data)
	default: // any sectors, in any order
		percent := rng.IntN(100)
		for _, i := range rng.Perm(len(changes)) {
			data = tear(changes[i], func(int) bool { return rng.IntN(100) < percent }, data)
		}
	}
	return data
}

// tear makes the sectors of a change that keep chooses by their number.
func tear(c change, keep func(i int) bool, data []byte) []byte {
	if c.bytes == nil {
		if keep(0) {
			data = c.apply(data)
		}
		return data
	}
	for i, from := 0, int64(0); from < int64(len(c.bytes)); i++ {
		to := min((c.at+from)/sector*sector+sector-c.at, int64(len(c.bytes)))
		if keep(i) {
			data = change{c.at + from, c.bytes[from:to]}.apply(data)
		}
		from = to
	}
	return data
}

// Flip changes one bit of a file, as if the disk had. It panics when the file has no such byte.
func (d *Disk) Flip(path string, at int64, bit uint8) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.files[path]
	if f == nil {
		panic(fmt.Sprintf("crashfs: no file %s", path))
	}
	f.data[at] ^= 1 << bit
	f.synced[at] ^= 1 << bit
}
