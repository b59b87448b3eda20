package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// OverloadResult is what happens beyond capacity: at twice the rate that a server takes, and in a quiet workspace beside
// one that does all it can. Durations are in milliseconds.
type OverloadResult struct {
	Capacity    float64 `json:"capacity_events_per_second"` // with 8 requests at work
	Offered     float64 `json:"offered_events_per_second"`
	Taken       float64 `json:"taken_events_per_second"`
	TakenP50    float64 `json:"taken_p50"`
	TakenP99    float64 `json:"taken_p99"`
	Refused     int     `json:"refused"`
	RefusedP50  float64 `json:"refused_p50"`
	RefusedP99  float64 `json:"refused_p99"`
	PeakBefore  int64   `json:"peak_resident_before"` // bytes, with the history and the segments there
	Peak        int64   `json:"peak_resident"`        // bytes, at the end
	QuietP50    float64 `json:"quiet_p50"`            // of the quiet workspace, alone
	QuietP99    float64 `json:"quiet_p99"`
	BesideP50   float64 `json:"beside_p50"` // beside the other one
	BesideP99   float64 `json:"beside_p99"`
	BesideNo    int     `json:"beside_refused"`
	LoudTaken   float64 `json:"loud_events_per_second"`
	LoudPreview int     `json:"loud_previews"`
}

// beyond measures all of it on a server with history and live segments.
func (l *LoadTest) beyond(ctx context.Context, server *carpelServer) (r OverloadResult, err error) {
	if r.PeakBefore, err = peakBytes(server.cmd.Process.Pid); err != nil {
		return r, err
	}
	full := l.push(ctx, server, pushed{key: loadWriteKey, senders: 8})
	if full.err != nil {
		return r, full.err
	}
	r.Capacity = full.perSecond
	fmt.Fprintf(l.Log, "capacity %.0f events/s; offering twice that\n", r.Capacity)
	over := l.push(ctx, server, pushed{key: loadWriteKey, senders: 96, rate: 2 * r.Capacity})
	r.Offered, r.Taken, r.Refused = over.offered, over.perSecond, len(over.refused)
	r.TakenP50, r.TakenP99 = percentile(over.taken, 0.5), percentile(over.taken, 0.99)
	r.RefusedP50, r.RefusedP99 = percentile(over.refused, 0.5), percentile(over.refused, 0.99)
	if over.err != nil {
		return r, over.err
	}
	if err := l.beside(ctx, server, &r); err != nil {
		return r, err
	}
	r.Peak, err = peakBytes(server.cmd.Process.Pid)
	return r, err
}

// beside measures a quiet workspace alone, and while the first one is sent all it takes and asked previews of.
func (l *LoadTest) beside(ctx context.Context, server *carpelServer, r *OverloadResult) error {
	var made struct {
		Key struct{ Secret string }
	}
	if err := server.ask(ctx, "POST", "/api/workspaces", map[string]string{"name": "quiet"}, &made); err != nil {
		return err
	}
	var key struct{ Secret string }
	if err := server.askWith(ctx, made.Key.Secret, "POST", "/api/keys", map[string]string{"kind": "sk", "name": "quiet"}, &key); err != nil {
		return err
	}
	quiet := pushed{key: key.Secret, senders: 4, rate: 200, batch: 5}
	alone := l.push(ctx, server, quiet)
	r.QuietP50, r.QuietP99 = percentile(alone.taken, 0.5), percentile(alone.taken, 0.99)
	if alone.err != nil {
		return alone.err
	}
	fmt.Fprintf(l.Log, "quiet alone: p99 %.1f ms; now beside a loud one\n", r.QuietP99)
	loudCtx, quietened := context.WithCancel(ctx)
	defer quietened()
	var previews atomic.Int64
	group := newCrew(loudCtx)
	loud := make(chan pushResult, 1)
	group.run(func(ctx context.Context) error {
		loud <- l.push(ctx, server, pushed{key: loadWriteKey, senders: 32})
		return nil
	})
	for range 4 {
		group.run(func(ctx context.Context) error {
			for ctx.Err() == nil {
				var out struct{ Count int64 }
				err := server.ask(ctx, "POST", "/api/segments/preview", map[string]any{"definition": map[string]any{"event": "*", "count": map[string]int{"at_least": 3}}, "nodes": true}, &out)
				if err == nil {
					previews.Add(1)
				} else if ctx.Err() == nil && !strings.Contains(err.Error(), ": 429 ") {
					return err
				}
			}
			return nil
		})
	}
	with := l.push(ctx, server, quiet)
	r.BesideP50, r.BesideP99, r.BesideNo = percentile(with.taken, 0.5), percentile(with.taken, 0.99), len(with.refused)
	r.LoudPreview = int(previews.Load())
	pushedLoud := <-loud
	r.LoudTaken = pushedLoud.perSecond
	quietened()
	group.wg.Wait()
	return with.err
}

// pushed says what is sent, and how.
type pushed struct {
	key     string
	senders int     // requests at work at most
	rate    float64 // events a second; 0 for as many as are taken
	batch   int     // events of a request; 0 for the test's
}

// pushResult is what became of it; times of requests from their sending to their answer, in milliseconds.
type pushResult struct {
	perSecond, offered float64 // events: taken, and sent
	taken, refused     []float64
	err                error
}

// push sends for as long as the test takes. Whoever is refused goes on with the next request.
func (l *LoadTest) push(ctx context.Context, server *carpelServer, p pushed) (out pushResult) {
	made := *l
	if p.batch > 0 {
		made.Batch = p.batch
	}
	start := time.Now()
	maker := newSenders(&made, start)
	end := start.Add(l.For)
	var next, run atomic.Int64
	var mu sync.Mutex
	group := newCrew(ctx)
	for i := range p.senders {
		group.run(func(ctx context.Context) error {
			random := newRandom(uint64(start.UnixNano()), uint64(i))
			var body []byte
			for {
				number := next.Add(1)
				due := time.Now()
				if p.rate > 0 {
					due = start.Add(time.Duration(float64(number) * float64(made.Batch) / p.rate * float64(time.Second)))
				}
				if due.After(end) {
					return nil
				}
				if err := sleepUntil(ctx, due); err != nil {
					return err
				}
				body = maker.body(body[:0], random, start.UnixNano()+number)
				run.Add(1)
				sent := time.Now()
				ok, err := server.sendWith(ctx, p.key, body)
				if err != nil {
					return err
				}
				took := milliseconds(time.Since(sent))
				mu.Lock()
				if ok {
					out.taken = append(out.taken, took)
				} else {
					out.refused = append(out.refused, took)
				}
				mu.Unlock()
			}
		})
	}
	out.err = group.wait()
	seconds := time.Since(start).Seconds()
	out.perSecond, out.offered = float64(len(out.taken)*made.Batch)/seconds, float64(int(run.Load())*made.Batch)/seconds
	return out
}

// peakBytes is the greatest resident memory that a process has had.
func peakBytes(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	var kilobytes int64
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, err = fmt.Sscanf(rest, "%d kB", &kilobytes)
		}
	}
	return kilobytes << 10, err
}

// WriteMarkdown writes what was measured as a table.
func (r OverloadResult) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| beyond capacity | |\n|---|--:|\n")
	for _, row := range [][2]string{
		{"capacity, events/s, with 8 requests at work", thousands(int64(r.Capacity))},
		{"offered / taken, events/s", thousands(int64(r.Offered)) + " / " + thousands(int64(r.Taken))},
		{"taken: p50 / p99, ms", fmt.Sprintf("%.1f / %.1f", r.TakenP50, r.TakenP99)},
		{"refused: requests, p50 / p99, ms", fmt.Sprintf("%s, %.1f / %.1f", thousands(int64(r.Refused)), r.RefusedP50, r.RefusedP99)},
		{"the server's peak of resident memory, before / at the end, MB", fmt.Sprintf("%d / %d", r.PeakBefore/1_000_000, r.Peak/1_000_000)},
		{"a quiet workspace alone, 200 events/s: p50 / p99, ms", fmt.Sprintf("%.1f / %.1f", r.QuietP50, r.QuietP99)},
		{"the same beside a loud one: p50 / p99, ms; refused", fmt.Sprintf("%.1f / %.1f; %d", r.BesideP50, r.BesideP99, r.BesideNo)},
		{"the loud one meanwhile: events/s; previews", fmt.Sprintf("%s; %d", thousands(int64(r.LoudTaken)), r.LoudPreview)},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
	}
	_, err := io.WriteString(w, b.String())
	return err
}
