package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// probeSegment is the key of the segment that probes enter: people who never did anything before, each with one event.
const probeSegment = "probe"

// probeEvery is how often a probe is sent.
const probeEvery = 100 * time.Millisecond

// feed follows the change feed of the probes' segment, as a client does that waits for changes, and sends the probes.
type feed struct {
	server *carpelServer

	mu     sync.Mutex
	sent   map[string]time.Time // by user id; guarded by mu, and so are the others
	acked  map[string]time.Time
	seen   map[string]time.Time
	failed error         // why the stream ended
	news   chan struct{} // holds a token when something was seen
}

// followFeed opens the stream and reads it in the background until ctx ends.
func followFeed(ctx context.Context, server *carpelServer) (*feed, error) {
	f := &feed{server: server, sent: map[string]time.Time{}, acked: map[string]time.Time{}, seen: map[string]time.Time{}, news: make(chan struct{}, 1)}
	var probes struct{ ID string }
	if err := server.ask(ctx, "GET", "/api/segments/"+probeSegment, nil, &probes); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.url+"/api/segments/"+probes.ID+"/changes?after=now", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+loadAPIKey)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := server.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("follow the feed: %s", resp.Status)
	}
	go func() {
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				f.note(data)
			}
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.failed = lines.Err(); f.failed == nil {
			f.failed = fmt.Errorf("the stream of changes ended")
		}
		f.wake()
	}()
	return f, nil
}

// note notes one change.
func (f *feed) note(data string) {
	at := time.Now()
	var change struct {
		ID     string // the user id
		Change string
	}
	err := json.Unmarshal([]byte(data), &change)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failed = fmt.Errorf("read a change: %w: %s", err, data)
	} else if change.Change == "enter" {
		f.seen[change.ID] = at
	}
	f.wake()
}

func (f *feed) wake() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// probe sends probes until the end, each a person who enters the segment by it.
func (f *feed) probe(ctx context.Context, end time.Time) error {
	run := strconv.FormatInt(time.Now().UnixMilli(), 36) // an earlier one may have left its probes
	for i := 0; ; i++ {
		due := time.Now().Add(probeEvery)
		if due.After(end) {
			return nil
		}
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		id := fmt.Sprintf("probe-%s-%d", run, i)
		body := fmt.Appendf(nil, `{"batch":[{"type":"track","messageId":"%s","userId":"%s","event":"Probe","timestamp":"%s"}]}`, id, id, rfc3339(time.Now().UnixMilli()))
		f.mu.Lock()
		f.sent[id] = time.Now()
		f.mu.Unlock()
		taken, err := f.server.send(ctx, body)
		if err != nil {
			return err
		}
		f.mu.Lock()
		if taken {
			f.acked[id] = time.Now()
		} else {
			delete(f.sent, id)
		}
		f.mu.Unlock()
	}
}

// drain waits until every acknowledged probe was seen; an error after 10 seconds: a change got lost.
func (f *feed) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		f.mu.Lock()
		missing, failed := 0, f.failed
		for id := range f.acked {
			if _, ok := f.seen[id]; !ok {
				missing++
			}
		}
		f.mu.Unlock()
		if missing == 0 {
			return nil
		}
		if failed != nil {
			return failed
		}
		select {
		case <-f.news:
		case <-ctx.Done():
			return fmt.Errorf("%d acknowledged probes never came in the feed", missing)
		}
	}
}

// report puts what the probes measured into the result.
func (f *feed) report(result *LoadResult) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var sent, acked []float64
	for id, at := range f.acked {
		sent = append(sent, milliseconds(f.seen[id].Sub(f.sent[id])))
		acked = append(acked, max(0, milliseconds(f.seen[id].Sub(at))))
	}
	result.Probes = len(sent)
	result.SentP50, result.SentP99 = percentile(sent, 0.5), percentile(sent, 0.99)
	result.AckedP50, result.AckedP99 = percentile(acked, 0.5), percentile(acked, 0.99)
}
