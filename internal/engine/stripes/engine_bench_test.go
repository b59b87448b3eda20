package stripes_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/carpel/carpel"
	"github.com/carpel/carpel/internal/engine"
	"github.com/carpel/carpel/internal/engine/stripes"
)

var (
	enginePeople     = flag.Int("engine.people", 50_000, "people of the engine's benchmarks; 20 events each")
	engineBatch      = flag.Int("engine.batch", 500, "events of a commit in the ingest benchmark")
	engineIdentifies = flag.Int("engine.identifies", 0, "one item in so many of the ingest benchmark tells a person's 12 attributes, of which two or so changed; 0 for none")
	engineProperties = flag.Int("engine.properties", 3, "properties of an event of the ingest benchmark")
	engineProfile    = flag.String("engine.profile", "", "write a processor profile of what the ingest or the wave benchmark measures, and of nothing before it, to this file")
	engineDir        = flag.String("engine.dir", "", "keep the engine's benchmark data in this directory, to be used again")
)

// world is the deterministic data of the engine's benchmarks: people with 12 attributes, 20 events each under 10 names
// with 3 properties over 365 days, a tenth of the people doing half of them.
type world struct {
	people int
	now    time.Time
	random *rand.Rand
	seq    int
}

func newWorld(people int) *world {
	return &world{people: people, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), random: rand.New(rand.NewPCG(7, 7))}
}

func (w *world) person() int {
	if w.random.IntN(2) == 0 {
		return w.random.IntN(w.people/10+1) * 10 % w.people
	}
	return w.random.IntN(w.people)
}

func userID(i int) string { return fmt.Sprintf("user-%07d", i) }

func (w *world) identify(i int) carpel.Item {
	r := w.random
	pick := func(words ...string) carpel.Value { return carpel.TextValue(words[r.IntN(len(words))]) }
	return carpel.Item{Kind: carpel.ItemIdentify, Person: carpel.PersonRef{UserID: userID(i)}, At: carpel.MillisOf(w.now.AddDate(-1, 0, 0)), Source: "bench",
		Properties: map[string]carpel.Value{
			"email": carpel.TextValue(fmt.Sprintf("%s@example%d.com", userID(i), i%50)), "plan": pick("free", "pro", "team", "enterprise"),
			"country": pick("DE", "US", "FR", "GB", "JP", "BR", "IN"), "seats": carpel.NumberValue(float64(r.IntN(200))),
			"mrr": carpel.NumberValue(float64(r.IntN(100000)) / 100), "trial": carpel.BoolValue(r.IntN(3) == 0),
			"created_at": carpel.NumberValue(float64(w.now.Unix() - r.Int64N(365*86400))), "company": carpel.TextValue(fmt.Sprintf("Company %d", r.IntN(5000))),
			"role": pick("admin", "member", "viewer"), "language": pick("en", "de", "fr"), "score": carpel.NumberValue(r.Float64()), "source": pick("ads", "organic", "partner"),
		}}
}

func (w *world) event(at time.Time) carpel.Item {
	r := w.random
	w.seq++
	return carpel.Item{Kind: carpel.ItemEvent, Person: carpel.PersonRef{UserID: userID(w.person())}, At: carpel.MillisOf(at), Source: "bench",
		MessageID: fmt.Sprintf("message-%d", w.seq), Name: fmt.Sprintf("Event %d", r.IntN(10)),
		Properties: map[string]carpel.Value{"total": carpel.NumberValue(float64(r.IntN(50000)) / 100),
			"plan": carpel.TextValue([]string{"free", "pro", "team"}[r.IntN(3)]), "sku": carpel.TextValue(fmt.Sprintf("SKU-%05d", r.IntN(200)))}}
}

// arrival is an item of now: an event, or a person told once more, as they are stored but for a score and, now and then, a
// plan.
func (w *world) arrival(tb testing.TB, db engine.Engine) carpel.Item {
	if *engineIdentifies > 0 && w.random.IntN(*engineIdentifies) == 0 {
		it := w.identify(w.person())
		w.seq++
		it.At, it.MessageID = carpel.MillisOf(w.now), fmt.Sprintf("message-%d", w.seq)
		p, err := db.Person(context.Background(), it.Person)
		if err != nil {
			tb.Fatal(err)
		}
		for name := range it.Properties {
			if name != "score" && (name != "plan" || w.random.IntN(10) > 0) {
				it.Properties[name] = p.Attributes[name].Value
			}
		}
		return it
	}
	it := w.event(w.now)
	for i := len(it.Properties); i < *engineProperties; i++ {
		it.Properties[fmt.Sprintf("property %d", i)] = carpel.NumberValue(float64(w.random.IntN(1000)))
	}
	return it
}

func benchCommit(tb testing.TB, db engine.Engine, items []carpel.Item) {
	if _, err := db.Commit(context.Background(), items); err != nil {
		tb.Fatal(err)
	}
}

// load fills an engine, some people with all that they did at a time: what is measured afterwards does not depend on the
// order, and each batch touches few stripes.
func (w *world) load(tb testing.TB, db engine.Engine) {
	start := time.Now()
	var batch []carpel.Item
	for i := range w.people {
		batch = append(batch, w.identify(i))
		events := w.random.IntN(21)
		if i%10 == 0 {
			events = 60 + w.random.IntN(81)
		}
		for range events {
			it := w.event(w.now.Add(-time.Duration(w.random.Int64N(int64(365 * 24 * time.Hour)))))
			it.Person.UserID = userID(i)
			batch = append(batch, it)
		}
		if len(batch) > 3500 || i == w.people-1 {
			benchCommit(tb, db, batch)
			batch = nil
		}
	}
	st := db.Stats()
	tb.Logf("%d people and %d events in %.1f s (%.0f/s); %.1f MB on disk, %.1f bytes an event", st.People, st.Events, time.Since(start).Seconds(),
		float64(st.People+st.Events)/time.Since(start).Seconds(), float64(st.DiskBytes)/1e6, float64(st.DiskBytes)/float64(st.Events))
}

var loaded struct {
	once sync.Once
	db   *stripes.DB
	w    *world
}

// benchEngine is the loaded engine that all benchmarks of a run share.
func benchEngine(b *testing.B) (*stripes.DB, *world) {
	loaded.once.Do(func() {
		dir := *engineDir
		if dir == "" {
			var err error
			if dir, err = os.MkdirTemp("", "carpel-bench"); err != nil {
				b.Fatal(err)
			}
		}
		w := newWorld(*enginePeople)
		_, err := os.Stat(dir + "/CURRENT")
		there := err == nil
		if entries, _ := os.ReadDir(dir); len(entries) > 0 {
			there = true
		}
		db, err := stripes.Open(dir, stripes.Options{Now: func() time.Time { return w.now }, Budget: stripes.NewBudget(8 << 30)})
		if err != nil {
			b.Fatal(err)
		}
		if !there {
			w.load(b, db)
		} else {
			w.seq = int(time.Now().UnixNano()) // message ids of an earlier run count as repeats
		}
		db.WaitFilled()
		loaded.db, loaded.w = db, w
	})
	return loaded.db, loaded.w
}

func benchCondition(tb testing.TB, text string) carpel.Condition {
	c, err := carpel.ParseText(text)
	if err != nil {
		tb.Fatal(text, err)
	}
	return c
}

// counted are the kinds of condition whose count is measured.
var counted = []struct{ name, text string }{
	{"equality", `plan is pro`},
	{"set", `country is any of (DE, FR, JP)`},
	{"long", `company is "Company 7"`},
	{"pattern", `email contains "example7.com|example9.com"`},
	{"starts", `email starts with "user-00001"`},
	{"matches", `email matches "example[79]\\.com$"`},
	{"number", `mrr between 100 and 500`},
	{"time", `created_at within last 30d`},
	{"event30d", `did "Event 3" in the last 30d where (total > 250)`},
	{"eventEver", `did "Event 3" where (total > 250)`},
	{"count", `did "Event 3" at least 3 times in the last 90d`},
	{"sum", `did "Event 3" with sum of total at least 1000 in the last 90d`},
	{"days", `did "*" on at least 10 days in the last 90d`},
	{"never", `did "Event 3" at most 0 times in the last 90d`},
	{"segment", `in segment large-customers`},
	{"nested", `(plan is pro or plan is team) and did "Event 3" in the last 30d and not did "Event 4" in the last 30d`},
}

// defineLarge defines the segment that a question refers to.
func defineLarge(b *testing.B, db *stripes.DB) {
	d := engine.Definition{ID: "seg_large", Key: "large-customers", Version: 1, Condition: benchCondition(b, `plan is any of (pro, team, enterprise) and seats >= 100`)}
	if _, err := db.Status(d.ID); err == nil {
		return
	}
	if err := db.Define(context.Background(), d); err != nil {
		b.Fatal(err)
	}
	waitBuilt(b, db)
}

// BenchmarkCount measures a warm count over all stripes, per kind of condition.
func BenchmarkCount(b *testing.B) {
	for _, c := range counted {
		b.Run(c.name, func(b *testing.B) {
			db, _ := benchEngine(b)
			defineLarge(b, db)
			q := engine.PreviewQuery{Condition: benchCondition(b, c.text)}
			p, err := db.Preview(context.Background(), q) // reads what it needs into memory
			n, spent := 0, cpuTime(b)
			for b.Loop() && err == nil {
				p, err = db.Preview(context.Background(), q)
				n++
			}
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64((cpuTime(b)-spent).Microseconds())/float64(n), "cpu-µs/op")
			b.ReportMetric(float64(p.Count), "people")
		})
	}
}

// BenchmarkBuild measures what it takes to build a segment warm, per kind of condition: beside BenchmarkCount, to see what is
// out of proportion.
func BenchmarkBuild(b *testing.B) {
	for _, c := range append(slices.Clone(counted), whaleConditions...) {
		b.Run(c.name, func(b *testing.B) {
			db, _ := benchEngine(b)
			defineLarge(b, db)
			d := engine.Definition{ID: "seg_built", Key: "built", Version: 1, Condition: benchCondition(b, c.text)}
			var p *engine.Preview
			var count time.Duration
			for range 2 { // the first reads what it needs into memory
				start := cpuTime(b)
				var err error
				if p, err = db.Preview(context.Background(), engine.PreviewQuery{Condition: d.Condition}); err != nil {
					b.Fatal(err)
				}
				count = cpuTime(b) - start
			}
			n, spent, members := 0, time.Duration(0), int64(0)
			for b.Loop() {
				start := cpuTime(b)
				if err := db.Define(context.Background(), d); err != nil {
					b.Fatal(err)
				}
				waitBuilt(b, db)
				spent += cpuTime(b) - start
				n++
				b.StopTimer()
				s, err := db.Status(d.ID)
				if err != nil || s.Count != int64(p.Count) {
					b.Fatalf("%d members of %v counted: %v", s.Count, p.Count, err)
				}
				members = s.Count
				if err := db.Drop(context.Background(), d.ID); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(spent.Microseconds())/float64(n), "cpu-µs/op")
			b.ReportMetric(float64(count.Microseconds()), "count-cpu-µs")
			b.ReportMetric(float64(members), "people")
		})
	}
}

// liveDefinitions are n definitions of three conditions; every event name is used by about a tenth of them.
func liveDefinitions(tb testing.TB, n int) []engine.Definition {
	var out []engine.Definition
	for i := range n {
		text := fmt.Sprintf(`plan is %s and did "Event %d" at least %d times in the last %dd where (total > %d) and mrr > %d`,
			[]string{"free", "pro", "team"}[i%3], i%10, 1+i%4, 7+i%80, 10*(i%30), i)
		if i%20 == 0 {
			text = fmt.Sprintf(`plan is pro and did "*" at least %d times in the last %dd and seats > %d`, 2+i%5, 7+i%30, i%50)
		}
		out = append(out, engine.Definition{ID: fmt.Sprintf("seg_%d", i), Key: fmt.Sprintf("s%d", i), Version: 1, Condition: benchCondition(tb, text)})
	}
	return out
}

// waitBuilt waits until every segment is live.
func waitBuilt(tb testing.TB, db engine.Engine) {
	for {
		changed := db.Watch()
		building := false
		for _, s := range db.Statuses() {
			building = building || s.State == carpel.StateBuilding
		}
		if !building {
			return
		}
		<-changed
	}
}

// cpuTime is the processor time that this process has taken: unlike the time that passed, it does not depend on who else
// is at work.
func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// profile begins the profile that -engine.profile asks for; what it returns ends it.
func profile(tb testing.TB) (end func()) {
	if *engineProfile == "" {
		return func() {}
	}
	f, err := os.Create(*engineProfile)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return func() {
		pprof.StopCPUProfile()
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	}
}

// BenchmarkIngest measures what an event costs, synced and evaluated.
func BenchmarkIngest(b *testing.B) {
	for _, live := range []int{0, 10, 200} {
		b.Run(fmt.Sprintf("segments=%d", live), func(b *testing.B) {
			db, w := benchEngine(b)
			start := time.Now()
			if err := db.Reconcile(context.Background(), liveDefinitions(b, live)); err != nil {
				b.Fatal(err)
			}
			waitBuilt(b, db)
			b.Logf("%d segments built in %.2f s", live, time.Since(start).Seconds())
			var took, spent time.Duration // by commits; what makes up the items is not counted
			batch := func() {
				items := make([]carpel.Item, *engineBatch)
				for i := range items {
					items[i] = w.arrival(b, db)
				}
				start, before := time.Now(), cpuTime(b)
				benchCommit(b, db, items)
				took, spent = took+time.Since(start), spent+cpuTime(b)-before
			}
			for range w.people / 5 / *engineBatch { // until what the traffic touches is in memory
				batch()
			}
			b.ResetTimer()
			defer profile(b)()
			n := 0
			took, spent = 0, 0
			for b.Loop() {
				batch()
				n += *engineBatch
			}
			b.ReportMetric(float64(n)/took.Seconds(), "events/s")
			b.ReportMetric(float64(took.Microseconds())/float64(n), "µs/event")
			b.ReportMetric(float64(spent.Microseconds())/float64(n), "cpu-µs/event")
		})
	}
}

// BenchmarkExplain measures why one person is in a segment or not.
func BenchmarkExplain(b *testing.B) {
	db, w := benchEngine(b)
	c := benchCondition(b, counted[len(counted)-1].text)
	for b.Loop() {
		if _, err := db.Explain(context.Background(), engine.ExplainQuery{Person: carpel.PersonRef{UserID: userID(w.person())}, Condition: c}); err != nil {
			b.Fatal(err)
		}
	}
}
