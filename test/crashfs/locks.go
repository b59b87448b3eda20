package crashfs

import (
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// handle is a file that a connection has open.
type handle struct {
	disk  *Disk
	file  *file
	path  string
	fresh bool // a journal or log that this open made: its first sync is its directory's

	level     int32 // of the file's lock
	shared    uint8 // locks of the shared memory, a bit each
	exclusive uint8
	mapped    bool // the shared memory
}

// locks are those of a file, by SQLite's rules: see "File Locking And Concurrency In SQLite Version 3".
type locks struct {
	shared                       int
	reserved, pending, exclusive *handle
}

// free reports whether nobody but h has a lock.
func free(owner, h *handle) bool { return owner == nil || owner == h }

// lock raises h's lock to a level and reports whether it could.
func (l *locks) lock(h *handle, level int32) bool {
	if h.level >= level {
		return true
	}
	if level == sqlite3.SQLITE_LOCK_SHARED {
		if l.pending != nil || l.exclusive != nil {
			return false
		}
		l.shared++
		h.level = level
		return true
	}
	if !free(l.reserved, h) || !free(l.pending, h) || !free(l.exclusive, h) {
		return false
	}
	if level == sqlite3.SQLITE_LOCK_RESERVED {
		l.reserved = h
		h.level = level
		return true
	}
	l.pending = h
	h.level = sqlite3.SQLITE_LOCK_PENDING
	if l.shared > 1 {
		return false
	}
	l.exclusive = h
	h.level = sqlite3.SQLITE_LOCK_EXCLUSIVE
	return true
}

// unlock lowers h's lock to shared, or to none.
func (l *locks) unlock(h *handle, level int32) {
	if h.level <= level {
		return
	}
	for _, owner := range []**handle{&l.reserved, &l.pending, &l.exclusive} {
		if *owner == h {
			*owner = nil
		}
	}
	if level == sqlite3.SQLITE_LOCK_NONE {
		l.shared--
	}
	h.level = level
}

// sharedMemory is what the connections to a file in WAL mode share: regions of memory outside of Go's, and eight locks.
type sharedMemory struct {
	regions   []uintptr
	users     int
	shared    [8]int
	exclusive [8]*handle
}

// region returns the i-th region; 0 when it is not there and is not to be made.
func (m *sharedMemory) region(tls *libc.TLS, h *handle, i int, size int32, extend bool) uintptr {
	if !h.mapped {
		h.mapped = true
		m.users++
	}
	for len(m.regions) <= i {
		if !extend {
			return 0
		}
		m.regions = append(m.regions, libc.Xcalloc(tls, 1, libc.Tsize_t(size)))
	}
	return m.regions[i]
}

// lock takes n locks from the first one on, or lets go of them, and reports whether it could.
func (m *sharedMemory) lock(h *handle, first, n int, flags int32) bool {
	mask := uint8((1<<n - 1) << first)
	switch {
	case flags&sqlite3.SQLITE_SHM_UNLOCK != 0:
		m.unlock(h, mask)
	case flags&sqlite3.SQLITE_SHM_SHARED != 0:
		if h.shared&mask != 0 {
			return true
		}
		for i := first; i < first+n; i++ {
			if !free(m.exclusive[i], h) {
				return false
			}
		}
		for i := first; i < first+n; i++ {
			m.shared[i]++
		}
		h.shared |= mask
	default:
		for i := first; i < first+n; i++ {
			if !free(m.exclusive[i], h) || m.shared[i] > 0 {
				return false
			}
		}
		for i := first; i < first+n; i++ {
			m.exclusive[i] = h
		}
		h.exclusive |= mask
	}
	return true
}

func (m *sharedMemory) unlock(h *handle, mask uint8) {
	for i := range m.shared {
		bit := uint8(1) << i
		if h.shared&mask&bit != 0 {
			m.shared[i]--
		}
		if h.exclusive&mask&bit != 0 {
			m.exclusive[i] = nil
		}
	}
	h.shared &^= mask
	h.exclusive &^= mask
}

// leave ends a connection's use; the last one frees the memory.
func (m *sharedMemory) leave(tls *libc.TLS, h *handle) {
	if !h.mapped {
		return
	}
	m.unlock(h, 0xff)
	h.mapped = false
	if m.users--; m.users > 0 {
		return
	}
	for _, p := range m.regions {
		libc.Xfree(tls, p)
	}
	m.regions = nil
}
