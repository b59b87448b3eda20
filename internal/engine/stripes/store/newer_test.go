package store

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/carpel/carpel"
)

// A store of a later format is refused with a message that says what to do, and stays as it is.
func TestNewerFormat(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	b := s.db.NewBatch()
	if err := errors.Join(b.Set(metaKey("version"), binary.BigEndian.AppendUint32(nil, formatVersion+1), nil), s.Sync(b), b.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if s, err = Open("store", Options{FS: fs}); err == nil {
			s.Close()
		}
		if carpel.ErrorCode(err) != carpel.CodeConflict || !strings.Contains(err.Error(), "newer carpel") {
			t.Errorf("a later format: %v", err)
		}
	}
}
