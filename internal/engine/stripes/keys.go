package stripes

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// The engine's keys, beside those of the store; numbers are big endian. A segment's number is given once and never
// again.
//
//	0x80                                  engine time of the last evaluation:8
//	0x81                                  epoch of the feed:8
//	0x82                                  the number that the next segment gets:4
//	0x83 id                               a segment's definition and state, JSON; see segmentRecord
//	0x84 number:4 stripe:4                members of a segment in a stripe, with their moments of entry; see membership.go
//	0x85 stripe:4                         the stripe's timer: the moment:8 at which it must be evaluated at the latest
//	0x86 seq:8                            an entry of the feed; see feed.go
//	0x87 number:4 seq:8                   the same entry, found by its segment; no value
//	0x88                                  the name of the time zone that memberships are evaluated in
const (
	keyNow     = 0x80
	keyEpoch   = 0x81
	keyNext    = 0x82
	keySegment = 0x83
	keyMembers = 0x84
	keyTimer   = 0x85
	keyFeed    = 0x86
	keyFeedOf  = 0x87
	keyZone    = 0x88
)

func segmentKey(id string) []byte { return append([]byte{keySegment}, id...) }

func membersKey(number, stripe uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte{keyMembers}, number), stripe)
}

func timerKey(stripe uint32) []byte { return binary.BigEndian.AppendUint32([]byte{keyTimer}, stripe) }

func feedKey(seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte{keyFeed}, seq) }

func feedOfKey(number uint32, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32([]byte{keyFeedOf}, number), seq)
}

// getNumber reads a key of eight bytes or four; false when it is not there.
func (db *DB) getNumber(key ...byte) (uint64, bool, error) {
	v, closer, err := db.store.DB().Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read engine: %w", err)
	}
	var n uint64
	for _, b := range v {
		n = n<<8 | uint64(b)
	}
	return n, true, closer.Close()
}

// scan calls fn for every key from lower on and below upper, in order; fn returns false to stop. Key and value are
// valid only during the call.
func (db *DB) scan(lower, upper []byte, fn func(key, value []byte) (bool, error)) error {
	it, err := db.store.DB().NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return fmt.Errorf("read engine: %w", err)
	}
	for it.First(); it.Valid(); it.Next() {
		v, err := it.ValueAndErr()
		more := false
		if err == nil {
			more, err = fn(it.Key(), v)
		}
		if err != nil {
			return errors.Join(err, it.Close())
		}
		if !more {
			break
		}
	}
	return it.Close()
}
