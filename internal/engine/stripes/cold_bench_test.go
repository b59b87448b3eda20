package stripes_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine/stripes"
)

// coldStripe is how many people share a stripe: the first event of each so many finds nothing of it in memory.
const coldStripe = 256

// BenchmarkCold measures the first event of a stripe of which nothing is in memory, under 200 segments: what it takes to
// read and decode what they ask of 256 people. The engine is opened anew when every stripe was touched once; Pebble's own
// cache is empty then, the system's is not.
func BenchmarkCold(b *testing.B) {
	dir, w := b.TempDir(), newWorld(*enginePeople)
	open := func() *stripes.DB {
		db, err := stripes.Open(dir, stripes.Options{Now: func() time.Time { return w.now }, Budget: stripes.NewBudget(1 << 30), Manual: true})
		if err != nil {
			b.Fatal(err)
		}
		return db
	}
	db := open()
	w.load(b, db)
	if err := db.Reconcile(context.Background(), liveDefinitions(b, 200)); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	spent, person := time.Duration(0), w.people // none is cold yet
	for b.Loop() {
		b.StopTimer()
		if person += coldStripe; person >= w.people {
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
			db, person = open(), 100
			db.WaitFilled()
		}
		it := w.event(w.now)
		it.Person.UserID = userID(person)
		start, before := time.Now(), cpuTime(b)
		b.StartTimer()
		benchCommit(b, db, []carpel.Item{it})
		b.StopTimer()
		took, spent = append(took, time.Since(start)), spent+cpuTime(b)-before
		b.StartTimer()
	}
	slices.Sort(took)
	for _, p := range []struct {
		name  string
		share float64
	}{{"p50-ms", 0.5}, {"p99-ms", 0.99}} {
		b.ReportMetric(float64(took[int(p.share*float64(len(took)-1))].Microseconds())/1000, p.name)
	}
	b.ReportMetric(float64(spent.Microseconds())/float64(len(took)), "cpu-µs/event")
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}
