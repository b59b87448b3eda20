package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/cockroachdb/pebble/v2"
)

// A message id is known by the first nine bytes of its hash, 72 bits. Of 200 million ids all together, the odds that any
// new one has the hash of another, and would be taken for its repeat, are 1 to 240,000; of a billion, 1 to 9,000.
//
// The ids that came are in 65,536 buckets, by the first two bytes; the value of a bucket is the other seven bytes of each,
// in no order. An id is added with a merge operand, which is never read for it. Measured at 20 million ids: 7.2 bytes an id
// on disk, where a key of its own took 12.
const (
	hashBytes   = 9
	bucketBytes = 2
	restBytes   = hashBytes - bucketBytes
)

// messageHash names a message id, keyed, so that nobody can choose ids that meet.
func (s *Store) messageHash(id string) string { return string(s.hash("message", id)[:hashBytes]) }

// messageKey is the key of the bucket of a hash.
func messageKey(hash string) []byte { return append([]byte{keyMessage}, hash[:bucketBytes]...) }

// noteMessage puts a message id into the batch.
func (t *Tx) noteMessage(hash string) error {
	t.seen[hash] = struct{}{}
	return t.batch.Merge(messageKey(hash), []byte(hash[bucketBytes:]), nil)
}

// repeated reports whether a message id came before.
func (t *Tx) repeated(hash string) (bool, error) {
	if _, ok := t.seen[hash]; ok {
		return true, nil
	}
	if t.store.never(hash) {
		return false, nil
	}
	return t.store.hasMessage(hash)
}

var errMessages = errors.New("read store: a damaged bucket of message ids")

// hasMessage looks into the bucket of a hash.
func (s *Store) hasMessage(hash string) (found bool, err error) {
	v, closer, err := s.db.Get(messageKey(hash))
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read store: %w", err)
	}
	if len(v)%restBytes != 0 {
		err = errMessages
	}
	for rest := hash[bucketBytes:]; len(v) >= restBytes && !found; v = v[restBytes:] {
		found = string(v[:restBytes]) == rest
	}
	return found, errors.Join(err, closer.Close())
}

// packBytes is how much of the message ids of format 1 is packed in one batch.
const packBytes = 256 << 10

// packMessages brings the message ids of format 1, which were keys of their own, into their buckets. A bucket is set as a
// whole, so that what a power cut leaves half done is done again over it; what it is made from goes, and the version
// changes, in one batch at the end. Measured at 20 million ids: 3 seconds.
func (s *Store) packMessages() error {
	b := s.db.NewBatch()
	defer func() { b.Close() }()
	var bucket, rests []byte
	flush := func() error {
		if len(rests) == 0 {
			return nil
		}
		if err := b.Set(bucket, rests, nil); err != nil || b.Len() < packBytes {
			return err
		}
		// The sync of the last batch is theirs as well: the log is written in order.
		err := errors.Join(s.fatal.guard(func() error { return b.Commit(pebble.NoSync) }), b.Close())
		b = s.db.NewBatch()
		return err
	}
	err := s.scan([]byte{keyOldMessage}, func(k, _ []byte) (err error) {
		if len(k) < 1+hashBytes {
			return errMessages
		}
		hash := string(k[1 : 1+hashBytes])
		if key := messageKey(hash); string(key) != string(bucket) {
			err = flush()
			bucket, rests = key, rests[:0]
		}
		rests = append(rests, hash[bucketBytes:]...)
		return err
	})
	err = errors.Join(err, flush())
	if err == nil {
		err = errors.Join(b.DeleteRange([]byte{keyOldMessage}, []byte{keyOldMessage + 1}, nil), b.Set(metaKey("version"), binary.BigEndian.AppendUint32(nil, formatVersion), nil))
	}
	if err == nil {
		err = s.Sync(b)
	}
	if err != nil {
		return fmt.Errorf("pack the message ids of format 1: %w", err)
	}
	return nil
}

// messageFilter answers, without reading the store, of most message ids that they never came before: of two keys asked for, one in
// a hundred at most is looked up in vain. It is a Bloom filter in blocks of a cache line (Putze, Sanders and Singler,
// "Cache-, Hash- and Space-Efficient Bloom Filters", 2007), twelve bits an id; the hash of an id is spread already.
//
// It is not stored. After an open it is filled in the background from the message index, and answers nothing until then;
// ids that come meanwhile are kept aside and added at the end. Its blocks are in the order of the hashes, as the index is,
// so that filling goes through its memory once. When it is full it is filled anew at twice the size, up to
// maxFilterBytes: beyond that it only gets less sharp. The writer's, but for the filling.
type messageFilter struct {
	filter  idSet
	filling *filling // under way; nil for none
}

// filling is a filter on its way.
type filling struct {
	filter idSet
	late   []string      // hashes added meanwhile; the writer's
	done   chan struct{} // closed when filter is whole, or when it could not be read
	whole  bool          // valid when done is closed
	stop   chan struct{} // closed to give up
}

const (
	leastIDs       = 1 << 14   // ids that a filter has room for at least
	maxFilterBytes = 128 << 20 // 90 million ids
	bitsPerID      = 12
)

// idSet is a set of hashes that may say yes of one that is not in it.
type idSet struct {
	blocks [][8]uint64
	ids    int64
}

const idSetBlock = 64 // bytes of a block

// newIDSet returns a set with room for so many ids, or of at most so many bytes.
func newIDSet(room, bytes int64) idSet {
	least := int64(leastIDs * bitsPerID / 8)
	return idSet{blocks: make([][8]uint64, min(max(room*bitsPerID/8, least), max(bytes, least))/idSetBlock+1)}
}

func (b *idSet) bytes() int64 { return int64(len(b.blocks)) * idSetBlock }

// full reports whether the filter has more ids than it has room for.
func (b *idSet) full() bool { return b.bytes()*8 < b.ids*bitsPerID }

// filterBytes is how large the filter may be.
func (s *Store) filterBytes() int64 { return min(maxFilterBytes, s.options.Budget.Share()/8) }

// place returns the block of a hash, and the number that its bits in the block are drawn from.
func (b *idSet) place(hash string) (*[8]uint64, uint64) {
	var raw [hashBytes]byte
	copy(raw[:], hash)
	block, _ := bits.Mul64(binary.BigEndian.Uint64(raw[:]), uint64(len(b.blocks)))
	return &b.blocks[block], binary.BigEndian.Uint64(raw[1:]) * 0x9e3779b97f4a7c15
}

// A hash sets seven bits: nine bits of the number name each.
func (b *idSet) add(hash string) {
	block, n := b.place(hash)
	for range 7 {
		block[n&7] |= 1 << (n >> 3 & 63)
		n >>= 9
	}
	b.ids++
}

func (b *idSet) has(hash string) bool {
	block, n := b.place(hash)
	for range 7 {
		if block[n&7]>>(n>>3&63)&1 == 0 {
			return false
		}
		n >>= 9
	}
	return true
}

// fill begins to fill a filter with room for so many ids from the index as it is now. The caller is the writer, or opens
// the store.
func (s *Store) fill(room int64) error {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{keyMessage}, UpperBound: []byte{keyMessage + 1}})
	if err != nil {
		return err
	}
	f := &filling{filter: newIDSet(room, s.filterBytes()), done: make(chan struct{}), stop: make(chan struct{})}
	s.messages.filling = f
	s.options.Budget.Note(f.filter.bytes())
	go func() {
		defer close(f.done)
		defer it.Close() // what it could not read shows in it.Error
		whole := true
		for ok := it.First(); ok; ok = it.Next() {
			select {
			case <-f.stop:
				return
			default:
			}
			rests, err := it.ValueAndErr()
			whole = whole && err == nil && f.addBucket(it.Key(), rests)
		}
		f.whole = whole && it.Error() == nil
	}()
	return nil
}

// addBucket adds the ids of a bucket to the filter; false when it is damaged.
func (f *filling) addBucket(key, rests []byte) bool {
	if len(key) != 1+bucketBytes || len(rests)%restBytes != 0 {
		return false
	}
	var hash [hashBytes]byte
	copy(hash[:], key[1:])
	for ; len(rests) > 0; rests = rests[restBytes:] {
		copy(hash[bucketBytes:], rests)
		f.filter.add(string(hash[:]))
	}
	return true
}

// never reports whether a message id certainly never came before; false says nothing.
func (s *Store) never(hash string) bool {
	s.settleMessages()
	return s.messages.filter.blocks != nil && !s.messages.filter.has(hash)
}

// Filled returns a channel that is closed when the filter of message ids is not being filled. For the writer.
func (s *Store) Filled() <-chan struct{} {
	if f := s.messages.filling; f != nil {
		return f.done
	}
	none := make(chan struct{})
	close(none)
	return none
}

// settleMessages takes over a filter that has been filled.
func (s *Store) settleMessages() {
	x := &s.messages
	if x.filling == nil {
		return
	}
	select {
	case <-x.filling.done:
	default:
		return
	}
	old := x.filling.filter
	if f := x.filling; f.whole {
		for _, hash := range f.late {
			f.filter.add(hash)
		}
		x.filter, old = f.filter, x.filter
	}
	s.options.Budget.Note(-old.bytes())
	x.filling = nil
}

// add notes the ids of a transaction that is committed.
func (s *Store) addMessages(hashes map[string]struct{}) error {
	x := &s.messages
	s.settleMessages()
	for hash := range hashes {
		if x.filter.blocks != nil {
			x.filter.add(hash)
		}
		if x.filling != nil {
			x.filling.late = append(x.filling.late, hash)
		}
	}
	if x.filling == nil && x.filter.full() && x.filter.bytes()*2 <= s.filterBytes() {
		return s.fill(2 * x.filter.ids)
	}
	return nil
}

// stopMessages ends the filling and lets go of the filter; Pebble may be closed afterwards.
func (s *Store) stopMessages() {
	x := &s.messages
	if x.filling != nil {
		close(x.filling.stop)
		<-x.filling.done
		s.options.Budget.Note(-x.filling.filter.bytes())
	}
	s.options.Budget.Note(-x.filter.bytes())
	*x = messageFilter{}
}
