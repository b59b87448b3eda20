package records

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/carpel/carpel"
)

// Files says where the records lie, when that is not the disk.
type Files struct {
	VFS      string                            // what SQLite knows it by; default the disk
	ReadFile func(path string) ([]byte, error) // fs.ErrNotExist for none; default [os.ReadFile]
}

// checkLog refuses records whose write-ahead log is damaged in the middle. SQLite takes a log up to the first frame whose
// checksum does not fit, and drops the rest without a word: that is right for the last transaction, which a power cut may
// have torn, but what stands before a later transaction was on the disk before that one began. What is left is a flipped
// bit in the very last transaction of a process that was killed: it cannot be told from a torn one.
//
// This holds only while nothing of an earlier torn transaction stands behind the last one: see [emptyLog].
func (f Files) checkLog(path string) error {
	read := f.ReadFile
	if read == nil {
		read = os.ReadFile
	}
	data, err := read(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	if at := damagedAt(data); at >= 0 {
		return carpel.Errorf(carpel.CodeInternal, "the log of the records, %s-wal, is damaged at byte %d, before changes that were acknowledged: restore a backup", path, at)
	}
	return nil
}

const (
	logHeader   = 32 // bytes; see "WAL File Format" of SQLite
	frameHeader = 24
)

// damagedAt returns where a log is damaged before its last transaction; -1 when it is not.
func damagedAt(log []byte) int {
	if len(log) < logHeader+frameHeader {
		return -1
	}
	l := wal{log: log, order: binary.BigEndian, size: int(binary.BigEndian.Uint32(log[8:]))}
	if log[3]&1 == 0 {
		l.order = binary.LittleEndian
	}
	// The header lies in one sector and is on the disk before the first frame.
	magic := binary.BigEndian.Uint32(log)
	sum := l.sum([2]uint32{}, log[:24])
	if magic&^1 != 0x377f0682 || sum != stored(log[24:]) || l.size < 512 {
		return 0
	}
	bad, committed := -1, false // the first frame that does not fit, and whether a commit is seen from it on
	for i := 0; l.has(i); i++ {
		fits := l.fits(i)
		if bad < 0 && !fits {
			bad = i
		}
		if bad >= 0 && fits && committed {
			return l.at(bad)
		}
		if bad >= 0 && l.isCommit(i) {
			committed = true
		}
	}
	return -1
}

// wal is a log, read frame by frame.
type wal struct {
	log   []byte
	order binary.ByteOrder // of the numbers that are summed up
	size  int              // of a page
}

func (l *wal) at(i int) int { return logHeader + i*(frameHeader+l.size) }

func (l *wal) has(i int) bool { return l.at(i+1) <= len(l.log) }

func (l *wal) frame(i int) []byte { return l.log[l.at(i):l.at(i+1)] }

// fits reports whether a frame is of this log and its checksum goes on from the one that is stored before it.
func (l *wal) fits(i int) bool {
	before := l.log[24:]
	if i > 0 {
		before = l.frame(i - 1)[16:]
	}
	f := l.frame(i)
	return string(f[8:16]) == string(l.log[16:24]) && l.sum(l.sum(stored(before), f[:8]), f[frameHeader:]) == stored(f[16:])
}

// isCommit reports whether a frame of this log ends a transaction.
func (l *wal) isCommit(i int) bool {
	f := l.frame(i)
	return string(f[8:16]) == string(l.log[16:24]) && binary.BigEndian.Uint32(f[4:]) != 0
}

func stored(b []byte) [2]uint32 {
	return [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// sum goes on with SQLite's checksum over bytes whose number is a multiple of eight.
func (l *wal) sum(s [2]uint32, b []byte) [2]uint32 {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += l.order.Uint32(b) + s[1]
		s[1] += l.order.Uint32(b[4:]) + s[0]
	}
	return s
}
