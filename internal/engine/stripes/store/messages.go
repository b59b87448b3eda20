package store

import (
	"encoding/binary"
	"math/bits"

	"github.com/cockroachdb/pebble/v2"
)

// messageFilter answers, without reading the store, of most message ids that they never came before: of two keys asked for, one in
// a hundred at most is looked up in vain. It is a Bloom filter in blocks of a cache line (Putze, Sanders and Singler,
// "Cache-, Hash- and Space-Efficient Bloom Filters", 2007), twelve bits an id; the hash of an id is spread already.
//
// It is not stored. After an open it is filled in the background from the message index, and answers nothing until then;
// ids that come meanwhile are kept aside and added at the end. When it is full it is filled anew at twice the size, up to
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
	leastIDs       = 1 << 17   // ids that a filter has room for at least
	maxFilterBytes = 128 << 20 // 90 million ids
	bitsPerID      = 12
)

// idSet is a set of hashes that may say yes of one that is not in it.
type idSet struct {
	blocks [][8]uint64
	ids    int64
}

func newIDSet(room int64) idSet {
	n := min(max(room, leastIDs)*bitsPerID/512, maxFilterBytes/64)
	return idSet{blocks: make([][8]uint64, n)}
}

// full reports whether the filter has more ids than it has room for and may still grow.
func (b *idSet) full() bool {
	return int64(len(b.blocks))*512 < b.ids*bitsPerID && len(b.blocks) < maxFilterBytes/64
}

// place returns the block of a hash of ten bytes, and the number that its bits in the block are drawn from.
func (b *idSet) place(hash string) (*[8]uint64, uint64) {
	var raw [10]byte
	copy(raw[:], hash)
	block, _ := bits.Mul64(binary.LittleEndian.Uint64(raw[:]), uint64(len(b.blocks)))
	return &b.blocks[block], binary.BigEndian.Uint64(raw[2:]) * 0x9e3779b97f4a7c15
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
	f := &filling{filter: newIDSet(room), done: make(chan struct{}), stop: make(chan struct{})}
	s.messages.filling = f
	go func() {
		defer close(f.done)
		defer it.Close() // what it could not read shows in it.Error
		n := 0
		for ok := it.First(); ok; ok = it.Next() {
			if k := it.Key(); len(k) == 11 {
				f.filter.add(string(k[1:]))
			}
			if n++; n%4096 == 0 {
				select {
				case <-f.stop:
					return
				default:
				}
			}
		}
		f.whole = it.Error() == nil
	}()
	return nil
}

// never reports whether a message id certainly never came before; false says nothing.
func (s *messageFilter) never(hash string) bool {
	s.settle()
	return s.filter.blocks != nil && !s.filter.has(hash)
}

// settle takes over a filter that has been filled.
func (s *messageFilter) settle() {
	if s.filling == nil {
		return
	}
	select {
	case <-s.filling.done:
	default:
		return
	}
	if f := s.filling; f.whole {
		for _, hash := range f.late {
			f.filter.add(hash)
		}
		s.filter = f.filter
	}
	s.filling = nil
}

// add notes the ids of a transaction that is committed.
func (s *Store) addMessages(hashes map[string]struct{}) error {
	x := &s.messages
	x.settle()
	for hash := range hashes {
		if x.filter.blocks != nil {
			x.filter.add(hash)
		}
		if x.filling != nil {
			x.filling.late = append(x.filling.late, hash)
		}
	}
	if x.filling == nil && x.filter.full() {
		return s.fill(2 * x.filter.ids)
	}
	return nil
}

// stop ends the filling; Pebble may be closed afterwards.
func (s *messageFilter) stop() {
	if s.filling != nil {
		close(s.filling.stop)
		<-s.filling.done
		s.filling = nil
	}
}
