package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LoadTest is one run of the load driver: the real server in a process of its own, filled over HTTP, with live
// segments, under as much traffic as asked for or as it takes.
type LoadTest struct {
	Program     string // the carpel command
	Dir         string // for the server's data; emptied before unless it is kept
	Keep        bool   // leave the data, and use what an earlier run left of the same people, history and segments
	Scale       Scale  // people and history that are there before
	Segments    int    // live ones
	Mixed       bool   // the segments are of many kinds; see mixedSegments
	Connections int    // requests at work at the same time
	Batch       int    // items of one request
	Rate        int    // items a second; 0 for as many as are taken
	Identifies  int    // one item in so many tells a person's attributes; 0 for none
	Properties  int    // of an event
	For         time.Duration
	Overload    bool // what happens beyond capacity, instead of traffic
	MemoryMB    int
	Log         io.Writer

	world *loadWorld // what there is before the traffic; set by Run
}

// LoadResult is what was measured. Durations are in milliseconds.
type LoadResult struct {
	Machine       string    `json:"machine"`
	At            time.Time `json:"at"`
	People        int       `json:"people"`
	History       int64     `json:"history"` // events there before
	Segments      int       `json:"segments"`
	Connections   int       `json:"connections"`
	Batch         int       `json:"batch"`
	Rate          int       `json:"rate,omitempty"`
	Identifies    int       `json:"identifies,omitempty"` // one item in so many
	Properties    int       `json:"properties"`           // of an event
	Seconds       float64   `json:"seconds"`
	SeedPerSecond float64   `json:"seed_events_per_second"` // history over HTTP, before there are segments
	BuildSeconds  float64   `json:"build_seconds"`          // of all segments, one after the other
	Events        int64     `json:"events"`                 // acknowledged
	Refused       int64     `json:"refused"`                // answered 429 or 503
	PerSecond     float64   `json:"events_per_second"`
	AckP50        float64   `json:"ack_p50"`
	AckP99        float64   `json:"ack_p99"`
	AckMax        float64   `json:"ack_max"`
	Probes        int       `json:"probes"`   // seen in the feed
	SentP50       float64   `json:"sent_p50"` // from sending an event until its change of membership is in the feed
	SentP99       float64   `json:"sent_p99"`
	AckedP50      float64   `json:"acked_p50"` // from its acknowledgement; 0 when the feed was first
	AckedP99      float64   `json:"acked_p99"`
	ServerCores   float64   `json:"server_cores"`    // processor time over time
	DriverCores   float64   `json:"driver_cores"`    // of this program
	DriverShare   float64   `json:"driver_share"`    // of the processor time of both
	ServerBytes   int64     `json:"server_resident"` // at the end
	LoadBefore    string    `json:"load_average_before"`
	Minutes       []Minute  `json:"minutes"`

	Overload *OverloadResult `json:"overload,omitempty"` // instead of the traffic
}

// Minute is what was measured in one minute: whether it goes on as it began.
type Minute struct {
	PerSecond   float64 `json:"events_per_second"`
	AckP50      float64 `json:"ack_p50"`
	AckP99      float64 `json:"ack_p99"`
	AckMax      float64 `json:"ack_max"`
	ServerCores float64 `json:"server_cores"`
	DriverCores float64 `json:"driver_cores"`
}

// loadTest is the command "load".
func loadTest(ctx context.Context, args []string) error {
	l := LoadTest{Log: os.Stderr}
	flags := flag.NewFlagSet("bench load", flag.ContinueOnError)
	flags.StringVar(&l.Program, "carpel", filepath.Join("..", "bin", "carpel"), "the carpel command; make build makes it")
	flags.StringVar(&l.Dir, "dir", filepath.Join(os.TempDir(), "carpel-load"), "the server's data; removed before and after unless -keep is given")
	flags.BoolVar(&l.Keep, "keep", false, "keep the data, and use what an earlier run with -keep left of the same people, history and segments")
	flags.IntVar(&l.Scale.People, "people", 50_000, "people")
	flags.IntVar(&l.Scale.Events, "events", 1_000_000, "events of history, about")
	flags.IntVar(&l.Segments, "segments", 200, "live segments, of three conditions each")
	flags.BoolVar(&l.Mixed, "mixed", false, "segments of many kinds: filtered counts, sums, different days, came back, sequences")
	flags.IntVar(&l.Connections, "connections", 8, "requests at work at the same time")
	flags.IntVar(&l.Batch, "batch", 100, "items of a request")
	flags.IntVar(&l.Rate, "rate", 0, "items a second; 0 for as many as are taken")
	flags.IntVar(&l.Identifies, "identifies", 5, "one item in so many tells a person's 12 attributes; 0 for none")
	flags.IntVar(&l.Properties, "properties", 3, "properties of an event")
	flags.DurationVar(&l.For, "for", 30*time.Second, "how long")
	flags.IntVar(&l.MemoryMB, "memory-mb", 2048, "the server's setting of that name")
	flags.BoolVar(&l.Overload, "overload", false, "twice the rate that is taken, and a quiet workspace beside a loud one, instead of the traffic")
	jsonPath := flags.String("json", "", "write everything measured to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || min(l.Scale.People, l.Scale.Events, l.Segments, l.Connections, l.Batch, l.MemoryMB) < 1 || min(l.Rate, l.Identifies) < 0 || l.For < time.Second || l.Batch > seedBatch ||
		l.Properties < 3 || l.Properties > 1000 {
		return fmt.Errorf("every number must be at least 1, batch at most %d, properties 3 to 1000; nothing may follow the flags", seedBatch)
	}
	result, err := l.Run(ctx)
	if err != nil {
		return err
	}
	if *jsonPath != "" {
		data, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(*jsonPath, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	return result.WriteMarkdown(os.Stdout)
}

// Run does the whole test. The server is gone when it returns, and so are its data unless they are kept.
func (l *LoadTest) Run(ctx context.Context) (result *LoadResult, err error) {
	result = &LoadResult{Machine: machine(), At: time.Now().UTC().Truncate(time.Second), People: l.Scale.People, Connections: l.Connections, Batch: l.Batch, Rate: l.Rate,
		Identifies: l.Identifies, Properties: l.Properties, Segments: l.Segments, LoadBefore: loadAverage()}
	world, there := l.prepared()
	l.world = world
	if !there {
		if err := os.RemoveAll(l.Dir); err != nil {
			return nil, err
		}
	}
	server, err := startServer(ctx, l)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, server.stop())
		if !l.Keep {
			err = errors.Join(err, os.RemoveAll(l.Dir))
		}
	}()
	if !there {
		if err := l.prepare(ctx, server, world); err != nil {
			return nil, err
		}
	}
	result.History, result.SeedPerSecond, result.BuildSeconds = world.History, world.SeedPerSecond, world.BuildSeconds
	fmt.Fprintf(l.Log, "%d events and %d segments are there; traffic for %s\n", world.History, l.Segments, l.For)
	if l.Overload {
		beyond, err := l.beyond(ctx, server)
		result.Overload = &beyond
		return result, err
	}
	return result, l.traffic(ctx, server, result)
}

// prepare sends the history and defines the segments.
func (l *LoadTest) prepare(ctx context.Context, server *carpelServer, world *loadWorld) error {
	fmt.Fprintln(l.Log, "history: sending")
	if err := l.seed(ctx, server, world); err != nil {
		return fmt.Errorf("send the history: %w", err)
	}
	fmt.Fprintf(l.Log, "history: %d events, %.0f a second; building segments\n", world.History, world.SeedPerSecond)
	start := time.Now()
	if err := l.defineSegments(ctx, server); err != nil {
		return fmt.Errorf("define segments: %w", err)
	}
	world.BuildSeconds = time.Since(start).Seconds()
	if !l.Keep {
		return nil
	}
	data, err := json.Marshal(world)
	if err != nil {
		return err
	}
	return os.WriteFile(l.note(), data, 0o644)
}

// loadWorld is what a run finds or makes before the traffic.
type loadWorld struct {
	Version       int // of the generator
	Scale         Scale
	Segments      int
	Mixed         bool
	Shift         int64 // by which the data set was moved, so that its history ended when it was sent
	History       int64
	SeedPerSecond float64
	BuildSeconds  float64
}

// note is the file beside the data that says what they are.
func (l *LoadTest) note() string { return filepath.Clean(l.Dir) + ".json" }

// prepared returns what an earlier run left, and whether that is what this one wants; else what is to be made.
func (l *LoadTest) prepared() (*loadWorld, bool) {
	want := loadWorld{Version: dataVersion, Scale: l.Scale, Segments: l.Segments, Mixed: l.Mixed}
	data, err := os.ReadFile(l.note())
	if err == nil && l.Keep {
		var have loadWorld
		if err = json.Unmarshal(data, &have); err == nil && (loadWorld{Version: have.Version, Scale: have.Scale, Segments: have.Segments, Mixed: have.Mixed}) == want {
			return &have, true
		}
	}
	return &want, false
}

// segments are the definitions that the test keeps live.
func (l *LoadTest) segments() []string {
	if l.Mixed {
		return mixedSegments(l.Segments)
	}
	return liveSegments(l.Segments)
}

// liveSegments are n definitions of three conditions each: every event name is used by a good tenth of them less those
// that ask for any activity, one in twenty.
func liveSegments(n int) []string {
	var out []string
	for i := range n {
		did := fmt.Sprintf(`did "%s" at least %d times in the last %dd where (total > %d)`, eventNames[i%len(eventNames)], 1+i%4, 7+i%80, i%120)
		if i%20 == 0 {
			did = fmt.Sprintf(`did "*" at least %d times in the last %dd`, 2+i%5, 7+i%30)
		}
		out = append(out, fmt.Sprintf(`plan is %s and %s and seats > %d`, plans[i%len(plans)], did, i%190))
	}
	return out
}

// mixedSegments are n definitions of all kinds; every event name is used by a good tenth of them.
func mixedSegments(n int) []string {
	var out []string
	for i := range n {
		name, last := eventNames[i%len(eventNames)], 7+i%80
		plan := plans[i%len(plans)]
		switch i / len(eventNames) % 5 {
		case 0:
			out = append(out, fmt.Sprintf(`plan is %s and did "%s" at least %d times in the last %dd where (total > %d)`, plan, name, 1+i%4, last, i%120))
		case 1:
			out = append(out, fmt.Sprintf(`did "%s" with sum of total at least %d in the last %dd and seats > %d`, name, 100+i, last, i%100))
		case 2:
			out = append(out, fmt.Sprintf(`plan is %s and did "%s" on at least %d days in the last %dd`, plan, name, 2+i%3, last))
		case 3:
			out = append(out, fmt.Sprintf(`did "%s" before the last %dd and did "%s" exactly 0 times in the last %dd`, name, last, name, last))
		default:
			out = append(out, fmt.Sprintf(`sequence (did "%s" then did "%s") within %dd in the last %dd`, name, eventNames[(i+3)%len(eventNames)], 1+i%7, last))
		}
	}
	return out
}

// WriteMarkdown writes what was measured as a table.
func (r *LoadResult) WriteMarkdown(w io.Writer) error {
	if r.Overload != nil {
		return r.Overload.WriteMarkdown(w)
	}
	var b strings.Builder
	wanted := "as fast as they are taken"
	if r.Rate > 0 {
		wanted = thousands(int64(r.Rate)) + " a second"
	}
	items := fmt.Sprintf("events of %d properties", r.Properties)
	if r.Identifies > 0 {
		items = fmt.Sprintf("items, one in %d an identify of 12 attributes, the others %s", r.Identifies, items)
	}
	fmt.Fprintf(&b, "%s people, %s events of history, %d live segments; %d connections, requests of %d %s, %s, for %.0f s. %s. %s. Load average %s before.\n\n| | |\n|---|--:|\n",
		thousands(int64(r.People)), thousands(r.History), r.Segments, r.Connections, r.Batch, items, wanted, r.Seconds, r.Machine, r.At.Format("2006-01-02 15:04 UTC"), r.LoadBefore)
	for _, row := range [][2]string{
		{"items/s acknowledged, each synced and evaluated", thousands(int64(r.PerSecond))},
		{"requests refused (429, 503)", thousands(r.Refused)},
		{"acknowledgement p50 / p99 / worst, ms", fmt.Sprintf("%.1f / %.1f / %.1f", r.AckP50, r.AckP99, r.AckMax)},
		{"sent until in the feed p50 / p99, ms", fmt.Sprintf("%.1f / %.1f", r.SentP50, r.SentP99)},
		{"acknowledged until in the feed p50 / p99, ms", fmt.Sprintf("%.1f / %.1f", r.AckedP50, r.AckedP99)},
		{"probes of that", thousands(int64(r.Probes))},
		{"cores used by the server / by the load driver", fmt.Sprintf("%.2f / %.2f", r.ServerCores, r.DriverCores)},
		{"the driver's share of both", fmt.Sprintf("%.0f %%", 100*r.DriverShare)},
		{"the server's resident memory, MB", thousands(r.ServerBytes / 1_000_000)},
		{"history over HTTP without segments, events/s", thousands(int64(r.SeedPerSecond))},
		{"building all segments, s", fmt.Sprintf("%.1f", r.BuildSeconds)},
	} {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
	}
	b.WriteString("\n| minute | items/s | acknowledgement p50 | p99 | worst, ms | server, cores | driver, cores |\n|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, m := range r.Minutes {
		fmt.Fprintf(&b, "| %d | %s | %.1f | %.1f | %.1f | %.2f | %.2f |\n", i+1, thousands(int64(m.PerSecond)), m.AckP50, m.AckP99, m.AckMax, m.ServerCores, m.DriverCores)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// percentile returns the value that the share p of x does not exceed; 0 of none.
func percentile(x []float64, p float64) float64 {
	if len(x) == 0 {
		return 0
	}
	x = slices.Sorted(slices.Values(x))
	return x[min(len(x)-1, int(p*float64(len(x))))]
}
