// Package stripes_test measures the complete layout on disk: what an event costs in bytes, what reading a name over
// all stripes costs, and what one more event costs. Its figures, and what they decided, are in docs/adr/0002.
package stripes_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes/block"
)

var layoutEvents = flag.Int("layout.events", 1_000_000, "events of the layout benchmark")

const (
	layoutNames  = 10 // event names
	eventsAPiece = 20 // events of a person, on average
	layoutStart  = 1_740_000_000_000
	layoutYear   = 365 * 86_400_000
)

// The kinds of keys, in order.
const (
	kindEvent = iota + 1
	kindActivity
	kindIndex
	kindValues
	kindStamps
)

// happening is one made-up event: those of a workspace come in order of time.
type happening struct {
	name, person int
	at           carpel.Millis
	props        map[string]carpel.Value
	id           [10]byte
}

func (h *happening) stripe() uint32 { return uint32(h.person / block.Width) }
func (h *happening) slot() uint8    { return uint8(h.person % block.Width) }

// happenings yields n events within a year. A tenth of the people do half of them.
func happenings(n int, yield func(*happening)) {
	r := rand.New(rand.NewPCG(1, 2))
	people := n / eventsAPiece
	plans := []carpel.Value{carpel.TextValue("free"), carpel.TextValue("pro"), carpel.TextValue("team")}
	var skus [200]carpel.Value
	for i := range skus {
		skus[i] = carpel.TextValue(fmt.Sprintf("SKU-%05d", i*37))
	}
	for i := range n {
		h := happening{name: r.IntN(layoutNames), person: r.IntN(people)}
		if r.IntN(2) == 0 {
			h.person = r.IntN(people/10) * 10
		}
		h.at = carpel.Millis(layoutStart + int64(i)*(layoutYear/int64(n)) + r.Int64N(1000))
		h.props = map[string]carpel.Value{
			"total": carpel.NumberValue(float64(r.IntN(50_000)) / 100),
			"plan":  plans[h.person%3],
			"sku":   skus[int(r.ExpFloat64()*30)%200],
		}
		binary.BigEndian.PutUint64(h.id[:], r.Uint64())
		binary.BigEndian.PutUint16(h.id[8:], uint16(r.Uint32()))
		yield(&h)
	}
}

func eventName(i int) string { return fmt.Sprintf("Event Number %d", i) }

// blockKey is (kind, name, stripe, bucket, part).
func blockKey(kind byte, name string, stripe uint32, bucket uint16) []byte {
	k := append([]byte{kind}, name...)
	k = append(k, 0)
	k = binary.BigEndian.AppendUint32(k, stripe)
	k = binary.BigEndian.AppendUint16(k, bucket)
	return append(k, 0, 0)
}

func indexKey(id [10]byte) []byte { return append([]byte{kindIndex}, id[:]...) }

// layout says in which of the ways compared the data are laid out.
type layout struct {
	compression func() pebble.DBCompressionSettings
	monthly     bool
	long        int // bytes of a long text in every event
}

func (l layout) bucket(at carpel.Millis) uint16 {
	if !l.monthly {
		return 0
	}
	t := at.Time()
	return uint16((t.Year()-2000)*12 + int(t.Month()))
}

// joiner is the store's merge operator: concatenation, made one run when there are many.
type joiner struct {
	parts [][]byte // newest last
}

func (j *joiner) MergeNewer(v []byte) error {
	j.parts = append(j.parts, bytes.Clone(v))
	return nil
}

func (j *joiner) MergeOlder(v []byte) error {
	j.parts = append([][]byte{bytes.Clone(v)}, j.parts...)
	return nil
}

func (j *joiner) Finish(bool) ([]byte, io.Closer, error) {
	data := bytes.Join(j.parts, nil)
	if block.Runs(data) > 16 {
		data = block.Compact(data)
	}
	return data, nil, nil
}

func openLayout(tb testing.TB, l layout) *pebble.DB {
	o := &pebble.Options{
		FormatMajorVersion: pebble.FormatNewest,
		Logger:             quiet{},
		Cache:              pebble.NewCache(256 << 20),
		MemTableSize:       16 << 20,
		Merger: &pebble.Merger{Name: "runs", Merge: func(_, value []byte) (pebble.ValueMerger, error) {
			return &joiner{parts: [][]byte{bytes.Clone(value)}}, nil
		}},
	}
	if l.compression != nil {
		o.ApplyCompressionSettings(l.compression)
	}
	db, err := pebble.Open(tb.TempDir(), o)
	check(tb, err)
	o.Cache.Unref()
	tb.Cleanup(func() { check(tb, db.Close()) })
	return db
}

type quiet struct{}

func (quiet) Infof(string, ...any)      {}
func (quiet) Errorf(string, ...any)     {}
func (quiet) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func check(tb testing.TB, err error) {
	if err != nil {
		tb.Helper()
		tb.Fatal(err)
	}
}

// fill writes n events, their activity rows and their index as compact blocks, and ten attributes of every person.
func fill(tb testing.TB, db *pebble.DB, n int, l layout) {
	builders := make(map[string]*block.RowBuilder)
	add := func(key []byte, h *happening, props map[string]carpel.Value) {
		b := builders[string(key)]
		if b == nil {
			b = &block.RowBuilder{}
			builders[string(key)] = b
		}
		b.Add(h.slot(), h.at, props)
	}
	batch := db.NewBatch()
	put := func(key, value []byte) {
		check(tb, batch.Set(key, value, nil))
		if batch.Len() > 4<<20 {
			check(tb, batch.Commit(pebble.NoSync))
			batch = db.NewBatch()
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	text := func() string {
		var s strings.Builder
		for s.Len() < l.long {
			s.WriteString(strconv.FormatUint(r.Uint64N(5000), 36) + " ") // as many words as a person uses
		}
		return s.String()
	}
	happenings(n, func(h *happening) {
		if l.long > 0 {
			h.props["note"] = carpel.TextValue(text())
		}
		add(blockKey(kindEvent, eventName(h.name), h.stripe(), l.bucket(h.at)), h, h.props)
		add(blockKey(kindActivity, "", h.stripe(), l.bucket(h.at)), h, map[string]carpel.Value{"$name": carpel.TextValue(eventName(h.name))})
		put(indexKey(h.id), nil)
	})
	for key, b := range builders {
		put([]byte(key), block.AppendRows(nil, b.Rows()))
	}
	fillAttributes(n/eventsAPiece, put)
	check(tb, batch.Commit(pebble.NoSync))
	check(tb, db.Flush())
	check(tb, db.Compact(context.Background(), []byte{0}, []byte{0xff}, true))
}

// fillAttributes writes ten attributes of like kinds as a shop would have, set at different times.
func fillAttributes(people int, put func(k, v []byte)) {
	r := rand.New(rand.NewPCG(3, 4))
	for stripe := range uint32((people + block.Width - 1) / block.Width) {
		for a := range 10 {
			var v *block.Values
			var s *block.Stamps
			for slot := range block.Width {
				val := carpel.TextValue([]string{"free", "pro", "team", "Berlin", "Paris"}[r.IntN(5)])
				switch a {
				case 0:
					val = carpel.TextValue(fmt.Sprintf("person%d@example.com", int(stripe)*block.Width+slot))
				case 1, 2:
					val = carpel.NumberValue(float64(r.IntN(1000)))
				case 3:
					val = carpel.BoolValue(r.IntN(2) == 0)
				case 4:
					val = carpel.TextValue(time.UnixMilli(layoutStart + r.Int64N(layoutYear)).UTC().Format(time.RFC3339))
				}
				at := carpel.Millis(layoutStart + r.Int64N(layoutYear))
				v, s = v.With(uint8(slot), val), s.With(uint8(slot), at, at-carpel.Millis(r.Int64N(2)*r.Int64N(layoutYear)), "segment")
			}
			name := fmt.Sprintf("attribute_%d", a)
			put(blockKey(kindValues, name, stripe, 0), block.AppendValues(nil, v, block.Full))
			put(blockKey(kindStamps, name, stripe, 0), block.AppendStamps(nil, s, block.Full))
		}
	}
}

func sizeOf(tb testing.TB, db *pebble.DB, kind byte) float64 {
	n, err := db.EstimateDiskUsage([]byte{kind}, []byte{kind + 1})
	check(tb, err)
	return float64(n)
}

// scan counts the events of one name with a total over 250 in [first, last], reading only buckets that can hold any.
func scan(tb testing.TB, db *pebble.DB, l layout, name string, first, last carpel.Millis) (count, rows int) {
	prefix := append(append([]byte{kindEvent}, name...), 0)
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: append(prefix[:len(prefix)-1:len(prefix)-1], 1)})
	check(tb, err)
	for ok := it.First(); ok; ok = it.Next() {
		bucket := binary.BigEndian.Uint16(it.Key()[len(it.Key())-4:])
		if l.monthly && (bucket < l.bucket(first) || bucket > l.bucket(last)) {
			continue
		}
		v, err := it.ValueAndErr()
		check(tb, err)
		r, err := block.DecodeRows(v)
		check(tb, err)
		total := r.Column("total").Nums
		for i := range r.Len() {
			if t := r.Time.At(i); first <= t && t <= last && total.At(i) > 250 {
				count++
			}
		}
		rows += r.Len()
	}
	check(tb, it.Close())
	return count, rows
}

// BenchmarkLayout fills a store in every layout, reports its bytes, and times reading one name over all stripes.
func BenchmarkLayout(b *testing.B) {
	balanced := func() pebble.DBCompressionSettings { return pebble.DBCompressionBalanced }
	good := func() pebble.DBCompressionSettings { return pebble.DBCompressionGood }
	for _, l := range []struct {
		name string
		layout
	}{
		{"whole/snappy", layout{}},
		{"whole/zstd1", layout{compression: balanced}},
		{"whole/zstd3", layout{compression: good}},
		{"months/snappy", layout{monthly: true}},
		{"months/zstd1", layout{monthly: true, compression: balanced}},
	} {
		b.Run(l.name, func(b *testing.B) {
			n := *layoutEvents
			db := openLayout(b, l.layout)
			fill(b, db, n, l.layout)
			values := float64(n / eventsAPiece * 10)
			report := func(b *testing.B) {
				b.ReportMetric(sizeOf(b, db, kindEvent)/float64(n), "B/event")
				b.ReportMetric(sizeOf(b, db, kindActivity)/float64(n), "B/activity")
				b.ReportMetric(sizeOf(b, db, kindIndex)/float64(n), "B/index")
				b.ReportMetric(sizeOf(b, db, kindValues)/values, "B/value")
				b.ReportMetric(sizeOf(b, db, kindStamps)/values, "B/stamp")
			}
			last := carpel.Millis(layoutStart + layoutYear)
			for _, days := range []int64{365, 30} {
				b.Run(fmt.Sprintf("read-%dd", days), func(b *testing.B) {
					rows := 0
					for b.Loop() {
						_, rows = scan(b, db, l.layout, eventName(3), last-carpel.Millis(days*86_400_000), last)
					}
					b.ReportMetric(float64(rows), "rows")
					report(b)
				})
			}
		})
	}
}

// BenchmarkLongText times a count over events that carry a text of 1 KiB beside what is counted.
func BenchmarkLongText(b *testing.B) {
	n := *layoutEvents / 10
	for _, long := range []int{0, 1024} {
		b.Run(fmt.Sprint(long), func(b *testing.B) {
			l := layout{long: long}
			db := openLayout(b, l)
			fill(b, db, n, l)
			for b.Loop() {
				scan(b, db, l, eventName(3), layoutStart, layoutStart+layoutYear)
			}
			b.ReportMetric(sizeOf(b, db, kindEvent)/float64(n), "B/event")
		})
	}
}

// BenchmarkIncrement times one more event in a full store: looking its id up in the index, adding it to its block
// and to the activity, and writing the batch, a thousand events a batch, not synced.
func BenchmarkIncrement(b *testing.B) {
	ways := []struct {
		name  string
		write func(*testing.B, *pebble.Batch, []byte, *block.Rows, *block.Rows)
	}{
		// The decoded block is kept, one row is written.
		{"row", func(b *testing.B, batch *pebble.Batch, key []byte, _, o *block.Rows) {
			check(b, batch.Merge(key, block.AppendRows(nil, o), nil))
		}},
		// The decoded block is kept, and written anew.
		{"block", func(b *testing.B, batch *pebble.Batch, key []byte, all, _ *block.Rows) {
			check(b, batch.Set(key, block.AppendRows(nil, all), nil))
		}},
	}
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			n := *layoutEvents / 2
			db := openLayout(b, layout{})
			fill(b, db, n, layout{})
			more := make([]happening, 0, n)
			happenings(n, func(h *happening) { h.id[0]++; h.at += layoutYear; more = append(more, *h) })
			kept := make(map[string]*block.Rows)
			batch, written, at, before := db.NewBatch(), 0, 0, db.Metrics()
			add := func(key []byte, h *happening, props map[string]carpel.Value) {
				r := kept[string(key)]
				if r == nil {
					v, closer, err := db.Get(key)
					check(b, err)
					r, err = block.DecodeRows(v)
					check(b, err)
					check(b, closer.Close())
				}
				var one block.RowBuilder
				one.Add(h.slot(), h.at, props)
				o := one.Rows()
				if r = r.Insert(o); r.Len() > 4096 { // what the writer splits
					r = o
				}
				kept[string(key)] = r
				way.write(b, batch, key, r, o)
			}
			b.ReportAllocs()
			for b.Loop() {
				h := &more[at%n]
				at++
				if _, closer, err := db.Get(indexKey(h.id)); err == nil {
					check(b, closer.Close())
				}
				check(b, batch.Set(indexKey(h.id), nil, nil))
				add(blockKey(kindEvent, eventName(h.name), h.stripe(), 0), h, h.props)
				add(blockKey(kindActivity, "", h.stripe(), 0), h, map[string]carpel.Value{"$name": carpel.TextValue(eventName(h.name))})
				if at%1000 == 0 {
					written += batch.Len()
					check(b, batch.Commit(pebble.NoSync))
					batch = db.NewBatch()
				}
			}
			check(b, batch.Commit(pebble.NoSync))
			b.ReportMetric(float64(written)/float64(at), "B-logged/op")
			after := db.Metrics()
			b.ReportMetric(float64(after.Total().TableBytesCompacted-before.Total().TableBytesCompacted)/float64(at), "B-compacted/op")
		})
	}
}

// BenchmarkReadWithOperands times reading a block of 512 rows to which events were added one by one.
func BenchmarkReadWithOperands(b *testing.B) {
	for _, operands := range []int{0, 1, 8, 64} {
		b.Run(fmt.Sprint(operands), func(b *testing.B) {
			db := openLayout(b, layout{})
			var all []happening
			happenings(5_000, func(h *happening) {
				if h.person < block.Width {
					all = append(all, *h)
				}
			})
			var first block.RowBuilder
			for _, h := range all[:512] {
				first.Add(h.slot(), h.at, h.props)
			}
			key := blockKey(kindEvent, "x", 0, 0)
			check(b, db.Set(key, block.AppendRows(nil, first.Rows()), pebble.NoSync))
			check(b, db.Flush())
			for _, h := range all[512 : 512+operands] {
				var one block.RowBuilder
				one.Add(h.slot(), h.at, h.props)
				check(b, db.Merge(key, block.AppendRows(nil, one.Rows()), pebble.NoSync))
			}
			for b.Loop() {
				v, closer, err := db.Get(key)
				check(b, err)
				r, err := block.DecodeRows(v)
				check(b, err)
				check(b, closer.Close())
				if r.Len() != 512+operands {
					b.Fatalf("%d rows", r.Len())
				}
			}
		})
	}
}
