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
func (l *LoadTest) seed(ctx context.Context, server *carpelServer, result *LoadResult) error {
	start := time.Now()
	shift := start.UnixMilli() - now
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
			result.History += int64(len(p.Events))
			for i := -1; i < len(p.Events); i++ {
				if body = appendComma(body); i < 0 {
					body = appendIdentify(body, p, shift)
				} else {
					e := &p.Events[i]
					body = appendTrack(body, "h"+strconv.Itoa(p.ID)+"-"+strconv.Itoa(i), p.UserID(), e, e.At+shift)
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
	result.SeedPerSecond = float64(result.History) / time.Since(start).Seconds()
	return err
}

// defineSegments makes the segments and waits until every one is live.
func (l *LoadTest) defineSegments(ctx context.Context, server *carpelServer) error {
	ids := map[string]bool{}
	for i, text := range append(liveSegments(l.Segments), `did "Probe"`) {
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
	return until(ctx, func() error {
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
	driver, serving := os.Getpid(), server.cmd.Process.Pid
	ticks := func() (d, s int64) {
		var err1, err2 error
		d, err1 = cpuTicks(driver)
		s, err2 = cpuTicks(serving)
		err = errors.Join(err, err1, err2)
		return d, s
	}
	driver0, server0 := ticks()
	start := time.Now()
	end := start.Add(time.Duration(l.Seconds) * time.Second)
	senders := &senders{test: l, server: server, start: start, end: end}
	group := newCrew(ctx)
	for i := range l.Connections {
		group.run(func(ctx context.Context) error { return senders.run(ctx, i) })
	}
	group.run(func(ctx context.Context) error { return feed.probe(ctx, end) })
	if err := group.wait(); err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	driver1, server1 := ticks()
	if err != nil {
		return err
	}
	if err := feed.drain(ctx); err != nil {
		return err
	}
	const ticksPerSecond = 100
	result.Seconds = took
	result.Events, result.Refused, result.PerSecond = senders.events.Load(), senders.refused.Load(), float64(senders.events.Load())/took
	result.AckP50, result.AckP99, result.AckMax = percentile(senders.took, 0.5), percentile(senders.took, 0.99), percentile(senders.took, 1)
	feed.report(result)
	result.ServerCores, result.DriverCores = float64(server1-server0)/ticksPerSecond/took, float64(driver1-driver0)/ticksPerSecond/took
	result.DriverShare = result.DriverCores / (result.DriverCores + result.ServerCores)
	result.ServerBytes, err = residentBytes(serving)
	return err
}

// senders are the connections that send traffic.
type senders struct {
	test       *LoadTest
	server     *carpelServer
	start, end time.Time
	next       atomic.Int64 // number of the next request
	events     atomic.Int64 // acknowledged
	refused    atomic.Int64 // requests

	mu   sync.Mutex
	took []float64 // of acknowledged requests, in milliseconds; guarded by mu
}

// run sends until the end. With a rate, a request's time begins when it was due, so that a server that falls behind is
// not flattered.
func (s *senders) run(ctx context.Context, connection int) error {
	r := newRandom(11, uint64(connection))
	var took []float64
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
		took = append(took, milliseconds(time.Since(due)))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, took...)
	return nil
}

// newRandom makes up traffic, the same for the same seed.
func newRandom(seed, n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) }

// body is one request: events of now, by people of whom some are very active.
func (s *senders) body(b []byte, r *rand.Rand, number int64) []byte {
	at := time.Now().UnixMilli()
	for i := range s.test.Batch {
		person := r.IntN(s.test.Scale.People)
		if r.IntN(2) == 0 { // a tenth of the people do a good half of it
			person = person / 10 * 10
		}
		e := Event{Name: choose(r, eventShare), Total: 100 + int(r.ExpFloat64()*8000), Channel: skewed(r, len(channels)), SKU: skewed(r, skus)}
		b = appendTrack(appendComma(b), "t"+strconv.FormatInt(number, 10)+"-"+strconv.Itoa(i), (&Person{ID: person}).UserID(), &e, at)
	}
	return append(b, "]}"...)
}

// appendComma begins a batch, or goes on to its next item.
func appendComma(b []byte) []byte {
	if len(b) == 0 {
		return append(b, `{"batch":[`...)
	}
	return append(b, ',')
}

func appendIdentify(b []byte, p *Person, shift int64) []byte {
	b = fmt.Appendf(b, `{"type":"identify","messageId":"i%d","userId":"%s","timestamp":"%s","traits":{"email":"%s","plan":"%s","country":"%s","seats":%d,"trial":%t,`+
		`"created_at":%d,"role":"%s","language":"%s","score":%g,"source":"%s"`, p.ID, p.UserID(), rfc3339(p.CreatedAt+shift), p.Email, plans[p.Plan],
		countries[p.Country], p.Seats, p.Trial, (p.CreatedAt+shift)/second, roles[p.Role], languages[p.Language], p.Score, sources[p.Source])
	if p.MRR >= 0 {
		b = fmt.Appendf(b, `,"mrr":%g`, float64(p.MRR)/100)
	}
	if p.Company != "" {
		b = fmt.Appendf(b, `,"company":"%s"`, p.Company)
	}
	return append(b, "}}"...)
}

func appendTrack(b []byte, id, user string, e *Event, at int64) []byte {
	b = append(append(append(b, `{"type":"track","messageId":"`...), id...), `","userId":"`...)
	b = append(append(append(b, user...), `","event":"`...), eventNames[e.Name]...)
	b = append(append(append(b, `","timestamp":"`...), rfc3339(at)...), `","properties":{"total":`...)
	b = strconv.AppendFloat(b, float64(e.Total)/100, 'f', -1, 64)
	b = append(append(append(b, `,"channel":"`...), channels[e.Channel]...), `","sku":"`...)
	return append(append(b, e.SKUText()...), `"}}`...)
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
