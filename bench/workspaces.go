package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/carpel/carpel"
)

// WorkspacesTest is one run of the command "workspaces": the real server with many workspaces, of which a few have traffic
// while time has work in the others now and then; stopped and killed under it, and started again.
type WorkspacesTest struct {
	Load   LoadTest // the server, and the traffic of one active workspace; a fifth of it identifies
	All    int
	Active int
	People int // of a workspace that is not active; each leaves a default segment within three times Load.For
}

// workspacesResult is what was measured.
type workspacesResult struct {
	made     float64    // seconds of the server's processor time, of a workspace with its people
	cores    float64    // of the server, with the traffic
	taken    float64    // events a second, of all
	p99      [2]float64 // ms of a request: worst and median of the active workspaces
	resident int64      // with the traffic, at its end
	starts   [2]workspacesStart
}

// workspacesStart is a start after a stop, or after a kill; in seconds.
type workspacesStart struct {
	ready, first, all float64 // until it is ready, the first active workspace has answered, and all of them
	peak              int64   // resident at most, a few seconds on
}

// workspacesTest is the command "workspaces".
func workspacesTest(ctx context.Context, args []string) error {
	t := WorkspacesTest{Load: LoadTest{Log: os.Stderr, Identifies: 5, Properties: 3, Connections: 1}}
	l := &t.Load
	flags := flag.NewFlagSet("bench workspaces", flag.ContinueOnError)
	flags.StringVar(&l.Program, "carpel", filepath.Join("..", "bin", "carpel"), "the carpel command; make build makes it")
	flags.StringVar(&l.Dir, "dir", filepath.Join(os.TempDir(), "carpel-workspaces"), "the server's data; removed before and after")
	flags.IntVar(&t.All, "workspaces", 1000, "workspaces")
	flags.IntVar(&t.Active, "active", 20, "workspaces with traffic")
	flags.IntVar(&t.People, "people", 5, "people of each of the others")
	flags.IntVar(&l.Scale.People, "active-people", 2000, "people of each workspace with traffic")
	flags.IntVar(&l.Rate, "rate", 50, "items a second of each workspace with traffic")
	flags.IntVar(&l.Batch, "batch", 10, "items of a request")
	flags.DurationVar(&l.For, "for", time.Minute, "how long the traffic goes on")
	flags.IntVar(&l.MemoryMB, "memory-mb", 2048, "the server's setting of that name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || min(t.Active, t.People, l.Scale.People, l.Rate, l.Batch, l.MemoryMB) < 1 || t.All < t.Active || l.For < time.Second {
		return errors.New("every number must be at least 1, and no more be active than there are; nothing may follow the flags")
	}
	before := loadAverage()
	result, err := t.Run(ctx)
	if err != nil {
		return err
	}
	return t.write(os.Stdout, before, result)
}

// Run does the whole test. The server and its data are gone when it returns.
func (t *WorkspacesTest) Run(ctx context.Context) (r workspacesResult, err error) {
	l := &t.Load
	l.world = &loadWorld{}
	if err := os.RemoveAll(l.Dir); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(l.Dir)) }()
	server, err := startServer(ctx, l)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	fmt.Fprintln(l.Log, "making workspaces")
	keys, err := t.make(ctx, server)
	if err != nil {
		return r, err
	}
	ticks, err := cpuTicks(server.cmd.Process.Pid)
	if err != nil {
		return r, err
	}
	r.made = float64(ticks) / ticksPerSecond / float64(t.All)
	for i, end := range []func(*carpelServer) error{(*carpelServer).stop, (*carpelServer).kill} {
		fmt.Fprintln(l.Log, "traffic for", l.For)
		if err := t.traffic(ctx, server, keys[:t.Active], &r); err != nil {
			return r, err
		}
		if err := end(server); err != nil {
			return r, err
		}
		if _, err := dropCaches(l.Dir); err != nil {
			return r, err
		}
		if server, r.starts[i], err = t.start(ctx, keys[:t.Active]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// make makes the workspaces and their people, and returns their ingestion keys.
func (t *WorkspacesTest) make(ctx context.Context, server *carpelServer) ([]string, error) {
	random := newRandom(3, 0)
	var keys []string
	for i := range t.All {
		var made, key struct {
			Secret string
			Key    struct{ Secret string }
		}
		if err := server.ask(ctx, "POST", "/api/workspaces", map[string]string{"name": fmt.Sprintf("Workspace %d", i)}, &made); err != nil {
			return nil, err
		}
		if err := server.askWith(ctx, made.Key.Secret, "POST", "/api/keys", map[string]string{"kind": "sk", "name": "bench"}, &key); err != nil {
			return nil, err
		}
		keys = append(keys, key.Secret)
		var body []byte
		for p := range t.People { // first seen so that seven days, of a default segment, end within the test
			at := time.Now().Add(time.Duration(random.Int64N(int64(3*t.Load.For)))).UnixMilli() - (7 * 24 * time.Hour).Milliseconds()
			id := strconv.Itoa(p)
			body = fmt.Appendf(appendComma(body), `{"type":"track","userId":"few-%s","event":"Signed up","timestamp":%q,"messageId":"m%s"}`, id, carpel.Millis(at).Time().Format(time.RFC3339Nano), id)
		}
		if err := t.send(ctx, server, keys[i], append(body, "]}"...)); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// send sends until it is taken.
func (t *WorkspacesTest) send(ctx context.Context, server *carpelServer, key string, body []byte) error {
	for {
		if taken, err := server.sendWith(ctx, key, body); taken || err != nil {
			return err
		}
	}
}

// traffic goes to all active workspaces at the same time.
func (t *WorkspacesTest) traffic(ctx context.Context, server *carpelServer, keys []string, r *workspacesResult) error {
	spent := &spending{serving: server.cmd.Process.Pid}
	if err := spent.note(); err != nil {
		return err
	}
	group := newCrew(ctx)
	var mu sync.Mutex
	var worst []float64
	r.taken = 0
	for _, key := range keys {
		group.run(func(ctx context.Context) error {
			out := t.Load.push(ctx, server, pushed{key: key, senders: 2, rate: float64(t.Load.Rate)})
			mu.Lock()
			defer mu.Unlock()
			worst = append(worst, percentile(out.taken, 0.99))
			r.taken += out.perSecond
			return out.err
		})
	}
	if err := errors.Join(group.wait(), spent.note()); err != nil {
		return err
	}
	r.cores = float64(spent.server[1]-spent.server[0]) / ticksPerSecond / spent.at[1].Sub(spent.at[0]).Seconds()
	r.p99 = [2]float64{percentile(worst, 1), percentile(worst, 0.5)}
	var err error
	r.resident, err = residentBytes(spent.serving)
	return err
}

// start starts the server and waits until every active workspace has taken an event.
func (t *WorkspacesTest) start(ctx context.Context, keys []string) (server *carpelServer, r workspacesStart, err error) {
	began := time.Now()
	if server, err = startServer(ctx, &t.Load); err != nil {
		return nil, r, err
	}
	resp, err := server.client.Get(server.url + "/readyz")
	if err != nil {
		return server, r, err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return server, r, fmt.Errorf("ready: %s", resp.Status)
	}
	r.ready = time.Since(began).Seconds()
	for i, key := range keys {
		if err := t.send(ctx, server, key, []byte(`{"batch":[{"type":"track","userId":"few-0","event":"Started"}]}`)); err != nil {
			return server, r, err
		}
		if r.all = time.Since(began).Seconds(); i == 0 {
			r.first = r.all
		}
	}
	if err := sleepUntil(ctx, time.Now().Add(5*time.Second)); err != nil {
		return server, r, err
	}
	r.peak, err = peakBytes(server.cmd.Process.Pid)
	return server, r, err
}

// kill ends the server with SIGKILL.
func (s *carpelServer) kill() error {
	s.client.CloseIdleConnections()
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-s.exited // says that it was killed
	return nil
}

// write writes what was measured as a table.
func (t *WorkspacesTest) write(w io.Writer, before string, r workspacesResult) error {
	fmt.Fprintf(w, "%s workspaces of %d people, %d of them with %d items/s each about %s people for %s, twice; %s MB of memory allowed. %s. Load average %s before.\n\n| | |\n|---|--:|\n",
		thousands(int64(t.All)), t.People, t.Active, t.Load.Rate, thousands(int64(t.Load.Scale.People)), t.Load.For, thousands(int64(t.Load.MemoryMB)), machine(), before)
	row := func(what, value string) { fmt.Fprintf(w, "| %s | %s |\n", what, value) }
	row("processor time to make one, ms", fmt.Sprintf("%.1f", 1000*r.made))
	row("items/s taken", thousands(int64(r.taken)))
	row("p99 of a request, worst / median of the active workspaces, ms", fmt.Sprintf("%.0f / %.0f", r.p99[0], r.p99[1]))
	row("cores used by the server", fmt.Sprintf("%.2f", r.cores))
	row("resident at the end, MB", thousands(r.resident/1_000_000))
	for i, what := range []string{"a stop", "SIGKILL"} {
		s := r.starts[i]
		row("cold start after "+what+" until ready / the first active workspace took an event / all of them did, ms", fmt.Sprintf("%.0f / %.0f / %.0f", 1000*s.ready, 1000*s.first, 1000*s.all))
		row("resident at most in the five seconds after, MB", thousands(s.peak/1_000_000))
	}
	return nil
}
