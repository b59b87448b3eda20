package stripes_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// The awkward shapes of real data, and what they cost: one person who did very much, very many people whom one moment
// concerns, two such people who are one.

var (
	shapeEvents = flag.Int("shape.events", 200_000, "events of the one person who did very much")
	shapePeople = flag.Int("shape.people", 20_000, "people whom one moment concerns")
	shapeDir    = flag.String("shape.dir", "", "keep the shapes' data in this directory, to be used again")
)

const whale = "whale"

// shapeEngine opens an engine for a shape, filled by fill, or a copy of one that was filled before.
func shapeEngine(b *testing.B, name string, o stripes.Options, fill func(*stripes.DB)) *stripes.DB {
	open := func(dir string) *stripes.DB {
		db, err := stripes.Open(dir, o)
		if err != nil {
			b.Fatal(err)
		}
		return db
	}
	dir := b.TempDir()
	if *shapeDir != "" {
		dir = filepath.Join(*shapeDir, name)
	}
	if entries, _ := os.ReadDir(dir); len(entries) == 0 {
		start := time.Now()
		db := open(dir)
		fill(db)
		b.Logf("filled in %.1f s", time.Since(start).Seconds())
		if *shapeDir == "" {
			return db
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	use := filepath.Join(b.TempDir(), "copy")
	if err := os.CopyFS(use, os.DirFS(dir)); err != nil {
		b.Fatal(err)
	}
	return open(use)
}

// whaleEvent is one of the million events of one person, spread over a year.
func (w *world) whaleEvent(user, name string, at time.Time) carpel.Item {
	it := w.event(at)
	it.Person.UserID, it.Name = user, name
	return it
}

// fillWhale makes 2,000 people, and one who did so many events.
func (w *world) fillWhale(b *testing.B, db *stripes.DB, n int) {
	w.load(b, db)
	step := 365 * 24 * time.Hour / time.Duration(n)
	var batch []carpel.Item
	for i := range n {
		batch = append(batch, w.whaleEvent(whale, "Event 3", w.now.Add(-time.Duration(n-i)*step)))
		if len(batch) == 3500 || i == n-1 {
			benchCommit(b, db, batch)
			batch = nil
		}
	}
}

// whaleConditions are conditions of every kind that a person's events bear on.
var whaleConditions = []struct{ name, text string }{
	{"count", `did "Event 3" at least 3 times in the last 90d`},
	{"countMany", `did "Event 3" at least 100000 times in the last 300d`},
	{"countWhere", `did "Event 3" at least 1000 times in the last 300d where (total > 250)`},
	{"ever", `did "Event 3" at least 1000000 times where (total > 250)`},
	{"sum", `did "Event 3" with sum of total at least 1000000 in the last 300d`},
	{"avg", `did "Event 3" with avg of total at least 250 in the last 300d`},
	{"max", `did "Event 3" with max of total at least 499.99 in the last 300d`},
	{"distinct", `did "Event 3" with at least 150 different sku in the last 300d`},
	{"distinctMany", `did "Event 3" with at least 250 different sku in the last 300d`},
	{"days", `did "Event 3" on at least 250 days in the last 300d`},
	{"first", `did "Event 3" the first time with (plan is pro)`},
	{"last", `did "Event 3" the last time with (plan is pro)`},
	{"regularly", `did "Event 3" regularly 100 times in at least 40 of the last 50 periods of 7d`},
	{"lastSeen", `$last_seen_at within last 1d`},
	{"sequence", `sequence (did "Event 3" where (plan is pro) then did "Event 3" where (plan is team)) within 7d in the last 300d`},
	{"sequenceNever", `sequence (did "Event 3" where (plan is pro) then did "Event 77") within 7d in the last 300d`},
}

// BenchmarkWhale measures what one person with very many events costs: their own next event under one live segment of each
// kind and under 200, why they are in it, and what everybody else pays.
func BenchmarkWhale(b *testing.B) {
	w := newWorld(2000)
	db := shapeEngine(b, fmt.Sprintf("whale-%d", *shapeEvents), stripes.Options{Now: func() time.Time { return w.now }}, func(db *stripes.DB) { w.fillWhale(b, db, *shapeEvents) })
	defer db.Close()
	w.seq = int(time.Now().UnixNano()) // message ids of an earlier run count as repeats
	segments := func(b *testing.B, of []engine.Definition) {
		if err := db.Reconcile(context.Background(), of); err != nil {
			b.Fatal(err)
		}
		waitBuilt(b, db)
	}
	next := func(b *testing.B) {
		step := func() { benchCommit(b, db, []carpel.Item{w.whaleEvent(whale, "Event 3", w.now)}) }
		step() // reads what it needs into memory
		for b.Loop() {
			step()
		}
	}
	b.Run("next/none", func(b *testing.B) {
		segments(b, nil)
		next(b)
	})
	for _, c := range whaleConditions {
		b.Run("next/"+c.name, func(b *testing.B) {
			segments(b, []engine.Definition{{ID: "seg", Key: "s", Version: 1, Condition: benchCondition(b, c.text)}})
			next(b)
		})
	}
	b.Run("next/200", func(b *testing.B) {
		all := liveDefinitions(b, 200)
		for i, c := range whaleConditions {
			all[i].Condition = benchCondition(b, c.text)
		}
		segments(b, all)
		next(b)
	})
	for _, who := range []string{"everybody", "others"} { // the whale's stripe is among those touched, or not
		b.Run("beside/"+who, func(b *testing.B) {
			n := 0
			for b.Loop() {
				items := make([]carpel.Item, *engineBatch)
				for i := range items {
					items[i] = w.event(w.now)
				}
				if who == "everybody" {
					items[0] = w.whaleEvent(whale, "Event 3", w.now)
				}
				benchCommit(b, db, items)
				n += len(items)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/event")
		})
	}
	for _, c := range whaleConditions {
		b.Run("explain/"+c.name, func(b *testing.B) {
			q := engine.ExplainQuery{Person: carpel.PersonRef{UserID: whale}, Condition: benchCondition(b, c.text)}
			for b.Loop() {
				if _, err := db.Explain(context.Background(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, c := range whaleConditions {
		b.Run("preview/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := db.Preview(context.Background(), engine.PreviewQuery{Condition: benchCondition(b, c.text)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// beside commits an event of somebody else, one after the other, until stop is called, which returns how long the longest took
// and how many there were.
func (w *world) beside(b *testing.B, db *stripes.DB) (stop func() (longest time.Duration, n int)) {
	done, ended := make(chan struct{}), make(chan struct{})
	var longest time.Duration
	n := 0
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
			}
			start := time.Now()
			it := w.event(w.now)
			if _, err := db.Commit(context.Background(), []carpel.Item{it}); err != nil {
				b.Error(err)
				return
			}
			longest, n = max(longest, time.Since(start)), n+1
		}
	}()
	return func() (time.Duration, int) {
		close(done)
		<-ended
		return longest, n
	}
}

// BenchmarkWhales measures what it takes to merge two people with very many events, and then to erase the one, under 200
// segments, and how long others wait meanwhile.
func BenchmarkWhales(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorld(2000)
		db, err := stripes.Open(b.TempDir(), stripes.Options{Now: func() time.Time { return w.now }})
		if err != nil {
			b.Fatal(err)
		}
		w.load(b, db)
		step := 365 * 24 * time.Hour / time.Duration(*shapeEvents)
		for i := 0; i < *shapeEvents; i += 1000 {
			var batch []carpel.Item
			for j := i; j < i+1000; j++ {
				at := w.now.Add(-time.Duration(*shapeEvents-j) * step)
				batch = append(batch, w.whaleEvent(whale, "Event 3", at), w.whaleEvent("calf", "Event 3", at.Add(time.Second)))
			}
			benchCommit(b, db, batch)
		}
		all := liveDefinitions(b, 200)
		for i, c := range whaleConditions {
			all[i].Condition = benchCondition(b, c.text)
		}
		if err := db.Reconcile(context.Background(), all); err != nil {
			b.Fatal(err)
		}
		waitBuilt(b, db)
		person := carpel.PersonRef{UserID: whale}
		for _, of := range []struct {
			name string
			item carpel.Item
		}{
			{"merge", carpel.Item{Kind: carpel.ItemMerge, Person: person, Other: carpel.PersonRef{UserID: "calf"}, At: carpel.MillisOf(w.now), Source: "bench"}},
			{"erase", carpel.Item{Kind: carpel.ItemErase, Person: person, At: carpel.MillisOf(w.now), Source: "bench"}},
		} {
			stop := w.beside(b, db)
			b.StartTimer()
			start := time.Now()
			out, err := db.Commit(context.Background(), []carpel.Item{of.item})
			took := time.Since(start)
			b.StopTimer()
			longest, n := stop()
			if err != nil || out[0].Refused != nil {
				b.Fatal(err, out)
			}
			b.ReportMetric(float64(took.Milliseconds()), of.name+"-ms")
			b.ReportMetric(float64(longest.Milliseconds()), of.name+"-longest-wait-ms")
			b.Logf("%s: %d commits beside it", of.name, n)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// calendarConditions are conditions that a midnight concerns, for all people.
var calendarConditions = []string{
	`did "Event %d" this day`, `did "Event %d" previous day`, `did "Event %d" in the last 3 calendar days`, `did "Event %d" at least 2 times in the last 30 calendar days`, `did "Event %d" this week`,
}

// BenchmarkWave measures a moment that concerns everybody: everyone's event of the same second leaves a window, and the
// midnight of a month with 50 calendar segments, with somebody's events going on.
func BenchmarkWave(b *testing.B) {
	for _, kind := range []string{"window", "midnight"} {
		b.Run(kind, func(b *testing.B) {
			w := newWorld(*shapePeople)
			clock := &ticking{}
			clock.set(w.now)
			name := fmt.Sprintf("wave-%d", *shapePeople)
			db := shapeEngine(b, name, stripes.Options{Now: clock.now}, func(db *stripes.DB) {
				w.load(b, db)
				for i := 0; i < w.people; i += 2500 {
					var batch []carpel.Item
					for j := i; j < min(i+2500, w.people); j++ {
						batch = append(batch, w.whaleEvent(userID(j), "Launch", w.now))
					}
					benchCommit(b, db, batch)
				}
			})
			defer db.Close()
			w.seq = int(time.Now().UnixNano())
			var all []engine.Definition
			if kind == "window" {
				all = liveDefinitions(b, 20)
				all[0].Condition = benchCondition(b, `did Launch in the last 7d`)
			} else {
				for i := range 50 {
					text := fmt.Sprintf(calendarConditions[i%len(calendarConditions)], i/len(calendarConditions))
					all = append(all, engine.Definition{ID: fmt.Sprintf("seg_%d", i), Key: fmt.Sprintf("s%d", i), Version: 1, Condition: benchCondition(b, text)})
				}
			}
			start := time.Now()
			if err := db.Reconcile(context.Background(), all); err != nil {
				b.Fatal(err)
			}
			waitBuilt(b, db)
			b.Logf("%d segments built in %.2f s", len(all), time.Since(start).Seconds())
			for b.Loop() {
				b.StopTimer()
				if kind == "window" {
					clock.set(w.now.Add(7*24*time.Hour - time.Second))
				} else {
					clock.set(w.now.Truncate(24 * time.Hour).Add(24*time.Hour - time.Second))
				}
				if err := db.Advance(context.Background()); err != nil {
					b.Fatal(err)
				}
				before := members(db)
				stop := w.beside(b, db)
				clock.set(clock.now().Add(2 * time.Second))
				b.StartTimer()
				end := profile(b)
				start, spent := time.Now(), cpuTime(b)
				it := w.event(clock.now())
				benchCommit(b, db, []carpel.Item{it}) // as traffic does, or the timer
				for now := carpel.MillisOf(clock.now()); db.Position().Now < now; {
					<-db.Watch()
				}
				took, spent := time.Since(start), cpuTime(b)-spent
				end()
				b.StopTimer()
				longest, n := stop()
				b.ReportMetric(float64(took.Milliseconds()), "wave-ms")
				b.ReportMetric(float64(spent.Milliseconds()), "wave-cpu-ms")
				b.ReportMetric(float64(longest.Milliseconds()), "longest-wait-ms")
				b.Logf("%d commits beside it; members %d before, %d after", n, before, members(db))
				b.StartTimer()
			}
		})
	}
}

// ticking is a clock that goes on from where it is set. Safe for concurrent use.
type ticking struct{ ahead atomic.Int64 } // of the real one

func (t *ticking) set(at time.Time) { t.ahead.Store(int64(time.Until(at))) }
func (t *ticking) now() time.Time   { return time.Now().Add(time.Duration(t.ahead.Load())).UTC() }

// members counts the members of all segments.
func members(db *stripes.DB) (n int64) {
	for _, s := range db.Statuses() {
		n += s.Count
	}
	return n
}
