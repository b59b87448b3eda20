package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/carpel/carpel"
)

// checkLogs refuses a store of which a log is damaged before its end. Pebble takes a log up to the first chunk that does
// not fit, and drops the rest without a word unless a later chunk promises that the damaged one was synced; but it looks for
// that only from the next block of 32 KiB on. Here the rest of the block is looked at as well. What is left, the very last
// write, is told by [acknowledged].
func (s *Store) checkLogs(dir string) error {
	names, err := s.disk.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	for _, name := range names {
		digits, isLog := strings.CutSuffix(name, ".log")
		number, err := strconv.ParseUint(digits, 10, 64)
		if !isLog || err != nil {
			continue
		}
		path := s.disk.PathJoin(dir, name)
		at, err := s.damagedAt(path, uint32(number))
		if err != nil {
			return fmt.Errorf("open store: %w", err)
		}
		if at >= 0 {
			return carpel.Errorf(carpel.CodeInternal, "the log %s is damaged at byte %d, before writes that were acknowledged: restore a backup", path, at)
		}
	}
	return nil
}

func (s *Store) damagedAt(path string, number uint32) (int64, error) {
	f, err := s.disk.Open(path)
	if err != nil {
		return 0, err
	}
	l := log{number: number, bad: -1}
	for block := int64(0); err == nil && !l.damaged; block++ {
		var n int
		n, err = io.ReadFull(f, l.block[:])
		if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
			l.read(block*logBlock, l.block[:n])
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err = errors.Join(err, f.Close()); err != nil || !l.damaged {
		return -1, err
	}
	return l.bad, nil
}

const (
	logBlock    = 32 << 10
	chunkHeader = 19 // CRC (4), length (2), type (1), log number (4), synced offset (8); see Pebble's package record
	firstType   = 9  // of chunks with such a header
	lastType    = 12
)

// log is a log that is read block by block. Chunks do not cross blocks.
type log struct {
	number  uint32
	bad     int64 // where the first chunk begins that does not fit; -1: all did
	damaged bool  // a later chunk says that it was synced
	block   [logBlock]byte
}

// read goes on with the block at an offset of the log.
func (l *log) read(offset int64, b []byte) {
	at := 0
	for l.bad < 0 {
		if len(b)-at < chunkHeader && isZero(b[at:]) {
			return // no further chunk has room
		}
		length, _, fits := l.chunk(b[at:])
		if !fits {
			l.bad = offset + int64(at)
			break
		}
		at += length
	}
	// Where the next chunk begins is not known: a length may be what is damaged.
	for ; at+chunkHeader <= len(b); at++ {
		if _, synced, fits := l.chunk(b[at:]); fits && synced > uint64(l.bad) {
			l.damaged = true
			return
		}
	}
}

// chunk reports whether b begins with a chunk of this log, its length with the header, and up to where the log was synced
// when it was written.
func (l *log) chunk(b []byte) (length int, synced uint64, fits bool) {
	if len(b) < chunkHeader || b[6] < firstType || b[6] > lastType || binary.LittleEndian.Uint32(b[7:]) != l.number {
		return 0, 0, false
	}
	length = chunkHeader + int(binary.LittleEndian.Uint16(b[4:]))
	if length > len(b) {
		return 0, 0, false
	}
	c := crc32.Checksum(b[6:length], castagnoli)
	return length, binary.LittleEndian.Uint64(b[11:]), (c>>15|c<<17)+0xa282ead8 == binary.LittleEndian.Uint32(b)
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
