package store

import (
	"encoding/binary"

	"github.com/carpel/carpel/internal/engine/stripes/eval"
)

// Keys, by their first byte. Numbers are big endian, so that keys sort by them.
//
//	'B' name:4 stripe:4 bucket:2 heavy:2 chunk:4   block: runs of package block. heavy is 0 for the shared part, slot+1
//	                                               for a chunk of one heavy person's
//	'D' stripe:4 name:4                            the stripe holds something under the name
//	'F' seq:8 index:4                              what a batch holds that is followed; see follow.go
//	'I' 'u'|'e'|'a'|'d' text                       identity: user id, folded email, anonymous id, device token → ordinal:4
//	'J' seq:8                                      journal: what a batch resolved
//	'M' text                                       meta: version, next ordinal, seq, now, hash key, …
//	'N' kind:1 text                                name → number:4
//	'P' ordinal:4                                  person record
//	'S' name:4                                     statistics of a name, JSON
//	'U' hash:16                                    a suppressed id
//	'W' length:2 anonymous id, arrival:8           an item that waits for its person
//	'X' hash:10                                    a message id that was seen, in format 1
//	'Y' hash:2                                     message ids that were seen → the next seven bytes of each hash
//	0x80…                                          the engine's
const (
	keyBlock      = 'B'
	keyDirectory  = 'D'
	keyFollow     = 'F'
	keyIdentity   = 'I'
	keyJournal    = 'J'
	keyMeta       = 'M'
	keyName       = 'N'
	keyPerson     = 'P'
	keyStats      = 'S'
	keySuppress   = 'U'
	keyWaiting    = 'W'
	keyOldMessage = 'X'
	keyMessage    = 'Y'
)

// The kinds of names beyond those of tables: an attribute's values, and the stamps beside them.
const (
	kindValues = byte(100)
	kindStamps = byte(101)
)

// nameKey is a name with its kind, as it is numbered.
type nameKey struct {
	kind byte
	name string
}

func tableName(t eval.Table) nameKey { return nameKey{byte(t.Kind), t.Name} }

func (n nameKey) key() []byte { return append([]byte{keyName, n.kind}, n.name...) }

// blockKey names one part of a table in a stripe.
type blockKey struct {
	name   uint32
	stripe uint32
	bucket uint16
	heavy  uint16
	chunk  uint32
}

func (k blockKey) key() []byte {
	b := make([]byte, 0, 17)
	b = append(b, keyBlock)
	b = binary.BigEndian.AppendUint32(b, k.name)
	b = binary.BigEndian.AppendUint32(b, k.stripe)
	b = binary.BigEndian.AppendUint16(b, k.bucket)
	b = binary.BigEndian.AppendUint16(b, k.heavy)
	return binary.BigEndian.AppendUint32(b, k.chunk)
}

func parseBlockKey(b []byte) (blockKey, bool) {
	if len(b) != 17 || b[0] != keyBlock {
		return blockKey{}, false
	}
	return blockKey{binary.BigEndian.Uint32(b[1:]), binary.BigEndian.Uint32(b[5:]), binary.BigEndian.Uint16(b[9:]), binary.BigEndian.Uint16(b[11:]), binary.BigEndian.Uint32(b[13:])}, true
}

// blockPrefix is what the keys of a table in a stripe begin with.
func blockPrefix(name, stripe uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{keyBlock}, name)
	return binary.BigEndian.AppendUint32(b, stripe)
}

func directoryKey(stripe, name uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte{keyDirectory}, stripe), name)
}

func identityKey(kind byte, text string) []byte { return append([]byte{keyIdentity, kind}, text...) }
func personKey(ordinal uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{keyPerson}, ordinal)
}
func journalKey(seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte{keyJournal}, seq) }
func metaKey(name string) []byte   { return append([]byte{keyMeta}, name...) }

// waitingPrefix is what the keys of an anonymous id's waiting items begin with.
func waitingPrefix(anonymous string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{keyWaiting}, uint16(len(anonymous)))
	return append(b, anonymous...)
}

// successor returns the least key that does not begin with prefix.
func successor(prefix []byte) []byte {
	end := append([]byte{}, prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
