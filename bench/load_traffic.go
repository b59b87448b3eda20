package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/carpel/carpel"
)

// seedBatch is how many items one request of the history brings: the most that the server takes.
const seedBatch = 2500

// seed sends people and history over HTTP, moved so that the history ends now.
func (l *LoadTest) seed(ctx context.Context, server *carpelServer, world *loadWorld) error {
	start := time.Now()
	shift := start.UnixMilli() - now
	world.Shift = shift
	bodies := make(chan []byte, l.Connections)
	group := newCrew(ctx)
	group.run(func(ctx context.Context) error {
		defer close(bodies)
		var body []byte
		items := 0
		hand := func() error {
			select {
			case bodies <- append(body, "]}"...):
				body, items = nil, 0
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		for p := range l.Scale.All {
			world.History += int64(len(p.Events))
			for i := -1; i < len(p.Events); i++ {
				if body = appendComma(body); i < 0 {
					body = appendIdentify(body, "i"+strconv.Itoa(p.ID), p, shift, p.CreatedAt+shift)
				} else {
					e := &p.Events[i]
					body = append(appendTrack(body, "h"+strconv.Itoa(p.ID)+"-"+strconv.Itoa(i), p.UserID(), e, e.At+shift), "}}"...)
				}
				if items++; items == seedBatch {
					if err := hand(); err != nil {
						return err
					}
				}
			}
		}
		if items > 0 {
			return hand()
		}
		return nil
	})
	for range 2 {
		group.run(func(ctx context.Context) error {
			for body := range bodies {
				for taken := false; !taken; {
					var err error
					if taken, err = server.send(ctx, body); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	err := group.wait()
	world.SeedPerSecond = float64(world.History) / time.Since(start).Seconds()
	return err
}

// defineSegments makes the segments and waits until every one is live.
func (l *LoadTest) defineSegments(ctx context.Context, server *carpelServer) error {
	ids := map[string]bool{}
	for i, text := range append(l.segments(), `did "Probe"`) {
		c, err := carpel.ParseText(text)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		var made struct{ ID string }
		request := map[string]any{"name": fmt.Sprintf("Load %d", i), "key": fmt.Sprintf("load-%d", i), "definition": json.RawMessage(carpel.Canonical(c))}
		if i == l.Segments {
			request["key"] = probeSegment
		}
		if err := server.ask(ctx, "POST", "/api/segments", request, &made); err != nil {
			return err
		}
		ids[made.ID] = true
	}
	return until(ctx, time.Hour, func() error {
		for id := range ids {
			var s struct{ State, Reason string }
			if err := server.ask(ctx, "GET", "/api/segments/"+id, nil, &s); err != nil {
				return err
			}
			if s.State != "live" {
				return fmt.Errorf("segment %s is %s %s", id, s.State, s.Reason)
			}
			delete(ids, id)
		}
		return nil
	})
}

// traffic is the measured part.
func (l *LoadTest) traffic(ctx context.Context, server *carpelServer, result *LoadResult) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	feed, err := followFeed(ctx, server)
	if err != nil {
		return err
	}
	spent := &spending{serving: server.cmd.Process.Pid}
	if err := spent.note(); err != nil {
		return err
	}
	start := time.Now()
	end := start.Add(l.For)
	senders := newSenders(l, start)
	senders.server, senders.end, senders.took = server, end, make([][]float64, (l.For+time.Minute-1)/time.Minute)
	group := newCrew(ctx)
	for i := range l.Connections {
		group.run(func(ctx context.Context) error { return senders.run(ctx, i) })
	}
	group.run(func(ctx context.Context) error { return feed.probe(ctx, end) })
	group.run(func(ctx context.Context) error { return spent.minutes(ctx, start, end) })
	if err := group.wait(); err != nil {
		return err
	}
	if err := feed.drain(ctx); err != nil {
		return err
	}
	result.Events, result.Refused = senders.events.Load(), senders.refused.Load()
	senders.report(result)
	feed.report(result)
	spent.report(result)
	result.PerSecond = float64(result.Events) / result.Seconds
	result.ServerBytes, err = residentBytes(spent.serving)
	return err
}

// spending is the processor time of the server and of this program, as it stood at some moments.
type spending struct {
	serving        int
	at             []time.Time
	driver, server []int64 // ticks
}

const ticksPerSecond = 100

func (s *spending) note() error {
	d, err1 := cpuTicks(os.Getpid())
	v, err2 := cpuTicks(s.serving)
	s.at, s.driver, s.server = append(s.at, time.Now()), append(s.driver, d), append(s.server, v)
	return errors.Join(err1, err2)
}

// minutes notes what was spent at the end of every minute, and at the end.
func (s *spending) minutes(ctx context.Context, start, end time.Time) error {
	for at := start; at.Before(end); {
		if at = at.Add(time.Minute); at.After(end) {
			at = end
		}
		if err := errors.Join(sleepUntil(ctx, at), s.note()); err != nil {
			return err
		}
	}
	return nil
}

// cores returns how many cores each of the two took between two notes, and how long that was.
func (s *spending) cores(from, to int) (server, driver, seconds float64) {
	seconds = s.at[to].Sub(s.at[from]).Seconds()
	return float64(s.server[to]-s.server[from]) / ticksPerSecond / seconds, float64(s.driver[to]-s.driver[from]) / ticksPerSecond / seconds, seconds
}

func (s *spending) report(result *LoadResult) {
	last := len(s.at) - 1
	result.ServerCores, result.DriverCores, result.Seconds = s.cores(0, last)
	result.DriverShare = result.DriverCores / (result.DriverCores + result.ServerCores)
	for i := range result.Minutes {
		m := &result.Minutes[i]
		var seconds float64
		m.ServerCores, m.DriverCores, seconds = s.cores(i, i+1)
		m.PerSecond /= seconds
	}
}

// senders are the connections that send traffic.
type senders struct {
	test       *LoadTest
	server     *carpelServer
	start, end time.Time
	more       []string     // ends of events; see moreProperties
	next       atomic.Int64 // number of the next request
	events     atomic.Int64 // acknowledged
	refused    atomic.Int64 // requests

	mu   sync.Mutex
	took [][]float64 // of the acknowledged requests of each minute, in milliseconds; guarded by mu
}

// newSenders returns what makes up requests.
func newSenders(l *LoadTest, start time.Time) *senders {
	return &senders{test: l, start: start, more: moreProperties(newRandom(11, 0), l.Properties-3)}
}

// run sends until the end. With a rate, a request's time begins when it was due, so that a server that falls behind is
// not flattered.
func (s *senders) run(ctx context.Context, connection int) error {
	r := newRandom(11, uint64(connection))
	took := make([][]float64, len(s.took))
	var body []byte
	for {
		number := s.next.Add(1)
		due := time.Now()
		if s.test.Rate > 0 {
			due = s.start.Add(time.Duration(number) * time.Duration(s.test.Batch) * time.Second / time.Duration(s.test.Rate))
		}
		if due.After(s.end) {
			break
		}
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		body = s.body(body[:0], r, number)
		if s.test.Rate == 0 {
			due = time.Now() // making up the request is not the server's
		}
		taken, err := s.server.send(ctx, body)
		if err != nil {
			return err
		}
		if !taken {
			s.refused.Add(1)
			continue
		}
		s.events.Add(int64(s.test.Batch))
		done := time.Now()
		minute := min(int(done.Sub(s.start)/time.Minute), len(took)-1)
		took[minute] = append(took[minute], milliseconds(done.Sub(due)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range took {
		s.took[i] = append(s.took[i], took[i]...)
	}
	return nil
}

// newRandom makes up traffic, the same for the same seed.
func newRandom(seed, n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }

// report puts how long acknowledgements took into the result. Of a minute, PerSecond is how many items it had.
func (s *senders) report(result *LoadResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []float64
	for _, x := range s.took {
		all = append(all, x...)
		result.Minutes = append(result.Minutes, Minute{PerSecond: float64(len(x) * s.test.Batch), AckP50: percentile(x, 0.5), AckP99: percentile(x, 0.99), AckMax: percentile(x, 1)})
	}
	result.AckP50, result.AckP99, result.AckMax = percentile(all, 0.5), percentile(all, 0.99), percentile(all, 1)
}

// body is one request: items of now, by people of whom some are very active. Of the attributes of an identify two differ
// from those that the person had, now and then.
func (s *senders) body(b []byte, r *rand.Rand, number int64) []byte {
	at := time.Now().UnixMilli()
	id := strconv.AppendInt(append(strconv.AppendInt([]byte("t"), s.start.UnixMilli(), 36), '-'), number, 36)
	id = append(id, '-')
	for i := range s.test.Batch {
		person := r.IntN(s.test.Scale.People)
		if r.IntN(2) == 0 { // a tenth of the people do a good half of it
			person = person / 10 * 10
		}
		b = appendComma(b)
		message := string(strconv.AppendInt(id, int64(i), 36))
		if s.test.Identifies > 0 && r.IntN(s.test.Identifies) == 0 {
			p := s.test.Scale.profile(rand.New(rand.NewPCG(7, uint64(person))), person)
			p.Score = float64(r.IntN(1001)) / 1000
			if r.IntN(10) == 0 {
				p.Plan = choose(r, planShare)
			}
			b = appendIdentify(b, message, &p, s.test.world.Shift, at)
			continue
		}
		e := Event{Name: choose(r, eventShare), Total: 100 + int(r.ExpFloat64()*8000), Channel: skewed(r, len(channels)), SKU: skewed(r, skus)}
		b = append(appendTrack(b, message, (&Person{ID: person}).UserID(), &e, at), s.more[r.IntN(len(s.more))]...)
	}
	return append(b, "]}"...)
}

// moreProperties are ends of events with n properties more than the three: words and numbers. They are made beforehand.
func moreProperties(r *rand.Rand, n int) []string {
	out := make([]string, 64)
	for i := range out {
		var b []byte
		for k := range n {
			if k%3 == 0 {
				b = fmt.Appendf(b, `,"number_%d":%d`, k, r.IntN(1000))
			} else {
				b = fmt.Appendf(b, `,"word_%d":"value %d"`, k, skewed(r, 50))
			}
		}
		out[i] = string(append(b, "}}"...))
	}
	return out
}

// appendComma begins a batch, or goes on to its next item.
func appendComma(b []byte) []byte {
	if len(b) == 0 {
		return append(b, `{"batch":[`...)
	}
	return append(b, ',')
}

func appendIdentify(b []byte, id string, p *Person, shift, at int64) []byte {
	b = fmt.Appendf(b, `{"type":"identify","messageId":"%s","userId":"%s","timestamp":"%s","traits":{"email":"%s","plan":"%s","country":"%s","seats":%d,"trial":%t,`+
		`"created_at":%d,"role":"%s","language":"%s","score":%g,"source":"%s"`, id, p.UserID(), rfc3339(at), p.Email, plans[p.Plan],
		countries[p.Country], p.Seats, p.Trial, (p.CreatedAt+shift)/second, roles[p.Role], languages[p.Language], p.Score, sources[p.Source])
	if p.MRR >= 0 {
		b = fmt.Appendf(b, `,"mrr":%g`, float64(p.MRR)/100)
	}
	if p.Company != "" {
		b = fmt.Appendf(b, `,"company":"%s"`, p.Company)
	}
	return append(b, "}}"...)
}

// appendTrack writes an event but for the end of its properties.
func appendTrack(b []byte, id, user string, e *Event, at int64) []byte {
	b = append(append(append(b, `{"type":"track","messageId":"`...), id...), `","userId":"`...)
	b = append(append(append(b, user...), `","event":"`...), eventNames[e.Name]...)
	b = append(append(append(b, `","timestamp":"`...), rfc3339(at)...), `","properties":{"total":`...)
	b = strconv.AppendFloat(b, float64(e.Total)/100, 'f', -1, 64)
	b = append(append(append(b, `,"channel":"`...), channels[e.Channel]...), `","sku":"`...)
	return append(append(b, e.SKUText()...), '"')
}

func rfc3339(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// sleepUntil waits for a moment; ctx's error when that ends first.
func sleepUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// crew is goroutines that end together: the first error ends the context of all.
type crew struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
}

func newCrew(ctx context.Context) *crew {
	c := &crew{}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	return c
}

func (c *crew) run(fn func(ctx context.Context) error) {
	c.wg.Go(func() {
		if err := fn(c.ctx); err != nil {
			c.cancel(err)
		}
	})
}

// wait returns the first error once all have ended.
func (c *crew) wait() error {
	c.wg.Wait()
	err := context.Cause(c.ctx)
	c.cancel(nil)
	return err
}
