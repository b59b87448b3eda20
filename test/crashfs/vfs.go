package crashfs

import (
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// What SQLite holds of a disk or an open file is a number in a table here: SQLite's memory is not Go's, and Go's pointers
// may not lie in it.

// table gives numbers to what SQLite is to hold.
type table struct {
	mu   sync.Mutex
	last uintptr         // guarded by mu
	held map[uintptr]any // guarded by mu
}

var held = table{held: map[uintptr]any{}}

func (t *table) add(x any) uintptr {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.held[t.last] = x
	return t.last
}

func (t *table) get(n uintptr) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held[n]
}

func (t *table) drop(n uintptr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.held, n)
}

// cFile is a sqlite3_file as this package has it.
type cFile struct {
	methods uintptr
	handle  uintptr
}

// at is what lies at an address of SQLite's memory.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// set makes a function a member of a table of C functions.
func set[F any](member *uintptr, f F) { *member = *(*uintptr)(unsafe.Pointer(&f)) }

func handleOf(pFile uintptr) *handle { return held.get(at[cFile](pFile).handle).(*handle) }

func diskOf(pVFS uintptr) *Disk { return held.get(at[sqlite3.Tsqlite3_vfs](pVFS).FpAppData).(*Disk) }

// New returns an empty disk, known to SQLite by its name until [Disk.Close].
func New() (*Disk, error) {
	d := &Disk{files: map[string]*file{}, durable: map[string]*file{}}
	tls := libc.NewTLS()
	defer tls.Close()
	n := held.add(d)
	d.name = fmt.Sprintf("crashfs%d", n)
	name, err := libc.CString(d.name)
	if err != nil {
		return nil, err
	}
	d.vfs = libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{})))
	v := at[sqlite3.Tsqlite3_vfs](d.vfs)
	*v = *at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0)) // time, randomness and sleep are the system's
	v.FiVersion, v.FszOsFile, v.FmxPathname, v.FpNext, v.FzName, v.FpAppData = 2, int32(unsafe.Sizeof(cFile{})), 1024, 0, name, n
	set(&v.FxOpen, xOpen)
	set(&v.FxDelete, xDelete)
	set(&v.FxAccess, xAccess)
	set(&v.FxFullPathname, xFullPathname)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, d.vfs, 0); rc != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("crashfs: SQLite does not take the disk: %d", rc)
	}
	return d, nil
}

// Name is what SQLite knows the disk by.
func (d *Disk) Name() string { return d.name }

// Close makes SQLite forget the disk. Nothing may be open on it.
func (d *Disk) Close() {
	tls := libc.NewTLS()
	defer tls.Close()
	v := at[sqlite3.Tsqlite3_vfs](d.vfs)
	sqlite3.Xsqlite3_vfs_unregister(tls, d.vfs)
	held.drop(v.FpAppData)
	libc.Xfree(tls, v.FzName)
	libc.Xfree(tls, d.vfs)
}

// methods returns the address of the table of functions of every open file, in SQLite's memory.
var methods = sync.OnceValue(func() uintptr {
	tls := libc.NewTLS()
	defer tls.Close()
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	m := at[sqlite3.Tsqlite3_io_methods](p)
	m.FiVersion = 2
	set(&m.FxClose, xClose)
	set(&m.FxRead, xRead)
	set(&m.FxWrite, xWrite)
	set(&m.FxTruncate, xTruncate)
	set(&m.FxSync, xSync)
	set(&m.FxFileSize, xFileSize)
	set(&m.FxLock, xLock)
	set(&m.FxUnlock, xUnlock)
	set(&m.FxCheckReservedLock, xCheckReservedLock)
	set(&m.FxFileControl, xFileControl)
	set(&m.FxSectorSize, xSectorSize)
	set(&m.FxDeviceCharacteristics, xDeviceCharacteristics)
	set(&m.FxShmMap, xShmMap)
	set(&m.FxShmLock, xShmLock)
	set(&m.FxShmBarrier, xShmBarrier)
	set(&m.FxShmUnmap, xShmUnmap)
	return p
})

func xOpen(_ *libc.TLS, pVFS, zName, pFile uintptr, flags int32, pOutFlags uintptr) int32 {
	*at[cFile](pFile) = cFile{}
	d := diskOf(pVFS)
	h := &handle{disk: d, file: &file{}} // a temporary file has no name
	if zName != 0 {
		h.path = libc.GoString(zName)
		if d.call(Open, h.path) != nil {
			return sqlite3.SQLITE_CANTOPEN
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		f, there := d.files[h.path]
		if !there {
			if flags&sqlite3.SQLITE_OPEN_CREATE == 0 {
				return sqlite3.SQLITE_CANTOPEN
			}
			f = &file{}
			d.files[h.path] = f
		}
		// As in SQLite's own VFS for Unix, the first sync of each opening that may have made a journal syncs the directory:
		// another connection may have made it, and has not synced anything.
		h.fresh = flags&sqlite3.SQLITE_OPEN_CREATE != 0 && flags&(sqlite3.SQLITE_OPEN_MAIN_JOURNAL|sqlite3.SQLITE_OPEN_WAL) != 0
		h.file = f
	}
	if pOutFlags != 0 {
		*at[int32](pOutFlags) = flags
	}
	*at[cFile](pFile) = cFile{methods(), held.add(h)}
	return sqlite3.SQLITE_OK
}

func xDelete(_ *libc.TLS, pVFS, zPath uintptr, syncDirectory int32) int32 {
	d, path := diskOf(pVFS), libc.GoString(zPath)
	if d.call(Delete, path) != nil {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[path] == nil {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	delete(d.files, path)
	if syncDirectory != 0 {
		d.syncNames()
	}
	return sqlite3.SQLITE_OK
}

// syncNames makes the names as they are now durable. The caller holds mu.
func (d *Disk) syncNames() {
	clear(d.durable)
	for name, f := range d.files {
		d.durable[name] = f
	}
}

func xAccess(_ *libc.TLS, pVFS, zPath uintptr, _ int32, pOut uintptr) int32 {
	d, path := diskOf(pVFS), libc.GoString(zPath)
	d.mu.Lock()
	defer d.mu.Unlock()
	*at[int32](pOut) = 0
	if d.files[path] != nil {
		*at[int32](pOut) = 1
	}
	return sqlite3.SQLITE_OK
}

func xFullPathname(_ *libc.TLS, _, zPath uintptr, n int32, zOut uintptr) int32 {
	path := libc.GoString(zPath)
	if len(path) >= int(n) {
		return sqlite3.SQLITE_CANTOPEN
	}
	copy(libc.GoBytes(zOut, int(n)), path+"\x00")
	return sqlite3.SQLITE_OK
}

func xClose(tls *libc.TLS, pFile uintptr) int32 {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.file.locks.unlock(h, sqlite3.SQLITE_LOCK_NONE)
	h.file.shm.leave(tls, h)
	held.drop(at[cFile](pFile).handle)
	return sqlite3.SQLITE_OK
}

func xRead(_ *libc.TLS, pFile, buffer uintptr, n int32, offset int64) int32 {
	h := handleOf(pFile)
	if h.disk.call(Read, h.path) != nil {
		return sqlite3.SQLITE_IOERR_READ
	}
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	into := libc.GoBytes(buffer, int(n))
	have := 0
	if offset < int64(len(h.file.data)) {
		have = copy(into, h.file.data[offset:])
	}
	if have == int(n) {
		return sqlite3.SQLITE_OK
	}
	clear(into[have:])
	return sqlite3.SQLITE_IOERR_SHORT_READ
}

func xWrite(_ *libc.TLS, pFile, buffer uintptr, n int32, offset int64) int32 {
	h := handleOf(pFile)
	if h.disk.call(Write, h.path) != nil {
		return sqlite3.SQLITE_IOERR_WRITE
	}
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.file.change(change{offset, slices.Clone(libc.GoBytes(buffer, int(n)))})
	return sqlite3.SQLITE_OK
}

func xTruncate(_ *libc.TLS, pFile uintptr, size int64) int32 {
	h := handleOf(pFile)
	if h.disk.call(Truncate, h.path) != nil {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.file.change(change{at: size})
	return sqlite3.SQLITE_OK
}

func xSync(_ *libc.TLS, pFile uintptr, _ int32) int32 {
	h := handleOf(pFile)
	failed := h.disk.call(Sync, h.path) != nil
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.file.sync(failed)
	if failed {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	if h.fresh {
		h.fresh = false
		h.disk.syncNames()
	}
	return sqlite3.SQLITE_OK
}

func xFileSize(_ *libc.TLS, pFile, pSize uintptr) int32 {
	h := handleOf(pFile)
	if h.disk.call(Size, h.path) != nil {
		return sqlite3.SQLITE_IOERR_FSTAT
	}
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	*at[int64](pSize) = int64(len(h.file.data))
	return sqlite3.SQLITE_OK
}

func xLock(_ *libc.TLS, pFile uintptr, level int32) int32 {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return busyUnless(h.file.locks.lock(h, level))
}

func busyUnless(done bool) int32 {
	if !done {
		return sqlite3.SQLITE_BUSY
	}
	return sqlite3.SQLITE_OK
}

func xUnlock(_ *libc.TLS, pFile uintptr, level int32) int32 {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.file.locks.unlock(h, level)
	return sqlite3.SQLITE_OK
}

func xCheckReservedLock(_ *libc.TLS, pFile, pOut uintptr) int32 {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	*at[int32](pOut) = 0
	if h.file.locks.reserved != nil {
		*at[int32](pOut) = 1
	}
	return sqlite3.SQLITE_OK
}

func xFileControl(*libc.TLS, uintptr, int32, uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }

func xSectorSize(*libc.TLS, uintptr) int32 { return 4096 }

// A sector that is torn keeps its other bytes, as SQLite takes for granted on Linux as well.
func xDeviceCharacteristics(*libc.TLS, uintptr) int32 {
	return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

func xShmMap(tls *libc.TLS, pFile uintptr, i, size, extend int32, pp uintptr) int32 {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	*at[uintptr](pp) = h.file.shm.region(tls, h, int(i), size, extend != 0)
	return sqlite3.SQLITE_OK
}

func xShmLock(_ *libc.TLS, pFile uintptr, first, n, flags int32) int32 {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return busyUnless(h.file.shm.lock(h, int(first), int(n), flags))
}

// xShmBarrier orders memory between connections: taking a lock does.
func xShmBarrier(_ *libc.TLS, pFile uintptr) {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
}

func xShmUnmap(tls *libc.TLS, pFile uintptr, _ int32) int32 {
	h := handleOf(pFile)
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	h.file.shm.leave(tls, h)
	return sqlite3.SQLITE_OK
}
